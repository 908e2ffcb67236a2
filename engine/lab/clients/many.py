"""Many echo clients at once in one thread: a crowd for a server, whose every byte is compared.

Each connection sends its payload `repeat` times, with `interval_s` between, and each message must come back as it was.
"""

from __future__ import annotations

import errno
import heapq
import socket
import time
from typing import Any, Final

from engine.lab.actor import Actor
from engine.lab.addresses import Resolved, check_target, resolve
from engine.lab.clients.payload import payload_of
from engine.lab.endpoints import open_towards
from engine.lab.hints import hint_for
from engine.lab.logged import LoggedSocket
from engine.lab.options import set_options
from engine.lab.readiness import READ, WRITE, Readiness
from engine.lab.shown import shown_address
from engine.model.errors import LabError
from engine.model.lab import ActorSpec, ActorState

RAMP_BURST: Final = 32
"""Connections opened in one go before answers are looked at: a burst larger than a backlog would only be dropped."""


class Speaker:
    """One of the crowd."""

    def __init__(self, sock: LoggedSocket, payload: bytes, turns: int, target: Any) -> None:
        self.sock = sock
        self.target = target
        """The address of its server: a socket that was refused has no peer."""
        self.turns = turns
        self.connecting = True
        self._payload = payload
        self._sent = len(payload)
        self._back = len(payload)

    @property
    def answered(self) -> bool:
        """The message came back whole."""
        return self._back == len(self._payload)

    @property
    def events(self) -> int:
        """What it waits for."""
        if self.connecting:
            return WRITE
        return READ | (WRITE if self._sent < len(self._payload) else 0)

    def speak(self) -> None:
        """Begin the next message."""
        self._sent = self._back = 0
        self.turns -= 1

    def write(self) -> None:
        """Send what fits. Raises OSError."""
        while self._sent < len(self._payload):
            self._sent += self.sock.send(memoryview(self._payload)[self._sent :])

    def read(self, size: int) -> None:
        """Take what came and compare it. Raises OSError, and LabError for other bytes or an early end."""
        data = self.sock.recv(size)
        if not data:
            raise LabError(f"{self.sock.peer} closed after {self._back} of {len(self._payload)} bytes")
        if data != self._payload[self._back : self._back + len(data)] or self._back + len(data) > self._sent:
            raise LabError(f"{self.sock.peer} sent back other bytes than it got, near byte {self._back}")
        self._back += len(data)


class ManyClients(Actor):
    """`connections` echo clients, opened over `ramp_s` seconds; done when all have their answers, or held."""

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__(spec)
        self._speakers: dict[LoggedSocket, Speaker] = {}
        self._pauses: list[tuple[float, int, Speaker]] = []
        """Who speaks again when, monotonic seconds; the number keeps the heap from comparing speakers."""
        self._paused = 0
        self._busy = 0

    def act(self) -> None:
        knobs = self.knobs
        target = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_STREAM)[0]
        check_target(target, knobs.allow_remote)
        payload = payload_of(knobs)
        begun = time.monotonic()
        opened = 0
        with Readiness(self) as readiness:
            while opened < knobs.connections or self._busy:
                now = time.monotonic()
                due = self._due(now - begun)
                for _ in range(min(due - opened, RAMP_BURST)):
                    self._open(readiness, target, payload)
                    opened += 1
                for sock, _ in readiness.wait(self._timeout_s(opened < due, opened, begun)):
                    self._serve(readiness, self._speakers[sock])
                self._wake_paused(readiness)
        self.hold()

    def _due(self, elapsed_s: float) -> int:
        """How many connections are to be open by now."""
        count, ramp_s = self.knobs.connections, self.knobs.ramp_s
        return count if elapsed_s >= ramp_s else min(count, 1 + int(count * elapsed_s / ramp_s))

    def _timeout_s(self, behind: bool, opened: int, begun: float) -> float | None:
        if behind:
            return 0.0
        moments = [self._pauses[0][0]] if self._pauses else []
        if opened < self.knobs.connections:
            moments.append(begun + opened * self.knobs.ramp_s / self.knobs.connections)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _open(self, readiness: Readiness, target: Resolved, payload: bytes) -> None:
        sock = open_towards(self, target)
        sock.setblocking(False)
        number = sock.connect_ex(target.address)
        if number not in (0, errno.EINPROGRESS):
            raise self._unconnected(target.address, number)
        speaker = Speaker(sock, payload, self.knobs.repeat, target.address)
        self._speakers[sock] = speaker
        self._busy += 1
        readiness.watch(sock, speaker.events)

    def _serve(self, readiness: Readiness, speaker: Speaker) -> None:
        sock = speaker.sock
        try:
            if speaker.connecting:
                self._connected(speaker)
            elif not speaker.answered:
                speaker.read(self.knobs.recv_size)
            else:  # nothing is owed, so this is the end or a break
                data = sock.recv(1)
                raise LabError(f"{sock.peer} {'said more than it was asked' if data else 'closed'}")
        except BlockingIOError:
            pass
        if speaker.answered:
            self._finished(readiness, speaker)
        else:
            self._write(speaker)
            readiness.watch(sock, speaker.events)

    def _connected(self, speaker: Speaker) -> None:
        number = speaker.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise self._unconnected(speaker.target, number)
        speaker.connecting = False
        self.say_options(set_options(speaker.sock, self.knobs, connected=True))
        self.say_local(speaker.sock.local)
        self.state = ActorState.RUNNING
        speaker.speak()

    @staticmethod
    def _unconnected(target: Any, number: int) -> LabError:
        return LabError(f"connect to {shown_address(target)}", number, hint_for("connect", number))

    @staticmethod
    def _write(speaker: Speaker) -> None:
        try:
            speaker.write()
        except BlockingIOError:
            return  # epoll says when there is room

    def _finished(self, readiness: Readiness, speaker: Speaker) -> None:
        self.log.message()
        if speaker.turns:
            if self.knobs.interval_s:
                self._paused += 1
                at = time.monotonic() + self.knobs.interval_s
                heapq.heappush(self._pauses, (at, self._paused, speaker))
                readiness.watch(speaker.sock, READ)
                return
            speaker.speak()
            self._write(speaker)
            readiness.watch(speaker.sock, speaker.events)
            return
        self._busy -= 1
        readiness.forget(speaker.sock)
        if self.knobs.hold_s == 0.0:
            del self._speakers[speaker.sock]
            speaker.sock.close()

    def _wake_paused(self, readiness: Readiness) -> None:
        while self._pauses and self._pauses[0][0] <= time.monotonic():
            _, _, speaker = heapq.heappop(self._pauses)
            speaker.speak()
            self._write(speaker)
            readiness.watch(speaker.sock, speaker.events)
