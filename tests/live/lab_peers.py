"""Plain Python peers for the lab's clients: a listener that gives its next connection to a function."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.lab_rig import LIMIT_S


@contextmanager
def served(serve: Callable[[socket.socket], object], backlog: int = 16) -> Iterator[int]:
    """The port of a plain listener whose next connection is given to `serve` in a thread."""

    def accept() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(LIMIT_S)
            serve(sock)

    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as listener:
        listener.settimeout(LIMIT_S)
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(LIMIT_S)


def echo(sock: socket.socket) -> None:
    while data := sock.recv(65_536):
        sock.sendall(data)


class Taken:
    """Takes everything that a client sends."""

    def __init__(self) -> None:
        self.data = b""
        self.pieces: list[bytes] = []

    def __call__(self, sock: socket.socket) -> None:
        while piece := sock.recv(65_536):
            self.data += piece
            self.pieces.append(piece)


def vanish(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
