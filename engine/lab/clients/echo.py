"""Sends a text to an echo server, reads until as many bytes came back, and shows them."""

from __future__ import annotations

from typing import Final

from engine.lab.actor import Actor
from engine.lab.clients.payload import payload_of, reply_text
from engine.lab.endpoints import open_connection
from engine.lab.logged import LoggedSocket
from engine.model.errors import LabError

PIECE: Final = 65_536
"""Bytes in flight at a time: fits into the buffers of both sides."""


def echo(actor: Actor, sock: LoggedSocket, payload: bytes) -> None:
    """Send the payload and read it back. Raises OSError, and LabError for other bytes or an early end.

    A large one goes in pieces, each read back before the next: a client that sends all of it first may wait for ever in
    sendall() for a server that waits in its own, both with full buffers.
    """
    for start in range(0, len(payload), PIECE) or (0,):
        piece = payload[start : start + PIECE]
        sock.sendall(piece)
        _read_back(actor, sock, piece)
    actor.log.message()


def _read_back(actor: Actor, sock: LoggedSocket, payload: bytes) -> None:
    reply = bytearray()
    while len(reply) < len(payload):
        data = sock.recv(actor.knobs.recv_size)
        if not data:
            actor.check_stop()
            raise LabError(f"read the echo from {sock.peer}: it closed after {len(reply)} of {len(payload)} bytes")
        reply += data
        actor.say_reply(reply_text(reply))
    if reply != payload:
        raise LabError(f"read the echo from {sock.peer}: what came back is not what was sent")


class EchoClient(Actor):
    """One connection, `repeat` messages with `interval_s` between them, then close."""

    stops_by_shutdown = True

    def open(self) -> LoggedSocket:
        """The connection."""
        return open_connection(self)

    def act(self) -> None:
        payload = payload_of(self.knobs)
        sock = self.open()
        for turn in range(self.knobs.repeat):
            if turn:
                self.pause(self.knobs.interval_s)
            echo(self, sock, payload)
        self.hold()
        sock.close()
