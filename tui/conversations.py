"""A conversation as the screen knows it: who is asked for, the sockets at its two ends, and the names they go by. Pure.

`first` and `second` are the ends in the order of engine.model.flows: the opener first where it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.insight.ledger import Ends, ends_of, folded
from engine.model.flows import FlowSummary
from engine.model.lab import Call
from engine.model.messages import ClosedSocket
from engine.model.packets import PacketRow
from engine.model.snapshot import ActorView, RowChange, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.sanitize import printable
from engine.text.units import endpoint

NO_STREAM: Final = -1

NOT_CONNECTED: Final = frozenset((SocketState.LISTEN, SocketState.UNCONN))


@dataclass(frozen=True)
class Subject:
    """A conversation that is to be shown: by its two endpoints, and by its stream once that is known."""

    ends: Ends
    """Address and port of the first end, then of the second."""
    stream: int = NO_STREAM

    @property
    def turned(self) -> Ends:
        """The endpoints, the second first."""
        address, port, peer_address, peer_port = self.ends
        return peer_address, peer_port, address, port


@dataclass(frozen=True)
class Wanted:
    """What lies under a cursor: a conversation, or the filter that leaves those to choose from."""

    subject: Subject | None = None
    filter: str = ""


def of_entry(entry: SocketEntry) -> Wanted | None:
    """The conversation of a socket; of a listener those on its port; None for what is not TCP."""
    if entry.netid != "tcp":
        return None
    if entry.state in NOT_CONNECTED or not entry.peer_port:
        return Wanted(filter=f":{entry.local_port}") if entry.local_port else None
    return Wanted(Subject(ends_of(entry)))


def of_packet(row: PacketRow) -> Wanted | None:
    """The conversation of a frame; None for a frame of none."""
    if row.stream < 0:
        return None
    return Wanted(Subject((folded(row.source), row.sport, folded(row.destination), row.dport), row.stream))


def of_flow(flow: FlowSummary) -> Subject:
    return Subject(
        (folded(flow.first.address), flow.first.port, folded(flow.second.address), flow.second.port), flow.stream
    )


def of_actor(actor: ActorView) -> Wanted | None:
    """The conversation of an actor; where it has several, or none yet, those on its port."""
    connected = [sock for sock in actor.report.sockets if sock.peer]
    if len(connected) == 1:
        address, port = split_endpoint(connected[0].local)
        peer_address, peer_port = split_endpoint(connected[0].peer)
        if port and peer_port:
            return Wanted(Subject((address, port, peer_address, peer_port)))
    port = split_endpoint(actor.report.local)[1]
    return Wanted(filter=f":{port}") if port else None


def split_endpoint(shown: str) -> tuple[str, int]:
    """`127.0.0.1:80` or `[::1]:80` as address and port; port 0 for what is neither."""
    host, _, port = shown.rpartition(":")
    if not port.isdecimal():
        return shown, 0
    return folded(host.removeprefix("[").removesuffix("]")), int(port)


# --- the sockets at its ends ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """One end: its socket as last seen, and when that went."""

    entry: SocketEntry | None = None
    gone_ns: int = 0
    """0 while it lives, or where there never was one."""
    name: str = ""
    """`flood 41233`, kept after the process has let go of the socket; empty if it was never known."""
    counted: SocketEntry | None = None
    """The last row that had the kernel's counts (tcp_info): a socket in TIME-WAIT has none any more."""

    @property
    def live(self) -> SocketEntry | None:
        return self.entry if not self.gone_ns else None


@dataclass(frozen=True)
class Joined:
    """Both ends of a conversation as the kernel of this machine knows them."""

    first: End = End()
    second: End = End()

    @property
    def known(self) -> bool:
        """A socket was seen at one end at least."""
        return self.first.entry is not None or self.second.entry is not None


NOTHING_JOINED: Final = Joined()


def join(
    snapshot: Snapshot, subject: Subject, before: Joined = NOTHING_JOINED, past: Sequence[ClosedSocket] = ()
) -> Joined:
    """The ends of the conversation in this snapshot. What was there before and is not now is kept as gone; `past` are
    sockets that have closed lately."""
    ends, turned = subject.ends, subject.turned
    closed = (*past, *snapshot.closed)
    first = second = None
    named = {split_endpoint(actor.report.local): f"{actor.report.kind} {actor.report.pid}" for actor in snapshot.actors}
    listeners: dict[int, str] = {}
    ports = {ends[1], ends[3]}
    for entry in snapshot.entries:
        if entry.local_port not in ports or entry.netid != "tcp":
            continue
        if snapshot.changes.get(entry.key) is RowChange.CLOSED:
            continue
        if entry.state is SocketState.LISTEN:
            listeners[entry.local_port] = holder_name(entry)
            continue
        here = ends_of(entry)
        if here == ends:
            first = entry
        elif here == turned:
            second = entry
    return Joined(
        _end(first, before.first, _last_words(closed, ends), snapshot.ts_ns,
             named.get(ends[:2]) or listeners.get(ends[1], "")),
        _end(second, before.second, _last_words(closed, turned), snapshot.ts_ns,
             named.get(ends[2:]) or listeners.get(ends[3], "")),
    )  # fmt: skip


def _last_words(closed: Sequence[ClosedSocket], ends: Ends) -> ClosedSocket | None:
    return next((one for one in reversed(closed) if one.entry.netid == "tcp" and ends_of(one.entry) == ends), None)


def _end(entry: SocketEntry | None, before: End, closed: ClosedSocket | None, now_ns: int, inferred: str) -> End:
    """One end. Where no process was ever seen with its socket it is named `inferred`: the actor that was given this
    address, or who listens on its port and so accepted it."""
    past = holder_name(closed.entry) if closed is not None else ""
    name = before.name or past or inferred
    rows = (entry, closed.entry if closed is not None else None)
    counted = next((row for row in rows if row is not None and row.tcp_info), before.counted)
    if entry is not None:
        return End(entry, 0, holder_name(entry) or name, counted)
    if closed is not None and not before.gone_ns:
        return End(closed.entry, closed.ts_ns, past or name, counted)
    if before.entry is None or before.gone_ns:
        return replace(before, name=name, counted=counted)
    return replace(before, gone_ns=now_ns)


def holder_name(entry: SocketEntry) -> str:
    """`flood 41233`: what the first of its owners is to us, else its name, and its PID; empty if none is known."""
    if not entry.owners:
        return ""
    owner = entry.owners[0]
    return f"{printable(owner.ours or owner.name)} {owner.pid}"


def name_of(end: End, address: str, port: int) -> str:
    """What an end is called above its lifeline: its process, else its address and port."""
    return end.name or endpoint(address, port)


@dataclass(frozen=True)
class Conversation:
    """One conversation at one moment: what the wire told of it, if it was captured, and its sockets."""

    subject: Subject
    flow: FlowSummary | None = None
    joined: Joined = NOTHING_JOINED

    @property
    def names(self) -> tuple[str, str]:
        """What the two ends are called."""
        address, port, peer_address, peer_port = self.subject.ends
        return name_of(self.joined.first, address, port), name_of(self.joined.second, peer_address, peer_port)

    def found(self, flow: FlowSummary) -> Conversation:
        """The same with what the wire told: from now on its ends stand in the order of that."""
        subject = of_flow(flow)
        if subject.ends == self.subject.ends:
            return replace(self, subject=subject, flow=flow)
        return Conversation(subject, flow, Joined(self.joined.second, self.joined.first))

    def at(self, snapshot: Snapshot, past: Sequence[ClosedSocket] = ()) -> Conversation:
        """The same with its sockets as of this snapshot; `past` as for `join`."""
        return replace(self, joined=join(snapshot, self.subject, self.joined, past))

    @property
    def states(self) -> tuple[SocketState | None, SocketState | None]:
        """The state of each end: the kernel's, else the one that its segments tell; None if neither is known."""
        inferred = (self.flow.first.state, self.flow.second.state) if self.flow is not None else (None, None)
        first, second = self.joined.first.live, self.joined.second.live
        return first.state if first is not None else inferred[0], second.state if second is not None else inferred[1]


# --- the calls of our own actors --------------------------------------------------------------------------------------


def calls_of(end: End, ends: Ends, actors: Iterable[ActorView]) -> tuple[Call, ...]:
    """The logged socket calls of one end's program, if it is an actor of ours: those on its socket, oldest first."""
    cookie = end.entry.cookie if end.entry is not None else None
    for actor in actors:
        report = actor.report
        fds = {
            sock.fd
            for sock in report.sockets
            if (cookie and sock.cookie == cookie) or (*split_endpoint(sock.local), *split_endpoint(sock.peer)) == ends
        }
        found = [
            call
            for call in (*report.calls, *report.waiting)
            if (cookie and call.cookie == cookie) or (not call.cookie and call.fd in fds)
        ]
        if found:
            return tuple(found)
    return ()
