"""Another process that opens and closes connections of about a millisecond to us."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live.sockets_rig import HOST, Asking

SENT = 1
"""Bytes that each connection carries."""

CLIENT = """
import socket, sys, time
for _ in range(int(sys.argv[3])):
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as client:
        client.sendall(b"x")
        time.sleep(float(sys.argv[4]))
"""

SHORT_S = 0.001
"""How long a connection is open that no refresh ever sees."""

LOADED_S = 0.03
"""As short, and yet long enough for a look-up on a machine that is busy with other tests."""
LOOKED_UP_LEAST = 0.2
"""The share of those that is looked up in time even so; the benchmark tells the share on a machine at rest."""


@contextmanager
def serving(connections: int) -> Iterator[int]:
    """A server that reads so many connections to their end; its port. The block ends when all were served."""
    with socket.create_server((HOST, 0), backlog=256) as server:

        def serve() -> None:
            for _ in range(connections):
                with server.accept()[0] as accepted:
                    while accepted.recv(99):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def run_clients(asking: Asking, connections: int, lives_s: float = SHORT_S) -> tuple[int, int]:
    """Another process opens and closes connections to us, while the service listens but no table is read. The server's
    port and the client's PID."""
    with serving(connections) as port:
        client = subprocess.Popen([sys.executable, "-I", "-c", CLIENT, HOST, str(port), str(connections), str(lives_s)])
        with client:
            while client.poll() is None:
                for descriptor in select.select(list(asking.service.watch()), [], [], 0.01)[0]:
                    asking.service.readable(descriptor)
        asking.until(lambda: len(asking.closed_on(port)) >= 2 * connections, "both ends of all connections closed")
    return port, client.pid
