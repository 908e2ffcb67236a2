"""Where a message ends in a stream of bytes: the framings, pure. TCP keeps bytes in order, not what one send() gave.

A decoder is fed whatever recv() returned, a byte or a megabyte, and gives back the messages that are whole by then;
what is left over is kept for the next. The framings are

- fixed: every message has the same length, short ones are filled up with NUL;
- delimiter: a mark ends a message and may not occur in it;
- length-prefix: 2 bytes of length, big-endian, a JSON header of that length which tells byteorder, content-type,
  content-encoding and content-length, then the content;
- ascii-length: 5 decimal digits, then as many bytes;
- close: the end of the stream is the end of the message; one message a connection.
"""

from __future__ import annotations

import json
import struct
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from engine.model.errors import BadInput, MalformedMessage
from engine.model.lab import Knobs

MESSAGE_MAX: Final = 16 * 1024 * 1024
"""Bytes of one message: held in memory until it is whole."""

ASCII_DIGITS: Final = 5

_HEADER_LENGTH = struct.Struct("!H")
_REQUIRED: Final = ("byteorder", "content-type", "content-encoding", "content-length")


class Message(msgspec.Struct, frozen=True):
    """One message: its content, and the header where the framing has one."""

    body: bytes
    header: dict[str, Any] = {}


class Framing(ABC):
    """One side's framing. `feed` and `end` raise MalformedMessage; after that the stream has no meaning any more."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self._taken = 0
        """Bytes of the stream before the buffer."""

    @abstractmethod
    def encode(self, body: bytes) -> bytes:
        """A message as it travels. Raises BadInput for one that this framing cannot carry."""

    @abstractmethod
    def take(self) -> Message | None:
        """The first whole message of the buffer, removed from it; None if none is whole yet."""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that these bytes complete; to be taken to the end. Those before a fault come before it."""
        self.buffer += data
        while (message := self.take()) is not None:
            yield message
        if len(self.buffer) > MESSAGE_MAX + _HEADER_LENGTH.size + 0xFFFF:
            raise self.malformed(f"a message of more than {MESSAGE_MAX} bytes")

    def end(self) -> list[Message]:
        """The stream has ended: what that completes. A message cut in two is malformed."""
        if self.buffer:
            raise self.malformed(f"the stream ends inside a message, after {len(self.buffer)} bytes of it")
        return []

    def cut(self, size: int) -> bytes:
        """Remove so many bytes from the front of the buffer."""
        piece = bytes(self.buffer[:size])
        del self.buffer[:size]
        self._taken += size
        return piece

    def malformed(self, what: str, at: int = 0) -> MalformedMessage:
        """The error for what stands `at` so many bytes into the buffer."""
        return MalformedMessage(what, self._taken + at)


class FixedLength(Framing):
    """Messages of `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def encode(self, body: bytes) -> bytes:
        if len(body) > self._size:
            raise BadInput(f"{len(body)} bytes do not fit into a message of {self._size}")
        return body.ljust(self._size, b"\0")

    def take(self) -> Message | None:
        if len(self.buffer) < self._size:
            return None
        return Message(self.cut(self._size).rstrip(b"\0"))


class Delimited(Framing):
    """Messages that end with a mark."""

    def __init__(self, mark: bytes) -> None:
        super().__init__()
        self._mark = mark
        self._searched = 0

    def encode(self, body: bytes) -> bytes:
        if self._mark in body:
            raise BadInput(f"the message holds its own delimiter {self._mark!r}")
        return body + self._mark

    def take(self) -> Message | None:
        # The mark may be cut in two, so the search goes back by its length less one.
        found = self.buffer.find(self._mark, max(0, self._searched - len(self._mark) + 1))
        if found < 0:
            self._searched = len(self.buffer)
            return None
        self._searched = 0
        body = self.cut(found)
        self.cut(len(self._mark))
        return Message(body)


class LengthPrefix(Framing):
    """A short binary length, a JSON header, the content."""

    def __init__(self, byteorder: str = sys.byteorder) -> None:
        super().__init__()
        self._byteorder = byteorder
        self._header: dict[str, Any] | None = None

    def encode(self, body: bytes) -> bytes:
        header = json.dumps(
            {
                "byteorder": self._byteorder,
                "content-type": "text/plain",
                "content-encoding": "utf-8",
                "content-length": len(body),
            }
        ).encode()
        return _HEADER_LENGTH.pack(len(header)) + header + body

    def take(self) -> Message | None:
        if self._header is None:
            if len(self.buffer) < _HEADER_LENGTH.size:
                return None
            (length,) = _HEADER_LENGTH.unpack_from(self.buffer)
            if len(self.buffer) < _HEADER_LENGTH.size + length:
                return None
            self._header = self._parsed(bytes(self.buffer[_HEADER_LENGTH.size : _HEADER_LENGTH.size + length]))
            self.cut(_HEADER_LENGTH.size + length)
        size = self._header["content-length"]
        if len(self.buffer) < size:
            return None
        header, self._header = self._header, None
        return Message(self.cut(size), header)

    def end(self) -> list[Message]:
        if self._header is not None:
            raise self.malformed(f"the stream ends {self._header['content-length'] - len(self.buffer)} bytes too early")
        return super().end()

    def _parsed(self, raw: bytes) -> dict[str, Any]:
        try:
            header = json.loads(raw.decode("utf-8"))
        except (ValueError, RecursionError):
            raise self.malformed("a header that is no JSON", _HEADER_LENGTH.size) from None
        missing = [name for name in _REQUIRED if not isinstance(header, dict) or name not in header]
        if missing:
            raise self.malformed(f"a header without {', '.join(missing)}", _HEADER_LENGTH.size)
        length = header["content-length"]
        if isinstance(length, bool) or not isinstance(length, int) or not 0 <= length <= MESSAGE_MAX:
            raise self.malformed(f"a content-length that is not 0 to {MESSAGE_MAX}", _HEADER_LENGTH.size)
        return dict(header)


class AsciiLength(Framing):
    """Five digits that tell the length."""

    def __init__(self) -> None:
        super().__init__()
        self._size: int | None = None

    def encode(self, body: bytes) -> bytes:
        if len(body) >= 10**ASCII_DIGITS:
            raise BadInput(f"{len(body)} bytes have more than {ASCII_DIGITS} digits")
        return f"{len(body):0{ASCII_DIGITS}}".encode() + body

    def take(self) -> Message | None:
        if self._size is None:
            wrong = next((at for at, byte in enumerate(self.buffer[:ASCII_DIGITS]) if byte not in b"0123456789"), None)
            if wrong is not None:
                raise self.malformed(f"{bytes(self.buffer[wrong : wrong + 1])!r} where a digit of the length is", wrong)
            if len(self.buffer) < ASCII_DIGITS:
                return None
            self._size = int(self.cut(ASCII_DIGITS))
        if len(self.buffer) < self._size:
            return None
        size, self._size = self._size, None
        return Message(self.cut(size))

    def end(self) -> list[Message]:
        if self._size is not None:
            raise self.malformed(f"the stream ends {self._size - len(self.buffer)} bytes too early")
        return super().end()


class UntilClose(Framing):
    """One message, ended by the end of the stream."""

    def encode(self, body: bytes) -> bytes:
        return body

    def take(self) -> Message | None:
        if len(self.buffer) > MESSAGE_MAX:
            raise self.malformed(f"a message of more than {MESSAGE_MAX} bytes")
        return None

    def end(self) -> list[Message]:
        return [Message(self.cut(len(self.buffer)))]


def framing_of(knobs: Knobs) -> Framing:
    """A new framing as the knobs say. Raises BadInput for an empty delimiter."""
    match knobs.framing:
        case "fixed":
            return FixedLength(knobs.message_size)
        case "delimiter":
            if not knobs.delimiter:
                raise BadInput("an empty delimiter ends nothing")
            return Delimited(knobs.delimiter.encode("utf-8", "surrogateescape"))
        case "length-prefix":
            return LengthPrefix()
        case "ascii-length":
            return AsciiLength()
        case "close":
            return UntilClose()
    raise BadInput(f"there is no framing {knobs.framing!r}")
