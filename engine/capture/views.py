"""Which of the kept frames a list shows: their numbers in order, kept up as frames come and go."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

TRIM_STEP: Final = 65_536
"""Numbers of evicted frames are taken out of memory when so many have gathered, and half of the list is such."""


class NumberList:
    """Ascending frame numbers, of which the oldest go as their frames are evicted."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._start = 0

    def __len__(self) -> int:
        return len(self._numbers) - self._start

    def add(self, number: int) -> None:
        self._numbers.append(number)

    def forget_before(self, oldest: int) -> None:
        """Leave out numbers below `oldest`."""
        numbers = self._numbers
        self._start = bisect_left(numbers, oldest, self._start)
        if self._start >= TRIM_STEP and self._start * 2 >= len(numbers):
            del numbers[: self._start]
            self._start = 0

    def window(self, first: int, count: int) -> array[int]:
        """`count` numbers from index `first` on, counted from the oldest that is left."""
        start = self._start + first
        return self._numbers[start : start + count]


class FilterView:
    """The frames that pass one display filter, looked at a slice at a time: a store of frames takes seconds."""

    def __init__(self, passes: Callable[[int], bool], oldest: int) -> None:
        """`passes` tells by number; it is asked once about each frame from `oldest` on."""
        self.numbers = NumberList()
        self._passes = passes
        self._next = oldest

    def look(self, oldest: int, newest: int, go_on: Callable[[], bool]) -> None:
        """Look at frames up to `newest` for as long as `go_on` says so."""
        self.numbers.forget_before(oldest)
        number = max(self._next, oldest)
        passes, add = self._passes, self.numbers.add
        while number <= newest and go_on():
            for at in range(number, min(number + LOOK_STEP, newest + 1)):
                if passes(at):
                    add(at)
            number = min(number + LOOK_STEP, newest + 1)
        self._next = number

    def pending(self, newest: int) -> int:
        """Frames not looked at yet."""
        return max(0, newest + 1 - self._next)


LOOK_STEP: Final = 64
"""Frames between two looks at the clock: about a millisecond."""
