"""TLS over bytes: what comes off the wire goes in, plain text comes out, and the other way round.

`ssl` works on two memory buffers here, not on the socket, so that the socket calls in the log are the actor's own and
show the records that travel.
"""

from __future__ import annotations

import datetime
import ssl
import tempfile
from pathlib import Path
from typing import Final

from engine.lab.certificate import self_signed

PLAIN_CHUNK: Final = 65_536

LOOPBACK: Final = (bytes((127, 0, 0, 1)), bytes(15) + b"\x01")


def server_context(name: str = "localhost") -> ssl.SSLContext:
    """A server's context with a certificate made now, for `name` and the loopback addresses."""
    made = self_signed(name, LOOPBACK, datetime.datetime.now(datetime.UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="sockmon-tls-") as folder:  # load_cert_chain() reads files only
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        key.touch(0o600)
        key.write_text(made.key)
        certificate.write_text(made.certificate)
        context.load_cert_chain(certificate, key)
    return context


def client_context() -> ssl.SSLContext:
    """A client's context that takes any certificate: the lab's servers sign their own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class TlsPipe:
    """One side of a TLS connection. Every method may leave bytes to be sent in `outgoing()`."""

    def __init__(self, context: ssl.SSLContext, *, server: bool, name: str | None = None) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=name)
        self.established = False
        self.ended = False
        """The other side said close_notify."""

    def start(self) -> None:
        """Begin or go on with the handshake. Raises ssl.SSLError."""
        try:
            self.object.do_handshake()
            self.established = True
        except ssl.SSLWantReadError:
            return

    def received(self, data: bytes) -> bytes:
        """Bytes came off the wire; the plain text in them. Raises ssl.SSLError for what is no TLS."""
        self._in.write(data)
        if not self.established:
            self.start()
        plain = bytearray()
        while self.established and not self.ended:
            try:
                piece = self.object.read(PLAIN_CHUNK)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            self.ended = not piece
            plain += piece
        return bytes(plain)

    def send(self, plain: bytes) -> None:
        """Encrypt; only once established."""
        view = memoryview(plain)
        while view:
            view = view[self.object.write(view) :]

    def close(self) -> None:
        """Say close_notify."""
        try:
            self.object.unwrap()
        except ssl.SSLError:
            return  # it waits for the other's close_notify, which nobody needs any more

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        return self._out.read()
