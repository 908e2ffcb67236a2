"""Many open TCP connections over loopback, held by several processes: what the table is measured on."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

CONNECTIONS_MAX = 9_000
"""Connections of one pair of processes: one process may hold 20,000 descriptors at most."""

HOLDER = """
import os, signal, socket, sys
host, count = sys.argv[1], int(sys.argv[2])
server = socket.create_server((host, 0), backlog=4096)
child = os.fork()
held = []
if child == 0:
    for _ in range(count):
        held.append(server.accept()[0])
    signal.pause()
address = server.getsockname()
server.close()
for _ in range(count):
    held.append(socket.create_connection(address))
print("ready", flush=True)
sys.stdin.read()
os.kill(child, signal.SIGKILL)
os.wait()
"""


class Crowd:
    """About `sockets` sockets, two a connection, until the block ends."""

    def __init__(self, sockets: int) -> None:
        self._left = sockets // 2
        self._holders: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Crowd:
        while self._left > 0:
            count = min(self._left, CONNECTIONS_MAX)
            self._left -= count
            host = f"127.99.0.{len(self._holders) + 1}"
            command = [sys.executable, "-I", "-c", HOLDER, host, str(count)]
            holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self._holders.append(holder)
        for holder in self._holders:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for holder in self._holders:
            assert holder.stdin is not None
            holder.stdin.close()
        for holder in self._holders:
            holder.wait()
            assert holder.stdout is not None
            holder.stdout.close()
