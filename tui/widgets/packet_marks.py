"""The frames that the user has marked, and which of them is next. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Marks:
    """Numbers of marked frames."""

    numbers: frozenset[int] = frozenset()

    def toggled(self, number: int) -> Marks:
        """With this frame marked, or no longer."""
        return Marks(self.numbers ^ {number})

    def next(self, here: int, step: int) -> int | None:
        """The next mark (`step` 1) or the one before (-1), round the ends; None without any."""
        if not self.numbers:
            return None
        order = sorted(self.numbers, reverse=step < 0)
        return next((number for number in order if (number - here) * step > 0), order[0])
