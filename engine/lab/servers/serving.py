"""The loop of a server that holds many conversations in one thread: accept, read, write, time.

A server is its `Conversation` class: what to do with bytes that came, with the end of the stream, with room to write.
The loop keeps the rules that all share: a client that does not read stops being read from once `PENDING_MAX` bytes wait
for it, a client that vanishes is noted and closed, accept() without descriptors left is tried again after a pause.
"""

from __future__ import annotations

import os
import socket
import time
from typing import ClassVar, Final

from engine.lab.actor import Actor
from engine.lab.endpoints import accepted, open_listener
from engine.lab.logged import LoggedSocket
from engine.lab.readiness import BROKEN, READ, WRITE, Readiness
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity
from engine.model.lab import ActorSpec

PENDING_MAX: Final = 256 * 1024
"""Bytes that may wait for one client before nothing more is read from it."""


class Conversation:
    """One client of a server. A subclass overrides what happens; the server's loop calls it."""

    def __init__(self, actor: Actor, sock: LoggedSocket) -> None:
        self.actor = actor
        self.sock = sock
        self.pending = bytearray()
        """What waits to be sent."""
        self.ended = False
        """recv() returned b''."""
        self.closing = False
        """Close once nothing is pending."""
        self.due: float | None = None
        """When `timed()` is wanted, monotonic seconds."""

    def opened(self) -> None:
        """The client was accepted."""

    def received(self, data: bytes) -> None:
        """Bytes came."""

    def end(self) -> None:
        """The client sends no more."""
        self.closing = True

    def room(self) -> None:
        """Everything pending is sent; asked for only while `produces`."""

    def timed(self, now: float) -> None:
        """The time `due` has come."""

    def close(self) -> None:
        """The last word: close the socket."""
        self.sock.close()

    @property
    def produces(self) -> bool:
        """Has always more to send: `room()` is called when the client can take it."""
        return False

    @property
    def reads(self) -> bool:
        """Wants what the client sends."""
        return not self.ended and not self.closing and len(self.pending) < PENDING_MAX

    @property
    def events(self) -> int:
        """What the loop is to wait for."""
        writes = bool(self.pending) or (self.produces and not self.closing)
        return (READ if self.reads else 0) | (WRITE if writes else 0)


class Server(Actor):
    """Serves any number of clients with one conversation each."""

    conversation: ClassVar[type[Conversation]] = Conversation

    def open(self) -> LoggedSocket:
        """The listening socket."""
        return open_listener(self)

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__(spec)
        self._talks: dict[LoggedSocket, Conversation] = {}
        self._accept_at: float | None = None

    def act(self) -> None:
        listener = self.open()
        listener.setblocking(False)
        with Readiness(self) as readiness:
            readiness.watch(listener, READ)
            while True:
                for sock, events in readiness.wait(self._timeout_s()):
                    if sock is listener:
                        self._accept(readiness, listener)
                    elif sock in self._talks:
                        self._serve(readiness, self._talks[sock], events)
                self._serve_due(readiness, listener)

    def _timeout_s(self) -> float | None:
        moments = [talk.due for talk in self._talks.values() if talk.due is not None]
        if self._accept_at is not None:
            moments.append(self._accept_at)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _accept(self, readiness: Readiness, listener: LoggedSocket) -> None:
        try:
            sock = accepted(self, listener)
        except OSError as error:
            note_scarcity(self, error)
            readiness.watch(listener, 0)
            self._accept_at = time.monotonic() + SCARCITY_PAUSE_S
            return
        if sock is None:
            return
        sock.setblocking(False)
        talk = self.conversation(self, sock)
        self._talks[sock] = talk
        talk.opened()
        self._go_on(readiness, talk)

    def _serve(self, readiness: Readiness, talk: Conversation, events: int) -> None:
        try:
            if events & (READ | BROKEN) and talk.reads:
                self._read(talk)
            elif events & BROKEN and not talk.events:
                number = talk.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                raise OSError(number, os.strerror(number) if number else "both sides have closed")
            if talk.produces and not talk.pending and events & WRITE and not talk.closing:
                talk.room()
            if talk.pending:
                del talk.pending[: talk.sock.send(talk.pending)]
        except BlockingIOError:
            pass  # no room yet: epoll says when
        except OSError as error:
            self._lose(readiness, talk, error)
            return
        self._go_on(readiness, talk)

    def _read(self, talk: Conversation) -> None:
        data = talk.sock.recv(self.knobs.recv_size)
        if data:
            talk.received(data)
        else:
            talk.ended = True
            talk.end()

    def _serve_due(self, readiness: Readiness, listener: LoggedSocket) -> None:
        now = time.monotonic()
        if self._accept_at is not None and self._accept_at <= now:
            self._accept_at = None
            readiness.watch(listener, READ)
        for talk in [talk for talk in self._talks.values() if talk.due is not None and talk.due <= now]:
            talk.due = None
            try:
                talk.timed(now)
            except OSError as error:
                self._lose(readiness, talk, error)
            else:
                self._go_on(readiness, talk)

    def _go_on(self, readiness: Readiness, talk: Conversation) -> None:
        if talk.closing and not talk.pending:
            self._drop(readiness, talk)
            talk.close()
        else:
            readiness.watch(talk.sock, talk.events)

    def _lose(self, readiness: Readiness, talk: Conversation, error: OSError) -> None:
        self.log.note(f"client {talk.sock.peer} is gone: {error.strerror}")
        self._drop(readiness, talk)
        talk.sock.close()

    def _drop(self, readiness: Readiness, talk: Conversation) -> None:
        readiness.forget(talk.sock)
        del self._talks[talk.sock]
