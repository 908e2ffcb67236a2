"""Plain clients for the lab's servers."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab_rig import LIMIT_S, Running

ECHO_SERVERS = (
    "echo-server",
    "echo-iterative",
    "echo-threads",
    "echo-select",
    "echo-asyncio",
    "echo-socketserver",
    "dual-stack-server",
    "forked-server",
)
"""The kinds that echo over TCP, each in a style of its own."""


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    """A plain client of a server."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client:
        yield client


def read_exactly(client: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (piece := client.recv(65_536)):
        data += piece
    return bytes(data)


def read_to_end(client: socket.socket) -> bytes:
    data = bytearray()
    while piece := client.recv(65_536):
        data += piece
    return bytes(data)


def reset(client: socket.socket) -> None:
    """Vanish: RST in place of FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
