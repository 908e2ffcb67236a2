"""TLS echo: the bytes of `echo`, unreadable on the wire. The certificate is made when the server starts."""

from __future__ import annotations

import ssl

from engine.lab.logged import LoggedSocket
from engine.lab.servers.serving import Conversation, Server
from engine.lab.tls import TlsPipe, server_context


class TlsEchoing(Conversation):
    """Handshake, then echo, until close_notify or FIN."""

    def __init__(self, actor: TlsEcho, sock: LoggedSocket) -> None:
        super().__init__(actor, sock)
        self._pipe = TlsPipe(actor.context, server=True)

    def received(self, data: bytes) -> None:
        was_established = self._pipe.established
        try:
            plain = self._pipe.received(data)
        except ssl.SSLError as error:
            self.actor.log.note(f"client {self.sock.peer} does not speak TLS as asked: {error.reason or error}")
            self.closing = True
        else:
            if self._pipe.established and not was_established:
                cipher = self._pipe.object.cipher()
                self.actor.log.note(f"{self.sock.peer}: {self._pipe.object.version()} {cipher[0] if cipher else ''}")
            if plain:
                self._pipe.send(plain)
            if self._pipe.ended:
                self._pipe.close()
                self.closing = True
        self.pending += self._pipe.outgoing()  # an alert, if it failed


class TlsEcho(Server):
    """Echo over TLS."""

    conversation = TlsEchoing
    context: ssl.SSLContext

    def open(self) -> LoggedSocket:
        """The listener, once there is a certificate."""
        self.context = server_context()
        return super().open()
