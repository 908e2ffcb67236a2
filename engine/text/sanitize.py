"""The one gate between foreign text and what sockmon shows: names, paths and payloads become plain printable text.

Whatever a terminal could obey instead of draw is replaced by its escape as Python writes it in a literal: `\\x1b` for
ESC, `\\n`, `\\u202e` for a right-to-left override. An escape keeps the information, is ASCII itself, and therefore
passes a second time unchanged. The price is that a name which holds the four characters `\\x1b` looks the same as one
that holds ESC.

Replaced are:

- all that `str.isprintable` refuses: Unicode's categories Other (C0 and C1 controls, DEL, bidi controls and zero-width
  characters, lone surrogates, private and unassigned code points) and Separator but for the ASCII space;
- what it lets pass although nothing is drawn for it (Default_Ignorable_Code_Point of Unicode's
  DerivedCoreProperties.txt: fillers, variation selectors) and the blank Braille pattern, so that two names that look
  the same are the same;
- combining marks with nothing before them to combine with, which would change the character drawn before the text, and
  those beyond `MARKS_MAX` on one letter.

Letters of right-to-left scripts stay: they are somebody's names. They cannot carry an override out of their cell.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

MARKS_MAX: Final = 4
"""Combining marks on one letter: living languages use up to three (Vietnamese two, pointed Hebrew three); more is a
tower over the lines above."""

ELLIPSIS: Final = "…"

_INVISIBLE: Final = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),  # combining grapheme joiner
        (0x115F, 0x1160),  # Hangul fillers
        (0x17B4, 0x17B5),  # Khmer inherent vowels
        (0x180B, 0x180F),  # Mongolian variation selectors
        (0x2800, 0x2800),  # blank Braille pattern
        (0x3164, 0x3164),  # Hangul filler
        (0xFE00, 0xFE0F),  # variation selectors
        (0xFFA0, 0xFFA0),  # half-width Hangul filler
        (0xE0100, 0xE01EF),  # variation selectors supplement
    )
    for code in range(first, last + 1)
)

_MARKS: Final = frozenset(("Mn", "Me"))


def escape(character: str) -> str:
    """One character as Python writes it in a literal: `\\x1b`, `\\u202e`, `\\U000e0001`, `\\n`."""
    return character.encode("unicode_escape").decode("ascii")


def _pieces(text: str) -> Iterator[str]:
    """What to show for each character of `text`, in turn."""
    marks = MARKS_MAX
    for character in text:
        if not character.isprintable() or character in _INVISIBLE:
            marks = MARKS_MAX
            yield escape(character)
        elif unicodedata.category(character) not in _MARKS:
            marks = 0
            yield character
        elif marks < MARKS_MAX:
            marks += 1
            yield character
        else:
            yield escape(character)


def printable(text: str) -> str:
    """`text` with everything that is not drawn replaced by a visible escape.

    The result satisfies `str.isprintable`, and `printable(printable(text)) == printable(text)`. It may be up to ten
    times as long as `text`: for text whose length others choose, use `printable_within`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_pieces(text))


def printable_within(text: str, characters_max: int) -> str:
    """`printable(text)` in at most `characters_max` characters; where something is left out it ends with `…`.

    An escape is never cut in two. The work done is bounded by `characters_max`, however long `text` is.
    """
    shown = printable(text[: characters_max + 1])
    if len(shown) <= characters_max:
        return shown
    room = characters_max - len(ELLIPSIS)
    if room < 0:
        return ""
    kept: list[str] = []
    for piece in _pieces(text):
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + ELLIPSIS


def printable_bytes(data: bytes) -> str:
    """Payload or a path as text: UTF-8 where it is, `\\xff` for a byte that is not, then as `printable`."""
    return printable(data.decode("utf-8", "backslashreplace"))


def printable_bytes_within(data: bytes, characters_max: int) -> str:
    """`printable_bytes` in at most `characters_max` characters, ending with `…` where something is left out."""
    # Four bytes make a character at most, so this many decide every character that can be shown.
    head = data[: 4 * (characters_max + 1)]
    return printable_within(head.decode("utf-8", "backslashreplace"), characters_max)
