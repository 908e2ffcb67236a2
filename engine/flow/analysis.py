"""What a segment means, seen against all that came before it: Wireshark's tcp.analysis.* rules.

A single pass in the order of capture, no look-ahead. `me` is the direction of the segment, `you` the other one;
"before" and "after" are the sign of the 32-bit difference (exactly half the space away is both); the acknowledgement
field is compared even where the ACK bit is off, since Wireshark does. The rules and their order are those of
Wireshark 4.0; its User's Guide names them in "TCP Analysis".

The order matters: a rule sees what the segments before have left, and each of
{retransmission, fast, spurious, out of order} and {duplicate ACK, window update, keep-alive ACK, probe ACK}
excludes the others of its set.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from engine.flow.findings import (
    ACK_LOST_AGAIN,
    ACK_LOST_SEGMENT,
    DUPLICATE_ACK,
    FAST_RETRANSMISSION,
    KEEP_ALIVE,
    KEEP_ALIVE_ACK,
    LOST_SEGMENT,
    OUT_OF_ORDER,
    RETRANSMISSION,
    SPURIOUS_RETRANSMISSION,
    WINDOW_FULL,
    WINDOW_UPDATE,
    ZERO_WINDOW,
    ZERO_WINDOW_PROBE,
    ZERO_WINDOW_PROBE_ACK,
)
from engine.flow.flow import ACK, FIN, RST, SCALE_OFF, SCALE_UNKNOWN, SYN, Direction, Flow
from engine.model.packets import Segment

_WRAP = 0xFFFFFFFF
_HALF = 0x80000000
_UNSIGNED = 0xFFFFFFFFFFFFFFFF

MAX_UNACKED = 10_000
"""Segments remembered until they are acknowledged, a direction; Wireshark's limit, which shows in what it finds."""

_FAST_RETRANSMISSION_NS = 20_000_000
"""A retransmission this soon after the last duplicate ACK is a fast one."""

_OUT_OF_ORDER_NS = 3_000_000
"""A late segment this soon after the highest one is out of order, where the initial round trip is unknown."""

_MAX_FLIGHT = 2_000_000_000


class Analysis(NamedTuple):
    """What `analyse` found."""

    findings: int
    acks_frame: int
    ack_rtt_ns: int
    bytes_in_flight: int
    rto_ns: int
    rto_frame: int


def analyse(flow: Flow, me: Direction, you: Direction, segment: Segment, number: int, multipath_new: bool) -> Analysis:
    """Decide the findings of a segment whose length is known, then take it into both directions' state.

    `multipath_new`: kinds of Multipath TCP option were seen in its connection since this direction's previous segment.
    """
    seq, ack, flags, wnd, length, now_ns = (
        segment.seq, segment.ack, segment.flags, segment.wnd, segment.len, segment.ts_ns,
    )  # fmt: skip
    nextseq = me.nextseq
    plain = not flags & (SYN | FIN | RST)
    at_next = seq == nextseq
    findings = 0
    rto_ns = rto_frame = 0

    if length == 1 and at_next and not you.window:
        findings = ZERO_WINDOW_PROBE
    else:
        if plain and not wnd:
            findings = ZERO_WINDOW
        if not at_next and nextseq and not flags & RST and (seq - nextseq & _WRAP) <= _HALF:
            findings |= LOST_SEGMENT
            me.flight_known = False
        if plain:
            if length <= 1 and seq == (nextseq - 1 & _WRAP):
                findings |= KEEP_ALIVE
            if length:
                if you.scale != SCALE_UNKNOWN:
                    shift = 0 if you.fresh or you.scale == SCALE_OFF else you.scale
                    if (seq + length - you.lastack - (you.window << shift)) & _WRAP == 0:
                        findings |= WINDOW_FULL
            elif at_next and ack == me.lastack:
                findings |= _repeats(me, you, wnd, multipath_new)

    if ack != me.lastack:
        me.newack_frame = number
        me.dup = 0

    if flags & ACK and you.maxack and 0 < (ack - you.maxack & _WRAP) <= _HALF:
        if (you.maxack - you.nextseq & _WRAP) >= _HALF:
            findings |= ACK_LOST_SEGMENT
            you.maxack = you.nextseq
        else:
            findings |= ACK_LOST_AGAIN if you.dup else ACK_LOST_SEGMENT
            you.dup = -1

    takes_space = length or flags & (SYN | FIN)
    if takes_space and not findings & KEEP_ALIVE:
        resent = _resent(flow, me, you, seq, length, flags, now_ns)
        if resent:
            findings |= resent
            if resent == RETRANSMISSION:
                rto_frame, since_ns = _first_sending(me)
                rto_ns = now_ns - since_ns

    end = seq + length & _WRAP
    probe = findings & ZERO_WINDOW_PROBE
    if takes_space:
        unacked = me.unacked
        if unacked is None:
            unacked = me.unacked = deque()
        if len(unacked) < MAX_UNACKED:
            if flags & (SYN | FIN):
                end = end + 1 & _WRAP
            if not unacked:
                me.unacked_low, me.unacked_high, me.unacked_sorted = seq, end, True
            elif (seq - me.unacked_high & _WRAP) < _HALF:
                me.unacked_high = end
            else:
                me.unacked_sorted = False
                if (seq - me.unacked_low & _WRAP) >= _HALF:
                    me.unacked_low = seq
                if (end - me.unacked_high & _WRAP) < _HALF:
                    me.unacked_high = end
            unacked.append((end, seq, number, now_ns))
    if not probe:
        if not nextseq or 0 < (end - nextseq & _WRAP) <= _HALF:
            me.nextseq, me.nextseq_ns, me.nextseq_frame = end, now_ns, number
        if seq == me.maxack or not me.maxack:
            me.maxack = me.nextseq
    me.window = wnd
    me.lastack = ack
    me.lastack_ns = now_ns
    me.lastfindings = findings

    acks_frame = ack_rtt_ns = 0
    if you.unacked:
        acks_frame, sent_ns = _acknowledge(you, ack)
        if acks_frame:
            ack_rtt_ns = now_ns - sent_ns
    if flags & ACK:
        you.flight_known = True
    in_flight = 0
    if length and me.flight_known and me.unacked:
        in_flight = _in_flight(me) - you.sacked - (1 if flags & (SYN | FIN) else 0)
        if not 0 < in_flight < _MAX_FLIGHT:
            in_flight = 0
    return Analysis(findings, acks_frame, ack_rtt_ns, in_flight, rto_ns, rto_frame)


def _repeats(me: Direction, you: Direction, wnd: int, multipath_new: bool) -> int:
    """What an empty segment is that repeats sequence and acknowledgement numbers of the one before."""
    if wnd != me.window:
        return WINDOW_UPDATE if wnd else 0
    if not wnd:
        return ZERO_WINDOW_PROBE_ACK if you.lastfindings & ZERO_WINDOW_PROBE else 0
    if you.lastfindings & KEEP_ALIVE:
        return KEEP_ALIVE_ACK
    if multipath_new:
        return 0  # RFC 8684 section 4: Multipath TCP may repeat an ACK to carry its options
    me.dup = 1 if me.dup < 0 else me.dup + 1
    return DUPLICATE_ACK


def _resent(flow: Flow, me: Direction, you: Direction, seq: int, length: int, flags: int, now_ns: int) -> int:
    """Whether the segment carries again, or late, what lies before the highest sequence number seen."""
    nextseq = me.nextseq
    if length and you.lastack and (you.lastack - seq - length & _WRAP) <= _HALF:
        return SPURIOUS_RETRANSMISSION
    if not nextseq or (seq - nextseq & _WRAP) < _HALF or (length > 1 and seq == (nextseq - 1 & _WRAP)):
        return 0
    if (you.dup >= 2 or you.dup < 0) and you.lastack == seq and 0 <= now_ns - you.lastack_ns < _FAST_RETRANSMISSION_NS:
        return FAST_RETRANSMISSION
    end = seq + length + (1 if flags & (SYN | FIN) else 0) & _WRAP
    age_ns = now_ns - me.nextseq_ns
    # both are unsigned in Wireshark: time that went back is a huge age, a negative round trip a huge limit
    if end != nextseq and age_ns & _UNSIGNED < (flow.irtt_ns or _OUT_OF_ORDER_NS) & _UNSIGNED:
        return OUT_OF_ORDER
    return RETRANSMISSION


def _first_sending(me: Direction) -> tuple[int, int]:
    """Frame and time of the oldest segment that is not yet acknowledged, or else of the highest one seen."""
    if me.unacked:
        _, _, frame, sent_ns = me.unacked[0]
        return frame, sent_ns
    return me.nextseq_frame, me.nextseq_ns


def _in_flight(me: Direction) -> int:
    """From the lowest number not acknowledged to the highest end, both relative, as Wireshark counts it."""
    base = me.base
    low, high = me.unacked_low - base & _WRAP, me.unacked_high - base & _WRAP
    if low <= high:
        return high - low
    # numbers before the base are huge when relative, so the extremes are others
    unacked = me.unacked or ()
    return max(end - base & _WRAP for end, _, _, _ in unacked) - min(seq - base & _WRAP for _, seq, _, _ in unacked)


def _acknowledge(you: Direction, ack: int) -> tuple[int, int]:
    """Drop what `ack` acknowledges from the segments on their way; frame and time of the one that ends there, or 0."""
    unacked = you.unacked
    if not unacked:
        return 0, 0
    if (ack - you.unacked_low - 1 & _WRAP) >= _HALF and (you.unacked_high - you.unacked_low & _WRAP) < _MAX_FLIGHT:
        return 0, 0  # nothing starts before it
    frame = sent_ns = 0
    if you.unacked_sorted:
        while unacked:
            end, seq, sent_frame, sent_at = unacked[0]
            if (ack - end & _WRAP) >= _HALF:
                if (ack - seq - 1 & _WRAP) < _HALF:
                    unacked[0] = (end, ack, sent_frame, sent_at)
                break
            if ack == end:
                frame, sent_ns = sent_frame, sent_at
            unacked.popleft()
        if unacked:
            you.unacked_low = unacked[0][1]
        return frame, sent_ns
    left: deque[tuple[int, int, int, int]] = deque()
    low = 0
    for entry in unacked:
        end, seq, sent_frame, sent_at = entry
        if ack == end:
            if not frame:
                frame, sent_ns = sent_frame, sent_at
            continue
        if (ack - end & _WRAP) < _HALF:
            continue
        if (ack - seq - 1 & _WRAP) < _HALF:
            entry, seq = (end, ack, sent_frame, sent_at), ack
        if not left or (seq - low & _WRAP) >= _HALF:
            low = seq
        left.append(entry)
    you.unacked = left
    you.unacked_low = low
    return frame, sent_ns
