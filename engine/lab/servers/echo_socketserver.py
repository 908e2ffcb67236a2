"""TCP echo with the standard library's `socketserver`: a thread a client, the accept loop is the library's."""

from __future__ import annotations

import socket
import socketserver
import sys
from typing import Any

from engine.lab.actor import Actor
from engine.lab.addresses import resolve
from engine.lab.endpoints import open_bound
from engine.lab.logged import LoggedSocket
from engine.lab.options import backlog_reading, set_options
from engine.lab.scarcity import SCARCITY_PAUSE_S, note_scarcity
from engine.lab.shown import shown_address
from engine.model.lab import ActorState


class _Handler(socketserver.BaseRequestHandler):
    """Echo, as the library's documentation would have it."""

    server: _Library

    def handle(self) -> None:
        while data := self.request.recv(self.server.actor.knobs.recv_size):
            self.request.sendall(data)


class _Library(socketserver.ThreadingTCPServer):
    """The library's server over a socket of ours."""

    block_on_close = True

    def __init__(self, actor: Actor, listener: LoggedSocket) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.actor = actor
        self.request_queue_size = actor.knobs.backlog

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            request = super().get_request()
        except OSError as error:  # the library would try again at once, for ever
            self.actor.check_stop()
            note_scarcity(self.actor, error)
            self.actor.pause(SCARCITY_PAUSE_S)
            raise
        self.actor.check_stop()  # a stop before this did not see the new socket
        if isinstance(request[0], LoggedSocket):
            self.actor.say_options(set_options(request[0], self.actor.knobs, connected=True))
        return request

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if not self.actor.stopping:
            sentence = error.strerror if isinstance(error, OSError) else str(error)
            self.actor.log.note(f"client {shown_address(client_address)} is gone: {sentence}")


class EchoSocketserver(Actor):
    """socketserver.ThreadingTCPServer."""

    stops_by_shutdown = True

    def act(self) -> None:
        knobs = self.knobs
        where = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_STREAM, passive=True)[0]
        listener = open_bound(self, where)
        with _Library(self, listener) as library:
            library.server_activate()
            self.say_options([backlog_reading(knobs.backlog)])
            self.say_local(listener.local)
            self.state = ActorState.RUNNING
            while True:
                self.wait(library.fileno())
                library.handle_request()
