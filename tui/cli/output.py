"""How values are written on standard output: JSON Lines, one value a line, never with thousands separators."""

from __future__ import annotations

import msgspec


def json_line(value: object) -> str:
    """A value as one line of JSON."""
    return msgspec.json.encode(value).decode()
