"""Doubt after a capture loss: which conclusions depend on segments that the capture is known to have missed.

A loss opens a hole in both directions of every flow that existed. A direction's hole ends with its next segment; from
then on only what begins before that segment's end is in doubt, since it may have been among the missing.
"""

from __future__ import annotations

from engine.flow.findings import (
    ACK_LOST_SEGMENT,
    FAST_RETRANSMISSION,
    KEEP_ALIVE_ACK,
    SPURIOUS_RETRANSMISSION,
    WINDOW_FULL,
    ZERO_WINDOW_PROBE,
    ZERO_WINDOW_PROBE_ACK,
)
from engine.flow.flow import HOLE_OPEN, HOLE_PAST, SPECIAL_HOLE, Direction, Flow

_WRAP = 0xFFFFFFFF
_HALF = 0x80000000


def open_holes(flow: Flow, loss_epoch: int) -> None:
    """The capture missed frames since the flow's last segment."""
    flow.loss_epoch = loss_epoch
    flow.special |= SPECIAL_HOLE
    for direction in (flow.forward, flow.backward):
        if direction.based:
            direction.hole = HOLE_OPEN


_FROM_OTHER_SIDE = (
    ACK_LOST_SEGMENT
    | FAST_RETRANSMISSION
    | SPURIOUS_RETRANSMISSION
    | WINDOW_FULL
    | KEEP_ALIVE_ACK
    | ZERO_WINDOW_PROBE
    | ZERO_WINDOW_PROBE_ACK
)
"""Findings that rest on what the other side has sent; the others rest on this side's own segments."""


def doubtful_findings(me: Direction, you: Direction, seq: int, ack: int) -> int:
    """Which findings in a segment of `me` would rest on a hole in either direction."""
    doubtful = 0
    if me.hole == HOLE_OPEN or (me.hole == HOLE_PAST and 0 < (me.hole_end - seq & _WRAP) < _HALF):
        doubtful = ~_FROM_OTHER_SIDE
    if you.hole == HOLE_OPEN or (you.hole == HOLE_PAST and (you.hole_end - ack & _WRAP) < _HALF):
        doubtful |= _FROM_OTHER_SIDE
    return doubtful


def close_hole(me: Direction) -> None:
    """The first segment after the loss was taken into `me`."""
    me.hole, me.hole_end = HOLE_PAST, me.nextseq
