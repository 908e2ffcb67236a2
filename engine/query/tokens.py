"""Cuts the text of a filter into words, strings, expressions and signs, each with the place where it stands.

Rules:

- A word runs up to white space, a sign of the language, or a comma. It may hold colons, slashes, dots, brackets and
  percent signs, so addresses and paths are words.
- After a name and a colon (`process:`) a quote or a slash begins a value of its own.
- A slash begins an expression if the next slash that no backslash precedes ends a word; else it begins a path.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

from engine.model.errors import FilterError

TEXT_CHARACTERS_MAX: Final = 4096
"""Of a filter: several screens of text; more is a mistake or an attack."""


class Kind(StrEnum):
    WORD = "word"
    STRING = "string"
    REGEX = "regex"
    COMPARISON = "comparison"
    OPEN = "("
    CLOSE = ")"
    OPEN_SET = "{"
    CLOSE_SET = "}"
    COMMA = ","
    AND = "and"
    OR = "or"
    NOT = "not"
    END = "end"


class Token(msgspec.Struct, frozen=True):
    kind: Kind
    text: str
    """Of strings and expressions what is between the marks, escapes resolved."""
    position: int
    """0-based character at which it starts."""
    adjacent: bool = False
    """No white space before it."""


_SIGNS: Final = {
    "&&": Kind.AND, "||": Kind.OR, "&": Kind.AND, "|": Kind.OR, "!": Kind.NOT,
    "==": Kind.COMPARISON, "!=": Kind.COMPARISON, "<=": Kind.COMPARISON, ">=": Kind.COMPARISON,
    "=": Kind.COMPARISON, "<": Kind.COMPARISON, ">": Kind.COMPARISON, "~": Kind.COMPARISON,
    "(": Kind.OPEN, ")": Kind.CLOSE, "{": Kind.OPEN_SET, "}": Kind.CLOSE_SET, ",": Kind.COMMA,
}  # fmt: skip

_WORD_SIGNS: Final = {"and": Kind.AND, "or": Kind.OR, "not": Kind.NOT}

_SPACE: Final = re.compile(r"\s+")
_SIGN: Final = re.compile("|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)))
_NAME_AND_COLON: Final = re.compile(r"[A-Za-z_][\w.\-]*:(?=[\"'/])")
_WORD: Final = re.compile(r"[^\s()<>=&|\"{}~!,]+")
_REGEX: Final = re.compile(r"/((?:[^/\\]|\\.)+)/(?=[\s),}]|$)", re.DOTALL)
_STRING: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([\\\"'])")


def tokens(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind END. Raises FilterError with the position of what cannot be read."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise FilterError(f"the filter is longer than {TEXT_CHARACTERS_MAX:,} characters", TEXT_CHARACTERS_MAX)
    found: list[Token] = []
    position = 0
    while True:
        space = _SPACE.match(text, position)
        if space:
            position = space.end()
        if position == len(text):
            found.append(Token(Kind.END, "", position))
            return found
        kind, value, end = _next(text, position)
        found.append(Token(kind, value, position, space is None and bool(found)))
        position = end


def _next(text: str, position: int) -> tuple[Kind, str, int]:
    """Kind, text and end of the token at `position`, where no white space stands."""
    first = text[position]
    if first in "\"'":
        string = _STRING.match(text, position)
        if string is None:
            raise FilterError("the quotation mark is not closed", position)
        return Kind.STRING, _ESCAPED.sub(r"\1", string[1] if string[1] is not None else string[2]), string.end()
    if first == "/":
        regex = _REGEX.match(text, position)
        if regex is not None:
            return Kind.REGEX, regex[1].replace("\\/", "/"), regex.end()
    sign = _SIGN.match(text, position)
    if sign is not None:
        return _SIGNS[sign[0]], sign[0], sign.end()
    word = _NAME_AND_COLON.match(text, position) or _WORD.match(text, position)
    # Every character is white space, a quotation mark, a sign or part of a word.
    assert word is not None
    return _WORD_SIGNS.get(word[0].lower(), Kind.WORD), word[0], word.end()
