"""A line of a lesson's little language as words, each with its place: `send client "Hello\\n"`, `packet [FIN, ACK]`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

LINE_MAX: Final = 4_096
"""Characters of one line: a person writes it, and every word of it is looked at."""

NEAR_MAX: Final = 2
"""Words suggested for one that there is not."""

ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", '"': '"'}


class WordError(Exception):
    """A line that does not fall into words, or whose words make no sense. `column` counts from 0."""

    def __init__(self, wrong: str, column: int, hint: str = "") -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.column = column
        self.hint = hint


class UnknownActorError(WordError):
    """A line speaks of an actor that no step has started by then."""

    def __init__(self, word: Word, name: str, actors: Mapping[str, str]) -> None:
        known = [actor for actor, kind in actors.items() if kind]
        hint = f"there is {', '.join(known)}" if known else "a step starts one: start NAME KIND"
        super().__init__(f"there is no actor {name or word.text!r} yet", word.column, hint)
        self.name = name


class Word(msgspec.Struct, frozen=True):
    """One word. `quoted` was written between double quotes, `group` between square brackets."""

    text: str
    column: int
    quoted: bool = False
    group: bool = False

    @property
    def bare(self) -> str:
        """The text of a word without quotes or brackets; empty for the others."""
        return "" if self.quoted or self.group else self.text


def instead(word: str, known: Collection[str]) -> str:
    """What to write in place of a word that is none of the known: those that are like it, else all."""
    from difflib import get_close_matches  # 4 ms, and only a mistake needs it

    near = get_close_matches(word, known, NEAR_MAX)
    return f"did you mean {' or '.join(near)}?" if near else ", ".join(known)


def split(line: str) -> list[Word]:
    """The words of a line. Raises WordError."""
    if len(line) > LINE_MAX:
        raise WordError(f"this line has {len(line)} characters", 0, f"{LINE_MAX} are the most")
    words: list[Word] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
        elif line[at] == '"':
            text, end = _quoted(line, at)
            words.append(Word(text, at, quoted=True))
            at = end
        elif line[at] == "[":
            end = line.find("]", at)
            if end < 0:
                raise WordError("this bracket is not closed", at)
            words.append(Word(line[at + 1 : end], at, group=True))
            at = end + 1
        else:
            start = at
            parts: list[str] = []
            while at < len(line) and not line[at].isspace():
                if line[at] == '"':  # as in text="Hello, world"
                    piece, at = _quoted(line, at)
                    parts.append(piece)
                else:
                    parts.append(line[at])
                    at += 1
            words.append(Word("".join(parts), start))
    return words


def _quoted(line: str, start: int) -> tuple[str, int]:
    """The text between the quotes and the place behind them."""
    text: list[str] = []
    at = start + 1
    while at < len(line):
        character = line[at]
        if character == '"':
            return "".join(text), at + 1
        if character == "\\":
            piece, at = _escaped(line, at)
            text.append(piece)
        else:
            text.append(character)
            at += 1
    raise WordError("this quote is not closed", start)


def _escaped(line: str, at: int) -> tuple[str, int]:
    kind = line[at + 1 : at + 2]
    if kind in ESCAPES:
        return ESCAPES[kind], at + 2
    digits = line[at + 2 : at + 4]
    if kind == "x" and len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
        if int(digits, 16) > 0x7F:
            raise WordError(f"\\x{digits} is no ASCII character", at, "texts are sent as UTF-8: \\x00 to \\x7f")
        return chr(int(digits, 16)), at + 4
    raise WordError(f"unknown escape \\{kind}", at, '\\n \\r \\t \\0 \\\\ \\" \\xNN')
