"""An echo client over TLS. The server's certificate is shown and not verified: the lab's servers sign their own."""

from __future__ import annotations

import hashlib
import ssl

from engine.lab.actor import Actor
from engine.lab.clients.echo import PIECE
from engine.lab.clients.payload import payload_of, reply_text
from engine.lab.endpoints import open_connection
from engine.lab.logged import LoggedSocket
from engine.lab.tls import TlsPipe, client_context
from engine.model.errors import LabError


class TlsClient(Actor):
    """Handshake, `repeat` messages and their echo, close_notify."""

    stops_by_shutdown = True

    def act(self) -> None:
        sock = open_connection(self)
        pipe = TlsPipe(client_context(), server=False, name=self.knobs.host or "localhost")
        try:
            self._shake_hands(sock, pipe)
            payload = payload_of(self.knobs)
            for turn in range(self.knobs.repeat):
                if turn:
                    self.pause(self.knobs.interval_s)
                for start in range(0, len(payload), PIECE) or (0,):
                    self._echo(sock, pipe, payload[start : start + PIECE])
                self.log.message()
            self.hold()
            pipe.close()
            sock.sendall(pipe.outgoing())
        except ssl.SSLError as error:
            raise LabError(
                f"speak TLS with {sock.peer}: {error.reason or error}", hint="is it a TLS server?"
            ) from error
        sock.close()

    def _shake_hands(self, sock: LoggedSocket, pipe: TlsPipe) -> None:
        pipe.start()
        sock.sendall(pipe.outgoing())
        while not pipe.established:
            self._receive(sock, pipe)
            sock.sendall(pipe.outgoing())
        certificate = pipe.object.getpeercert(binary_form=True) or b""
        cipher = pipe.object.cipher()
        self.log.note(
            f"{pipe.object.version()} {cipher[0] if cipher else ''}; certificate SHA-256 "
            f"{hashlib.sha256(certificate).hexdigest()[:16]}…, not verified"
        )

    def _echo(self, sock: LoggedSocket, pipe: TlsPipe, payload: bytes) -> None:
        pipe.send(payload)
        sock.sendall(pipe.outgoing())
        reply = bytearray()
        while len(reply) < len(payload):
            reply += self._receive(sock, pipe)
            self.say_reply(reply_text(reply))
        if reply != payload:
            raise LabError(f"read the echo from {sock.peer}: what came back is not what was sent")

    def _receive(self, sock: LoggedSocket, pipe: TlsPipe) -> bytes:
        """The plain text in what comes next. Raises LabError at the end of the stream."""
        data = sock.recv(self.knobs.recv_size)
        plain = pipe.received(data) if data else b""
        if not data or (pipe.ended and not plain):
            self.check_stop()
            raise LabError(f"{sock.peer} closed in the middle")
        return plain
