"""The typed channel between two processes: msgpack messages over a Unix stream socket, descriptors beside them.

A message is a 4-byte big-endian length and that many bytes of msgpack. Descriptors travel with the length
(SCM_RIGHTS, unix(7)), so that they arrive with the first byte of their message. Both directions are typed by unions
of `engine.model.messages`; a message that does not fit its union, or is longer than the limit, ends the channel,
since nothing after it can be trusted.
"""

from __future__ import annotations

import array
import os
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any, Generic, TypeVar, cast

import msgspec

from engine.model.errors import ChannelError

Out = TypeVar("Out")
In = TypeVar("In")

LENGTH = struct.Struct("!I")

MAX_MESSAGE = 256 * 1024 * 1024
"""Bytes. A full answer of 300,000 sockets takes about 150 MB; more than this is a mistake, not a table."""

MAX_DESCRIPTORS = 253
"""The kernel's own limit (SCM_MAX_FD). The tracepoint's rings are one a processor; no other message carries many."""


class ChannelClosed(ChannelError):
    """The other end is gone."""

    def __init__(self) -> None:
        super().__init__("the other process has ended")


class Channel(Generic[Out, In]):
    """One end. Sending is safe from several threads; receiving is one thread's.

    `incoming` is the union of the types that may arrive. `limit` is the longest message in bytes, both ways.
    """

    def __init__(self, end: socket.socket, incoming: Any, limit: int = MAX_MESSAGE) -> None:
        self._socket = end
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(incoming)
        self._limit = limit
        self._sending = threading.Lock()

    def fileno(self) -> int:
        """The socket's descriptor, for a selector; -1 once closed."""
        return self._socket.fileno()

    def send(self, message: Out, descriptors: Sequence[int] = ()) -> None:
        """Send one message with copies of `descriptors`, which stay the caller's. ChannelError if nobody reads."""
        encoded = self._encoder.encode(message)
        if len(encoded) > self._limit:
            raise ChannelError(f"a message of {len(encoded)} bytes is over the channel's limit of {self._limit}")
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        with self._sending:
            try:
                sent = self._socket.sendmsg([LENGTH.pack(len(encoded)), encoded], rights)
                if sent < LENGTH.size:
                    self._socket.sendall((LENGTH.pack(len(encoded)) + encoded)[sent:])
                else:
                    self._socket.sendall(memoryview(encoded)[sent - LENGTH.size :])
            except OSError as error:
                raise ChannelClosed from error

    def receive(self, timeout_s: float | None = None) -> tuple[In, list[int]]:
        """The next message and the descriptors that came with it, now the caller's to close.

        Raises ChannelClosed at the end, ChannelError for what the channel does not carry or after `timeout_s` seconds
        of silence; after either the channel is of no more use.
        """
        self._socket.settimeout(timeout_s)
        descriptors: list[int] = []
        try:
            header = self._receive_header(descriptors)
            (length,) = LENGTH.unpack(header)
            if length > self._limit:
                raise ChannelError(f"a message of {length} bytes is over the channel's limit of {self._limit}")
            message = self._decoder.decode(self._receive_exactly(length))
        except TimeoutError as error:
            close_all(descriptors)
            raise ChannelError(f"the other process did not answer within {timeout_s:g} s") from error
        except OSError as error:
            close_all(descriptors)
            raise ChannelClosed from error
        except msgspec.MsgspecError as error:
            close_all(descriptors)
            raise ChannelError(f"the other process sent what this channel does not carry: {error}") from error
        except ChannelError:
            close_all(descriptors)
            raise
        return cast("In", message), descriptors

    def close(self) -> None:
        """Close this end; the other one sees the end of the channel."""
        self._socket.close()

    def shut(self) -> None:
        """End the channel both ways at once, which also wakes a thread that waits in `receive`."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # already ended from the other side

    def _receive_header(self, descriptors: list[int]) -> bytes:
        """The length, and the descriptors that came with it."""
        space = socket.CMSG_SPACE(MAX_DESCRIPTORS * 4)
        header, ancillary, _, _ = self._socket.recvmsg(LENGTH.size, space, socket.MSG_CMSG_CLOEXEC)
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(payload[: len(payload) - len(payload) % received.itemsize])
                descriptors.extend(received)
        if not header:
            raise ChannelClosed
        if len(header) < LENGTH.size:
            header += self._receive_exactly(LENGTH.size - len(header))
        return header

    def _receive_exactly(self, length: int) -> bytes:
        buffer = bytearray(length)
        view = memoryview(buffer)
        got = 0
        while got < length:
            count = self._socket.recv_into(view[got:])
            if count == 0:
                raise ChannelClosed
            got += count
        return bytes(buffer)


def close_all(descriptors: Sequence[int]) -> None:
    """Close descriptors that nobody wants."""
    for descriptor in descriptors:
        os.close(descriptor)
