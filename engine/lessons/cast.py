"""The actors of a running lesson as the lesson names them, and every socket that each of them ever had.

A socket is known by its cookie while its actor holds it. What is left of it after close() (TIME-WAIT, FIN-WAIT-2) may
have another cookie, and is known by its addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from engine.insight.ledger import ends_of, folded
from engine.lab.catalogue import KINDS
from engine.lessons.doings import goes_somewhere
from engine.lessons.lesson import Part
from engine.model.lab import ActorReport, ActorSpec, ActorState, Call
from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry
from engine.text.units import endpoint

CALLS_KEPT: Final = 2_000
"""Calls of one actor: as many as the actor itself keeps."""

SOCKETS_KEPT: Final = 1_024
"""Sockets of one actor that are remembered: as many as a report names."""

AF_UNIX: Final = 1
"""Family of Unix sockets in a row (include/linux/socket.h)."""

EVERYWHERE: Final = ("0.0.0.0", "::", "*")
"""The local address of a listener on all addresses."""

NOWHERE: Final = ("", 0)
"""The address of a peer that is not there."""

ENDED: Final = frozenset((ActorState.DONE, ActorState.FAILED, ActorState.STOPPED))


class SeenSocket(msgspec.Struct):
    """A socket that an actor has or had. `peer` is empty for a listener."""

    cookie: int
    local: str
    peer: str


class Rows:
    """The live rows of one snapshot, to be found by cookie and by addresses."""

    def __init__(self, snapshot: Snapshot) -> None:
        gone = {key for key, change in snapshot.changes.items() if change is RowChange.CLOSED}
        self.all = [entry for entry in snapshot.entries if entry.key not in gone]
        self._by_cookie = {entry.cookie: entry for entry in self.all if entry.cookie}
        self._by_ends = {ends_of(entry): entry for entry in self.all if entry.netid == "tcp" and entry.peer_port}

    def of(self, sock: SeenSocket) -> SocketEntry | None:
        """The row of a socket; None if it is gone."""
        found = self._by_cookie.get(sock.cookie) if sock.cookie else None
        if found is None and sock.peer:
            found = self._by_ends.get((*address_of(sock.local), *address_of(sock.peer)))
        return found


class Member:
    """One actor of a lesson."""

    def __init__(self, name: str, number: int, spec: ActorSpec, report: ActorReport) -> None:
        self.name = name
        self.number = number
        self.spec = spec
        self.report = report
        self.sockets: list[SeenSocket] = []
        self.calls: list[Call] = []
        self.calls_by_name: dict[str, int] = {}
        self.stopped = False
        self.commands = 0
        """How many commands it was given."""
        self._last_call = 0
        self.learn(report)

    def learn(self, report: ActorReport) -> None:
        """Take in what the actor says of itself now."""
        self.report = report
        for call in report.calls:
            if call.number > self._last_call:
                self._last_call = call.number
                self.calls.append(call)
                self.calls_by_name[call.name] = self.calls_by_name.get(call.name, 0) + 1
        del self.calls[:-CALLS_KEPT]
        for held in report.sockets:
            self._learn_socket(held.cookie, held.local, held.peer)
        self._learn_closed()

    def _learn_socket(self, cookie: int, local: str, peer: str) -> None:
        for seen in self.sockets:
            if (cookie and seen.cookie == cookie) or (peer and (seen.local, seen.peer) == (local, peer)):
                seen.cookie, seen.peer = cookie or seen.cookie, peer or seen.peer
                if (
                    address_of(local)[1] or not seen.local
                ):  # an actor asks for its socket's name only when connect() is over
                    seen.local = local
                return
        if len(self.sockets) < SOCKETS_KEPT:
            self.sockets.append(SeenSocket(cookie, local, peer))

    def _learn_closed(self) -> None:
        """Connections that came and went between two reports, by what their calls tell."""
        local = self.report.local
        if not local:
            return
        if goes_somewhere(KINDS[self.spec.kind]):
            done = self.last_call("connect")
            if done is not None and not done.raised and address_of(done.arguments)[1]:
                self._learn_socket(0, local, done.arguments)
            return
        for call in self.calls:
            _, sign, peer = call.result.partition(" from ")
            if call.name == "accept" and sign and address_of(peer)[1]:
                self._learn_socket(0, local, peer)

    def last_call(self, name: str) -> Call | None:
        """The last call of this name that has returned."""
        return next((call for call in reversed(self.calls) if call.name == name), None)

    @property
    def last_failure(self) -> Call | None:
        """The last call that raised."""
        return next((call for call in reversed(self.calls) if call.raised), None)

    def socket(self, which: str) -> SeenSocket | None:
        """The socket that a Part means; None if there has been none."""
        listeners = [seen for seen in self.sockets if not seen.peer]
        connections = [seen for seen in self.sockets if seen.peer]
        if which == "listener":
            return listeners[0] if listeners else None
        if which:
            return connections[int(which) - 1] if int(which) <= len(connections) else None
        return connections[-1] if connections else (listeners[-1] if listeners else None)

    @property
    def address(self) -> tuple[str, int]:
        """Where it can be reached, or comes from."""
        return address_of(self.report.local)

    @property
    def ports(self) -> set[int]:
        """The local ports of its sockets."""
        ports = {address_of(seen.local)[1] for seen in self.sockets} | {self.address[1]}
        return ports - {0}

    def speaks(self, own: tuple[str, int], other: tuple[str, int]) -> bool:
        """Whether a packet from `own` to `other` comes from one of its sockets. Ports alone would not do: another
        program may have the same one towards somebody else."""
        for seen in self.sockets or [SeenSocket(0, self.report.local, "")]:
            host, port = address_of(seen.local)
            if port == own[1] > 0 and host in (own[0], *EVERYWHERE) and address_of(seen.peer) in (other, NOWHERE):
                return True
        return False

    @property
    def target_port(self) -> int:
        """The port that it was told to go to; 0 for one that goes nowhere."""
        return self.spec.knobs.port if goes_somewhere(KINDS[self.spec.kind]) else 0

    @property
    def pids(self) -> tuple[int, ...]:
        """Its process and those that it forked."""
        return (self.report.pid, *self.report.children)


class Cast:
    """All actors of one run, by name."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members.values())

    def learn(self, reports: Iterable[tuple[int, ActorReport]]) -> None:
        """Take in reports, by Monitor's numbers of the actors."""
        by_number = dict(reports)
        for member in self:
            if member.number in by_number and not member.stopped:
                member.learn(by_number[member.number])

    def learn_rows(self, rows: Rows) -> None:
        """Take in the addresses that only the kernel tells, of a socket whose connect() has not returned."""
        for member in self:
            for seen in member.sockets:
                if not seen.peer and goes_somewhere(KINDS[member.spec.kind]) and (row := rows.of(seen)) is not None:
                    seen.local = endpoint(row.local_address, row.local_port)
                    seen.peer = endpoint(row.peer_address, row.peer_port) if row.peer_port else ""

    def socket(self, part: Part) -> SeenSocket | None:
        """The socket that a Part means; None if there has been none."""
        member = self.members.get(part.actor)
        return None if member is None else member.socket(part.which)

    def rows(self, member: Member, rows: Rows) -> list[SocketEntry]:
        """Every row of an actor: those it holds, what is left of those it held, and what waits at its listeners."""
        found = {row.key: row for seen in member.sockets if (row := rows.of(seen)) is not None}
        pids = set(member.pids)
        listening = {address_of(seen.local)[1] for seen in member.sockets if not seen.peer} - {0}
        others = {address_of(seen.local) for other in self if other is not member for seen in other.sockets}
        for entry in rows.all:
            left_over = (
                not entry.inode
                and entry.peer_port == member.target_port > 0
                and (entry.local_address, entry.local_port) not in others
            )
            # An actor's process has Unix sockets that are none of its program's: its channel to sockmon.
            owned = entry.family != AF_UNIX and any(owner.pid in pids for owner in entry.owners)
            if owned or left_over or entry.local_port in listening:
                found[entry.key] = entry
        return list(found.values())

    def name_of(self, pid: int) -> str:
        """Whose process it is: `server`, `server.child`, or `PID 4711` for a stranger."""
        for member in self:
            if pid in member.report.children:
                return f"{member.name}.child"
            if pid == member.report.pid:
                return member.name
        return f"PID {pid}"

    @property
    def parts(self) -> tuple[tuple[Part, SeenSocket], ...]:
        """Every socket with the name that the lesson has for it; a client's that goes nowhere yet has none."""
        named: list[tuple[Part, SeenSocket]] = []
        for member in self:
            connections = 0
            client = goes_somewhere(KINDS[member.spec.kind])
            for seen in member.sockets:
                connections += bool(seen.peer)
                if client and not seen.peer:
                    continue
                named.append((Part(member.name, str(connections) if seen.peer else "listener"), seen))
        return tuple(named)

    @property
    def ports(self) -> list[int]:
        """Every port that the lesson has to do with."""
        own = {port for member in self for port in member.ports}
        return sorted(own | {member.target_port for member in self if member.target_port})

    @property
    def known_ports(self) -> set[int]:
        """The ports that servers have and clients go to: every packet of the lesson has one of them."""
        ports = {member.target_port or member.address[1] for member in self}
        return ports - {0}

    @property
    def troubles(self) -> str:
        """What actors failed of, in one line; empty if none did."""
        failed = [member for member in self if member.report.state is ActorState.FAILED]
        return "; ".join(f"{member.name} failed: {member.report.error}" for member in failed)


def address_of(shown: str) -> tuple[str, int]:
    """`127.0.0.1:80` or `[::1]:80` as address and port; port 0 for a Unix path or nothing."""
    host, _, port = shown.rpartition(":")
    if not (port.isascii() and port.isdecimal()) or len(port) > 5:
        return shown, 0
    return folded(host.removeprefix("[").removesuffix("]")), int(port)
