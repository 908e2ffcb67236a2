"""The path of each end through RFC 9293's states: how long it stood in each, and what brought it there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.model.flows import FlowSummary, LadderItem, LadderStep
from engine.model.lab import Call
from engine.model.tcp import SocketState, TcpFlags

CALL_NEAR_NS: Final = 50_000_000
"""A call that began at most so long before a segment of its socket is what sent it: a scheduler's delay, not more."""

SENDING_CALLS: Final = {
    TcpFlags.SYN: ("connect", "connect_ex"),
    TcpFlags.FIN: ("close", "shutdown"),
    TcpFlags.RST: ("close",),
}
"""Calls that make the kernel send a segment with this flag."""


@dataclass(frozen=True)
class Visit:
    """A stay in a state."""

    state: SocketState
    since_ns: int = 0
    """0 for a state that was there before the first segment."""
    until_ns: int = 0
    """0 while it lasts."""
    cause: str = ""
    """What brought it: `sent SYN by connect()`, `received FIN, ACK`: the call where that is known."""
    frame: int = 0
    """The frame that brought it, 0 for none."""


Path = tuple[Visit, ...]

NOT_SEEN: Final = "the step was not captured"


def start_states(flow: FlowSummary) -> tuple[SocketState, SocketState]:
    """Where both ends stood before the first segment: known only where the SYN was seen."""
    if flow.opener_seen:
        return SocketState.CLOSED, SocketState.LISTEN
    return SocketState.UNKNOWN, SocketState.UNKNOWN


def walk(
    flow: FlowSummary, items: Iterable[LadderItem], calls: tuple[Sequence[Call], Sequence[Call]] = ((), ())
) -> tuple[Path, Path]:
    """Both ends' paths out of the ladder's items, which may lack a middle; `calls` are the two programs' own."""
    paths: tuple[list[Visit], list[Visit]] = ([], [])
    for path, state in zip(paths, start_states(flow), strict=True):
        path.append(Visit(state))
    for item in items:
        if not isinstance(item, LadderStep) or item.stream != flow.stream:
            continue
        for end, (path, state) in enumerate(zip(paths, (item.first_state, item.second_state), strict=True)):
            if state is path[-1].state:
                continue
            path[-1] = replace(path[-1], until_ns=item.ts_ns)
            moved = item.second_moved if end else item.first_moved
            path.append(Visit(state, item.ts_ns, 0, _cause(item, end, calls[end]) if moved else NOT_SEEN, item.number))
    for path, state in zip(paths, (flow.first.state, flow.second.state), strict=True):
        if state is not path[-1].state and state is not SocketState.UNKNOWN:
            path[-1] = replace(path[-1], until_ns=flow.last_ns)
            path.append(Visit(state, flow.last_ns, 0, NOT_SEEN))
    return tuple(paths[0]), tuple(paths[1])


def flag_words(flags: int) -> str:
    """`SYN, ACK`: the flags that move a state machine, in the header's order; `data` where there are none of them."""
    names = [flag.name or "" for flag in (TcpFlags.FIN, TcpFlags.SYN, TcpFlags.RST, TcpFlags.ACK) if flags & flag]
    return ", ".join(names) or "data"


def _cause(step: LadderStep, end: int, calls: Sequence[Call]) -> str:
    sent = step.forward is (end == 0)
    if not sent:
        return f"received {flag_words(step.flags)}"
    names = next((names for flag, names in SENDING_CALLS.items() if step.flags & flag), ())
    before = [call for call in calls if call.name in names and 0 <= step.ts_ns - call.ts_ns <= CALL_NEAR_NS]
    by = f" by {before[-1].name}()" if before else ""
    return f"sent {flag_words(step.flags)}{by}"


def stay_ns(visit: Visit, now_ns: int) -> int | None:
    """How long the stay lasted or lasts; None where its beginning was not seen."""
    if not visit.since_ns:
        return None
    return max(0, (visit.until_ns or now_ns) - visit.since_ns)


def polled(before: Path, state: SocketState | None, now_ns: int) -> Path:
    """The path by the kernel's word alone, a look a refresh: `before` with the state of now, None once it is gone."""
    seen = SocketState.CLOSED if state is None else state
    if not before:
        return (Visit(seen, 0, 0, "as found"),)
    if before[-1].state is seen:
        return before
    ended = replace(before[-1], until_ns=now_ns)
    return (*before[:-1], ended, Visit(seen, now_ns, 0, "seen in the socket table"))
