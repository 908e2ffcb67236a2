"""Sends a text to an echo server, reads until as many bytes came back, and shows them."""

from __future__ import annotations

from engine.lab.actor import Actor
from engine.lab.clients.payload import payload_of, reply_text
from engine.lab.endpoints import open_connection
from engine.model.errors import LabError


class EchoClient(Actor):
    """One connection, `repeat` messages with `interval_s` between them, then close."""

    stops_by_shutdown = True

    def act(self) -> None:
        sock = open_connection(self)
        payload = payload_of(self.knobs)
        for turn in range(self.knobs.repeat):
            if turn:
                self.pause(self.knobs.interval_s)
            sock.sendall(payload)
            reply = bytearray()
            while len(reply) < len(payload):
                data = sock.recv(self.knobs.recv_size)
                if not data:
                    self.check_stop()
                    raise LabError(
                        f"read the echo from {sock.peer}: it closed after {len(reply)} of {len(payload)} bytes"
                    )
                reply += data
                self.say_reply(reply_text(reply))
            self.log.message()
        self.hold()
        sock.close()
