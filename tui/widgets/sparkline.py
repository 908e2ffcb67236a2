"""A row of bars that shows how a figure went: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

BARS: Final = "▁▂▃▄▅▆▇█"

GAP: Final = " "
"""Where nothing is known."""


def sparkline(values: Sequence[float | None], cells: int) -> str:
    """The last `cells` values as bars between 0 and the largest of them, the newest at the right end.

    Zero is the lowest bar, so that a figure that is known to be 0 differs from one that is not known.
    """
    shown = values[-cells:] if cells > 0 else ()
    largest = max((value for value in shown if value is not None), default=0)
    bars = [_bar(value, largest) for value in shown]
    return "".join(bars).rjust(max(0, cells))


def _bar(value: float | None, largest: float) -> str:
    if value is None:
        return GAP
    if largest <= 0 or value <= 0:
        return BARS[0]
    # What is not 0 stands above the lowest bar.
    return BARS[max(1, min(len(BARS) - 1, round(value / largest * (len(BARS) - 1))))]
