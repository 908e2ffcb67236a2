"""TCP echo for many clients in one thread with `selectors`: the house's echo server.

A client that sends without reading cannot make the server grow: while more than `PENDING_MAX` bytes wait for it, the
server does not read from it, so the client's own buffers fill (backpressure).
"""

from __future__ import annotations

import selectors
from typing import Final

from engine.lab.actor import Actor
from engine.lab.endpoints import accepted, open_listener
from engine.lab.logged import LoggedSocket
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity

PENDING_MAX: Final = 256 * 1024
"""Bytes that may wait for one client: a few recv() results, so a fast client is not slowed."""


class EchoConnection:
    """One client: what it sent and has not got back."""

    def __init__(self, sock: LoggedSocket) -> None:
        self.sock = sock
        self.pending = bytearray()
        self.ended = False
        """recv() returned b'': the client sends no more."""

    @property
    def events(self) -> int:
        """What to wait for; 0 when there is nothing left to do."""
        reading = selectors.EVENT_READ if not self.ended and len(self.pending) < PENDING_MAX else 0
        return reading | (selectors.EVENT_WRITE if self.pending else 0)

    def read(self, size: int) -> None:
        """Take what has come. Raises OSError."""
        data = self.sock.recv(size)
        self.pending += data
        self.ended = not data

    def write(self) -> None:
        """Give back what fits. Raises OSError."""
        if self.pending:
            del self.pending[: self.sock.send(self.pending)]


class EchoSelectors(Actor):
    """Sends back to each client what it sent, until it closes."""

    def act(self) -> None:
        listener = open_listener(self)
        listener.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self.wakeup.fd, selectors.EVENT_READ)
            selector.register(listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is listener:
                        self._accept(selector, listener)
                    elif key.data is None:
                        self.clear_wakeup()
                    else:
                        self._serve(selector, key.data)

    def _accept(self, selector: selectors.BaseSelector, listener: LoggedSocket) -> None:
        try:
            sock = accepted(self, listener)
        except OSError as error:
            note_scarcity(self, error)
            self.pause(SCARCITY_PAUSE_S)
            return
        if sock is not None:
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_READ, EchoConnection(sock))

    def _serve(self, selector: selectors.BaseSelector, client: EchoConnection) -> None:
        try:
            if not client.ended and len(client.pending) < PENDING_MAX:
                client.read(self.knobs.recv_size)
            client.write()
        except BlockingIOError:
            pass  # nothing to read, or no room to write: the events below wait for it
        except OSError as error:
            self.log.note(f"client {client.sock.peer} is gone: {error.strerror}")
            client.pending.clear()
            client.ended = True
        if client.events:
            selector.modify(client.sock, client.events, client)
        else:
            selector.unregister(client.sock)
            client.sock.close()
