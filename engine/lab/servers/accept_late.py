"""Listens and does not accept: connections are established by the kernel and wait in the accept queue.

The handshake is the kernel's, so clients connect, and send, before the program knows of them. When the queue is full
(`backlog` + 1 connections: `sk_acceptq_is_full` in include/net/sock.h), further SYNs are dropped and those clients wait
in SYN-SENT. After `delay_s`, or one at each ACCEPT, clients are taken and their bytes thrown away.
"""

from __future__ import annotations

import time
from typing import ClassVar

from engine.lab.actor import Actor
from engine.lab.endpoints import accepted, open_listener
from engine.lab.logged import LoggedSocket
from engine.lab.readiness import BROKEN, READ, Readiness
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity
from engine.model.lab import ActorCommand


class AcceptLate(Actor):
    """Leaves clients in the accept queue for `delay_s`; for ever if that is 0, but for ACCEPT."""

    commands: ClassVar = frozenset((ActorCommand.ACCEPT,))

    def act(self) -> None:
        listener = open_listener(self)
        listener.setblocking(False)
        accept_at = time.monotonic() + self.knobs.delay_s if self.knobs.delay_s else None
        with Readiness(self) as readiness:
            while True:
                while self.next_command() is not None:  # ACCEPT is the only one
                    self._accept(readiness, listener)
                timeout = max(0.0, accept_at - time.monotonic()) if accept_at is not None else None
                for sock, events in readiness.wait(timeout):
                    if sock is listener:
                        self._accept(readiness, listener)
                    else:
                        self._discard(readiness, sock, events)
                if accept_at is not None and accept_at <= time.monotonic():
                    accept_at = None
                    readiness.watch(listener, READ)

    def _accept(self, readiness: Readiness, listener: LoggedSocket) -> None:
        try:
            sock = accepted(self, listener)
        except OSError as error:
            note_scarcity(self, error)
            self.pause(SCARCITY_PAUSE_S)
            return
        if sock is None:
            self.log.note("nobody waits for accept()")
            return
        sock.setblocking(False)
        readiness.watch(sock, READ)

    def _discard(self, readiness: Readiness, sock: LoggedSocket, events: int) -> None:
        try:
            data = sock.recv(self.knobs.recv_size) if events & (READ | BROKEN) else b""
        except BlockingIOError:
            return
        except OSError as error:
            self.log.note(f"client {sock.peer} is gone: {error.strerror}")
            data = b""
        if not data:
            readiness.forget(sock)
            sock.close()
