"""The flows of one capture: finds each segment's flow, runs analysis and state machine on it, bounds its memory.

Order of work on a segment, on which the results depend: port reuse; base numbers; analysis; completeness; handshake
time; then the segment's own options, which never influence its own findings; last the window scale, settled by a SYN.
"""

from __future__ import annotations

from engine.flow.analysis import analyse
from engine.flow.findings import ACK_LOST_AGAIN, DUPLICATE_ACK, RESENT, REUSED_PORTS, TFO_ACK, TFO_IGNORED, TFO_SYN
from engine.flow.flow import (
    ACK,
    COMPLETE_ACK,
    COMPLETE_DATA,
    COMPLETE_SYN,
    HOLE_OPEN,
    SCALE_OFF,
    SCALE_UNKNOWN,
    SPECIAL_ECN,
    SPECIAL_HOLE,
    SPECIAL_MULTIPATH,
    SYN,
    Direction,
    Flow,
    completeness_of,
)
from engine.flow.holes import across_hole, close_hole, open_holes
from engine.flow.multipath import MultipathConnections
from engine.flow.notes import note_options
from engine.flow.options import TIMESTAMPS_ALONE, parse_options
from engine.flow.placed import (
    ACCURATE_ECN,
    ACKS_UNSEEN_AGAIN,
    CUT_OPTIONS,
    MALFORMED,
    MULTIPATH,
    NO_LENGTH,
    NO_STREAM,
    UNCERTAIN,
    Placed,
)
from engine.flow.rtt import smoothed
from engine.flow.turns import TURNING, turn
from engine.model.packets import Segment

_WRAP = 0xFFFFFFFF
_HALF = 0x80000000
_STREAM_BYTES = 16
"""Of the header must be captured for a segment to belong to a stream: up to the window."""
_HEADER_BYTES = 20

FLOW_BYTES = 1_500
"""What a flow costs with both directions and its places in the tables; measured by the tests."""

UNACKED_BYTES = 184
"""What a segment waiting for its acknowledgement costs: four numbers and their place in a deque."""

CHARGE_STEP = 64
"""Unacknowledged segments are charged to the table in steps of this many, so that most packets cost no accounting."""

DEFAULT_MAX_BYTES = 32 * 1024 * 1024
"""About 22,000 flows: ring, packets and flows together stay under the capture worker's 150 MB."""

EVICTED_SHARE = 8
"""One in so many flows goes at a time: choosing them takes a look at all, too much for each new one."""

_STILL_OPEN = 1 << 62
_OPEN_WITH_DATA = COMPLETE_ACK | COMPLETE_DATA
"""With these a segment without SYN, FIN or RST can add nothing to the completeness."""
_ECN_BITS = 0x1C0  # AE, CWR, ECE
_AE, _CWR, _ECE = 0x100, 0x080, 0x040

_Key = tuple[bytes, int, bytes, int, int]
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
        self._entries: dict[_Key, _Entry] = {}
        self._multipath = MultipathConnections()
        self._loss_epoch = 0

    def find(self, src: bytes, sport: int, dst: bytes, dport: int, interface: int = 0) -> Flow | None:
        """The flow that a segment with these endpoints, in either direction, would belong to."""
        interface = interface if self._by_interface else 0
        entries = self._entries
        entry = entries.get((src, sport, dst, dport, interface)) or entries.get((dst, dport, src, sport, interface))
        return entry[0] if entry else None

    def note_loss(self, frames: int) -> None:
        """The capture missed this many frames just now: what is concluded across the hole is uncertain."""
        self.losses += frames
        self._loss_epoch += 1

    def feed(self, segment: Segment, number: int) -> Placed:
        """Place the next segment, that of frame `number` (1-based, ascending)."""
        seq, ack, flags, length, now_ns = segment.seq, segment.ack, segment.flags, segment.len, segment.ts_ns
        wnd = segment.wnd
        marks = 0
        if length < 0 or segment.truncated:
            marks = _broken(segment)
            if marks & NO_STREAM:
                return Placed(number, -1, seq, ack, wnd, 0, 0, 0, 0, marks, 0, 0, SCALE_UNKNOWN)
        key = (segment.src, segment.sport, segment.dst, segment.dport, segment.interface if self._by_interface else 0)
        flow, me, you = self._entries.get(key) or self._enter(key, segment, number)
        findings = 0
        if flags & SYN and me.based:
            findings = self._reused(me, seq, flags)
            if findings and not flags & ACK:
                flow, me, you = self._begin(key, segment, number)
                flow.completeness = COMPLETE_SYN
        if flow.loss_epoch != self._loss_epoch:
            open_holes(flow, self._loss_epoch)
        first = flow.first_frame == number
        scale = me.scale
        special = flow.special
        multipath_new = False
        if special:
            marks |= self._special(flow, me, you, seq, ack, flags)
            if special & SPECIAL_MULTIPATH and length >= 0:
                kinds = self._multipath.kinds(flow)
                multipath_new = kinds != me.multipath_kinds
                me.multipath_kinds = kinds

        acks_frame = ack_rtt_ns = in_flight = rto_ns = rto_frame = 0
        if length >= 0:
            if not me.based:
                me.based = True
                me.base = seq if flags & SYN else seq - 1 & _WRAP
            if flags & ACK and not you.based:
                you.based = True
                you.base = ack - 1 & _WRAP
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
            if length:
                me.payload_bytes += length
                if not flow.first_data_ns:
                    flow.first_data_ns = now_ns
                if me.unacked and not len(me.unacked) % CHARGE_STEP:
                    self._charge(flow)
                    if self.bytes > self.max_bytes:
                        self._evict()
        me.segments += 1
        if special and me.hole == HOLE_OPEN:
            close_hole(me)

        completeness = flow.completeness
        header_length = segment.header_length
        sound = header_length >= _HEADER_BYTES
        if sound:
            if first:
                if flags & (SYN | ACK) == SYN and not completeness:
                    flow.completeness = COMPLETE_SYN | (COMPLETE_DATA if length > 0 else 0)
            elif flags & TURNING or completeness & _OPEN_WITH_DATA != _OPEN_WITH_DATA:
                flow.completeness = completeness_of(flags, length, completeness)
            if flags & SYN or me.fresh or not flow.irtt_ns:
                _time_handshake(flow, me, flags, now_ns)
        raw = segment.options
        if header_length <= _HEADER_BYTES or (len(raw) == 12 and raw.startswith(TIMESTAMPS_ALONE)):
            if me.sacked:
                me.sacked = 0
        elif segment.header_captured == _HEADER_BYTES:
            options, end = parse_options(raw, header_length - _HEADER_BYTES - len(raw))
            findings |= note_options(flow, me, options, flags, length, self._multipath)
            if end:
                marks |= CUT_OPTIONS if segment.truncated else MALFORMED
            if flow.multipath:
                marks |= MULTIPATH
        if flags & SYN:
            findings |= _settle(flow, me, you, flags, ack, marks)
        dup_frame = dup_number = 0
        if findings:
            if marks & (CUT_OPTIONS | MALFORMED) or not sound:
                findings &= TFO_SYN | TFO_ACK | TFO_IGNORED if sound else 0
            if findings & DUPLICATE_ACK:
                dup_frame, dup_number = me.newack_frame, me.dup
            flow.findings += 1 if findings else 0
        if flags & TURNING or flow.settling:
            turn(flow, me, you, segment)
        since_previous_ns = 0 if first else now_ns - flow.last_ns
        flow.last_ns = now_ns
        flow.last_frame = number
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
            marks if findings else marks & ~UNCERTAIN,
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

    @staticmethod
    def _reused(me: Direction, seq: int, flags: int) -> int:
        """What another SYN of a direction means: the ports were used again, or the SYN was sent again."""
        if me.base != seq:
            if flags & ACK:
                me.base = seq
            return REUSED_PORTS
        if not flags & ACK:
            me.nextseq = me.maxack  # a RST may have run ahead
        return 0

    def _special(self, flow: Flow, me: Direction, you: Direction, seq: int, ack: int, flags: int) -> int:
        """The marks of a segment in a flow that has something rare."""
        special = flow.special
        marks = MULTIPATH if special & SPECIAL_MULTIPATH else 0
        if special & SPECIAL_ECN and not flags & SYN:
            marks |= ACCURATE_ECN
        if special & SPECIAL_HOLE and across_hole(me, you, seq, ack):
            marks |= UNCERTAIN
        return marks

    def _enter(self, key: _Key, segment: Segment, number: int) -> _Entry:
        """The flow of endpoints seen for the first time in this direction."""
        src, sport, dst, dport, interface = key
        reverse = self._entries.get((dst, dport, src, sport, interface))
        if reverse is None:
            return self._begin(key, segment, number)
        flow, you, me = reverse
        entry = self._entries[key] = (flow, me, you)
        return entry

    def _begin(self, key: _Key, segment: Segment, number: int) -> _Entry:
        """A new flow; an older one of the same endpoints stays in `flows` but is fed no more."""
        src, sport, dst, dport, interface = key
        flow = Flow(
            self.streams, src, sport, dst, dport, interface, segment.ts_ns, number, Direction(), Direction(),
            last_frame=number, loss_epoch=self._loss_epoch,
        )  # fmt: skip
        self._entries.pop((dst, dport, src, sport, interface), None)
        entry = self._entries[key] = (flow, flow.forward, flow.backward)
        self.flows[self.streams] = flow
        self.streams += 1
        self.bytes += FLOW_BYTES
        if self.bytes > self.max_bytes:
            self._evict()
        return entry

    def _charge(self, flow: Flow) -> None:
        """Bring the table's account of a flow's unacknowledged segments up to date."""
        waiting = len(flow.forward.unacked or ()) + len(flow.backward.unacked or ())
        self.bytes += waiting * UNACKED_BYTES - flow.extra_bytes
        flow.extra_bytes = waiting * UNACKED_BYTES

    def _evict(self) -> None:
        """Give up a share of the flows: those that are over first, then those longest without a segment."""
        for flow in self.flows.values():
            if flow.extra_bytes:
                self._charge(flow)
        if self.bytes <= self.max_bytes:
            return
        room = self.max_bytes - self.max_bytes // EVICTED_SHARE
        oldest_first = sorted(self.flows.values(), key=lambda flow: flow.last_frame + (not flow.over_ns) * _STILL_OPEN)
        for flow in oldest_first[:-1]:
            if self.bytes <= room:
                break
            self._forget(flow)

    def _forget(self, flow: Flow) -> None:
        there = (flow.src, flow.sport, flow.dst, flow.dport, flow.interface)
        back = (flow.dst, flow.dport, flow.src, flow.sport, flow.interface)
        for key in (there, back):
            entry = self._entries.get(key)
            if entry is not None and entry[0] is flow:
                del self._entries[key]
        del self.flows[flow.stream]
        self.bytes -= FLOW_BYTES + flow.extra_bytes
        self.evicted += 1


def _broken(segment: Segment) -> int:
    """Marks of a segment whose header is not all there, or whose length is unknown."""
    cut = CUT_OPTIONS if segment.truncated else MALFORMED
    if segment.header_captured < _STREAM_BYTES:
        return NO_STREAM | cut
    marks = NO_LENGTH if segment.len < 0 else 0
    return marks | cut if segment.header_captured < _HEADER_BYTES else marks


def _time_handshake(flow: Flow, me: Direction, flags: int, now_ns: int) -> None:
    if flags & SYN:
        me.fresh = True
        if not flags & ACK:
            flow.syn_ns = now_ns
    elif flags & ACK:
        me.fresh = False
        if flow.syn_ns and not flow.irtt_ns:
            flow.irtt_ns = now_ns - flow.syn_ns


def _settle(flow: Flow, me: Direction, you: Direction, flags: int, ack: int, marks: int) -> int:
    """What a SYN settles for its connection: window scaling, ECN, Fast Open; the findings that follow."""
    if not flags & ACK:
        flow.ecn_syn = flags & _ECN_BITS
    elif flow.ecn_syn == _ECN_BITS and (flags & (_CWR | _AE) == _CWR or flags & (_AE | _ECE) == _AE):
        flow.special |= SPECIAL_ECN  # RFC 9768 section 3.1.1
    if not marks & (CUT_OPTIONS | MALFORMED):
        if me.scale == SCALE_UNKNOWN:
            me.scale = you.scale = SCALE_OFF
        elif flags & ACK and you.scale == SCALE_OFF:
            me.scale = SCALE_OFF
    if not flags & ACK:
        return 0
    if (ack - you.base & _WRAP) > 1:
        return TFO_ACK
    return TFO_IGNORED if flow.fast_open_data else 0
