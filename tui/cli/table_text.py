"""Rows as aligned text, the way ss prints them: columns as wide as they need to be, two blanks between."""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.sockets import SocketEntry
from engine.text.cells import Look
from engine.text.columns import Align, Column
from engine.text.width import cell_width, pad


def table_lines(rows: Sequence[SocketEntry], columns: Sequence[Column], look: Look, header: bool = True) -> list[str]:
    """The header and a line for each row."""
    lines: list[list[str]] = [[column.title for column in columns]] if header else []
    lines += [[column.cell(entry, look) for column in columns] for entry in rows]
    if not lines:
        return []
    widths = [max(cell_width(line[place]) for line in lines) for place in range(len(columns))]
    return [
        "  ".join(
            pad(cell, width, right=column.align is Align.RIGHT)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    ]
