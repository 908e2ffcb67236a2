"""The log of an actor's socket calls as rows of a table."""

from __future__ import annotations

import time
from typing import Final

from engine.lab.shown import shown_outcome
from engine.model.lab import Call
from engine.text.units import duration_ns
from tui.widgets.columns import Align, Column, Ink

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000


def clock(ts_ns: int) -> str:
    """Local time of day with milliseconds."""
    seconds, rest = divmod(ts_ns, NS_PER_S)
    return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{rest // NS_PER_MS:03d}"


def call_columns() -> tuple[Column[Call], ...]:
    """Time, the call as a program writes it, what it returned, and how long it took."""
    return (
        Column("time", "Time", 12, lambda call: clock(call.ts_ns), lambda _call: Ink.MUTED),
        Column("call", "Call", 24, lambda call: f"{call.name}({call.arguments})", ideal=44),
        Column("result", "Result", 29, shown_outcome, _ink, flexible=True),
        Column("took", "Took", 9, lambda call: duration_ns(call.duration_ns), _muted, Align.RIGHT, priority=1),
    )


def _ink(call: Call) -> Ink:
    if call.errno or call.raised:
        return Ink.BAD
    return Ink.PLAIN if call.result else Ink.OPENING


def _muted(_call: Call) -> Ink:
    return Ink.MUTED
