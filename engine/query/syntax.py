"""What a filter means once it is read: a small tree of frozen nodes, and how it is written back.

A tree is written so that reading it again gives the same tree: every comparison with its canonical field name, every
text in quotes, every nested group in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

_SLASH: Final = re.compile(r"\\.|/", re.DOTALL)
"""A slash, or an escaped character, which may be one."""


class Op(StrEnum):
    """How a field is compared. `HAS` is the colon: for text it means contains, for all else the same as `EQ`."""

    HAS = ":"
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    MATCHES = "~"


class Number(msgspec.Struct, frozen=True):
    """A number in the base unit of its field (bytes, nanoseconds, a plain count), and as it was written."""

    value: float
    text: str

    def __str__(self) -> str:
        return self.text


class Ports(msgspec.Struct, frozen=True):
    """The ports from `low` to `high`, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


class Host(msgspec.Struct, frozen=True):
    """One end of a conversation: a network (`10.0.0.0/8`, `::1/128`), or a part of a name or path, and its ports.

    Where both `network` and `part` are empty every address fits; where `ports` is None every port does.
    """

    networks: tuple[str, ...] = ()
    """Any of these; more than one for `localhost`."""
    part: str = ""
    """The address as written contains this."""
    ports: Ports | None = None
    text: str = ""
    """As it was written."""

    def __str__(self) -> str:
        return quoted(self.text)


class States(msgspec.Struct, frozen=True):
    """Names of states (RFC 9293's spelling), and the state or group that stands for them."""

    states: frozenset[str]
    text: str

    def __str__(self) -> str:
        return self.text


class Text(msgspec.Struct, frozen=True):
    """A piece of text, compared without regard to case."""

    text: str

    def __str__(self) -> str:
        return quoted(self.text)


class Regex(msgspec.Struct, frozen=True):
    """A regular expression, searched for without regard to case."""

    pattern: str

    def __str__(self) -> str:
        return "/" + _SLASH.sub(lambda found: "\\/" if found[0] == "/" else found[0], self.pattern) + "/"


Value = Number | Ports | Host | States | Text | Regex


class Everything(msgspec.Struct, frozen=True):
    """The empty filter."""


class Word(msgspec.Struct, frozen=True):
    """A text or expression looked for in all that a row shows as words."""

    value: Text | Regex


class Compare(msgspec.Struct, frozen=True):
    """A field compared with one value, or with any of several."""

    field: str
    op: Op
    values: tuple[Value, ...]


class Exists(msgspec.Struct, frozen=True):
    """A row has this field, or this flag is set."""

    field: str


class Not(msgspec.Struct, frozen=True):
    node: Node


class And(msgspec.Struct, frozen=True):
    nodes: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True):
    nodes: tuple[Node, ...]


Node = Everything | Word | Compare | Exists | Not | And | Or


def quoted(text: str) -> str:
    """`text` as a quoted string of the filter language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_JOINED: Final = {And: " and ", Or: " or "}


def written(node: Node) -> str:
    """The filter as text; reading it again gives the same tree."""
    match node:
        case Everything():
            return ""
        case Word(value):
            return str(value)
        case Compare(field, op, values):
            operator = ":" if op is Op.HAS else f" {op} "
            return f"{field}{operator}{', '.join(map(str, values))}"
        case Exists(field):
            return field
        case Not(inner):
            return f"not {_grouped(inner)}"
        case And(nodes) | Or(nodes):
            return _JOINED[type(node)].join(map(_grouped, nodes))


def _grouped(node: Node) -> str:
    return f"({written(node)})" if isinstance(node, And | Or) else written(node)


def _parts(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    match node:
        case Not(inner):
            yield from _parts(inner)
        case And(nodes) | Or(nodes):
            for one in nodes:
                yield from _parts(one)


def negated(node: Node) -> Node:
    """What passes where `node` does not; of two negations nothing is left."""
    return node.node if isinstance(node, Not) else Not(node)


def names_of(node: Node) -> frozenset[str]:
    """The fields that a filter looks at."""
    return frozenset(part.field for part in _parts(node) if isinstance(part, Compare | Exists))


def looks_for_words(node: Node) -> bool:
    """Whether a filter looks for texts in all that a row shows."""
    return any(isinstance(part, Word) for part in _parts(node))
