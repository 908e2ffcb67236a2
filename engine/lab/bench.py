"""Small set-ups on the loopback that error recipes begin with: a listener, a connected pair, a full accept queue."""

from __future__ import annotations

import select
import socket
import struct
from typing import Final

from engine.lab.calls import CallLog
from engine.lab.logged import LoggedSocket
from engine.model.errors import LabError

HOST: Final = "127.0.0.1"

PATIENCE_S: Final = 5.0
"""What the loopback does in microseconds has not happened if it takes so long."""

LINGER_RST: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on with 0 seconds: close() sends RST."""


class Bench:
    """Makes logged sockets. What it opens stays open, so that the kernel's rows can be looked at."""

    def __init__(self, log: CallLog) -> None:
        self.log = log

    def tcp(self) -> LoggedSocket:
        """A TCP socket, neither bound nor connected."""
        return LoggedSocket.open(self.log, socket.AF_INET, socket.SOCK_STREAM)

    def udp(self) -> LoggedSocket:
        """A UDP socket."""
        return LoggedSocket.open(self.log, socket.AF_INET, socket.SOCK_DGRAM)

    def listener(self, backlog: int = 1) -> LoggedSocket:
        """A listener on a port that the kernel chose."""
        listener = self.tcp()
        listener.bind((HOST, 0))
        listener.listen(backlog)
        return listener

    def pair(self) -> tuple[LoggedSocket, LoggedSocket]:
        """A client and the server's socket of one connection."""
        listener = self.listener()
        client = self.tcp()
        client.connect(address_of(listener))
        server, _ = listener.accept()
        return client, server

    def full_queue(self) -> LoggedSocket:
        """A listener that never accepts, its queue full: a backlog of 0 has room for one connection."""
        listener = self.listener(0)
        self.tcp().connect(address_of(listener))
        return listener


def address_of(sock: LoggedSocket) -> tuple[str, int]:
    """The socket's own address, asked past the log."""
    host, port = socket.socket.getsockname(sock)[:2]
    return str(host), int(port)


def wait_for(sock: LoggedSocket, events: int = select.POLLIN) -> None:
    """Wait until the socket has it. Raises LabError if it does not happen."""
    poll = select.poll()
    poll.register(sock.fileno(), events)
    if not poll.poll(PATIENCE_S * 1000):
        raise LabError(f"wait for {sock.local}: nothing came in {PATIENCE_S:g} s")
