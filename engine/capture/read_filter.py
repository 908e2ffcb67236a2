"""Display filters over the rows of files."""

from __future__ import annotations

from engine.capture.packet_rows import other_row, segment_row
from engine.capture.read import Row, Rows
from engine.model.packets import PacketRow
from engine.query.packets import compile_packets


class RowFilter:
    """A display filter. FilterError if it does not parse."""

    def __init__(self, text: str) -> None:
        self._matches = compile_packets(text).matches

    def select(self, rows: Rows) -> list[int]:
        """The places of the rows that pass."""
        matches = self._matches
        return [place for place, row in enumerate(rows.each()) if matches(_packet_row(row))]


def _packet_row(row: Row) -> PacketRow:
    number, wire_length, _, segment, placed, other = row
    if segment is not None and placed is not None:
        return segment_row(segment, placed, wire_length)
    if other is None:
        raise ValueError(f"row {number} holds nothing")
    return other_row(number, other, wire_length, other.stream)
