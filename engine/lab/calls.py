"""The log of socket calls that an actor's program makes, and what its sockets carried.

One lock guards all of it, held only to note what a system call did, never during one: the thread that reports never
waits for a socket. Between the return of `send()` and its entry here lies a moment in which the kernel knows more than
the counts; at rest they agree.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from engine.lab.shown import error_number, shown_error
from engine.model.lab import ActorSocket, Call

if TYPE_CHECKING:
    from engine.lab.logged import LoggedSocket

CALLS_MAX: Final = 2_000
"""Calls kept: a minute of a chatty echo, about 400 bytes each."""

CALLS_REPORTED: Final = 500
"""Calls in one report: what a refresh of the screen can show, so that an answer stays well below a channel's limit."""

SOCKETS_REPORTED: Final = 1_024
"""Sockets in one report; the counts cover all of them."""

NOTES_MAX: Final = 64
"""Remarks kept."""

Returned = TypeVar("Returned")


class Failure(msgspec.Struct, frozen=True):
    """The last call that raised: which, on what, and the exception itself."""

    name: str
    arguments: str
    local: str
    peer: str
    error: BaseException

    @property
    def tried(self) -> str:
        """What was tried and on what: `connect to 127.0.0.1:80`, `recv on 127.0.0.1:80`."""
        if self.name in ("bind", "connect", "connect_ex"):
            return f"{self.name.removesuffix('_ex')} to {self.arguments}"
        if self.name == "socket":
            return f"make a socket ({self.arguments})"
        target = self.peer or self.local
        return f"{self.name} on {target}" if target else self.name


class Account(msgspec.Struct, frozen=True):
    """The log at one moment: what a report is made of."""

    sent: int
    received: int
    full: int
    partial: int
    refused: int
    messages: int
    connections: int
    connections_total: int
    sockets: tuple[ActorSocket, ...]
    calls: tuple[Call, ...]
    calls_total: int
    calls_forgotten: int
    waiting: tuple[Call, ...]
    notes: tuple[str, ...]
    notes_forgotten: int


class CallLog:
    """Every socket call of one actor, its open sockets and its totals. All methods are safe from any thread."""

    def __init__(self, keep_calls: bool = True, calls_max: int = CALLS_MAX) -> None:
        self._lock = threading.Lock()
        self._keep_calls = keep_calls
        self._calls: deque[Call] = deque(maxlen=calls_max)
        self._calls_total = 0
        self._waiting: dict[int, Call] = {}
        self._held: dict[int, LoggedSocket] = {}
        self._notes: deque[str] = deque(maxlen=NOTES_MAX)
        self._notes_total = 0
        self._sent = self._received = 0
        self._full = self._partial = self._refused = 0
        self._messages = 0
        self._connections_total = 0
        self.failure: Failure | None = None

    def made(
        self,
        name: str,
        arguments: str,
        call: Callable[[], Returned],
        show: Callable[[Returned], str] = repr,
        sock: LoggedSocket | None = None,
    ) -> Returned:
        """Make one call and log it with what it returned or raised; the exception goes on to the caller."""
        fd, cookie = (sock.fileno(), sock.cookie) if sock is not None else (-1, 0)
        thread = threading.get_ident()
        begun_ns = time.time_ns()
        if self._keep_calls:
            with self._lock:
                self._waiting[thread] = Call(0, begun_ns, name, arguments, "", 0, 0, fd, cookie)
        begun = time.perf_counter_ns()
        try:
            value = call()
        except Exception as error:
            took_ns = time.perf_counter_ns() - begun
            local, peer = (sock.local, sock.peer) if sock is not None else ("", "")
            self.failure = Failure(name, arguments, local, peer, error)
            shown = shown_error(error)
            self._append(thread, begun_ns, name, arguments, shown, error_number(error), took_ns, fd, cookie, True)
            raise
        took_ns = time.perf_counter_ns() - begun
        if self._keep_calls:
            self._append(thread, begun_ns, name, arguments, show(value), 0, took_ns, fd, cookie)
        return value

    def _append(
        self,
        thread: int,
        ts_ns: int,
        name: str,
        arguments: str,
        result: str,
        errno: int,
        took_ns: int,
        fd: int,
        cookie: int,
        raised: bool = False,
    ) -> None:
        if not self._keep_calls:
            return
        with self._lock:
            self._waiting.pop(thread, None)
            self._calls_total += 1
            self._calls.append(
                Call(self._calls_total, ts_ns, name, arguments, result, errno, took_ns, fd, cookie, raised)
            )

    def adopt(self, call: Call) -> None:
        """Take over a call that another process of this actor made."""
        if self._keep_calls:
            with self._lock:
                self._calls_total += 1
                self._calls.append(msgspec.structs.replace(call, number=self._calls_total))

    def hold(self, sock: LoggedSocket) -> None:
        """A socket was made."""
        with self._lock:
            self._held[id(sock)] = sock

    def release(self, sock: LoggedSocket) -> None:
        """A socket was closed or given away."""
        with self._lock:
            self._held.pop(id(sock), None)

    def held(self) -> tuple[LoggedSocket, ...]:
        """The sockets that are open now, oldest first."""
        with self._lock:
            return tuple(self._held.values())

    def connected(self) -> None:
        """One more connection was accepted or opened."""
        with self._lock:
            self._connections_total += 1

    def sent(self, sock: LoggedSocket, count: int, asked: int | None = None) -> None:
        """The kernel took `count` bytes of the `asked` that one send() offered (`None`: no send() result to judge)."""
        with self._lock:
            sock.sent += count
            self._sent += count
            if asked is None:
                return
            if count == asked:
                self._full += 1
            else:
                self._partial += 1

    def refused(self) -> None:
        """A send() raised BlockingIOError."""
        with self._lock:
            self._refused += 1

    def received(self, sock: LoggedSocket, count: int) -> None:
        """A recv() returned `count` bytes."""
        with self._lock:
            sock.received += count
            self._received += count

    def message(self, count: int = 1) -> None:
        """The program finished with `count` messages or datagrams."""
        with self._lock:
            self._messages += count

    def note(self, sentence: str, again: bool = False) -> None:
        """Something happened that is no failure. The same with nothing between is noted again only if asked."""
        with self._lock:
            if not again and self._notes and self._notes[-1] == sentence:
                return
            self._notes_total += 1
            self._notes.append(sentence)

    def account(self, calls_after: int = 0) -> Account:
        """All of it at one moment, with the newest calls above the number `calls_after`."""
        with self._lock:
            calls: list[Call] = []
            for call in reversed(self._calls):
                if call.number <= calls_after or len(calls) == CALLS_REPORTED:
                    break
                calls.append(call)
            streams = [sock for sock in self._held.values() if sock.is_connection]
            return Account(
                sent=self._sent,
                received=self._received,
                full=self._full,
                partial=self._partial,
                refused=self._refused,
                messages=self._messages,
                connections=len(streams),
                connections_total=self._connections_total,
                sockets=tuple(
                    ActorSocket(sock.fileno(), sock.cookie, sock.local, sock.peer, sock.sent, sock.received)
                    for sock in list(self._held.values())[:SOCKETS_REPORTED]
                ),
                calls=tuple(reversed(calls)),
                calls_total=self._calls_total,
                calls_forgotten=self._calls_total - len(self._calls),
                waiting=tuple(self._waiting.values()),
                notes=tuple(self._notes),
                notes_forgotten=self._notes_total - len(self._notes),
            )


def cookie_of(sock: socket.socket) -> int:
    """The socket's SO_COOKIE (Linux 4.12), by which the kernel's table names it; 0 where the kernel has none."""
    so_cookie = 57  # include/uapi/asm-generic/socket.h; the socket module has no name for it
    try:
        raw = socket.socket.getsockopt(sock, socket.SOL_SOCKET, so_cookie, 8)
    except OSError:
        return 0
    return int.from_bytes(raw, sys.byteorder)
