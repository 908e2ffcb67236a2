"""Waiting for several sockets and for the actor's wake-up at once, without a busy loop."""

from __future__ import annotations

import select
from types import TracebackType
from typing import Final

from engine.lab.actor import Actor
from engine.lab.logged import LoggedSocket

READ: Final = select.EPOLLIN
WRITE: Final = select.EPOLLOUT
BROKEN: Final = select.EPOLLERR | select.EPOLLHUP
"""Reported always, asked for or not (epoll_ctl(2)): a reset arrived, or both directions are closed."""

EVENTS_MAX: Final = 1_024
"""Sockets served in one round before commands are looked at again."""


class Readiness:
    """An epoll over an actor's sockets. A socket watched for nothing still reports that it broke."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._epoll = select.epoll()
        self._sockets: dict[int, LoggedSocket] = {}
        self._epoll.register(actor.wakeup.fd, select.EPOLLIN)

    def __enter__(self) -> Readiness:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._epoll.close()

    def watch(self, sock: LoggedSocket, events: int) -> None:
        """Watch a socket for these events from now on; 0 for a break only."""
        fd = sock.fileno()
        if fd in self._sockets:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
            self._sockets[fd] = sock

    def forget(self, sock: LoggedSocket) -> None:
        """Watch it no more; to be called before it is closed."""
        if self._sockets.pop(sock.fileno(), None) is not None:
            self._epoll.unregister(sock.fileno())

    def wait(self, timeout_s: float | None = None) -> list[tuple[LoggedSocket, int]]:
        """Sockets with their events; empty after `timeout_s` or when a command waits. Raises Stopped."""
        self._actor.check_stop()
        ready = self._epoll.poll(timeout_s, EVENTS_MAX)
        self._actor.check_stop()
        events: list[tuple[LoggedSocket, int]] = []
        for fd, mask in ready:
            if fd == self._actor.wakeup.fd:
                self._actor.clear_wakeup()
            elif fd in self._sockets:
                events.append((self._sockets[fd], mask))
        return events
