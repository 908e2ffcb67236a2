"""Which of the programs' socket calls belongs beside which segment of a ladder. Pure.

A call that sends stands beside the first segment of its kind (SYN for connect, data for send, FIN or RST for close)
that its end sent after it began; one that was refused sent nothing. A call that waits for something stands beside the
last segment that its end was sent before it returned.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

from engine.model.flows import LadderItem, LadderStep
from engine.model.lab import Call
from engine.model.tcp import TcpFlags
from tui.widgets.states_path import CALL_NEAR_NS

DATA: Final = 0
"""In place of flags: a segment with data."""

SENDING: Final[Mapping[str, int]] = {
    "connect": TcpFlags.SYN,
    "connect_ex": TcpFlags.SYN,
    **dict.fromkeys(("send", "sendall", "sendmsg", "sendto", "sendfile", "write"), DATA),
    "close": TcpFlags.FIN | TcpFlags.RST,
    "shutdown": TcpFlags.FIN,
}
"""Calls that make the kernel send a segment, and what that carries."""
WAITING: Final = frozenset(("accept", "recv", "recv_into", "recvfrom", "recvmsg", "read", "readline", "readinto"))

CALLS_A_LINE: Final = 3
"""Calls written out beside one segment; of more the number is told."""


def call_text(call: Call) -> str:
    """`send(146) = 146`, `recv(1024) …` for one that waits."""
    size = call.arguments.split(" ", 1)[0] if call.arguments[:1].isdigit() else ""
    result = f" = {call.result}" if call.result not in ("", "None") else "" if call.result else " …"
    return f"{call.name}({size}){result}"


def calls_beside(
    items: Sequence[LadderItem], stream: int, calls: tuple[Sequence[Call], Sequence[Call]]
) -> dict[int, str]:
    """By frame number what stands beside it; calls whose segment is not among `items` are left out."""
    found: dict[int, list[str]] = {}
    steps = [item for item in items if isinstance(item, LadderStep) and item.stream == stream]
    for end, own in enumerate(calls):
        sent = [step for step in steps if step.forward is (end == 0)]
        received = [step for step in steps if step.forward is not (end == 0)]
        for call in own:
            step = _beside(call, sent, received)
            if step is not None:
                found.setdefault(step.number, []).append(call_text(call))
    return {number: _joined(texts) for number, texts in found.items()}


def _beside(call: Call, sent: Sequence[LadderStep], received: Sequence[LadderStep]) -> LadderStep | None:
    if call.name in SENDING:
        return _sent_by(call, SENDING[call.name], sent)
    if call.name in WAITING and call.result:
        returned_ns = call.ts_ns + call.duration_ns
        at = bisect_right(received, returned_ns, key=_ts_ns)
        return received[at - 1] if at and returned_ns - received[at - 1].ts_ns <= CALL_NEAR_NS else None
    return None


def _sent_by(call: Call, flags: int, sent: Sequence[LadderStep]) -> LadderStep | None:
    if flags == DATA and call.errno:
        return None
    for step in sent[bisect_left(sent, call.ts_ns, key=_ts_ns) :]:
        if step.ts_ns - call.ts_ns > CALL_NEAR_NS:
            return None
        if step.flags & flags if flags else step.length:
            return step
    return None


def _ts_ns(step: LadderStep) -> int:
    return step.ts_ns


def _joined(texts: Sequence[str]) -> str:
    more = f" +{len(texts) - CALLS_A_LINE}" if len(texts) > CALLS_A_LINE else ""
    return "  ".join(texts[:CALLS_A_LINE]) + more
