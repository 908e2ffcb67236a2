"""The rows of a list that stays in a worker: a window of them is here, the rest is known by index only. Pure.

Rows are numbered upwards and never renumbered; the index of a row falls as older rows are given up (evicted). Two
windows that overlap tell by how much.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

Row = TypeVar("Row")

PAGES_AHEAD: Final = 2
"""Pages held on either side of the view, so that paging does not wait."""


class WindowRows(Generic[Row]):
    """Rows `first` to `first + len(rows)` of `total`."""

    def __init__(self, first: int, total: int, rows: Sequence[Row], number: Callable[[Row], int]) -> None:
        self.first = first
        self._total = max(total, first + len(rows))
        self._rows = tuple(rows)
        self._number = number
        self._remembered: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return self._total

    @property
    def end(self) -> int:
        """The index after the last row that is here."""
        return self.first + len(self._rows)

    def row(self, index: int) -> Row | None:
        at = index - self.first
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def key(self, index: int) -> Hashable | None:
        row = self.row(index)
        return None if row is None else self._number(row)

    def index(self, key: Hashable) -> int | None:
        """Where the row of that number stands; for one outside the window, where it was remembered to stand."""
        if isinstance(key, int):
            at = bisect_left(self._rows, key, key=self._number)
            if at < len(self._rows) and self._number(self._rows[at]) == key:
                return self.first + at
        remembered = self._remembered.get(key)
        return None if remembered is None else max(0, min(remembered, self._total - 1))

    @property
    def here(self) -> range:
        return range(self.first, self.end)

    def holds(self, first: int, count: int) -> bool:
        """Whether all rows from `first` on, as far as there are any, are here."""
        end = min(first + count, self._total)
        return first >= end or (self.first <= first and end <= self.first + len(self._rows))

    def after(self, before: WindowRows[Row], cursor: Hashable | None, cursor_index: int) -> WindowRows[Row]:
        """These rows as the successor of `before`: rows that are equal stay the same objects, and the cursor's row
        keeps its index, less what was evicted, even where it is outside the window."""
        known = {before._number(row): row for row in before._rows}
        kept = WindowRows(
            self.first, self._total, [self._same(known.get(self._number(row)), row) for row in self._rows], self._number
        )
        if cursor is not None:
            kept._remembered[cursor] = cursor_index - kept._fallen(before)
        return kept

    @staticmethod
    def _same(old: Row | None, new: Row) -> Row:
        return old if old is not None and old == new else new

    def _fallen(self, before: WindowRows[Row]) -> int:
        """By how much indices fell since `before`; 0 where the windows have no row in common."""
        for at, row in enumerate(self._rows):
            index = before.index(self._number(row))
            if index is not None:
                return index - (self.first + at)
        return 0
