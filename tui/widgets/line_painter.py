"""How a line of a LineTable is drawn: rows become strips, and a strip is kept for as long as its row is the same.

A line is made from the row, its mark (new, changed, closed) and whether the cursor is on it; styles come by component
class from the table's stylesheet. Text reaches a strip only through `tui.widgets.columns.cell`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.cache import FIFOCache
from textual.strip import Strip

from engine.text.sanitize import printable_within
from tui.widgets.columns import ESCAPED_MAX, Align, Column, Ink, Place, Row, cell, fit

GUTTER: Final = 2
"""Cells before the first column: the cursor's glyph and that of a mark."""

STRIPS_KEPT: Final = 1_000
"""Lines kept formatted: several screens of the tallest terminal, so that paging back is free."""

CURSOR_GLYPH: Final = "▸"
MARK_GLYPHS: Final[Mapping[Ink, str]] = {
    Ink.NEW: "+",
    Ink.CHANGED: "~",
    Ink.CLOSED: "×",
    Ink.PAST: "×",
    Ink.MARKED: "◆",
}
"""What stands beside the colour of a row that is new, changed, closed or marked."""

SORT_GLYPHS: Final = ("▲", "▼")

Spans = Sequence[tuple[str, Ink]]
"""Texts one after the other, each with its style; empty for a row that fills its columns."""


@dataclass(frozen=True)
class _Line:
    """A formatted line and what it was made from."""

    row: object
    mark: Ink | None
    lit: bool
    stamp: object
    strip: Strip


class LinePainter(Generic[Row]):
    """Draws lines of one width; `component` answers the style that a component class sets over what lies beneath."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        prefix: str,
        row_style: Callable[[Row], Ink] | None = None,
        spanning: Callable[[Row], Spans] | None = None,
    ) -> None:
        """`row_style` colours whole rows; `spanning` answers what a row writes across all columns, if it does."""
        self.columns = tuple(columns)
        self.places: tuple[Place[Row], ...] = ()
        """Where the columns stand; starts count from the gutter's end."""
        self.lines_formatted = 0
        """Rows formatted since the start, for tests: drawing must cost the rows in view."""
        self.stamp: object = None
        """What the cells depend on besides their row; another value has every line formatted anew."""
        self._row_style = row_style
        self._spanning = spanning
        self._prefix = prefix
        self._width = 0
        self._base = Style.null()
        self._component: Callable[[str], Style] = lambda _name: Style.null()
        self._strips: FIFOCache[Hashable, _Line] = FIFOCache(STRIPS_KEPT)
        self._styles: dict[tuple[str, ...], Style] = {}

    def lay_out(self, width: int, base: Style, component: Callable[[str], Style]) -> None:
        """Draw lines of this width, on this style, from now on; what was kept is forgotten."""
        self._width = width
        self._base = base
        self._component = component
        self.places = fit(self.columns, width - GUTTER)
        self._strips.clear()
        self._styles.clear()

    def row(self, key: Hashable, row: Row, mark: Ink | None, lit: bool) -> Strip:
        """The line of a row; the same object as before while nothing that it is made from changed."""
        kept = self._strips.get(key)
        if kept is not None and kept.row is row and kept.mark is mark and kept.lit is lit and kept.stamp == self.stamp:
            return kept.strip
        strip = self._format(row, mark, lit)
        if kept is not None and strip == kept.strip:
            strip = kept.strip
        self._strips[key] = _Line(row, mark, lit, self.stamp, strip)
        return strip

    def note(self, text: str, style: str) -> Strip:
        """A line that is no row; the same object as before while it says the same."""
        key = (LinePainter, style)
        kept = self._strips.get(key)
        if kept is not None and kept.row == text:
            return kept.strip
        strip = Strip([Segment(cell(" " * GUTTER + text, self._width), self._style(style))], self._width)
        self._strips[key] = _Line(text, None, False, None, strip)
        return strip

    def blank(self) -> Strip:
        return Strip.blank(self._width, self._base)

    def header(self, sorted_by: str, reverse: bool) -> Strip:
        """The titles; an arrow says which column sorts and how."""
        plain = self._style("header")
        segments = [Segment(" " * GUTTER, plain)]
        position = 0
        for place in self.places:
            if place.start > position:
                segments.append(Segment(" " * (place.start - position), plain))
            column = place.column
            title, style = column.title, plain
            if column.id == sorted_by:
                glyph = SORT_GLYPHS[reverse]
                title = f"{glyph} {title}" if column.align is Align.RIGHT else f"{title} {glyph}"
                style = self._style("header", "sorted")
            segments.append(Segment(cell(title, place.width, column.align), style))
            position = place.start + place.width
        return Strip(segments).adjust_cell_length(self._width, plain)

    def _format(self, row: Row, mark: Ink | None, lit: bool) -> Strip:
        self.lines_formatted += 1
        beneath = (self._row_style(row).value,) if self._row_style is not None else ()
        above = ("cursor",) if lit else ()
        base = self._style(*beneath, *((mark.value,) if mark else ()), *above)
        glyphs = (CURSOR_GLYPH if lit else " ") + (MARK_GLYPHS.get(mark, " ") if mark else " ")
        segments = [Segment(glyphs[:GUTTER], base)]
        spans = self._spanning(row) if self._spanning is not None else ()
        room = self._width - GUTTER
        for text, ink in spans:
            text = text if text.isprintable() else printable_within(text, room * ESCAPED_MAX)
            shown = cell(text, min(room, cell_len(text)))
            segments.append(Segment(shown, base if mark else self._style(*beneath, ink.value, *above)))
            room -= cell_len(shown)
        position = 0
        for place in () if spans else self.places:
            if place.start > position:
                segments.append(Segment(" " * (place.start - position), base))
            column = place.column
            ink = mark or column.style(row)
            style = base if mark or ink is Ink.PLAIN else self._style(*beneath, ink.value, *above)
            segments.append(Segment(cell(column.text(row), place.width, column.align, column.elide), style))
            position = place.start + place.width
        return Strip(segments).adjust_cell_length(self._width, base)

    def _style(self, *names: str) -> Style:
        """The table's style with these component styles over it, the last uppermost."""
        style = self._styles.get(names)
        if style is None:
            style = self._base
            for name in names:
                style += self._component(f"{self._prefix}--{name}")
            self._styles[names] = style
        return style
