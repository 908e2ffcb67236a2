"""What stands under a state diagram: the kernel's own state beside the inferred one, and what a difference means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.model.tcp import SocketState
from engine.text.units import duration_ns
from tui.conversations import End
from tui.widgets.pane import Words
from tui.widgets.states_path import Path, Visit

S = SocketState

DIFFERENCES: Final[Mapping[tuple[SocketState, SocketState], str]] = {
    (S.ESTABLISHED, S.SYN_RECEIVED): "the ACK that completes the handshake was seen, and the kernel has not processed "
    "it: the listener's accept queue is full, or it was lost after the point of capture",
    (S.ESTABLISHED, S.SYN_SENT): "the SYN,ACK was seen and the kernel has not processed it: a firewall dropped it, or "
    "it was lost after the point of capture",
    (S.CLOSE_WAIT, S.ESTABLISHED): "the peer's FIN was seen, and the kernel has not come to it: data before it is "
    "missing, or it was lost after the point of capture",
    (S.ESTABLISHED, S.CLOSE_WAIT): "the peer's FIN was not captured",
    (S.FIN_WAIT_1, S.FIN_WAIT_2): "the ACK of the FIN was not captured",
    (S.ESTABLISHED, S.FIN_WAIT_1): "close() was called, and its FIN waits behind data that the peer's window does not "
    "let out",
    (S.CLOSE_WAIT, S.LAST_ACK): "close() was called, and its FIN waits behind data that the peer's window does not let "
    "out",
    (S.CLOSED, S.TIME_WAIT): "the RST does not end TIME-WAIT here (RFC 1337)",
}
"""(by the segments, by the kernel) to what it means."""

USUAL: Final = (
    "the capture sees a segment before its receiver has processed it, the table is read once a refresh; if it stays, "
    "a segment was lost after the point of capture, or was not captured"
)


def kernel_words(path: Path, end: End, now_ns: int) -> list[Words]:
    """One line: what the kernel says of this end."""
    inferred = path[-1].state if path else None
    if end.entry is None:
        return [("kernel  ", "$foreground 60%"), ("holds no socket of this end here", "$foreground 70%")]
    if end.gone_ns:
        gone = f"its socket closed {duration_ns(max(0, now_ns - end.gone_ns))} ago, in {end.entry.state}"
        return [("kernel  ", "$foreground 60%"), (gone, "$foreground 70%")]
    state = end.entry.state
    same = inferred in (state, None, S.UNKNOWN)
    line: list[Words] = [("kernel  ", "$foreground 60%"), (state.value, "bold" if same else "bold $text-warning")]
    line.append(("  as the segments say" if same and inferred is state else "", "$foreground 60%"))
    if not same:
        line.append((f"  the segments say {inferred}", "$text-warning"))
    timer = end.entry.timer
    if timer is not None:
        line.append((f"  timer {timer.name} {timer.expires_ms / 1000:.1f} s", "$foreground 70%"))
    return line


def difference_words(path: Path, end: End) -> str:
    """What it means that the kernel and the segments do not agree; empty where they do."""
    live = end.live
    inferred = path[-1].state if path else S.UNKNOWN
    if live is None or inferred in (live.state, S.UNKNOWN):
        return ""
    return f"{inferred} by the segments, {live.state} by the kernel: {DIFFERENCES.get((inferred, live.state), USUAL)}."


def step_words(path: Path) -> list[Words]:
    """One line: the last step and what caused it."""
    last: Visit | None = path[-1] if path else None
    if last is None or not last.cause:
        return [("last step  ", "$foreground 60%"), ("none was seen", "$foreground 70%")]
    line: list[Words] = [("last step  ", "$foreground 60%"), (f"{last.state}  ", "bold"), (last.cause, "")]
    if last.frame:
        line.append((f"  frame {last.frame}", "$foreground 60%"))
    return line
