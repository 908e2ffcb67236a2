"""The flows of one capture: finds each segment's flow, runs analysis and state machine on it, bounds its memory.

Order of work on a segment, on which the results depend: port reuse; base numbers; analysis; completeness; handshake
time; then the segment's own options, which never influence its own findings; last the window scale, settled by a SYN.
"""

from __future__ import annotations

from engine.flow.analysis import analyse
from engine.flow.findings import ACK_LOST_AGAIN, DUPLICATE_ACK, RESENT, TFO_ACK, TFO_IGNORED, TFO_SYN
from engine.flow.flow import (
    ACK,
    COMPLETE_ACK,
    COMPLETE_DATA,
    COMPLETE_SYN,
    HOLE_OPEN,
    SCALE_UNKNOWN,
    SPECIAL_HOLE,
    SPECIAL_MULTIPATH,
    SPECIAL_OPENING,
    SYN,
    Direction,
    Flow,
    completeness_of,
)
from engine.flow.holes import close_hole, doubtful_findings, open_holes
from engine.flow.multipath import MultipathConnections
from engine.flow.notes import note_options
from engine.flow.opening import (
    HEADER_BYTES,
    broken,
    first_completeness,
    note_opening,
    reused,
    set_bases,
    settle,
    special_marks,
)
from engine.flow.options import TIMESTAMPS_ALONE, TIMESTAMPS_HEADER_BYTES, parse_options
from engine.flow.placed import ACKS_UNSEEN_AGAIN, CUT_OPTIONS, MALFORMED, MULTIPATH, NO_STREAM, UNCERTAIN, Placed
from engine.flow.plain import place_plain
from engine.flow.rtt import smoothed
from engine.flow.turns import TURNING, turn
from engine.model.packets import Segment

_WRAP = 0xFFFFFFFF
_HALF = 0x80000000

FLOW_BYTES = 1_450
"""What a flow costs with both directions and its place in the tables, as long as it was not answered; measured by the
tests."""

ANSWERED_BYTES = 500
"""What the other side's numbers add to it."""

UNACKED_BYTES = 200
"""What a segment waiting for its acknowledgement costs: four numbers and their place in a list."""

CHARGE_STEP = 64
"""One segment in so many has its flow's unacknowledged segments counted, so that the others cost no accounting."""

DEFAULT_MAX_BYTES = 32 * 1024 * 1024
"""About 17,000 flows: ring, packets and flows together stay under the capture worker's 150 MB."""

EVICTED_SHARE = 8
"""One in so many flows goes at a time: choosing them takes a look at all, too much for each new one."""

_STILL_OPEN = 1 << 62
_OPEN_WITH_DATA = COMPLETE_ACK | COMPLETE_DATA
"""With these a segment without SYN, FIN or RST can add nothing to the completeness."""
_IPV6_ENDS = 36

_Entry = tuple[Flow, Direction, Direction]


class FlowTable:
    """All flows of a capture, in bounded memory. One thread feeds it; what it hands out is read, never changed."""

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES, by_interface: bool = False) -> None:
        """`by_interface` keeps the copies of a segment apart that a capture on all interfaces sees."""
        self.max_bytes = max_bytes
        self.flows: dict[int, Flow] = {}
        """By stream number, in the order of first appearance."""
        self.streams = 0
        """Flows seen, evicted ones too."""
        self.bytes = 0
        """Memory held, by the constants of this module."""
        self.evicted = 0
        """Flows given up to stay within `max_bytes`."""
        self.losses = 0
        """Frames that the capture is known to have missed."""
        self._by_interface = by_interface
        self._entries: dict[bytes, _Entry] = {}
        self._multipath = MultipathConnections()
        self._loss_epoch = 0

    def find(self, src: bytes, sport: int, dst: bytes, dport: int, interface: int = 0) -> Flow | None:
        """The flow that a segment with these endpoints, in either direction, would belong to."""
        key = packed_ends(src, sport, dst, dport)
        if self._by_interface:
            key += interface.to_bytes(4, "big")
        entry = self._entries.get(key) or self._entries.get(_reversed(key))
        return entry[0] if entry else None

    def note_loss(self, frames: int) -> None:
        """The capture missed this many frames just now: what is concluded across the hole is uncertain."""
        self.losses += frames
        self._loss_epoch += 1

    def feed(self, segment: Segment, number: int) -> Placed:
        """Place the next segment, that of frame `number` (1-based, ascending)."""
        seq, ack, flags, length, now_ns = segment.seq, segment.ack, segment.flags, segment.len, segment.ts_ns
        wnd = segment.wnd
        marks = findings = 0
        if length < 0 or segment.truncated:
            marks = broken(segment)
            if marks & NO_STREAM:
                return Placed(number, -1, seq, ack, wnd, 0, 0, 0, 0, marks, 0, 0, SCALE_UNKNOWN)
        key = segment.ends or ends_of(segment)
        if self._by_interface:
            key += segment.interface.to_bytes(4, "big")
        flow, me, you = self._entries.get(key) or self._enter(key, segment, number)
        if not (flow.special or flow.settling or marks or self._loss_epoch != flow.loss_epoch):
            plain = place_plain(flow, me, you, segment, number)
            if plain is not None:
                if not number % CHARGE_STEP:
                    self._charge(flow)
                return plain
        if flags & SYN:
            findings = reused(me, seq, flags)
            if findings and not flags & ACK:
                flow, me, you = self._begin(key, segment, number)
                flow.completeness = COMPLETE_SYN
            flow.special |= SPECIAL_OPENING
        if self._loss_epoch and flow.loss_epoch != self._loss_epoch:
            open_holes(flow, self._loss_epoch)
        scale = me.scale
        special = flow.special
        multipath_new = False
        doubtful = 0
        if special:
            if special & SPECIAL_OPENING and length >= 0:
                set_bases(me, you, seq, ack, flags)
            if special & ~SPECIAL_OPENING:
                marks |= special_marks(special, flags)
                if special & SPECIAL_HOLE:
                    doubtful = doubtful_findings(me, you, seq, ack)
                if special & SPECIAL_MULTIPATH and length >= 0:
                    kinds = self._multipath.kinds(flow)
                    multipath_new = kinds != me.multipath_kinds
                    me.multipath_kinds = kinds

        acks_frame = ack_rtt_ns = in_flight = rto_ns = rto_frame = 0
        if length >= 0:
            found, acks_frame, ack_rtt_ns, in_flight, rto_ns, rto_frame = analyse(
                flow, me, you, seq, ack, flags, wnd, length, now_ns, number, multipath_new
            )
            if acks_frame and (not you.resent or 0 < (ack - you.resent_until & _WRAP) < _HALF):
                you.srtt_ns, you.rttvar_ns = smoothed(you.srtt_ns, you.rttvar_ns, ack_rtt_ns)
            if found:
                if found & ACK_LOST_AGAIN:
                    found &= ~ACK_LOST_AGAIN
                    marks |= ACKS_UNSEEN_AGAIN
                findings |= found
                if found & RESENT:
                    me.resent += 1
                    me.resent_until = me.nextseq
            me.payload_bytes += length
        me.segments += 1

        completeness = flow.completeness
        header_length = segment.header_length
        sound = header_length >= HEADER_BYTES
        if completeness < 0:
            completeness = 0
            flow.completeness = first_completeness(flags, length) if sound else 0
        elif sound and (flags & TURNING or completeness & _OPEN_WITH_DATA != _OPEN_WITH_DATA):
            flow.completeness = completeness_of(flags, length, completeness)
        if special:
            if special & SPECIAL_OPENING and sound:
                note_opening(flow, me, you, flags, length, now_ns)
            if me.hole == HOLE_OPEN:
                close_hole(me)
        if header_length > HEADER_BYTES:
            raw = segment.options
            if header_length == TIMESTAMPS_HEADER_BYTES and len(raw) == 12 and raw.startswith(TIMESTAMPS_ALONE):
                me.sacked = 0
            elif segment.header_captured == HEADER_BYTES:
                options, end = parse_options(raw, header_length - HEADER_BYTES - len(raw))
                findings |= note_options(flow, me, options, flags, length, self._multipath)
                if end:
                    marks |= CUT_OPTIONS if segment.truncated else MALFORMED
                if flow.multipath:
                    marks |= MULTIPATH
        else:
            me.sacked = 0
        if flags & SYN and sound:
            findings |= settle(flow, me, you, flags, ack, marks)
        dup_frame = dup_number = 0
        if findings:
            if marks & (CUT_OPTIONS | MALFORMED) or not sound:
                findings &= TFO_SYN | TFO_ACK | TFO_IGNORED if sound else 0
            if findings & DUPLICATE_ACK:
                dup_frame, dup_number = me.newack_frame, me.dup
            if findings:
                flow.findings += 1
                if findings & doubtful:
                    marks |= UNCERTAIN
        if flags & TURNING or flow.settling:
            turn(flow, me, you, segment)
        since_previous_ns = now_ns - flow.last_ns
        flow.last_ns = now_ns
        flow.last_frame = number
        if not number % CHARGE_STEP:
            self._charge(flow)
        return Placed(
            number,
            flow.stream,
            seq - me.base & _WRAP if length >= 0 else seq,
            ack - you.base & _WRAP if flags & ACK and length >= 0 else ack,
            wnd if scale <= 0 or flags & SYN or length < 0 else wnd << scale,
            findings,
            dup_frame,
            dup_number,
            you.base,
            marks,
            flow.first_state << 4 | flow.second_state,
            completeness,
            scale,
            acks_frame,
            ack_rtt_ns,
            in_flight,
            rto_ns,
            rto_frame,
            flow.irtt_ns,
            now_ns - flow.first_ns,
            since_previous_ns,
        )

    def _enter(self, key: bytes, segment: Segment, number: int) -> _Entry:
        """The flow of endpoints seen for the first time in this direction."""
        reverse = self._entries.get(_reversed(key))
        if reverse is None:
            return self._begin(key, segment, number)
        flow, you, me = reverse
        entry = self._entries[key] = (flow, me, you)
        self._charge(flow)
        return entry

    def _begin(self, key: bytes, segment: Segment, number: int) -> _Entry:
        """A new flow; an older one of the same endpoints stays in `flows` but is fed no more."""
        flow = Flow(
            self.streams, segment.src, segment.sport, segment.dst, segment.dport, segment.interface, segment.ts_ns,
            number, Direction(), Direction(), segment.ts_ns, number, loss_epoch=self._loss_epoch,
        )  # fmt: skip
        self._entries.pop(_reversed(key), None)
        entry = self._entries[key] = (flow, flow.forward, flow.backward)
        self.flows[self.streams] = flow
        self.streams += 1
        self.bytes += FLOW_BYTES
        if self.bytes > self.max_bytes:
            self._evict()
        return entry

    def _charge(self, flow: Flow) -> None:
        """Bring the table's account of a flow up to date."""
        before = flow.extra_bytes
        flow.extra_bytes = _extra_bytes(flow)
        self.bytes += flow.extra_bytes - before
        if self.bytes > self.max_bytes:
            self._evict()

    def _evict(self) -> None:
        """Give up a share of the flows: those that are over first, then those longest without a segment."""
        held = 0
        for flow in self.flows.values():
            flow.extra_bytes = _extra_bytes(flow)
            held += FLOW_BYTES + flow.extra_bytes
        self.bytes = held
        if held <= self.max_bytes:
            return
        room = self.max_bytes - self.max_bytes // EVICTED_SHARE
        oldest_first = sorted(self.flows.values(), key=lambda flow: flow.last_frame + (not flow.over_ns) * _STILL_OPEN)
        for flow in oldest_first[:-1]:
            if self.bytes <= room:
                break
            self._forget(flow)

    def _forget(self, flow: Flow) -> None:
        there = packed_ends(flow.src, flow.sport, flow.dst, flow.dport)
        if self._by_interface:
            there += flow.interface.to_bytes(4, "big")
        for key in (there, _reversed(there)):
            entry = self._entries.get(key)
            if entry is not None and entry[0] is flow:
                del self._entries[key]
        del self.flows[flow.stream]
        self.bytes -= FLOW_BYTES + flow.extra_bytes
        self.evicted += 1


def _extra_bytes(flow: Flow) -> int:
    """What a flow costs beyond FLOW_BYTES."""
    waiting = len(flow.forward.unacked or ()) + len(flow.backward.unacked or ())
    return waiting * UNACKED_BYTES + (ANSWERED_BYTES if flow.backward.based else 0)


def packed_ends(src: bytes, sport: int, dst: bytes, dport: int) -> bytes:
    """Source, destination and ports in the order in which a frame has them."""
    return src + dst + (sport << 16 | dport).to_bytes(4, "big")


def ends_of(segment: Segment) -> bytes:
    return packed_ends(segment.src, segment.sport, segment.dst, segment.dport)


def _reversed(ends: bytes) -> bytes:
    """The ends of the other direction; what follows the ports stays."""
    size = 4 if len(ends) < _IPV6_ENDS else 16
    ports = 2 * size
    return ends[size:ports] + ends[:size] + ends[ports + 2 : ports + 4] + ends[ports : ports + 2] + ends[ports + 4 :]
