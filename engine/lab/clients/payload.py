"""What a client sends, by its knobs, and how a reply becomes text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.lab.knobs import SIZE_MAX
from engine.model.errors import BadInput, LabError
from engine.model.lab import Knobs

REPLY_MAX: Final = 4_096
"""Bytes of a reply that are kept as text: what a pane can show; all of it is counted."""

PATTERN: Final = bytes(range(32, 127))
"""Made payload runs through the printable ASCII characters: a byte lost or doubled shows."""


def payload_of(knobs: Knobs) -> bytes:
    """The bytes to send: of the file, or `size` made ones, or the text in UTF-8. Raises LabError, BadInput."""
    if knobs.file:
        return _file_bytes(Path(knobs.file))
    if knobs.size is not None:
        return (PATTERN * (knobs.size // len(PATTERN) + 1))[: knobs.size]
    return knobs.text.encode("utf-8", "surrogateescape")


def _file_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
    except OSError as error:
        raise LabError(f"read {path}", error.errno) from error
    if len(data) > SIZE_MAX:
        raise BadInput(f"{path} is larger than {SIZE_MAX} bytes")
    return data


def reply_text(reply: bytes | bytearray) -> str:
    """The beginning of a reply as text, raw: what UTF-8 does not hold becomes `\\xff`; control characters stay."""
    return bytes(reply[:REPLY_MAX]).decode("utf-8", "backslashreplace")
