"""Reads a regular expression into its parts, or says where it cannot: the syntax behind engine.query.regex."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from engine.model.errors import FilterError

PATTERN_CHARACTERS_MAX: Final = 200
DEPTH_MAX: Final = 20
"""Of nested groups: the reader recurses."""
COUNT_MAX: Final = 200
"""In a repetition `{m,n}`, which unfolds to that many parts."""

Test = Callable[[str], bool]


class One(msgspec.Struct, frozen=True):
    """One character that passes the test, which sees lower case."""

    test: Test


class Anchor(msgspec.Struct, frozen=True):
    """`^` or `$`."""

    sign: str


class Sequence(msgspec.Struct, frozen=True):
    """One part after the other."""

    parts: tuple[Part, ...]


class Choice(msgspec.Struct, frozen=True):
    """Any of the parts."""

    parts: tuple[Part, ...]


class Repeat(msgspec.Struct, frozen=True):
    """A part from `least` to `most` times, without end where `most` is None."""

    part: Part
    least: int
    most: int | None


Part = One | Anchor | Sequence | Choice | Repeat

_CLASSES: Final[dict[str, Test]] = {
    "d": str.isdecimal,
    "w": lambda character: character.isalnum() or character == "_",
    "s": str.isspace,
}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


def _folded(character: str) -> Test:
    lowered = character.lower()
    return lambda seen: seen == lowered


def _not(test: Test) -> Test:
    return lambda character: not test(character)


def _any_of(tests: list[Test]) -> Test:
    return lambda character: any(test(character) for test in tests)


def _between(low: str, high: str) -> Test:
    return lambda character: low <= character <= high or low <= character.upper() <= high


def _not_newline(character: str) -> bool:
    return character != "\n"


class _Reader:
    """Reads a pattern by recursive descent. Positions in its errors are those of the pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0

    def fail(self, sentence: str) -> FilterError:
        return FilterError(f"in the expression: {sentence}", min(self.place, len(self.pattern)))

    def peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def take(self) -> str:
        character = self.peek()
        self.place += 1
        return character

    def alternatives(self, depth: int) -> Part:
        if depth > DEPTH_MAX:
            raise self.fail(f"groups nest more than {DEPTH_MAX} deep")
        branches: list[Part] = [self.sequence(depth)]
        while self.peek() == "|":
            self.take()
            branches.append(self.sequence(depth))
        return Choice(tuple(branches)) if len(branches) > 1 else branches[0]

    def sequence(self, depth: int) -> Part:
        parts: list[Part] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom(depth)))
        return Sequence(tuple(parts))

    def repeated(self, part: Part) -> Part:
        bounds = self.bounds()
        if bounds is None:
            return part
        if self.peek() == "?":  # lazy: finds the same texts
            self.take()
        start = self.place
        if self.bounds() is not None:
            self.place = start
            raise self.fail("two repetitions follow each other")
        return Repeat(part, *bounds)

    def bounds(self) -> tuple[int, int | None] | None:
        """Least and most of the repetition that stands here, if one does."""
        sign = self.peek()
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if sign in simple:
            self.take()
            return simple[sign]
        end = self.pattern.find("}", self.place)
        if sign != "{" or end < 0:
            return None
        low, comma, high = self.pattern[self.place + 1 : end].partition(",")
        numbers = [low, high] if comma else [low]
        # As everywhere: braces that hold no numbers are characters.
        if not any(numbers) or not all(number == "" or (number.isascii() and number.isdigit()) for number in numbers):
            return None
        least = int(low or 0)
        most = (int(high) if high else None) if comma else least
        if least > COUNT_MAX or (most is not None and (most > COUNT_MAX or most < least)):
            raise self.fail(f"a repetition counts up to {COUNT_MAX}, the smaller number first")
        self.place = end + 1
        return least, most

    def atom(self, depth: int) -> Part:
        character = self.take()
        if character == "(":
            if self.peek() == "?":
                if not self.pattern.startswith("?:", self.place):
                    raise self.fail("only (?: ) is known of the groups that begin with (?")
                self.place += 2
            inner = self.alternatives(depth + 1)
            if self.take() != ")":
                raise self.fail("a parenthesis is not closed")
            return inner
        if character in "*+?":
            self.place -= 1
            raise self.fail("there is nothing to repeat")
        if character == "[":
            return One(self.character_class())
        if character == "\\":
            return One(self.escape()[0])
        if character in "^$":
            return Anchor(character)
        return One(_not_newline if character == "." else _folded(character))

    def escape(self) -> tuple[Test, str]:
        """What stands after a backslash: its test, and the character if it is one."""
        character = self.take()
        if not character:
            raise self.fail("it ends with a backslash")
        if character.lower() in _CLASSES:
            test = _CLASSES[character.lower()]
            return (test if character.islower() else _not(test)), ""
        if character in _ESCAPES:
            character = _ESCAPES[character]
        elif character.isalnum():
            raise self.fail(f"\\{character} is not known")
        return _folded(character), character

    def character_class(self) -> Test:
        negated = self.peek() == "^"
        if negated:
            self.take()
        tests: list[Test] = []
        first = True
        while first or self.peek() != "]":
            low_test, low = self.class_member()
            first = False
            if not low or self.peek() != "-" or self.pattern[self.place + 1 : self.place + 2] in ("]", ""):
                tests.append(low_test)
                continue
            self.take()
            _, high = self.class_member()
            if not high or high < low:
                raise self.fail("a range runs from the smaller character to the greater")
            tests.append(_between(low, high))
        self.take()
        test = _any_of(tests)
        return _not(test) if negated else test

    def class_member(self) -> tuple[Test, str]:
        character = self.take()
        if not character:
            raise self.fail("a bracket is not closed")
        return self.escape() if character == "\\" else (_folded(character), character)


def parse(pattern: str) -> Part:
    """The parts of `pattern`. Raises FilterError with a position in it."""
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        raise FilterError(f"the expression is longer than {PATTERN_CHARACTERS_MAX} characters", PATTERN_CHARACTERS_MAX)
    reader = _Reader(pattern)
    part = reader.alternatives(0)
    if reader.peek():
        raise reader.fail("a parenthesis is closed that was not opened")
    return part
