"""Drives a flow's two state machines, and takes the times at which it was opened, closed and over."""

from __future__ import annotations

from engine.flow.flow import ACK, FIN, RST, SYN, Direction, Flow
from engine.flow.states import (
    ACKS_FIN,
    ACKS_SYN,
    CLOSED,
    ESTABLISHED,
    LISTEN,
    SYN_SENT,
    UNKNOWN,
    after,
    over,
)
from engine.model.packets import Segment

_WRAP = 0xFFFFFFFF
_HALF = 0x80000000

TURNING = SYN | FIN | RST
"""Segments with one of these may change a state at any time; others only while the flow is settling."""


def turn(flow: Flow, me: Direction, you: Direction, segment: Segment) -> None:
    """Move both ends by a segment of `me` that the analysis has already taken in."""
    flags, ack = segment.flags, segment.ack
    forward = me is flow.forward
    sender, receiver = (flow.first_state, flow.second_state) if forward else (flow.second_state, flow.first_state)
    if flags & SYN and not flags & ACK:
        me.active = True
        if not flow.opener:
            flow.opener = 1 if forward else 2
    elif flags & SYN and not flow.opener and not me.active:
        flow.opener = 2 if forward else 1
    if flags & FIN and segment.len >= 0:
        me.fin_seen = True
        me.fin_end = segment.seq + segment.len + 1 & _WRAP
    acks = 0
    if flags & ACK and you.based and 0 < (ack - you.base & _WRAP) < _HALF:
        acks = ACKS_SYN
        if you.fin_seen and (ack - you.fin_end & _WRAP) < _HALF:
            acks |= ACKS_FIN
    new_sender, new_receiver = after(sender, receiver, flags, acks, not you.active)
    if flags & RST and not _acceptable(you, receiver, segment):
        new_receiver = receiver
    first, second = (new_sender, new_receiver) if forward else (new_receiver, new_sender)
    flow.first_state, flow.second_state = first, second
    ended = over(first, second)
    open_at_both = first == ESTABLISHED and second == ESTABLISHED
    flow.settling = not (ended or open_at_both)
    if open_at_both and not flow.established_ns:
        flow.established_ns = segment.ts_ns
    if flags & (FIN | RST) and not flow.fin_ns:
        flow.fin_ns = segment.ts_ns
    if ended and not flow.over_ns:
        flow.over_ns = segment.ts_ns


def _acceptable(receiver: Direction, state: int, segment: Segment) -> bool:
    """Whether the receiver of a RST obeys it: it must lie in its window (RFC 9293 section 3.10.7.4).

    Its window is what it last told; an end that told nothing yet accepts it.
    """
    if state in (UNKNOWN, CLOSED, LISTEN, SYN_SENT) or not receiver.segments or not receiver.lastack:
        return True
    window = receiver.window << max(0, receiver.scale)
    return (segment.seq - receiver.lastack & _WRAP) <= window
