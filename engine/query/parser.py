"""Reads the text of a filter into its tree, or says at which character it stops making sense.

The grammar, loosest first; side by side means `and`:

    any        = all (("or" | "||" | "|") all)*
    all        = negated (("and" | "&&" | "&")? negated)*
    negated    = ("not" | "!")* condition
    condition  = "(" any ")" | "{" never | name ":" values | name comparison values | name value | name | word
    comparison = "=" "==" "!=" "<" "<=" ">" ">=" "~", or in letters eq ne lt le gt ge contains matches in
    values     = value ("," value)* | "{" value* "}"

A name takes a value without a sign where the vocabulary says so (`state established`, `dst 10.0.0.0/8`: ss's way), and
stands alone where it does (`tcp.analysis.retransmission`: Wireshark's way). Several states side by side in ss's way
mean any of them, as in ss(8). A quoted string is always a text to look for.
"""

from __future__ import annotations

import re
from typing import Any, Final

from engine.model.errors import FilterError
from engine.query.fields import Field, FieldKind, Vocabulary
from engine.query.syntax import (
    And,
    Compare,
    Everything,
    Exists,
    Node,
    Op,
    Or,
    Regex,
    States,
    Text,
    Value,
    Word,
    negated,
)
from engine.query.tokens import Kind, Token, tokens
from engine.query.values import regex_of, value_of
from engine.text.sanitize import printable_within

DEPTH_MAX: Final = 40
"""Of nested parentheses: reading, matching and writing recurse."""

_SIGNS: Final = {op.value: op for op in Op} | {"==": Op.EQ}

_LETTERS: Final = {
    "eq": Op.EQ, "ne": Op.NE, "lt": Op.LT, "le": Op.LE, "gt": Op.GT, "ge": Op.GE,
    "contains": Op.HAS, "matches": Op.MATCHES, "in": Op.EQ,
}  # fmt: skip

_ORDER: Final = frozenset((Op.LT, Op.LE, Op.GT, Op.GE))
_ORDERED_KINDS: Final = frozenset(
    (FieldKind.COUNT, FieldKind.ID, FieldKind.BYTES, FieldKind.TIME, FieldKind.HEX, FieldKind.PORT)
)

_NAME_AND_VALUE: Final = re.compile(r"([A-Za-z_][\w.\-]*):(.*)", re.DOTALL)
_VALUES: Final = frozenset((Kind.WORD, Kind.STRING, Kind.REGEX))
_STARTS: Final = _VALUES | {Kind.OPEN, Kind.NOT}

NAME_SHOWN_CHARACTERS: Final = 40


def parse(text: str, vocabulary: Vocabulary[Any]) -> Node:
    """The tree of `text`. Raises FilterError, and nothing else, with the position of the trouble."""
    return _Parser(tokens(text), vocabulary).whole()


class _Parser:
    def __init__(self, read: list[Token], vocabulary: Vocabulary[Any]) -> None:
        self.tokens = read
        self.place = 0
        self.vocabulary = vocabulary

    def peek(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.tokens[self.place]
        self.place = min(self.place + 1, len(self.tokens) - 1)
        return token

    def whole(self) -> Node:
        if self.peek().kind is Kind.END:
            return Everything()
        node = self.any_of(0)
        if self.peek().kind is not Kind.END:
            sentence = {
                Kind.CLOSE: "this parenthesis was not opened",
                Kind.COMMA: "a comma stands only between the values of a field",
                Kind.COMPARISON: f"there is no field before {self.peek().text}",
            }.get(self.peek().kind, f"{self.peek().text!r} has no place here")
            raise FilterError(sentence, self.peek().position)
        return node

    def any_of(self, depth: int) -> Node:
        nodes = [self.all_of(depth)]
        while self.peek().kind is Kind.OR:
            self.take()
            nodes.append(self.all_of(depth))
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def all_of(self, depth: int) -> Node:
        nodes: list[Node] = [self.negated(depth)]
        while True:
            joined = self.peek().kind is Kind.AND
            if joined:
                self.take()
            elif self.peek().kind not in _STARTS:
                break
            node = self.negated(depth)
            merged = None if joined else _states_together(nodes[-1], node)
            if merged is None:
                nodes.append(node)
            else:
                nodes[-1] = merged
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def negated(self, depth: int) -> Node:
        negative = False
        while self.peek().kind is Kind.NOT:
            self.take()
            negative = not negative
        node = self.condition(depth)
        return negated(node) if negative else node

    def condition(self, depth: int) -> Node:
        token = self.take()
        if token.kind is Kind.OPEN:
            return self.group(token, depth)
        if token.kind is Kind.STRING:
            return Word(Text(token.text))
        if token.kind is Kind.REGEX:
            return Word(regex_of(token.text, token.position + 1))
        if token.kind is Kind.WORD:
            return self.named(token)
        if token.kind is Kind.END:
            raise FilterError("a condition is missing at the end", token.position)
        raise FilterError(f"a condition is missing before {token.text!r}", token.position)

    def group(self, opened: Token, depth: int) -> Node:
        if depth >= DEPTH_MAX:
            raise FilterError(f"parentheses nest more than {DEPTH_MAX} deep", opened.position)
        if self.peek().kind is Kind.CLOSE:
            raise FilterError("there is nothing between the parentheses", self.peek().position)
        node = self.any_of(depth + 1)
        if self.peek().kind is Kind.END:
            raise FilterError("this parenthesis is not closed", opened.position)
        if self.peek().kind is not Kind.CLOSE:
            raise FilterError(f"{self.peek().text!r} has no place here", self.peek().position)
        self.take()
        return node

    def named(self, token: Token) -> Node:
        """A condition that begins with a word: a field with its values, or a word that stands alone."""
        field = self.vocabulary.field(token.text)
        if field is None:
            return self.with_colon(token) or self.alone(token)
        following = self.peek()
        if following.kind is Kind.COMPARISON:
            self.take()
            return self.compared(field, _SIGNS[following.text], token)
        if following.kind is Kind.WORD and following.text.lower() in _LETTERS:
            self.take()
            return self.compared(field, _LETTERS[following.text.lower()], token)
        if field.prefix and (following.kind in _VALUES or following.kind is Kind.OPEN_SET):
            node = self.compared(field, Op.HAS, token)
            return negated(node) if token.text.lower() in _EXCLUDING else node
        if field.exists:
            if following.text == "&" and field.kind is FieldKind.ID:
                raise FilterError("bits are not compared", following.position, "ask by name, as in tcp.flags.syn == 1")
            return Exists(field.name)
        bare = self.vocabulary.bare(token.text, token.position)
        if bare is not None:
            return bare
        hint = f'to look for the text write it in quotes: "{token.text}"'
        raise FilterError(f"{token.text} needs a value", following.position, hint)

    def with_colon(self, token: Token) -> Node | None:
        """`name:value` in one word, if that is what the word is."""
        match = _NAME_AND_VALUE.fullmatch(token.text)
        if match is None:
            return None
        field = self.vocabulary.field(match[1])
        if field is None or self.vocabulary.bare(token.text, token.position) is not None:
            return None
        op = Op.HAS
        if match[2]:
            # What follows the colon is the first of the values.
            self.place -= 1
            rest = Token(Kind.WORD, match[2], token.position + len(match[1]) + 1, True)
            self.tokens[self.place] = rest
        elif self.peek().kind is Kind.COMPARISON and self.peek().adjacent:
            op = _SIGNS[self.take().text]
        elif not self.peek().adjacent or (self.peek().kind not in _VALUES and self.peek().kind is not Kind.OPEN_SET):
            raise FilterError(f"{token.text} needs a value", token.position + len(token.text))
        return self.compared(field, op, token)

    def alone(self, token: Token) -> Node:
        """A word that is no field: what the vocabulary takes it for, else a text to look for."""
        bare = self.vocabulary.bare(token.text, token.position)
        following = self.peek()
        name, colon, _ = token.text.partition(":")
        unknown = (
            following.kind is Kind.COMPARISON
            or (bool(colon) and _NAME_AND_VALUE.fullmatch(token.text) is not None)
            or token.text.lower().startswith(self.vocabulary.protocols)
        )
        if unknown and (bare is None or following.kind is Kind.COMPARISON):
            shown = printable_within(name, NAME_SHOWN_CHARACTERS)
            hint = self.vocabulary.suggestion(name) or f'to look for the text write it in quotes: "{shown}"'
            raise FilterError(f"{shown!r} is not a field of a {self.vocabulary.what}", token.position, hint)
        return Word(Text(token.text)) if bare is None else bare

    def compared(self, field: Field, op: Op, name: Token) -> Node:
        """The comparison of a field with the values that stand next."""
        start = self.peek()
        if op in _ORDER and field.kind not in _ORDERED_KINDS:
            raise FilterError(f"{field.name} is not a number: use = or !=", start.position)
        if op is Op.HAS and field.kind is not FieldKind.TEXT:
            op = Op.EQ
        values = self.values(field, op, name)
        if op in _ORDER and len(values) > 1:
            hint = "numbers are written without separators"
            raise FilterError(f"{op} takes one value", start.position, hint)
        # An expression is searched for whatever the sign: only "not equal" differs.
        if any(isinstance(value, Regex) for value in values) and op is not Op.MATCHES:
            if not all(isinstance(value, Regex) for value in values):
                raise FilterError("expressions and texts do not mix in one list", start.position)
            found = Compare(field.name, Op.MATCHES, values)
            return negated(found) if op is Op.NE else found
        return Compare(field.name, op, values)

    def values(self, field: Field, op: Op, name: Token) -> tuple[Value, ...]:
        found: list[Value] = []
        if self.peek().kind is Kind.OPEN_SET:
            opened = self.take()
            while self.peek().kind is not Kind.CLOSE_SET:
                if self.peek().kind is Kind.COMMA:
                    self.take()
                    continue
                if self.peek().kind is Kind.END:
                    raise FilterError("this brace is not closed", opened.position)
                found.append(self.value(field, op, name))
            closed = self.take()
            if not found:
                raise FilterError("there is nothing between the braces", closed.position)
            return tuple(found)
        found.append(self.value(field, op, name))
        while self.peek().kind is Kind.COMMA:
            self.take()
            found.append(self.value(field, op, name))
        return tuple(found)

    def value(self, field: Field, op: Op, name: Token) -> Value:
        token = self.peek()
        if token.kind not in _VALUES:
            raise FilterError(f"{name.text.rstrip(':')} needs a value", token.position)
        self.take()
        if op is Op.MATCHES or token.kind is Kind.REGEX:
            if field.kind not in (FieldKind.TEXT, FieldKind.HOST):
                raise FilterError(f"{field.name} is not a text: it takes no expression", token.position)
            return regex_of(token.text, token.position + (token.kind is not Kind.WORD))
        return value_of(field, token.text, token.position)


_EXCLUDING: Final = frozenset(("exclude", "excl"))
"""ss(8)'s names for `not state`."""


def _states_together(left: Node, right: Node) -> Node | None:
    """`state a state b` is either of them; None where the two are anything else."""
    match left, right:
        case Compare(field, Op.EQ, first), Compare(other, Op.EQ, second) if field == other and all(
            isinstance(value, States) for value in first + second
        ):
            return Compare(field, Op.EQ, first + second)
    return None
