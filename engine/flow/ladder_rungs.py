"""What is known of each rung of a ladder, by its position, in a few bytes each.

A position counts from the conversation's first frame that was fed and never changes; the oldest are let go in steps.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import compress
from typing import Final

from engine.flow.states import LISTEN, UNKNOWN

BACKWARD: Final = 1
"""Sent by the receiver of the conversation's first frame."""
SYN_OR_FIN: Final = 2
"""Takes a sequence number although it may have no data."""
BARE_SYN: Final = 4
"""A SYN without ACK."""


class Rungs:
    """Facts of each rung, oldest first."""

    def __init__(self) -> None:
        self.base = 0
        """The first position that is still known."""
        self.end = 0
        """The position that the next rung gets."""
        self.states = -1
        """Both ends' states after the latest rung, those of the sender of the first frame in the upper bits."""
        self.last_ns = 0
        """Time of the latest rung."""
        self.numbers = array("Q")
        self.times = array("q")
        self.seqs = array("I")
        self.lengths = array("I")
        self.kinds = bytearray()
        """Bits of this module."""
        self._changed = array("Q")  # positions at which the states became others
        self._changed_to = bytearray()

    def add(self, number: int, ts_ns: int, kind: int, seq: int, length: int, states: int) -> None:
        """The next rung."""
        if states != self.states:
            self._changed.append(self.end)
            self._changed_to.append(states)
            self.states = states
        self.numbers.append(number)
        self.times.append(ts_ns)
        self.seqs.append(seq)
        self.lengths.append(length)
        self.kinds.append(kind)
        self.last_ns = ts_ns
        self.end += 1

    def forget_before(self, position: int) -> None:
        """Let go of what is known of earlier positions."""
        count = position - self.base
        del self.numbers[:count], self.times[:count], self.seqs[:count], self.lengths[:count], self.kinds[:count]
        changes = max(0, bisect_right(self._changed, position) - 1)
        del self._changed[:changes], self._changed_to[:changes]
        self.base = position

    def number(self, position: int) -> int:
        """The frame at a position."""
        return self.numbers[position - self.base]

    def time_ns(self, position: int) -> int:
        return self.times[position - self.base]

    def kind(self, position: int) -> int:
        """Bits of this module."""
        return self.kinds[position - self.base]

    def position(self, number: int) -> int | None:
        """Where a frame is, None if it is not there."""
        index = bisect_left(self.numbers, number)
        return self.base + index if index < len(self.numbers) and self.numbers[index] == number else None

    def first_from(self, number: int) -> int:
        """The position of the first frame that is not before `number`."""
        return self.base + bisect_left(self.numbers, number)

    def changed(self, position: int) -> tuple[bool, bool]:
        """Which of the two states are others than before the segment at a position."""
        after = self.states_at(position)
        if position > self.base:
            before = self.states_at(position - 1)
            return before >> 4 != after >> 4, before & 15 != after & 15
        # of a first segment a SYN is known to have moved its sender alone; of any other nothing was known before
        return after >> 4 != UNKNOWN, after & 15 not in (LISTEN, UNKNOWN)

    def totals(self, start: int, stop: int) -> tuple[int, int, int]:
        """Of rungs from `start` to before `stop`, none of which is a SYN or FIN: how many have no data, and the bytes
        each way."""
        lengths = self.lengths[start - self.base : stop - self.base]
        back = sum(compress(lengths, self.kinds[start - self.base : stop - self.base]))
        return lengths.count(0), sum(lengths) - back, back

    def states_at(self, position: int) -> int:
        """Both ends' states after the segment at a position, as `states`."""
        return self._changed_to[bisect_right(self._changed, position) - 1]
