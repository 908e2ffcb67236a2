"""A captured packet as a line of text, in tshark's columns, and as an object for JSON."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.capture.read_text import relative_time
from engine.model.packets import PacketRow

DIGITS: Final = 6
"""Decimals of a second, as tshark prints them."""


def packet_line(row: PacketRow, first_ns: int) -> str:
    """A packet in tshark's columns."""
    seconds = relative_time(row.ts_ns - first_ns, DIGITS)
    mark = "[?] " if row.uncertain else ""
    return (
        f"{row.number:5} {seconds:>10} {row.source:>12} → {row.destination:12} "
        f"{row.protocol} {row.length} {mark}{row.info}"
    )


def packet_object(row: PacketRow) -> dict[str, object]:
    """A packet for JSON: the fields of its row."""
    return msgspec.structs.asdict(row)
