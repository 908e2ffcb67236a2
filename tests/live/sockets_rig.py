"""A service that is asked until something holds, and everything it answered meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from engine.model.messages import AskSockets, ClosedSocket, SocketsAnswer, SocketsOptions
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.service import SocketsService

LIMIT_S = 20.0

HOST = f"127.{64 + (os.getpid() >> 16) % 64}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
"""An address of this process's own, so that ports which others use at the same time are not mistaken for ours."""


class Asking:
    """Asks as a screen does: what changed since the last answer. Keeps the rows and all that closed."""

    def __init__(self, service: SocketsService, options: SocketsOptions | None = None) -> None:
        self.service = service
        self.options = options or SocketsOptions()
        self.rows: dict[int, SocketEntry] = {}
        self.closed: list[ClosedSocket] = []
        self.answer = self.ask()

    def ask(self, labels: dict[int, str] | None = None) -> SocketsAnswer:
        """One refresh."""
        since = self.answer.generation if hasattr(self, "answer") else 0
        self.answer = self.service.answer(AskSockets(since, self.options, labels or {}), ())
        if self.answer.full:
            self.rows.clear()
        for key in self.answer.gone:
            self.rows.pop(key, None)
        self.rows |= {entry.key: entry for entry in self.answer.changed}
        self.closed += self.answer.closed
        return self.answer

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Ask until `condition` holds."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"not within {LIMIT_S:.0f} s: {what}")
            self.ask()
            time.sleep(0.01)

    def on(self, port: int) -> list[SocketEntry]:
        """Rows of connections with HOST of which one end has the port; what earlier ones left aside."""
        return [
            entry for entry in self.rows.values() if concerns(entry, port) and entry.state is not SocketState.TIME_WAIT
        ]

    def local(self, port: int) -> SocketEntry:
        """The one row with the local port."""
        (entry,) = [entry for entry in self.on(port) if entry.local_port == port]
        return entry

    def closed_on(self, port: int) -> list[ClosedSocket]:
        """Closed sockets of connections with HOST of which one end had the port."""
        return [each for each in self.closed if concerns(each.entry, port)]


def concerns(entry: SocketEntry, port: int) -> bool:
    """Whether a row is one of HOST's and has the port."""
    return HOST in (entry.local_address, entry.peer_address) and port in (entry.local_port, entry.peer_port)
