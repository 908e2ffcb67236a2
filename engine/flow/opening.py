"""What only some segments need: the opening of a flow, what a SYN settles, what is rare, headers that break off."""

from __future__ import annotations

from engine.flow.findings import REUSED_PORTS, TFO_ACK, TFO_IGNORED
from engine.flow.flow import (
    ACK,
    COMPLETE_DATA,
    COMPLETE_SYN,
    SCALE_OFF,
    SCALE_UNKNOWN,
    SPECIAL_ECN,
    SPECIAL_MULTIPATH,
    SPECIAL_OPENING,
    SYN,
    Direction,
    Flow,
)
from engine.flow.placed import ACCURATE_ECN, CUT_OPTIONS, MALFORMED, MULTIPATH, NO_LENGTH, NO_STREAM
from engine.model.packets import Segment

HEADER_BYTES = 20
_WRAP = 0xFFFFFFFF
_STREAM_BYTES = 16
"""Of the header must be captured for a segment to belong to a stream: up to the window."""
_ECN_BITS = 0x1C0  # AE, CWR, ECE
_AE, _CWR, _ECE = 0x100, 0x080, 0x040


def set_bases(me: Direction, you: Direction, seq: int, ack: int, flags: int) -> None:
    """Numbers to count from: a SYN's own, else what the first segment seen implies."""
    if not me.based:
        me.based = True
        me.base = seq if flags & SYN else seq - 1 & _WRAP
    if flags & ACK and not you.based:
        you.based = True
        you.base = ack - 1 & _WRAP


def reused(me: Direction, seq: int, flags: int) -> int:
    """What another SYN of a direction means: the ports were used again, or the SYN was sent again."""
    if not me.based:
        return 0
    if me.base != seq:
        if flags & ACK:
            me.base = seq
        return REUSED_PORTS
    if not flags & ACK:
        me.nextseq = me.maxack  # a RST may have run ahead
    return 0


def special_marks(special: int, flags: int) -> int:
    """The marks of a segment in a flow that has something rare."""
    marks = MULTIPATH if special & SPECIAL_MULTIPATH else 0
    if special & SPECIAL_ECN and not flags & SYN:
        marks |= ACCURATE_ECN
    return marks


def first_completeness(flags: int, length: int) -> int:
    """What a flow's first segment shows; all but a SYN and its data is lost, as in Wireshark."""
    if flags & (SYN | ACK) != SYN:
        return 0
    return COMPLETE_SYN | (COMPLETE_DATA if length > 0 else 0)


def note_opening(flow: Flow, me: Direction, you: Direction, flags: int, length: int, now_ns: int) -> None:
    """Take the handshake's time and that of the first data; when there is nothing more to learn, say so."""
    if flags & SYN:
        me.fresh = True
        if not flags & ACK:
            flow.syn_ns = now_ns
    elif flags & ACK:
        me.fresh = False
        if flow.syn_ns and not flow.irtt_ns:
            flow.irtt_ns = now_ns - flow.syn_ns
    if length > 0 and not flow.first_data_ns:
        flow.first_data_ns = now_ns
    timed = not flow.syn_ns or flow.irtt_ns
    if me.based and you.based and flow.first_data_ns and timed and not me.fresh and not you.fresh:
        flow.special &= ~SPECIAL_OPENING


def settle(flow: Flow, me: Direction, you: Direction, flags: int, ack: int, marks: int) -> int:
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


def broken(segment: Segment) -> int:
    """Marks of a segment whose header is not all there, or whose length is unknown."""
    cut = CUT_OPTIONS if segment.truncated else MALFORMED
    if segment.header_captured < _STREAM_BYTES:
        return NO_STREAM | cut
    marks = NO_LENGTH if segment.len < 0 else 0
    return marks | cut if segment.header_captured < HEADER_BYTES else marks
