"""What a segment's options tell about its flow, taken note of after the segment's own analysis."""

from __future__ import annotations

from engine.flow.findings import TFO_SYN
from engine.flow.flow import ACK, SPECIAL_ECN, SPECIAL_MULTIPATH, SYN, Direction, Flow
from engine.flow.multipath import MultipathConnections
from engine.flow.options import (
    MAX_SHIFT,
    MPTCP,
    SACK,
    WINDOW_SCALE,
    Options,
    fast_open_cookie,
    is_accurate_ecn,
    sack_blocks,
)

_SACK_BLOCKS_COUNTED = 3
"""Of the bytes in flight, as many as fit beside timestamps; Wireshark counts no more."""


def note_options(
    flow: Flow, me: Direction, options: Options, flags: int, length: int, multipath: MultipathConnections
) -> int:
    """Take note of the options of a segment that `me` sent; the findings that they make."""
    findings = 0
    sacked = 0
    for kind, value in options:
        if kind == WINDOW_SCALE:
            if len(value) == 1:
                me.scale = min(value[0], MAX_SHIFT)
        elif kind == SACK:
            sacked = sum(right - left & 0xFFFFFFFF for left, right in sack_blocks(value)[:_SACK_BLOCKS_COUNTED])
        elif kind == MPTCP:
            multipath.note(flow, value, flags)
            flow.special |= SPECIAL_MULTIPATH
        elif kind >= 34:
            cookie = fast_open_cookie(kind, value)
            if cookie and flags & SYN and not flags & ACK:
                findings |= TFO_SYN
                flow.fast_open_data = length > 0
            elif is_accurate_ecn(kind, value):
                flow.special |= SPECIAL_ECN
    me.sacked = sacked
    return findings
