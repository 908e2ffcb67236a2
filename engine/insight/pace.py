"""How often the socket table is read: a look may take at most a tenth of a processor. Pure."""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import Final

from engine.model.health import Degradation

SHARE: Final = 0.1
"""Of the interval: what is left is for the screen and for the programs that are watched."""

LOOKS_COMPARED: Final = 5
"""The quickest of so many counts: one that was slow met a busy machine, not a large table."""

LOOKS_LEAST: Final = 2
"""The first look reads everything anew and says little of those after it."""

TURNS_MAX: Final = 30
"""Intervals between two looks at most: a table that old is no longer a live one."""


class Pace:
    """Sees what each look took of a processor; says how many intervals lie between two."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._took_ms: deque[float] = deque(maxlen=LOOKS_COMPARED)

    def took(self, milliseconds: float) -> None:
        """A look took so long."""
        self._took_ms.append(milliseconds)

    @property
    def turns(self) -> int:
        """Intervals from one look to the next, 1 while the table is quick."""
        if len(self._took_ms) < LOOKS_LEAST:
            return 1
        return min(TURNS_MAX, max(1, ceil(min(self._took_ms) / 1000 / SHARE / self._interval_s)))

    def degradations(self) -> tuple[Degradation, ...]:
        """That the table is read less often, and why."""
        if self.turns == 1:
            return ()
        every = self.turns * self._interval_s
        sentence = f"every {every:g} s: reading the table takes {min(self._took_ms):,.0f} ms of CPU"
        return (Degradation("READ_LESS_OFTEN", sentence, "a filter or fewer families make it quicker"),)
