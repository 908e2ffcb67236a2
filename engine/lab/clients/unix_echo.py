"""An echo client over a Unix socket."""

from __future__ import annotations

import socket

from engine.lab.clients.echo import EchoClient
from engine.lab.endpoints import connect
from engine.lab.logged import LoggedSocket
from engine.lab.options import set_options
from engine.lab.unix_names import unix_address


class UnixClient(EchoClient):
    """As the echo client, to the server at `path`."""

    def open(self) -> LoggedSocket:
        """The connection. Raises OSError, BadInput."""
        address = unix_address(self.knobs.path)
        sock = LoggedSocket.open(self.log, socket.AF_UNIX, socket.SOCK_STREAM)
        self.say_options(set_options(sock, self.knobs))
        connect(self, sock, address)
        self.say_local(sock.peer)  # its own end has no name
        return sock
