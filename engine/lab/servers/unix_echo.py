"""Echo over a Unix socket, at a path in the file system or under an abstract name (unix(7))."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from engine.lab.logged import LoggedSocket
from engine.lab.options import backlog_reading, set_options
from engine.lab.servers.serving import Conversation, Server
from engine.lab.unix_names import unix_address
from engine.model.lab import ActorState


class Echoing(Conversation):
    """Sends back what came."""

    def received(self, data: bytes) -> None:
        self.pending += data


class UnixEcho(Server):
    """Echo at `path`. A file that the server made is removed at its end; one that was there before is left."""

    conversation = Echoing

    def act(self) -> None:
        self._made: Path | None = None
        try:
            super().act()
        finally:
            if self._made is not None:
                self._made.unlink(missing_ok=True)

    def open(self) -> LoggedSocket:
        """A listening Unix socket. Raises OSError, BadInput."""
        address = unix_address(self.knobs.path)
        listener = LoggedSocket.open(self.log, socket.AF_UNIX, socket.SOCK_STREAM)
        self.say_options(set_options(listener, self.knobs))
        listener.bind(address)
        if not address.startswith("\0"):
            self._made = Path(os.path.abspath(address))
        listener.listen(self.knobs.backlog)
        self.say_options([backlog_reading(self.knobs.backlog)])
        self.say_local(listener.local)
        self.state = ActorState.RUNNING
        return listener
