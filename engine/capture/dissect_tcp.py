"""A TCP header's control bits by name, and its options each on its own bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.flow.info import flags_text
from engine.flow.options import (
    EOL,
    FAST_OPEN,
    MAX_SHIFT,
    MPTCP,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    parse_options,
    sack_blocks,
)
from engine.model.packets import Field

OPTION_NAMES: Final = {
    EOL: "end of options",
    NOP: "NOP",
    MSS: "MSS",
    WINDOW_SCALE: "window scale",
    SACK_PERMITTED: "SACK permitted",
    SACK: "SACK",
    TIMESTAMPS: "timestamps",
    28: "user timeout",
    29: "TCP-AO",
    MPTCP: "Multipath TCP",
    FAST_OPEN: "Fast Open",
}
"""IANA's kinds, those that are met; others show their number."""


def control_bits(flags: int) -> str:
    """The control bits of RFC 9293 section 3.1 by name, and as a number."""
    return f"{flags_text(flags)} (0x{flags:03x})"


def option_fields(raw: bytes, offset: int) -> tuple[Field, ...]:
    """A field for each option of a header, with its place: `offset` is where the options start in the frame.

    What cannot be read as options is one field of its own, so that no byte goes without a name.
    """
    fields: list[Field] = []
    at = 0
    for kind, value in parse_options(raw).options:
        size = 1 if kind in (EOL, NOP) else 2 + len(value)
        name = OPTION_NAMES.get(kind, f"option {kind}")
        fields.append(Field(f"  {name}", _VALUES.get(kind, _hex)(value), offset + at, size))
        at += size
    if at < len(raw):
        fields.append(Field("  not readable", raw[at:].hex(" "), offset + at, len(raw) - at))
    return tuple(fields)


def _hex(value: bytes) -> str:
    return value.hex(" ")


def _number(value: bytes) -> str:
    return str(int.from_bytes(value, "big"))


def _scale(value: bytes) -> str:
    return f"{value[0]} (×{1 << min(value[0], MAX_SHIFT)})" if len(value) == 1 else _hex(value)


def _edges(value: bytes) -> str:
    return ", ".join(f"{left}-{right}" for left, right in sack_blocks(value)) or _hex(value)


def _timestamps(value: bytes) -> str:
    if len(value) != 8:
        return _hex(value)
    return f"TSval {int.from_bytes(value[:4], 'big')}, TSecr {int.from_bytes(value[4:], 'big')}"


_VALUES: Final[dict[int, Callable[[bytes], str]]] = {
    MSS: _number,
    WINDOW_SCALE: _scale,
    SACK: _edges,
    TIMESTAMPS: _timestamps,
}
