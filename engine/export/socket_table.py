"""Rows as aligned text, the way ss prints them: columns as wide as they need to be, two blanks between.

Where the lines go to a terminal, columns that do not fit are left out as on the screen, and what is still too long is
cut; a pipe or a file gets everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.model.sockets import SocketEntry
from engine.text.cells import Look
from engine.text.columns import Align, Column
from engine.text.width import cell_width, cut, pad

GAP: Final = "  "


def table_lines(
    rows: Sequence[SocketEntry],
    columns: Sequence[Column],
    look: Look,
    header: bool = True,
    width: int | None = None,
) -> list[str]:
    """The header and a line for each row, in at most `width` cells if one is given."""
    filled = [_Filled(column, [column.title] if header else [], rows, look) for column in columns]
    if width is not None:
        _drop(filled, width)
    lines = [GAP.join(cells).rstrip() for cells in zip(*(one.padded() for one in filled), strict=True)]
    return lines if width is None else [cut(line, width) for line in lines]


class _Filled:
    """A column with all its cells."""

    def __init__(self, column: Column, title: list[str], rows: Sequence[SocketEntry], look: Look) -> None:
        cell = column.cell
        self.column = column
        self.cells = title + [cell(entry, look) for entry in rows]
        # Almost every column is ASCII, where characters are cells and str pads by itself.
        self.plain = all(map(str.isascii, self.cells))
        self.width = max(map(len if self.plain else cell_width, self.cells), default=0)

    def padded(self) -> list[str]:
        """All cells, each as wide as the widest."""
        right = self.column.align is Align.RIGHT
        if self.plain:
            width = self.width
            return [cell.rjust(width) for cell in self.cells] if right else [cell.ljust(width) for cell in self.cells]
        return [pad(cell, self.width, right=right) for cell in self.cells]


def _drop(filled: list[_Filled], width: int) -> None:
    """Leave out the column of the highest priority, of equals the last, until the rest fits; priority 0 stays."""
    while sum(one.width for one in filled) + len(GAP) * (len(filled) - 1) > width:
        place = max(range(len(filled)), key=lambda index: (filled[index].column.priority, index), default=0)
        if not filled or filled[place].column.priority == 0:
            return
        del filled[place]
