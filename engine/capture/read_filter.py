"""Display filters over the rows of files."""

from __future__ import annotations

from collections.abc import Sequence

from engine.capture.packet_rows import other_row, segment_row
from engine.capture.read import Row
from engine.model.packets import PacketRow
from engine.query.packets import compile_packets


class RowFilter:
    """A display filter. FilterError if it does not parse."""

    def __init__(self, text: str) -> None:
        self._matches = compile_packets(text).matches

    def select(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that pass."""
        return [row for row in rows if self._matches(_packet_row(row))]


def _packet_row(row: Row) -> PacketRow:
    if row.segment is not None and row.placed is not None:
        return segment_row(row.segment, row.placed, row.wire_length)
    if row.other is None:
        raise ValueError(f"row {row.number} holds nothing")
    return other_row(row.number, row.other, row.wire_length)
