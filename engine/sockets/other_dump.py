"""Decodes dumps whose rows are one struct and attributes in any order: Unix, packet and netlink sockets. No I/O."""

from __future__ import annotations

import struct
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from engine.model.errors import MalformedMessage
from engine.model.sockets import SkMem, SocketEntry
from engine.sockets.netlink import Dump, attributes
from engine.sockets.sock_diag import skmem

_NUMBER: Final = struct.Struct("=I")


class OtherDump(Dump):
    """One dump. A subclass says what its rows are made of and makes an entry of each."""

    what: ClassVar[str]
    """What a row is, for sentences: `a Unix socket`."""
    family: ClassVar[int]
    """The first byte of a row."""
    fields: ClassVar[struct.Struct]
    """The struct, whose first value is the family."""
    least: ClassVar[Mapping[int, int]]
    """The smallest size of each attribute that is used; what is longer has grown with the kernel."""

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.entries: dict[int, SocketEntry] = {}

    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Decode one row. Raises MalformedMessage."""
        size = self.fields.size
        if end - start < size:
            raise MalformedMessage(f"read {self.what} in {end - start} bytes where its struct has {size}", start)
        values = self.fields.unpack_from(buffer, start)
        if values[0] != self.family:
            raise MalformedMessage(f"read {self.what} of family {values[0]}", start)
        found: dict[int, bytes] = {}
        for number, first, last in attributes(buffer, start + size, end):
            if last - first < self.least.get(number, 0):
                raise MalformedMessage(f"read attribute {number} of {self.what} in {last - first} bytes", first)
            found[number] = buffer[first:last]
        entry = self.entry(values, found)
        self.entries[entry.key] = entry

    @abstractmethod
    def entry(self, values: tuple[Any, ...], found: Mapping[int, bytes]) -> SocketEntry:
        """The row with these values of its struct and these attributes."""


def number(found: Mapping[int, bytes], kind: int) -> int | None:
    """A 32-bit attribute, None where the row does not have it."""
    return _NUMBER.unpack_from(found[kind])[0] if kind in found else None


def memory(found: Mapping[int, bytes], kind: int) -> SkMem | None:
    """The attribute with the socket's memory, None where the row does not have it."""
    return skmem(found[kind]) if kind in found else None
