"""Lines that are formatted only where they are in view: what a LineTable draws, without its cursor's movements.

Theory of operation. The view is given `Rows` (already filtered and sorted) and `Column`s. `render_line` asks for the
row of that line; `LinePainter` formats it and keeps the strip while the row is the same object, so a refresh costs the
lines that changed. Nothing that a row says is read as markup, and `tui.widgets.columns.cell` lets no control character
through: a table cannot emit one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic

from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.columns import Column, Ink, Place, Row
from tui.widgets.line_painter import LinePainter, Spans
from tui.widgets.rows import ListedRows, Rows

HEADER_LINES: Final = 1

EMPTY_LINE: Final = 2
"""Where the words stand in a table without rows: a line below the header."""

NOT_HERE: Final = "…"
"""Shown for a row whose values have not arrived yet."""

Marks = Mapping[Any, Ink]


class LinesView(ScrollView, Generic[Row], inherit_bindings=False):
    """Draws rows in columns below a line of titles."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-table--header",
        "line-table--sorted",
        "line-table--cursor",
        "line-table--empty",
        *(f"line-table--{ink.value}" for ink in Ink),
    }
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LinesView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    LinesView > .line-table--header { color: $foreground 70%; text-style: bold; }
    LinesView > .line-table--sorted { color: $text-primary; text-style: bold; }
    LinesView > .line-table--cursor { background: $foreground 9%; }
    LinesView:focus > .line-table--cursor { background: $primary 38%; text-style: bold; }
    LinesView > .line-table--empty { color: $foreground 60%; text-style: italic; }
    LinesView > .line-table--strong { text-style: bold; }
    LinesView > .line-table--muted { color: $foreground 55%; }
    LinesView > .line-table--good { color: $text-success; }
    LinesView > .line-table--proven { color: $text-success; text-style: bold; }
    LinesView > .line-table--opening { color: $text-warning; }
    LinesView > .line-table--leak { color: #d98cff; text-style: bold; }
    LinesView:light > .line-table--leak { color: #8a2bb8; text-style: bold; }
    LinesView > .line-table--warn { color: $text-warning; text-style: bold; }
    LinesView > .line-table--bad { color: $text-error; text-style: bold; }
    LinesView > .line-table--accent { color: $text-primary; }
    LinesView > .line-table--handshake { background: $foreground 13%; }
    LinesView > .line-table--reset { background: #4a1a18; color: #ff9d8a; }
    LinesView:light > .line-table--reset { background: #fbdcd9; color: #a40000; }
    LinesView > .line-table--datagram { color: $text-accent; }
    LinesView > .line-table--new { background: $success 26%; }
    LinesView > .line-table--changed { background: $warning 26%; }
    LinesView > .line-table--closed { background: $error 30%; }
    LinesView > .line-table--marked { background: $accent 28%; }
    LinesView > .line-table--past { color: $foreground 45%; text-style: italic; }
    LinesView:nocolor > .line-table--cursor { text-style: reverse; }
    """

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        row_style: Callable[[Row], Ink] | None = None,
        spanning: Callable[[Row], Spans] | None = None,
        empty: str = "",
        dom_id: str | None = None,
    ) -> None:
        """`row_style` colours whole rows; `spanning` says what a row writes across all columns instead of in them;
        `empty` is what stands in a table without rows."""
        super().__init__(id=dom_id)
        self.empty = empty
        self._key = key
        self._painter = LinePainter(columns, "line-table", row_style, spanning)
        self._rows: Rows[Row] = self._listed(())
        self._marks: Marks = {}
        self._sort: tuple[str, bool] = ("", False)
        self._painted: dict[int, Strip] = {}
        """What stands on the screen, by line of the view."""

    def _listed(self, rows: Sequence[Row]) -> ListedRows[Row]:
        return ListedRows(rows, self._key)

    def set_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show these columns from now on."""
        self._painter.columns = tuple(columns)
        self._lay_out()

    def set_sort(self, column: str, reverse: bool) -> None:
        """Mark the column that the rows are sorted by; the rows come sorted."""
        if self._sort != (column, reverse):
            self._sort = (column, reverse)
            self.refresh_line(self._top)

    @property
    def rows(self) -> Rows[Row]:
        return self._rows

    @property
    def places(self) -> tuple[Place[Row], ...]:
        """Where the columns stand; starts count from the gutter's end."""
        return self._painter.places

    @property
    def lines_formatted(self) -> int:
        """Rows formatted since the start."""
        return self._painter.lines_formatted

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    def _is_lit(self, index: int) -> bool:
        """Whether the cursor is on this row."""
        return False

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_attached:
            self._lay_out()

    def _lay_out(self) -> None:
        """Width or styles are others: nothing that was drawn counts any more."""
        self._painter.lay_out(self.scrollable_content_region.width, self.rich_style, self._component)
        self._painted.clear()
        self.refresh()

    def _component(self, name: str) -> Style:
        """What a component class itself sets; its colours are blended with what lies beneath it."""
        own = self.get_component_rich_style(name, partial=True)
        blended = self.get_component_rich_style(name)
        return own + Style(
            color=blended.color if own.color is not None else None,
            bgcolor=blended.bgcolor if own.bgcolor is not None else None,
        )

    def _refresh_changed(self) -> None:
        """Draw again the lines in view that are not what stands on the screen."""
        for y in range(HEADER_LINES, self.size.height):
            if self._painted.get(y) is not self._line_at(y):
                self.refresh_line(self._top + y)

    def render_line(self, y: int) -> Strip:
        strip = self._painter.header(*self._sort) if y == 0 else self._line_at(y)
        self._painted[y] = strip
        return strip

    def _line_at(self, y: int) -> Strip:
        index = self._top + y - HEADER_LINES
        if index < len(self._rows):
            return self._line(index)
        if self.empty and y == EMPTY_LINE and not len(self._rows):
            return self._painter.note(self.empty, "empty")
        return self._painter.blank()

    def _line(self, index: int) -> Strip:
        row, key = self._rows.row(index), self._rows.key(index)
        if row is None or key is None:
            return self._painter.note(NOT_HERE, "muted")
        return self._painter.row(key, row, self._marks.get(key), self._is_lit(index))
