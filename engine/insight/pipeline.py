"""Adds up where the bytes of one connection are: `pipeline` of its two rows, or of the one that is on this machine.

- sender, exact at any moment, from one tcp_info: accepted = not sent + in flight + acked;
- receiver: received = Recv-Q + read;
- between them, two reads: received - acked = arrived, with the ACK on its way;
- at rest: accepted = Send-Q + Recv-Q + read.

What a program of ours counts itself (bytes that send() took and recv() returned) is read at another moment than the
rows; while bytes move, a difference to it says nothing, so `holds` is None then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from engine.insight.counts import ReceiverCounts, SenderCounts, receiver_counts, sender_counts
from engine.insight.ledger import EntryIndex
from engine.insight.naming import end_name, peer_end
from engine.model.lab import ActorSocket
from engine.model.pipeline import Basis, Box, Direction, Equation, Pipeline, Term
from engine.model.snapshot import Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState

ACCEPTED_SOURCE: Final = "notsent_bytes + bytes_sent - bytes_retrans"
MOVING: Final = "bytes moved between the reads"


class ProgramCounts(msgspec.Struct, frozen=True, gc=False):
    """What a program counted itself on one socket; None is unknown."""

    sent: int | None = None
    """Bytes that send() took."""
    received: int | None = None
    """Bytes that recv() returned."""


UNCOUNTED: Final = ProgramCounts()
"""A program that is none of ours."""


def pipeline(
    local: SocketEntry,
    peer: SocketEntry | None = None,
    local_program: ProgramCounts = UNCOUNTED,
    peer_program: ProgramCounts = UNCOUNTED,
    *,
    opened: bool | None = None,
    apart_ns: int | None = None,
    programs_apart_ns: int | None = None,
    before: Pipeline | None = None,
) -> Pipeline:
    """Both directions of a connection.

    `peer` is the row of the other end, None if that is not on this machine. `opened` says whether the local end sent
    the first SYN, if the wire told. `apart_ns` and `programs_apart_ns` bound how far apart the two rows, and the rows
    and the programs' counts, were read. `before` is the pipeline of the reading before this one, by which rest is told.
    """
    sent_by_local, got_by_local = sender_counts(local, opened), receiver_counts(local)
    peer_opened = None if opened is None else not opened
    sent_by_peer = sender_counts(peer, peer_opened) if peer is not None else SenderCounts()
    got_by_peer = receiver_counts(peer) if peer is not None else ReceiverCounts()
    names = end_name(local), end_name(peer) if peer is not None else peer_end(local)
    keys = local.key, peer.key if peer is not None else 0
    out = _Way(sent_by_local, got_by_peer, local_program.sent, peer_program.received)
    back = _Way(sent_by_peer, got_by_local, peer_program.sent, local_program.received)
    still = before is not None and (before.forward.boxes, before.backward.boxes) == (out.boxes(), back.boxes())
    at_rest = still and out.settled() and back.settled()
    return Pipeline(
        Direction(*names, *keys, out.boxes(), out.equations(at_rest), out.sender.window),
        Direction(*names[::-1], *keys[::-1], back.boxes(), back.equations(at_rest), back.sender.window),
        apart_ns if peer is not None else None,
        programs_apart_ns if out.counted() or back.counted() else None,
        at_rest,
    )


def pipeline_in(
    snapshot: Snapshot, key: int, before: Pipeline | None = None, opened: bool | None = None
) -> Pipeline | None:
    """The pipeline of the connection that the row `key` is an end of; None if there is no such row, or no connection.

    The two rows come from one dump, so they are at most that far apart; the actors are asked after it.
    """
    local = next((entry for entry in snapshot.entries if entry.key == key), None)
    if local is None or local.netid != "tcp" or local.state is SocketState.LISTEN or not local.peer_port:
        return None
    peer = EntryIndex(snapshot.entries).other_end(local)
    programs = program_counts([sock for view in snapshot.actors for sock in view.report.sockets])
    dump_ns = int(snapshot.counters.dump_ms * 1e6)
    return pipeline(
        local,
        peer,
        programs.get(local.cookie or 0, UNCOUNTED),
        programs.get(peer.cookie or 0, UNCOUNTED) if peer is not None else UNCOUNTED,
        opened=opened,
        apart_ns=dump_ns,
        programs_apart_ns=dump_ns + snapshot.ts_ns - snapshot.table_ns if snapshot.table_ns else None,
        before=before,
    )


def program_counts(sockets: Sequence[ActorSocket]) -> Mapping[int, ProgramCounts]:
    """What the actors counted, by cookie. A cookie that two of them hold (a forked server) is left out: each counts
    its own part."""
    found: dict[int, ProgramCounts] = {}
    shared: set[int] = set()
    for sock in sockets:
        if not sock.cookie or not sock.peer:
            continue
        if sock.cookie in found:
            shared.add(sock.cookie)
        found[sock.cookie] = ProgramCounts(sock.sent, sock.received)
    return {cookie: counts for cookie, counts in found.items() if cookie not in shared}


class _Way:
    """One direction: what the sender's row says, what the receiver's says, and what the two programs counted."""

    def __init__(
        self, sender: SenderCounts, receiver: ReceiverCounts, program_sent: int | None, program_read: int | None
    ) -> None:
        self.sender = sender
        self.receiver = receiver
        self.program_sent = program_sent
        self.program_read = program_read
        self.on_its_way = _minus(receiver.received, sender.acked)

    def counted(self) -> bool:
        return self.program_sent is not None or self.program_read is not None

    def settled(self) -> bool:
        """No acknowledgment is owed. Of an end that is elsewhere it is only known that nothing is in flight."""
        return self.on_its_way == 0 if self.on_its_way is not None else self.sender.in_flight in (0, None)

    def boxes(self) -> tuple[Box, ...]:
        sender, receiver = self.sender, self.receiver
        split = Basis.EXACT if sender.split_exact else Basis.DERIVED
        read = self.program_read if self.program_read is not None else receiver.read
        read_basis = Basis.EXACT if self.program_read is not None else Basis.DERIVED
        way = None if self.on_its_way is None else max(self.on_its_way, 0)
        return (
            _box("accepted", sender.accepted, Basis.EXACT, ACCEPTED_SOURCE),
            _box("not sent", sender.not_sent, Basis.EXACT, "notsent_bytes"),
            _box("in flight", sender.in_flight, split, "bytes_sent - bytes_retrans - bytes_acked", sender.window),
            _box("acked", sender.acked, split, "bytes_acked"),
            _box("on its way", way, Basis.DERIVED, "the receiver's bytes_received - the sender's bytes_acked"),
            _box("received", receiver.received, Basis.EXACT, "bytes_received"),
            _box("Recv-Q", receiver.recv_q, Basis.EXACT, "Recv-Q", receiver.room),
            _box("read", read, read_basis, "the program" if self.program_read is not None else "received - Recv-Q"),
        )

    def equations(self, at_rest: bool) -> tuple[Equation, ...]:
        return (self._sender(), self._receiver(at_rest), self._between(), *self._program(at_rest), self._rest(at_rest))

    def _sender(self) -> Equation:
        sender = self.sender
        parts = (
            Term("not sent", sender.not_sent),
            Term("in flight", sender.in_flight),
            Term("acked", sender.acked),
        )
        left = Term("accepted", sender.accepted)
        note = "" if sender.accepted is not None else "the sender's tcp_info is not known"
        return _equation("sender", left, parts, exact=sender.accepted is not None, settled=True, note=note)

    def _receiver(self, at_rest: bool) -> Equation:
        receiver = self.receiver
        read = self.program_read if self.program_read is not None else receiver.read
        parts = (Term("Recv-Q", receiver.recv_q), Term("read", read))
        left = Term("received", receiver.received)
        if self.program_read is None:
            note = "" if receiver.received is None else "read is received - Recv-Q: the program does not say"
            return _equation("receiver", left, parts, exact=False, settled=True, note=note)
        return _equation("receiver", left, parts, exact=at_rest, settled=at_rest, note="" if at_rest else MOVING)

    def _between(self) -> Equation:
        left = Term("received", self.receiver.received)
        parts = (Term("acked", self.sender.acked), Term("on its way", self.on_its_way))
        note = "the two ends were read one after the other"
        behind = self.on_its_way is not None and self.on_its_way < 0
        return _equation("between", left, parts, exact=False, settled=not behind, note=MOVING if behind else note)

    def _program(self, at_rest: bool) -> tuple[Equation, ...]:
        if self.program_sent is None:
            return ()
        left, right = Term("send() took", self.program_sent), (Term("accepted", self.sender.accepted),)
        return (_equation("program", left, right, exact=at_rest, settled=at_rest, note="" if at_rest else MOVING),)

    def _rest(self, at_rest: bool) -> Equation:
        read = self.program_read if self.program_read is not None else self.receiver.read
        parts = (Term("Send-Q", self.sender.send_q), Term("Recv-Q", self.receiver.recv_q), Term("read", read))
        left = Term("accepted", self.sender.accepted)
        note = "" if at_rest else "holds at rest: an ACK on its way leaves bytes in both queues"
        return _equation("at rest", left, parts, exact=at_rest, settled=at_rest, note=note)


def _box(name: str, value: int | None, basis: Basis, source: str, limit: int | None = None) -> Box:
    if value is None:
        return Box(name, None, Basis.UNKNOWN)
    return Box(name, value, basis, source, limit)


def _equation(
    name: str, left: Term, right: tuple[Term, ...], *, exact: bool, settled: bool, note: str = ""
) -> Equation:
    """`settled`: nothing can have moved between the figures' reads, so a difference is a contradiction."""
    known = [term.value for term in right if term.value is not None]
    if left.value is None or len(known) < len(right):
        return Equation(name, left, right, None, None, False, note or "not all of it is known")
    difference = left.value - sum(term.sign * (term.value or 0) for term in right)
    holds = difference == 0 if settled else None
    return Equation(name, left, right, difference, True if difference == 0 else holds, exact, note)


def _minus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other
