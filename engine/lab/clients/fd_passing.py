"""A descriptor that travels: a connection made by one process is sent to another over a socketpair (SCM_RIGHTS).

The row in the socket table stays the same socket, with the same cookie; after `delay_s` (or at SEND) its owner changes:
both hold it while the message is on its way, then only the child does.
"""

from __future__ import annotations

import select
import socket
from array import array
from typing import ClassVar, Final

from engine.lab.actor import Actor
from engine.lab.clients.payload import payload_of, reply_text
from engine.lab.endpoints import open_connection
from engine.lab.forking import Children
from engine.lab.logged import LoggedSocket
from engine.model.lab import ActorCommand

TEXT_MAX: Final = 65_536
"""Bytes of the text that the child says and of the reply it passes back."""


def receive_and_speak(pair_fd: int, leash: int, recv_size: int) -> None:
    """The child: take the descriptor and the text, say the text over it, pass the reply back, hold the connection."""
    pair = socket.socket(fileno=pair_fd)
    text, descriptors, _, _ = socket.recv_fds(pair, TEXT_MAX, 1)
    if descriptors:
        connection = socket.socket(fileno=descriptors[0])
        connection.sendall(text)
        pair.sendall(connection.recv(recv_size))
    select.select([leash], [], [])


class FdPassing(Actor):
    """Connects, passes the connection to a child, closes its own copy."""

    commands: ClassVar = frozenset((ActorCommand.SEND,))
    stops_by_shutdown = True

    def act(self) -> None:
        near, far = self._socketpair()
        children = Children(self)
        try:
            # Forked before there is a connection: the child has no copy but the one that is passed.
            child = children.fork(lambda leash: receive_and_speak(far.fileno(), leash, self.knobs.recv_size))
            far.close()
            connection = open_connection(self)
            self.wait_command(self.knobs.delay_s)
            text = payload_of(self.knobs)[:TEXT_MAX] or b"\n"  # a message without bytes carries no descriptor
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [connection.fileno()]))]
            near.sendmsg([text], rights)
            self.log.note(f"the connection {connection.local} now belongs to process {child} too")
            connection.close()
            self.log.note(f"and to process {child} alone: close() here sent no FIN")
            self.say_reply(reply_text(near.recv(TEXT_MAX)))
            self.log.message()
            self.hold()
        finally:
            children.end()

    def _socketpair(self) -> tuple[LoggedSocket, LoggedSocket]:
        def call() -> tuple[LoggedSocket, LoggedSocket]:
            one, other = socket.socketpair()
            return (
                LoggedSocket(self.log, one.family, one.type, 0, one.detach()),
                LoggedSocket(self.log, other.family, other.type, 0, other.detach()),
            )

        return self.log.made("socketpair", "", call, lambda pair: f"fd {pair[0].fileno()}, fd {pair[1].fileno()}")
