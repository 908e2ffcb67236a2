"""The segment that most segments are: in order, and at most an ACK said again. It is placed in half of the work.

This is the path through engine.flow.table and engine.flow.analysis that such a segment takes, with every test of theirs
that could find something made first. If one does, nothing has been changed and the segment goes the long way.
"""

from __future__ import annotations

from engine.flow.analysis import MAX_FLIGHT, MAX_UNACKED, acknowledge, in_flight, repeated
from engine.flow.findings import DUPLICATE_ACK
from engine.flow.flow import ACK, COMPLETE_ACK, COMPLETE_DATA, FIN, RST, SCALE_UNKNOWN, SYN, Direction, Flow, Unacked
from engine.flow.options import TIMESTAMPS_ALONE, TIMESTAMPS_HEADER_BYTES
from engine.flow.placed import Placed
from engine.flow.rtt import smoothed
from engine.model.packets import Segment

_TURNING_OR_ACK = SYN | FIN | RST | ACK
_OPEN_WITH_DATA = COMPLETE_ACK | COMPLETE_DATA
_WRAP = 0xFFFFFFFF
_HALF = 0x80000000


def place_plain(flow: Flow, me: Direction, you: Direction, segment: Segment, number: int) -> Placed | None:
    """Place a segment of a flow that is open at both ends and has nothing special; None if it is not plain."""
    seq = segment.seq
    if seq != me.nextseq or not seq:
        return None
    ack, length, wnd = segment.ack, segment.len, segment.wnd
    repeats = ack == me.lastack and not length
    completeness = flow.completeness
    if (
        not wnd
        or not 0 <= length < _HALF
        or segment.flags & _TURNING_OR_ACK != ACK
        or completeness & _OPEN_WITH_DATA != _OPEN_WITH_DATA
        or (you.maxack - ack & _WRAP) >= _HALF
    ):
        return None
    if segment.header_length != 20:
        raw = segment.options
        if segment.header_length != TIMESTAMPS_HEADER_BYTES or len(raw) != 12 or not raw.startswith(TIMESTAMPS_ALONE):
            return None
    elif segment.header_captured != 20:
        return None
    now_ns = segment.ts_ns
    if length:
        end = seq + length & _WRAP
        shift = you.scale
        unacked = me.unacked
        if (
            not you.window
            or not end
            or me.maxack != seq
            or (
                shift != SCALE_UNKNOWN and not (end - you.lastack - (you.window << (shift if shift > 0 else 0)) & _WRAP)
            )
            or (you.lastack - end & _WRAP) <= _HALF
        ):
            return None
        if not unacked:
            if unacked is None:
                unacked = me.unacked = []
            me.unacked_low, me.unacked_sorted = seq, True
        elif len(unacked) >= MAX_UNACKED or (seq - me.unacked_high & _WRAP) >= _HALF:
            return None
        me.unacked_high = me.nextseq = me.maxack = end
        unacked.append(Unacked(end, seq, number, now_ns))
        me.nextseq_ns, me.nextseq_frame = now_ns, number
        me.payload_bytes += length
    elif not me.maxack:
        return None
    findings = dup_frame = dup_number = 0
    if repeats:
        findings = repeated(me, you, wnd, False)
        flow.findings += 1
        if findings == DUPLICATE_ACK:
            dup_frame, dup_number = me.newack_frame, me.dup
    elif ack != me.lastack:
        me.newack_frame = number
        me.dup = 0
        me.lastack = ack
    me.window = wnd
    me.lastack_ns = now_ns
    me.lastfindings = findings
    me.sacked = 0
    me.segments += 1
    acks_frame = ack_rtt_ns = flight = 0
    if you.unacked:
        acks_frame, sent_ns = acknowledge(you, ack)
        if acks_frame:
            ack_rtt_ns = now_ns - sent_ns
            if not you.resent or 0 < (ack - you.resent_until & _WRAP) < _HALF:
                you.srtt_ns, you.rttvar_ns = smoothed(you.srtt_ns, you.rttvar_ns, ack_rtt_ns)
    you.flight_known = True
    if length and me.flight_known:
        flight = in_flight(me) - you.sacked
        if not 0 < flight < MAX_FLIGHT:
            flight = 0
    since_previous_ns = now_ns - flow.last_ns
    flow.last_ns, flow.last_frame = now_ns, number
    scale = me.scale
    return Placed(
        number,
        flow.stream,
        seq - me.base & _WRAP,
        ack - you.base & _WRAP,
        wnd if scale <= 0 else wnd << scale,
        findings,
        dup_frame,
        dup_number,
        you.base,
        0,
        flow.first_state << 4 | flow.second_state,
        completeness,
        scale,
        acks_frame,
        ack_rtt_ns,
        flight,
        0,
        0,
        flow.irtt_ns,
        now_ns - flow.first_ns,
        since_previous_ns,
    )
