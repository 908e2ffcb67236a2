"""How many terminal cells a text takes, and how to cut or pad it to a number of them.

Wide and full-width characters of East Asian scripts take two cells (Unicode Standard Annex 11), combining marks none.
Text is expected to have passed `engine.text.sanitize.printable`.
"""

from __future__ import annotations

import unicodedata

from engine.text.sanitize import ELLIPSIS


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cell_width(text: str) -> int:
    """The cells that `text` takes on one line."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells` cells, ending with `…` where something is left out."""
    if cell_width(text) <= cells:
        return text
    if cells < 1:
        return ""
    room = cells - 1
    for index, character in enumerate(text):
        room -= _cells(character)
        if room < 0:
            return text[:index] + ELLIPSIS
    return text


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """`text` with spaces to fill `cells` cells; `right` puts the text at the right end."""
    spaces = " " * (cells - cell_width(text))
    return spaces + text if right else text + spaces
