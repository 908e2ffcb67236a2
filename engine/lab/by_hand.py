"""Actors that do one socket call at a time, when told: a client and a server worked by hand, and a client for talking.

Their calls block as a beginner's program does: RECV on an empty socket waits, and the report shows where. An error ends
nothing: it stands in the report, and the next command may follow.
"""

from __future__ import annotations

import select
import socket
from typing import ClassVar, Final

from engine.lab.actor import Actor
from engine.lab.clients.payload import REPLY_MAX, reply_text
from engine.lab.command_texts import DEFAULT, LISTENER, recv_size_of, shutdown_of, timeout_of
from engine.lab.endpoints import accepted, connect, open_listener, open_target
from engine.lab.forking import Children
from engine.lab.logged import LoggedSocket
from engine.lab.readiness import READ, Readiness
from engine.model.errors import BadInput, EngineError, LabError
from engine.model.lab import ActorCommand, ActorSpec, ActorState

DRAIN_MAX: Final = 64 * 1024 * 1024
"""Bytes of one DRAIN: a sender that keeps pace must not hold the reader for ever."""
DRAIN_RECV: Final = 65_536
DRAIN_QUIET_S: Final = 0.2
"""Nothing came for so long: on the loopback the next segment follows within microseconds of the window's opening."""


def wait_for_end(leash: int) -> None:
    """The child of FORK: it holds what it inherited until its parent lets it go."""
    select.select([leash], [], [])


NO_MORE: Final = "recv() returned b'': the peer sends no more"


class ByHand(Actor):
    """What both have: a connection, and the calls on it."""

    commands: ClassVar = frozenset(
        (
            ActorCommand.SEND,
            ActorCommand.RECV,
            ActorCommand.DRAIN,
            ActorCommand.SHUTDOWN,
            ActorCommand.CLOSE,
            ActorCommand.TIMEOUT,
            ActorCommand.DUP,
            ActorCommand.FORK,
        )
    )
    stops_by_shutdown = True

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__(spec)
        self.sock: LoggedSocket | None = None
        self._said = bytearray()
        self._forked = Children(self)

    def obey_all(self) -> None:
        """Do what is asked, one command after the other, until stopped."""
        try:
            while True:
                command, text = self.wait_command() or (ActorCommand.STOP, "")
                self.obey_or_tell(command, text)
        finally:
            self._forked.end()

    def obey_or_tell(self, command: ActorCommand, text: str) -> None:
        """Do one thing; an error is reported and the actor goes on. Either way one more command is behind it."""
        try:
            self.obey(command, text)
        except (EngineError, OSError) as error:
            self.check_stop()
            self.say_trouble(error)
        self.check_stop()
        self.log.message()

    def obey(self, command: ActorCommand, text: str) -> None:
        """One call. Raises OSError, LabError."""
        if command is ActorCommand.FORK:
            self._forked.fork(wait_for_end)
            return
        if command is ActorCommand.TIMEOUT and text.startswith(DEFAULT):
            seconds = timeout_of(text)[1]
            self.log.made("setdefaulttimeout", repr(seconds), lambda: socket.setdefaulttimeout(seconds))
            return
        sock = self.connection()
        match command:
            case ActorCommand.SEND:
                sock.sendall((text or self.knobs.text).encode("utf-8", "surrogateescape"))
            case ActorCommand.RECV:
                self.take(sock.recv(recv_size_of(text, self.knobs.recv_size)))
            case ActorCommand.DRAIN:
                self._drain(sock)
            case ActorCommand.SHUTDOWN:
                sock.shutdown(shutdown_of(text))
            case ActorCommand.TIMEOUT:
                sock.settimeout(timeout_of(text)[1])
            case ActorCommand.DUP:
                self.sock = sock.dup()
            case ActorCommand.CLOSE:
                sock.close()
                others = [other for other in self.log.held() if other.is_connection]
                self.sock = others[-1] if others else None

    def _drain(self, sock: LoggedSocket) -> None:
        """Read to the end, or until nothing came for a while. Raises OSError."""
        read = 0
        while read < DRAIN_MAX and self.wait(sock.fileno(), timeout_s=DRAIN_QUIET_S):
            data = sock.recv(DRAIN_RECV)
            self.take(data)
            if not data:
                return
            read += len(data)

    def take(self, data: bytes) -> None:
        """Bytes came: they are the reply; b'' is told."""
        self.say_reply(reply_text(data))
        if not data:
            self.log.note(NO_MORE)

    def connection(self) -> LoggedSocket:
        """The connection. Raises LabError if there is none."""
        if self.sock is None:
            raise LabError(f"this {self.spec.kind} has no connection", hint="connect or accept first")
        return self.sock


class ClientByHand(ByHand):
    """connect(), send(), recv(), shutdown(), close(), each at a command; it begins connected unless `delay_s` says
    otherwise: then CONNECT does it."""

    commands: ClassVar = ByHand.commands | {ActorCommand.CONNECT}

    def act(self) -> None:
        if not self.knobs.delay_s:
            self._connect()
        self.state = ActorState.RUNNING
        self.obey_all()

    def check_command(self, command: ActorCommand, text: str) -> None:
        super().check_command(command, text)
        if text.split(" ")[0] == LISTENER and command in (ActorCommand.CLOSE, ActorCommand.TIMEOUT):
            raise BadInput("a client has no listener")

    def obey(self, command: ActorCommand, text: str) -> None:
        if command is not ActorCommand.CONNECT:
            super().obey(command, text)
        elif self.sock is None:
            self._connect()
        else:  # once more on the same socket: EISCONN, or the end of an earlier attempt
            self.sock.connect(self._address)

    def _connect(self) -> None:
        self.sock, self._address = open_target(self, socket.SOCK_STREAM)
        try:
            connect(self, self.sock, self._address)
        except OSError:
            self.sock.close()
            self.sock = None
            raise


class ServerByHand(ByHand):
    """listen() at the start, then accept(), recv(), send(), shutdown(), close(), each at a command, on the connection
    that was accepted last."""

    commands: ClassVar = ByHand.commands | {ActorCommand.ACCEPT}

    def act(self) -> None:
        self._listener = open_listener(self)
        self.obey_all()

    def obey(self, command: ActorCommand, text: str) -> None:
        if command is ActorCommand.ACCEPT:
            self.sock = accepted(self, self._listener)
            if self.sock is not None and self.knobs.timeout_s is not None:
                self.sock.settimeout(self.knobs.timeout_s)
        elif command is ActorCommand.CLOSE and text == LISTENER:
            self._listener.close()
        elif command is ActorCommand.TIMEOUT and text.startswith(LISTENER):
            self._listener.settimeout(timeout_of(text)[1])
        else:
            super().obey(command, text)


class InteractiveClient(ByHand):
    """A client to talk with: sends each line that SEND gives, and shows what comes when it comes."""

    commands: ClassVar = frozenset((ActorCommand.SEND, ActorCommand.SHUTDOWN, ActorCommand.CLOSE))
    stops_by_shutdown = True

    def act(self) -> None:
        sock, address = open_target(self, socket.SOCK_STREAM)
        self.sock = sock
        connect(self, sock, address)
        with Readiness(self) as readiness:
            readiness.watch(sock, READ)
            while self.sock is not None:
                while (command := self.next_command()) is not None:
                    if command[0] is ActorCommand.CLOSE:
                        readiness.forget(sock)
                    self.obey_or_tell(*command)
                    if self.sock is None:
                        return
                for _ in readiness.wait():
                    data = sock.recv(self.knobs.recv_size)
                    self.take(data)
                    if not data:
                        readiness.forget(sock)  # once both sides are closed it would report that without end

    def take(self, data: bytes) -> None:
        """What came is added to the reply, whose end is kept."""
        if not data:
            self.check_stop()
            self.log.note(NO_MORE)
            return
        self._said = (self._said + data)[-REPLY_MAX:]
        self.say_reply(reply_text(self._said))
