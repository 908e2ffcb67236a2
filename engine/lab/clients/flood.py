"""Connects and sends until send() raises BlockingIOError, and keeps trying: both buffers full, and proof that they are.

At rest the kernel holds all that was accepted: `sent = Send-Q here + Recv-Q there + read there`. A refused
send() is tried again when epoll says that there is room, and every `retry_s` in any case: epoll waits until a third of
the buffer is free (sk_stream_is_writeable in include/net/sock.h), send() takes whatever fits.
"""

from __future__ import annotations

import socket
import time
from typing import ClassVar, Final

from engine.lab.actor import Actor
from engine.lab.clients.payload import PATTERN
from engine.lab.endpoints import connect, open_target
from engine.lab.logged import LoggedSocket
from engine.lab.readiness import WRITE, Readiness
from engine.lab.trouble import sentence_for
from engine.model.lab import ActorCommand, ActorSpec, ActorState

BURST: Final = 64
"""send() calls in a row on one socket before the other sockets and the commands have their turn."""

RATE_STEP_S: Final = 0.05
"""A limited flood looks at its allowance so often."""


class FloodClient(Actor):
    """`connections` connections, each filled with chunks of `chunk` bytes until it is refused; held until stopped."""

    commands: ClassVar = frozenset((ActorCommand.CLOSE,))
    stops_by_shutdown = True

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__(spec)
        size = self.knobs.chunk
        self._chunk = (PATTERN * (size // len(PATTERN) + 1))[:size]
        self._retry_at: dict[LoggedSocket, float] = {}
        """When each refused socket is tried again, monotonic seconds; 0 for one that was not refused."""
        self._sent = 0

    def act(self) -> None:
        with Readiness(self) as readiness:
            self._connect_all(readiness)
            begun = time.monotonic()
            while self._retry_at:
                if self.next_command() is not None:  # CLOSE: what is in Send-Q goes on as an orphan's
                    return
                due = self._due(readiness)
                self._keep_rate(begun)
                for sock in due:
                    self._fill(readiness, sock)
                stalled = bool(self._retry_at) and all(self._retry_at.values())
                self.state = ActorState.STALLED if stalled else ActorState.RUNNING

    def _connect_all(self, readiness: Readiness) -> None:
        count = self.knobs.connections
        for number in range(count):
            if number:
                self.pause(self.knobs.ramp_s / count)
            sock, address = open_target(self, socket.SOCK_STREAM)
            connect(self, sock, address)
            sock.setblocking(False)
            readiness.watch(sock, WRITE)
            self._retry_at[sock] = 0.0

    def _due(self, readiness: Readiness) -> list[LoggedSocket]:
        """Wait until a socket may be tried: not refused at its last try, or with room again, or its time has come."""
        wait_s = max(0.0, min(self._retry_at.values()) - time.monotonic())
        ready = {sock for sock, _ in readiness.wait(wait_s)}
        now = time.monotonic()
        return [sock for sock, at in self._retry_at.items() if sock in ready or at <= now]

    def _keep_rate(self, begun: float) -> None:
        rate = self.knobs.bytes_per_s
        while rate is not None and self._sent > rate * (time.monotonic() - begun):
            self.pause(RATE_STEP_S)

    def _fill(self, readiness: Readiness, sock: LoggedSocket) -> None:
        """send() until refused, at most BURST times. Raises OSError when the last connection breaks."""
        sends = 1 if self.knobs.bytes_per_s is not None else BURST
        try:
            for _ in range(sends):
                self.check_stop()
                self._sent += sock.send(self._chunk)
                self._retry_at[sock] = 0.0
        except BlockingIOError:
            self._retry_at[sock] = time.monotonic() + self.knobs.retry_s
        except OSError as error:
            del self._retry_at[sock]
            readiness.forget(sock)
            sentence, _ = sentence_for(error, self.log)
            sock.close()
            if not self._retry_at:
                raise
            self.log.note(sentence)
