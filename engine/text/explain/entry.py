"""What an explanation is: a name, sentences, and where it is written; one table a kind of word."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a word is. The value is what stands in brackets behind it."""

    STATE = "state"
    FLAG = "flag"
    FINDING = "finding"
    COLUMN = "column"
    ERRNO = "error"
    RESOLVER = "resolver error"
    ICMP = "ICMP message"
    CALL = "socket call"
    OPTION = "socket option"
    FAMILY = "address family"
    CONSTANT = "constant"
    VERDICT = "verdict"
    COUNTER = "kernel counter"
    FIELD = "header field"
    PROTOCOL = "protocol"
    TERM = "term"


class Numbers(msgspec.Struct, frozen=True):
    """An error's number on each system; None where the system has none, and Windows's own name for it."""

    linux: int | None = None
    macos: int | None = None
    windows: int | None = None
    windows_name: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """A word explained."""

    kind: Kind
    name: str
    """As the field writes it: `CLOSE-WAIT`, `ECONNRESET`, `zero_window`."""
    text: str
    """Two or three plain sentences."""
    source: str
    """Where it is written: an RFC's section, a man page, a kernel header."""
    aliases: tuple[str, ...] = ()
    """Other names it is asked by."""
    numbers: Numbers | None = None
    address: str = ""
    """Of a family: its address as Python's socket module takes it."""
