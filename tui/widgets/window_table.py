"""A LineTable over rows that stay in a worker: which rows to ask for, and the window of them that is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from tui.widgets.line_table import LineTable
from tui.widgets.window_rows import PAGES_AHEAD, WindowRows

Row = TypeVar("Row")

NEWEST: Final = -1
"""As `first` of a question: the last rows."""


class WindowTable(Generic[Row]):
    """Joins a table with its window of rows; `number` names a row, in the order of the list."""

    def __init__(self, table: LineTable[Row], number: Callable[[Row], int]) -> None:
        self.table = table
        self._number = number
        self.rows = self._nothing()

    def _nothing(self) -> WindowRows[Row]:
        none: tuple[Row, ...] = ()
        return WindowRows(0, 0, none, self._number)

    def forget(self) -> None:
        """The list is another one from now on."""
        self.rows = self._nothing()

    def span(self, *, standing: bool) -> tuple[int, int]:
        """First index and count to ask for: the view with two pages on either side, or the newest rows where the
        table follows them; `standing` says that it follows nothing now."""
        page = self.table.page
        count = page * (1 + 2 * PAGES_AHEAD)
        if self.table.following and not standing:
            return NEWEST, count
        return max(0, self.table.scroll_offset.y - page * PAGES_AHEAD), count

    def take(self, first: int, total: int, rows: Sequence[Row], *, standing: bool = False) -> None:
        """Have these rows; a `standing` list grows no longer."""
        if standing and len(self.rows):
            total = len(self.rows)
        window = WindowRows(first, total, rows, self._number)
        self.rows = window.after(self.rows, self.table.cursor_key, self.table.cursor)

    def missed(self, asked: tuple[int, int], *, standing: bool) -> bool:
        """Whether rows in view are not here that another question would bring than the one for the span `asked`: older
        rows went while it was answered and all indices fell, or the view has grown."""
        in_view = self.table.scroll_offset.y, self.table.page
        return not standing and not self.holds_view(*in_view) and self.span(standing=False) != asked

    def holds_view(self, first: int, count: int) -> bool:
        """Whether these rows are here."""
        return self.rows.holds(first, count)
