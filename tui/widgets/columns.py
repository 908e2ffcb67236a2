"""What a column of a LineTable is, and how the columns share a line: pure, without a widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from rich.cells import cell_len, set_cell_size

from engine.text.sanitize import printable_within

Row = TypeVar("Row")

GAP: Final = 1
WIDE_GAP: Final = 2
"""Cells between two columns, and where all columns have what they like best."""

ESCAPED_MAX: Final = 4
"""Characters kept for each cell of a column before it is cut to its width: enough for combining marks, and a bound on
what a hostile name can cost."""

ELLIPSIS: Final = "…"


class Ink(StrEnum):
    """What a text means; the stylesheet says how that looks. Each is a component class `line-table--<value>`."""

    PLAIN = "plain"
    STRONG = "strong"
    """Holds data: bold."""
    MUTED = "muted"
    """Fading: closing states, what is not known."""
    GOOD = "good"
    PROVEN = "proven"
    """A sum that is exact."""
    OPENING = "opening"
    LEAK = "leak"
    """Stands open longer than it should: CLOSE-WAIT."""
    WARN = "warn"
    BAD = "bad"
    ACCENT = "accent"
    HANDSHAKE = "handshake"
    """A packet with SYN or FIN."""
    RESET = "reset"
    DATAGRAM = "datagram"
    NEW = "new"
    CHANGED = "changed"
    CLOSED = "closed"
    MARKED = "marked"
    """Marked by the user."""
    PAST = "past"
    """Closed a while ago."""


class Align(StrEnum):
    LEFT = "left"
    RIGHT = "right"


class Elide(StrEnum):
    """Where a text that is too long loses characters."""

    END = "end"
    MIDDLE = "middle"
    """Keeps both ends: an address keeps its port."""


def plain(_row: object) -> Ink:
    """The style of a column that says nothing by its colour."""
    return Ink.PLAIN


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column: `text` and `style` are asked for visible rows only.

    `width` is the least that the column needs and `ideal` what it takes before the flexible column gets the rest;
    on a narrow line the column with the highest `priority` goes first, and 0 never goes.
    """

    id: str
    title: str
    width: int
    text: Callable[[Row], str]
    style: Callable[[Row], Ink] = plain
    align: Align = Align.LEFT
    priority: int = 0
    ideal: int = 0
    flexible: bool = False
    elide: Elide = Elide.END
    help: str = ""
    """What the figures in it mean, in one sentence."""


@dataclass(frozen=True)
class Place(Generic[Row]):
    """A column on the line: from cell `start`, `width` cells wide."""

    column: Column[Row]
    start: int
    width: int


def fit(columns: Sequence[Column[Row]], width: int) -> tuple[Place[Row], ...]:
    """Put the columns side by side on a line of `width` cells, dropping by priority what finds no room.

    Columns of one priority go together, and those of priority 0 stay even where they are cut off.
    """
    kept = list(columns)

    ideal = sum(max(column.width, column.ideal) for column in kept) + WIDE_GAP * max(0, len(kept) - 1)
    gap = WIDE_GAP if ideal <= width else GAP

    def needed() -> int:
        return sum(column.width for column in kept) + gap * max(0, len(kept) - 1)

    while needed() > width:
        worst = max(column.priority for column in kept)
        if worst == 0:
            break
        kept = [column for column in kept if column.priority < worst]

    widths = [column.width for column in kept]
    spare = max(0, width - needed())
    for number, column in enumerate(kept):
        extra = min(spare, max(0, column.ideal - column.width))
        widths[number] += extra
        spare -= extra
    for number, column in enumerate(kept):
        if column.flexible:
            widths[number] += spare
            break

    places = []
    start = 0
    for column, column_width in zip(kept, widths, strict=True):
        places.append(Place(column, start, max(0, min(column_width, width - start))))
        start += column_width + gap
    return tuple(places)


def cell(text: str, width: int, align: Align = Align.LEFT, elide: Elide = Elide.END) -> str:
    """`text` made printable, in exactly `width` terminal cells."""
    if width <= 0:
        return ""
    if text.isascii() and text.isprintable():
        length = len(text)
    else:
        text = printable_within(text, width * ESCAPED_MAX)
        length = cell_len(text)
    if length > width:
        return _shorten(text, length, width, elide)
    padding = " " * (width - length)
    return padding + text if align is Align.RIGHT else text + padding


def _shorten(text: str, length: int, width: int, elide: Elide) -> str:
    if width == 1:
        return ELLIPSIS
    if elide is Elide.END:
        return set_cell_size(text, width - 1) + ELLIPSIS
    tail_width = width // 2
    tail = text
    while length > tail_width:
        length -= cell_len(tail[0])
        tail = tail[1:]
    return set_cell_size(text, width - 1 - length) + ELLIPSIS + tail
