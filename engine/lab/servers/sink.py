"""Accepts everybody and reads nothing, or no faster than it is told: the reader that makes queues grow.

It reads when asked: DRAIN reads what waits, SLOW_DRAIN so many bytes a second from then on, CLOSE closes all
connections (with data unread, so the kernel sends RST, RFC 9293 section 3.10.4 and RFC 1122 section 4.2.2.13).
"""

from __future__ import annotations

import time
from typing import ClassVar, Final

from engine.lab.actor import Actor
from engine.lab.command_texts import rate_of
from engine.lab.endpoints import accepted, open_listener
from engine.lab.logged import LoggedSocket
from engine.lab.readiness import BROKEN, READ, Readiness
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity
from engine.model.lab import ActorCommand, ActorSpec

TICK_S: Final = 0.1
"""A slow reader reads its share ten times a second: smooth on a graph, cheap."""

DRAIN_MAX: Final = 64 * 1024 * 1024
"""Bytes of one DRAIN: a sender that keeps pace must not hold the reader for ever."""

DRAIN_RECV: Final = 65_536


class Sink(Actor):
    """Accepts and never reads unless `bytes_per_s` or a command says so."""

    commands: ClassVar = frozenset((ActorCommand.DRAIN, ActorCommand.SLOW_DRAIN, ActorCommand.CLOSE))

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__(spec)
        self._rate = spec.knobs.bytes_per_s or 0
        self._since = 0.0
        self._due = 0.0

    def act(self) -> None:
        listener = open_listener(self)
        listener.setblocking(False)
        self._since = time.monotonic()
        with Readiness(self) as readiness:
            readiness.watch(listener, READ)
            while True:
                while (command := self.next_command()) is not None:
                    self._obey(readiness, listener, *command)
                for sock, events in readiness.wait(TICK_S if self._rate else None):
                    if sock is listener:
                        self._accept(readiness, listener)
                    elif events & BROKEN:
                        self.log.note(f"client {sock.peer} is gone")
                        self._close(readiness, sock)
                self._read_share(readiness, listener)

    def _accept(self, readiness: Readiness, listener: LoggedSocket) -> None:
        try:
            sock = accepted(self, listener)
        except OSError as error:
            note_scarcity(self, error)
            self.pause(SCARCITY_PAUSE_S)
            return
        if sock is not None:
            sock.setblocking(False)
            readiness.watch(sock, 0)

    def _obey(self, readiness: Readiness, listener: LoggedSocket, command: ActorCommand, text: str) -> None:
        clients = [sock for sock in self.log.held() if sock is not listener]
        if command is ActorCommand.DRAIN:
            for sock in clients:
                self._read(readiness, sock, DRAIN_MAX)
        elif command is ActorCommand.SLOW_DRAIN:
            self._rate, self._since, self._due = rate_of(text), time.monotonic(), 0.0
        else:
            for sock in clients:
                self._close(readiness, sock)

    def _read_share(self, readiness: Readiness, listener: LoggedSocket) -> None:
        """Read what the rate allows by now, shared equally; not at each event, or a crowd that comes would be slow."""
        now = time.monotonic()
        if not self._rate or now - self._since < TICK_S:
            return
        # At most one second's worth is owed: a reader that found nothing for a while does not catch up in a burst.
        self._due = min(self._due + (now - self._since) * self._rate, max(self._rate, 1))
        self._since = now
        clients = [sock for sock in self.log.held() if sock is not listener]
        share = int(self._due / len(clients)) if clients else 0
        if share:
            self._due -= sum(self._read(readiness, sock, share) for sock in clients)

    def _read(self, readiness: Readiness, sock: LoggedSocket, limit: int) -> int:
        """Read up to `limit` bytes of what waits; close at the end of the stream. The bytes read."""
        read = 0
        while read < limit:
            self.check_stop()
            try:
                data = sock.recv(min(DRAIN_RECV, limit - read))
            except BlockingIOError:
                break
            except OSError as error:
                self.log.note(f"client {sock.peer} is gone: {error.strerror}")
                data = b""
            if not data:
                self._close(readiness, sock)
                break
            read += len(data)
        return read

    @staticmethod
    def _close(readiness: Readiness, sock: LoggedSocket) -> None:
        readiness.forget(sock)
        sock.close()
