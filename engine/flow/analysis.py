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
from engine.flow.flow import ACK, FIN, RST, SCALE_OFF, SCALE_UNKNOWN, SYN, Direction, Flow, Unacked

_SYN_FIN = SYN | FIN
_SYN_FIN_RST = SYN | FIN | RST
_WRAP = 0xFFFFFFFF
_HALF = 0x80000000
_UNSIGNED = 0xFFFFFFFFFFFFFFFF

MAX_UNACKED = 10_000
"""Segments remembered until they are acknowledged, a direction; Wireshark's limit, which shows in what it finds."""

_FAST_RETRANSMISSION_NS = 20_000_000
"""A retransmission this soon after the last duplicate ACK is a fast one."""

_OUT_OF_ORDER_NS = 3_000_000
"""A late segment this soon after the highest one is out of order, where the initial round trip is unknown."""

MAX_FLIGHT = 2_000_000_000
"""More bytes than this cannot be on their way: the numbers contradict each other, as Wireshark sees it too."""


Analysis = tuple[int, int, int, int, int, int]
"""Findings; the frame that this segment acknowledges and its round trip in ns; bytes in flight after it; for a
retransmission the time since its first sending in ns and that frame. 0 where there is none."""


def analyse(
    flow: Flow,
    me: Direction,
    you: Direction,
    seq: int,
    ack: int,
    flags: int,
    wnd: int,
    length: int,
    now_ns: int,
    number: int,
    multipath_new: bool,
) -> Analysis:
    """Decide the findings of a segment whose length is known, then take it into both directions' state.

    `multipath_new`: kinds of Multipath TCP option were seen in its connection since this direction's previous segment.
    """
    nextseq = me.nextseq
    at_next = seq == nextseq
    takes_space = length or flags & _SYN_FIN
    findings = rto_ns = rto_frame = 0
    if at_next and length == 1 and not you.window:
        findings = ZERO_WINDOW_PROBE
    elif at_next and wnd and not flags & _SYN_FIN_RST:
        if length:
            if you.scale != SCALE_UNKNOWN and _fills_window(you, seq + length):
                findings = WINDOW_FULL
        elif ack == me.lastack:
            findings = repeated(me, you, wnd, multipath_new)
    else:
        findings = _out_of_line(me, you, seq, ack, flags, wnd, length)

    if ack != me.lastack:
        me.newack_frame = number
        me.dup = 0

    if 0 < (ack - you.maxack & _WRAP) <= _HALF and flags & ACK and you.maxack:
        if (you.maxack - you.nextseq & _WRAP) >= _HALF:
            findings |= ACK_LOST_SEGMENT
            you.maxack = you.nextseq
        else:
            findings |= ACK_LOST_AGAIN if you.dup else ACK_LOST_SEGMENT
            you.dup = -1

    if takes_space and (not at_next or (you.lastack - seq - length & _WRAP) <= _HALF) and not findings & KEEP_ALIVE:
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
            unacked = me.unacked = []
        if len(unacked) < MAX_UNACKED:
            if flags & _SYN_FIN:
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
            unacked.append(Unacked(end, seq, number, now_ns))
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
        acks_frame, sent_ns = acknowledge(you, ack)
        if acks_frame:
            ack_rtt_ns = now_ns - sent_ns
    if flags & ACK:
        you.flight_known = True
    flight = 0
    if length and me.flight_known and me.unacked:
        flight = in_flight(me) - you.sacked - (1 if flags & _SYN_FIN else 0)
        if not 0 < flight < MAX_FLIGHT:
            flight = 0
    return findings, acks_frame, ack_rtt_ns, flight, rto_ns, rto_frame


def _fills_window(you: Direction, end: int) -> bool:
    """Whether a segment that ends there fills the window that `you` last told, whose scale is known."""
    shift = 0 if you.fresh or you.scale == SCALE_OFF else you.scale
    return (end - you.lastack - (you.window << shift)) & _WRAP == 0


def _out_of_line(me: Direction, you: Direction, seq: int, ack: int, flags: int, wnd: int, length: int) -> int:
    """What can be said of a segment that opens, closes or resets, has no window, or is not the next in sequence."""
    nextseq = me.nextseq
    findings = 0
    plain = not flags & _SYN_FIN_RST
    if plain and not wnd:
        findings = ZERO_WINDOW
    if nextseq and not flags & RST and 0 < (seq - nextseq & _WRAP) <= _HALF:
        findings |= LOST_SEGMENT
        me.flight_known = False
    if plain:
        if length <= 1 and seq == (nextseq - 1 & _WRAP):
            findings |= KEEP_ALIVE
        if length:
            if you.scale != SCALE_UNKNOWN and _fills_window(you, seq + length):
                findings |= WINDOW_FULL
        elif seq == nextseq and ack == me.lastack and me.window == 0 and you.lastfindings & ZERO_WINDOW_PROBE:
            findings |= ZERO_WINDOW_PROBE_ACK
    return findings


def repeated(me: Direction, you: Direction, wnd: int, multipath_new: bool) -> int:
    """What an empty segment with a window is that repeats the numbers of the one before."""
    if wnd != me.window:
        return WINDOW_UPDATE
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
    end = seq + length + (1 if flags & _SYN_FIN else 0) & _WRAP
    age_ns = now_ns - me.nextseq_ns
    # both are unsigned in Wireshark: time that went back is a huge age, a negative round trip a huge limit
    if end != nextseq and age_ns & _UNSIGNED < (flow.irtt_ns or _OUT_OF_ORDER_NS) & _UNSIGNED:
        return OUT_OF_ORDER
    return RETRANSMISSION


def _first_sending(me: Direction) -> tuple[int, int]:
    """Frame and time of the oldest segment that is not yet acknowledged, or else of the highest one seen."""
    if me.unacked:
        oldest = me.unacked[0]
        return oldest.frame, oldest.ts_ns
    return me.nextseq_frame, me.nextseq_ns


def in_flight(me: Direction) -> int:
    """From the lowest number not acknowledged to the highest end, both relative, as Wireshark counts it."""
    base = me.base
    low, high = me.unacked_low - base & _WRAP, me.unacked_high - base & _WRAP
    if low <= high:
        return high - low
    # numbers before the base are huge when relative, so the extremes are others
    unacked = me.unacked or ()
    return max(sent.end - base & _WRAP for sent in unacked) - min(sent.seq - base & _WRAP for sent in unacked)


def acknowledge(you: Direction, ack: int) -> tuple[int, int]:
    """Drop what `ack` acknowledges from the segments on their way; frame and time of the one that ends there, or 0."""
    unacked = you.unacked
    if not unacked:
        return 0, 0
    if (ack - you.unacked_low - 1 & _WRAP) >= _HALF and (you.unacked_high - you.unacked_low & _WRAP) < MAX_FLIGHT:
        return 0, 0  # nothing starts before it
    frame = sent_ns = 0
    if you.unacked_sorted:
        done = 0
        for sent in unacked:
            if (ack - sent.end & _WRAP) >= _HALF:
                if (ack - sent.seq - 1 & _WRAP) < _HALF:
                    sent.seq = ack
                you.unacked_low = sent.seq
                break
            if ack == sent.end:
                frame, sent_ns = sent.frame, sent.ts_ns
            done += 1
        if done:
            del unacked[:done]
        return frame, sent_ns
    left: list[Unacked] = []
    low = 0
    for sent in unacked:
        end = sent.end
        if ack == end:
            if not frame:
                frame, sent_ns = sent.frame, sent.ts_ns
            continue
        if (ack - end & _WRAP) < _HALF:
            continue
        if (ack - sent.seq - 1 & _WRAP) < _HALF:
            sent.seq = ack
        if not left or (sent.seq - low & _WRAP) >= _HALF:
            low = sent.seq
        left.append(sent)
    you.unacked = left
    you.unacked_low = low
    return frame, sent_ns
