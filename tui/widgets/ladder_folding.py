"""Which runs of a ladder are folded: what the keys make of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Folding:
    """Runs are folded, but for those that were opened; or nothing is."""

    folded: bool = True
    opened: tuple[int, ...] = ()
    """The first frames of the runs that were opened."""

    def with_open(self, first_number: int) -> Folding:
        """The run that begins with this frame opened."""
        return replace(self, opened=(*self.opened, first_number))

    def nearest(self, number: int) -> int | None:
        """The run that was opened last above a frame; None if there is none."""
        return max((first for first in self.opened if first <= number), default=None)

    def without(self, first_number: int) -> Folding:
        """That run folded again."""
        return replace(self, opened=tuple(first for first in self.opened if first != first_number))

    def other(self) -> Folding:
        """All of it unfolded, or folded again."""
        return Folding(not self.folded)
