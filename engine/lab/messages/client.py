"""A client that speaks in messages: sends one, waits until its answer is whole, and keeps what came beyond it."""

from __future__ import annotations

import socket
from collections import deque

from engine.lab.actor import Actor
from engine.lab.clients.payload import payload_of, reply_text
from engine.lab.endpoints import open_connection
from engine.lab.logged import LoggedSocket
from engine.lab.messages.framing import Framing, Message, UntilClose, framing_of
from engine.model.errors import LabError


class MessageClient(Actor):
    """`repeat` messages over one connection, each answered; over framing `close` there can be only one."""

    stops_by_shutdown = True

    def act(self) -> None:
        framing = framing_of(self.knobs)
        body = payload_of(self.knobs)
        message = framing.encode(body)
        turns = self.knobs.repeat
        if isinstance(framing, UntilClose) and turns > 1:
            self.log.note("the end of the connection ends the message: one is sent, not more")
            turns = 1
        sock = open_connection(self)
        whole: deque[Message] = deque()
        for turn in range(turns):
            if turn:
                self.pause(self.knobs.interval_s)
            sock.sendall(message)
            if isinstance(framing, UntilClose):
                sock.shutdown(socket.SHUT_WR)
            answer = self._answer(sock, framing, whole)
            self.say_reply(reply_text(answer.body))
            self.log.message()
            if answer.body != body:
                raise LabError(f"{sock.peer} answered with {len(answer.body)} bytes that are not those sent")
        self.hold()
        sock.close()

    def _answer(self, sock: LoggedSocket, framing: Framing, whole: deque[Message]) -> Message:
        """The next message, of those already whole or of what comes. Raises OSError, MalformedMessage, LabError."""
        while not whole:
            data = sock.recv(self.knobs.recv_size)
            whole.extend(framing.feed(data) if data else framing.end())
            if not data and not whole:
                self.check_stop()
                raise LabError(f"{sock.peer} closed before it answered")
        return whole.popleft()
