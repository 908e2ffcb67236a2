"""Traffic on the loopback for the measures of the screen: a long conversation in small messages, a flood at full speed.

    python -m tests.benchmarks.screen_traffic talk SEGMENTS     one connection, that many segments, then it stays open
    python -m tests.benchmarks.screen_traffic flood             sends as fast as it can until it is killed

Prints the server's port, then `done` when the talk is over.
"""

from __future__ import annotations

import socket
import sys
import threading

CHUNK = 65_536


def server() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def connected(listener: socket.socket) -> tuple[socket.socket, socket.socket]:
    """Both ends of a new connection, without Nagle's rule."""
    client = socket.create_connection(listener.getsockname())
    accepted, _ = listener.accept()
    for end in (client, accepted):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client, accepted


def talk(segments: int) -> None:
    """A byte there, a byte back: each carries the ACK of the other, so every message is one segment."""
    with server() as listener:
        client, accepted = connected(listener)
        with client, accepted:
            print(listener.getsockname()[1], flush=True)
            for _ in range(segments // 2):
                client.send(b"?")
                accepted.recv(1)
                accepted.send(b"!")
                client.recv(1)
            print("done", flush=True)
            sys.stdin.read()


def flood() -> None:
    """One direction, as fast as both programs go."""
    with server() as listener:
        client, accepted = connected(listener)
        with client, accepted:
            print(listener.getsockname()[1], flush=True)
            threading.Thread(target=drain, args=(accepted,), daemon=True).start()
            chunk = bytes(CHUNK)
            while True:
                client.sendall(chunk)


def drain(end: socket.socket) -> None:
    while end.recv(CHUNK):
        pass


if __name__ == "__main__":
    if sys.argv[1] == "talk":
        talk(int(sys.argv[2]))
    else:
        flood()
