"""Netlink's own framing (RFC 3549, linux/netlink.h): messages in a buffer, the end of a dump, attributes. No I/O.

A dump is a sequence of buffers; each holds whole messages. It ends with NLMSG_DONE, whose payload is an errno that many
programs overlook: a kernel without a diag module ends the dump at once and says so nowhere else. Numbers are in the
machine's byte order.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final

from engine.model.errors import MalformedMessage

NLMSG_HEADER: Final = struct.Struct("=IHHII")
"""nlmsg_len, nlmsg_type, nlmsg_flags, nlmsg_seq, nlmsg_pid."""

NLMSG_NOOP: Final = 1
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
NLMSG_OVERRUN: Final = 4
NLMSG_MIN_TYPE: Final = 0x10
"""Types below are netlink's own."""

NLM_F_REQUEST: Final = 0x1
NLM_F_MULTI: Final = 0x2
NLM_F_ACK: Final = 0x4
NLM_F_DUMP_INTR: Final = 0x10
NLM_F_DUMP: Final = 0x300

NLA_TYPE_MASK: Final = 0x3FFF
"""NLA_F_NESTED and NLA_F_NET_BYTEORDER are the two bits above."""

_ERRNO: Final = struct.Struct("=i")
_ATTRIBUTE: Final = struct.Struct("=HH")


def message(kind: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """One netlink message with the port id 0, which the kernel fills in."""
    return NLMSG_HEADER.pack(NLMSG_HEADER.size + len(payload), kind, flags, sequence, 0) + payload


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    length = _ATTRIBUTE.size + len(payload)
    return _ATTRIBUTE.pack(length, kind) + payload + b"\0" * (-length % 4)


def attributes(buffer: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(type, start, end) of each attribute's payload in `buffer[start:end]`.

    Raises MalformedMessage at an attribute that is shorter than its header or reaches beyond `end`.
    """
    while start + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(buffer, start)
        if length < _ATTRIBUTE.size or start + length > end:
            raise MalformedMessage(f"read a netlink attribute of {length} bytes where {end - start} remain", start)
        yield kind & NLA_TYPE_MASK, start + _ATTRIBUTE.size, start + length
        start += (length + 3) & ~3
    if start < end:
        raise MalformedMessage(f"read a netlink attribute in the last {end - start} bytes of a message", start)


class Dump(ABC):
    """The framing of one dump, or of any answer to one request: feed it buffers until `done`.

    A subclass decodes the messages that carry rows. What does not decode is counted in `malformed` and yields no row;
    a buffer whose framing is broken is given up from there on.
    """

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.done = False
        self.errno = 0
        """The kernel's errno (positive), from NLMSG_ERROR or from within NLMSG_DONE; 0 if all went well."""
        self.interrupted = False
        """NLM_F_DUMP_INTR was set: the table changed while the kernel walked it."""
        self.malformed = 0

    def feed(self, buffer: bytes) -> None:
        """Take one buffer as recv() returned it."""
        offset, end = 0, len(buffer)
        while offset < end:
            if end - offset < NLMSG_HEADER.size:
                self.malformed += 1
                return
            length, kind, flags, sequence, _ = NLMSG_HEADER.unpack_from(buffer, offset)
            if length < NLMSG_HEADER.size or length > end - offset:
                self.malformed += 1
                return
            if sequence == self.sequence:
                self.take(buffer, kind, flags, offset, offset + length)
            offset += (length + 3) & ~3

    def take(self, buffer: bytes, kind: int, flags: int, start: int, end: int) -> None:
        """Take the message `buffer[start:end]`, header included."""
        if flags & NLM_F_DUMP_INTR:
            self.interrupted = True
        if kind >= NLMSG_MIN_TYPE:
            try:
                self.row(buffer, start + NLMSG_HEADER.size, end)
            except MalformedMessage:
                self.malformed += 1
            if not flags & NLM_F_MULTI:
                self.done = True
        elif kind in (NLMSG_DONE, NLMSG_ERROR):
            self.done = True
            if end - start >= NLMSG_HEADER.size + _ERRNO.size:
                self.errno = abs(_ERRNO.unpack_from(buffer, start + NLMSG_HEADER.size)[0])
            elif kind == NLMSG_ERROR:
                self.malformed += 1
        elif kind == NLMSG_OVERRUN:
            self.malformed += 1

    @abstractmethod
    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Decode one row from `buffer[start:end]`, header excluded. May raise MalformedMessage."""
