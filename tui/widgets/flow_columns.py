"""The columns of the list of conversations, and which of them a typed word leaves. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.insight.ledger import Ends, ends_of, folded
from engine.model.flows import FlowEnd, FlowSummary
from engine.model.snapshot import Snapshot
from engine.model.tcp import SocketState
from engine.text.units import LOOPBACK_SHORT, byte_size, count, duration_ns, endpoint
from tui.conversations import holder_name, of_flow
from tui.widgets.columns import Align, Column, Elide, Ink

Names = Mapping[Ends, str]
"""What holds a socket, by its 4-tuple."""

STATE_INKS: Final[Mapping[SocketState, Ink]] = {
    SocketState.SYN_SENT: Ink.OPENING,
    SocketState.SYN_RECEIVED: Ink.OPENING,
    SocketState.LISTEN: Ink.GOOD,
    SocketState.ESTABLISHED: Ink.PLAIN,
    SocketState.CLOSE_WAIT: Ink.LEAK,
}
"""The colour of a state; what closes or is closed is muted."""


def state_ink(state: SocketState) -> Ink:
    return STATE_INKS.get(state, Ink.MUTED)


def holder_names(snapshot: Snapshot) -> Names:
    """The holder of each TCP socket that has one."""
    return {ends_of(entry): name for entry in snapshot.entries if entry.netid == "tcp" and (name := holder_name(entry))}


def end_text(flow: FlowSummary, second: bool, names: Names) -> str:
    """`flood 41233  192.0.2.1:53225`; of an end on the loopback whose process is known, the port alone."""
    subject = of_flow(flow)
    end = flow.second if second else flow.first
    name = names.get(subject.turned if second else subject.ends, "")
    address = folded(end.address)
    if name and address in LOOPBACK_SHORT:
        return f"{name} :{end.port}"
    where = endpoint(address, end.port)
    return f"{name}  {where}" if name else where


def passes(flow: FlowSummary, text: str, names: Names) -> bool:
    """Whether each word is somewhere in what the row says; `:80` is a port and matches exactly."""
    said = f"{end_text(flow, False, names)} {end_text(flow, True, names)} {flow.first.state} {flow.second.state}"
    said = said.casefold()
    ports = {f":{flow.first.port}", f":{flow.second.port}"}
    return all(word in ports if word.startswith(":") else word in said for word in text.casefold().split())


def flow_columns(names: Callable[[], Names], start_ns: Callable[[], int]) -> tuple[Column[FlowSummary], ...]:
    """Who with whom, in which states, how much each way."""

    def began(flow: FlowSummary) -> str:
        return f"{(flow.first_ns - start_ns()) / 1e9:.6f}"

    def sent(end: Callable[[FlowSummary], FlowEnd]) -> Callable[[FlowSummary], str]:
        return lambda flow: byte_size(end(flow).payload_bytes)

    return (
        Column("stream", "No.", 5, lambda flow: str(flow.stream), align=Align.RIGHT),
        Column("first", "First", 24, lambda flow: end_text(flow, False, names()), flexible=True, ideal=40,
               elide=Elide.MIDDLE),
        Column("first_state", "State", 12, lambda flow: flow.first.state, lambda flow: state_ink(flow.first.state),
               priority=2),
        Column("second", "Second", 24, lambda flow: end_text(flow, True, names()), ideal=40, elide=Elide.MIDDLE),
        Column("second_state", "State", 12, lambda flow: flow.second.state, lambda flow: state_ink(flow.second.state),
               priority=2),
        Column("forward", "Bytes →", 9, sent(lambda flow: flow.first), align=Align.RIGHT, priority=1),
        Column("backward", "← Bytes", 9, sent(lambda flow: flow.second), align=Align.RIGHT, priority=1),
        Column("segments", "Segments", 8, lambda flow: count(flow.first.segments + flow.second.segments),
               align=Align.RIGHT, priority=4),
        Column("findings", "Findings", 8, lambda flow: count(flow.findings),
               lambda flow: Ink.BAD if flow.findings else Ink.MUTED, align=Align.RIGHT, priority=3),
        Column("began", "Began", 11, began, lambda _flow: Ink.MUTED, align=Align.RIGHT, priority=5),
        Column("lasted", "Lasted", 9, lambda flow: duration_ns(flow.last_ns - flow.first_ns), align=Align.RIGHT,
               priority=4),
    )  # fmt: skip
