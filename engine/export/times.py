"""How the time of a frame is written: since the first one, since the one before, or by the clock on the wall."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Final

_NS_PER_S: Final = 1_000_000_000
_NS_DIGITS: Final = 9
_DAY_S: Final = 86_400
DECIMALS: Final = 6
"""Microseconds: what a capture's clock is good for."""


class TimeFormat(StrEnum):
    """How `T` has times written, in its order."""

    RELATIVE = "since frame 1"
    DELTA = "since the row before"
    ABSOLUTE = "time of day"


def following(times: TimeFormat) -> TimeFormat:
    """What `T` goes on to."""
    order = list(TimeFormat)
    return order[(order.index(times) + 1) % len(order)]


def time_of_day(ts_ns: int, decimals: int = DECIMALS) -> str:
    """Local time of day, cut after so many decimals of a second; UTC for a clock that the calendar does not reach."""
    seconds, rest = divmod(ts_ns, _NS_PER_S)
    try:
        clock = time.strftime("%H:%M:%S", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        minutes, second = divmod(seconds % _DAY_S, 60)
        clock = f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
    return f"{clock}.{rest:0{_NS_DIGITS}}"[: len(clock) + 1 + decimals]
