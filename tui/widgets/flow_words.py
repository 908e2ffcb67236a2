"""What the flow screen says of a conversation in words: its title, how it ended, why there are no segments. Pure."""

from __future__ import annotations

from typing import Final

from engine.model.flows import FlowSummary
from engine.model.snapshot import Snapshot
from engine.model.tcp import SocketState
from engine.text.units import duration_ns, endpoint
from tui.conversations import Conversation
from tui.widgets.packet_words import why_no_packets
from tui.widgets.pane import Words

COMPLETE_OPENING: Final = 7
"""Bits of tcp.completeness: SYN, SYN,ACK and ACK were seen."""
COMPLETE_DATA: Final = 8
COMPLETE_END: Final = 48
"""A FIN or a RST was seen."""

NEVER_CAPTURED: Final = (
    "No segment of this conversation was captured yet: it was opened before the capture began, is silent since, or "
    "goes over another interface. States, Bytes and Verdict work from the kernel's figures."
)


def completeness_words(flow: FlowSummary) -> str:
    """`complete, with data`, or what of it the capture has not seen."""
    bits = flow.completeness
    if bits < 0 or bits & COMPLETE_OPENING != COMPLETE_OPENING:
        return "handshake not seen" if not flow.opener_seen else "handshake not complete"
    if not bits & COMPLETE_END:
        return "open"
    return "complete, with data" if bits & COMPLETE_DATA else "complete, no data"


def lasted_words(flow: FlowSummary, now_ns: int) -> str:
    """`closed after 1.00 ms`, `for 12.4 s`"""
    if flow.over_ns:
        return f"closed after {duration_ns(flow.over_ns - flow.first_ns)}"
    return f"for {duration_ns(max(0, now_ns - flow.first_ns))}" if now_ns else ""


def conversation_title(conversation: Conversation, now_ns: int = 0) -> list[Words | str]:
    """Both ends, their states, how long, how complete."""
    address, port, peer_address, peer_port = conversation.subject.ends
    names = conversation.names
    ends = [
        where if name == where else f"{name}  {where}"
        for name, where in zip(names, (endpoint(address, port), endpoint(peer_address, peer_port)), strict=True)
    ]
    title: list[Words | str] = [f"{ends[0]} ⇄ {ends[1]}", (states_words(conversation), "bold")]
    flow = conversation.flow
    if flow is not None:
        title += [lasted_words(flow, now_ns), (completeness_words(flow), "$foreground 70%")]
        if flow.uncertain:
            title.append(("uncertain: the capture lost frames", "$text-warning"))
    return title


def states_words(conversation: Conversation) -> str:
    """`ESTABLISHED`, or both where they differ."""
    states = [state or SocketState.UNKNOWN for state in conversation.states]
    return states[0].value if states[0] is states[1] else f"{states[0]} / {states[1]}"


def why_no_segments(snapshot: Snapshot) -> str:
    """Why there is no ladder, in one line."""
    if snapshot.capture is None:
        return why_no_packets(snapshot.degradations).plain.replace("\n", " ")
    return NEVER_CAPTURED if snapshot.capture.running else "The capture is off; C on screen 3 starts it."
