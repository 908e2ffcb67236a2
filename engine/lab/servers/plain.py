"""Servers whose whole behaviour is one conversation: discard, chargen, half-close replier, and those that end badly.

Each makes one textbook picture on purpose: `never-close` leaves its side in CLOSE-WAIT, `reset-on-close` sends RST,
`eof-ignorer` burns a processor on recv() results of b''.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Final

from engine.lab.logged import LoggedSocket
from engine.lab.servers.serving import Conversation, Server

CHARGEN_LINE: Final = 72
"""Characters of a line (RFC 864)."""

CHARGEN_LINES: Final = 95
"""The pattern repeats after one line for each printable character."""

_PRINTABLE: Final = bytes(range(32, 127))

SPIN_CALLS: Final = 1_000
"""recv() calls in a row of the server that ignores the end: enough to show, then the machine may breathe."""

SPIN_PAUSE_S: Final = 0.01


class Discarding(Conversation):
    """Reads and throws away (RFC 863)."""


class DiscardServer(Server):
    """Reads everything, answers nothing."""

    conversation = Discarding


def chargen_pattern() -> bytes:
    """The lines of RFC 864: each begins one character later than the one before, and ends with CR LF."""
    return b"".join((_PRINTABLE * 2)[start : start + CHARGEN_LINE] + b"\r\n" for start in range(CHARGEN_LINES))


class Generating(Conversation):
    """Sends characters without end, as fast as the client reads; what the client sends is thrown away."""

    pattern = chargen_pattern()

    @property
    def produces(self) -> bool:
        return True

    def room(self) -> None:
        self.pending += self.pattern


class ChargenServer(Server):
    """Character generator."""

    conversation = Generating


class Replying(Conversation):
    """Reads until the client has shut its sending down, then replies and closes: the half-close in use."""

    def __init__(self, actor: Server, sock: LoggedSocket) -> None:
        super().__init__(actor, sock)
        self._bytes = 0

    def received(self, data: bytes) -> None:
        self._bytes += len(data)

    def end(self) -> None:
        self.pending += f"{self._bytes} bytes until your end\n".encode()
        self.actor.log.message()
        self.closing = True


class HalfCloseServer(Server):
    """Replies after the client's FIN."""

    conversation = Replying


class Resetting(Conversation):
    """Reads once, then closes with SO_LINGER of 0 seconds: RST in place of FIN (RFC 9293 section 3.10.4, ABORT)."""

    def received(self, data: bytes) -> None:
        del data
        self.closing = True

    def close(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        super().close()


class ResetServer(Server):
    """Answers the first bytes with RST."""

    conversation = Resetting


class Keeping(Conversation):
    """Reads to the end and then keeps the socket: CLOSE-WAIT for as long as the program runs."""

    def end(self) -> None:
        self.actor.log.note(f"{self.sock.peer} has closed; this side never will: CLOSE-WAIT")


class NeverCloseServer(Server):
    """Leaks every connection."""

    conversation = Keeping


class Ignoring(Conversation):
    """Takes b'' for a message without bytes and asks again, and again."""

    def end(self) -> None:
        self.actor.log.note(f"{self.sock.peer} has closed; recv() returns b'' at once, every time")
        self.due = time.monotonic()

    def timed(self, now: float) -> None:
        for _ in range(SPIN_CALLS):
            self.actor.check_stop()
            self.sock.recv(self.actor.knobs.recv_size)
        self.actor.log.message(SPIN_CALLS)
        self.due = now + SPIN_PAUSE_S


class EofIgnorer(Server):
    """Spins on the end of the stream."""

    conversation = Ignoring
