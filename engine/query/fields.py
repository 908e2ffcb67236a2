"""What a filter may name: the fields of a kind of row, their values' kinds, and the words that say them.

A vocabulary is a table. The parser asks it what a name means, the matcher how to read the field of a row, the
explanation how to say it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

import msgspec

from engine.query.syntax import Node
from engine.text.cells import Look

Row = TypeVar("Row")


class FieldKind(StrEnum):
    """What a field's values are, which decides how they are written and compared."""

    TEXT = "text"
    COUNT = "count"
    ID = "id"
    """A number that names something: a PID, an inode."""
    BYTES = "bytes"
    """Numbers that take k, M, G (binary multiples)."""
    TIME = "time"
    """Nanoseconds; written with ns, us, ms, s, min, h, d."""
    HEX = "hex"
    """A number written in hexadecimal."""
    PORT = "port"
    HOST = "host"
    """An address or network and a port, compared with pairs of address and port."""
    STATE = "state"
    FLAG = "flag"
    """1 or 0."""


Read = Callable[[Any, Look], tuple[Any, ...]]
"""The values of a row's field: none if unknown, several where a row has several (two ports, all owners)."""


class Field(msgspec.Struct, frozen=True):
    """A field of a row."""

    name: str
    """Canonical, as filters are written back."""
    kind: FieldKind
    words: str
    """What it is, for the explanation: `the round trip time`."""
    read: Read
    aliases: tuple[str, ...] = ()
    prefix: bool = False
    """A value may follow without a sign, as in `dst 10.0.0.0/8`."""
    exists: bool = False
    """Standing alone it asks whether the row has it, as in `tcp.analysis.retransmission`."""
    unit_ns: int = 1_000_000
    """Of a TIME without a unit."""


def normal(name: str) -> str:
    """A name as it is looked up: any case, `-` and `_` the same."""
    return name.lower().replace("-", "_")


SUGGESTION_LIKENESS: Final = 0.6
"""difflib's ratio from which a known name is offered for one that is not."""


class Vocabulary(Generic[Row]):
    """The fields of one kind of row, by each of their names, and the reading of words that stand alone."""

    def __init__(
        self,
        what: str,
        fields: tuple[Field, ...],
        bare: Callable[[str, int], Node | None],
        texts: Callable[[Row, Look], tuple[str, ...]],
        protocols: tuple[str, ...] = (),
    ) -> None:
        self.what = what
        """What the rows are, for sentences: `socket`."""
        self.fields = {field.name: field for field in fields}
        self.bare = bare
        """The meaning of a word that stands alone, given its position; None where it is only a text to look for."""
        self.texts = texts
        """All that a row shows as words, where such a text is looked for."""
        self.protocols = protocols
        """Beginnings of dotted names that can only be fields: `tcp.`"""
        self._names = {normal(name): field for field in fields for name in (field.name, *field.aliases)}

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return self._names.get(normal(name))

    def suggestion(self, name: str) -> str:
        """`did you mean …?` with the likest name; empty if none is like it."""
        import difflib  # 4 ms, and only a mistake needs it

        like = difflib.get_close_matches(normal(name), self._names, 1, SUGGESTION_LIKENESS)
        return f"did you mean {self._names[like[0]].name}?" if like else ""
