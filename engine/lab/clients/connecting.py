"""Clients that are about connect(): only connect, connect in the background, try every address of a name."""

from __future__ import annotations

import errno
import os
import select
import socket

from engine.lab.actor import Actor
from engine.lab.addresses import check_target, resolve
from engine.lab.clients.payload import payload_of
from engine.lab.endpoints import connect, open_connection, open_target, open_towards
from engine.lab.hints import hint_for
from engine.lab.logged import LoggedSocket
from engine.lab.options import set_options
from engine.lab.shown import error_name, shown_address
from engine.model.errors import LabError
from engine.model.lab import ActorState


class ConnectClient(Actor):
    """Opens `connections` connections over `ramp_s` seconds, says nothing, and holds them."""

    stops_by_shutdown = True

    def act(self) -> None:
        count = self.knobs.connections
        for number in range(count):
            if number and self.knobs.ramp_s:
                self.pause(self.knobs.ramp_s / count)
            open_connection(self)
        self.hold()


class BackgroundClient(Actor):
    """connect_ex() without waiting, EINPROGRESS, writable, SO_ERROR: how programs connect while doing other things."""

    def act(self) -> None:
        sock, address = open_target(self, socket.SOCK_STREAM)
        sock.setblocking(False)
        number = sock.connect_ex(address)
        if number == errno.EINPROGRESS:
            self.log.note(f"connect_ex() = EINPROGRESS ({number}): the handshake goes on without the program")
            self._wait_writable(sock)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self.log.note(f"writable; SO_ERROR says {error_name(number) or 'connected'}")
        if number:
            raise LabError(f"connect to {shown_address(address)}", number, hint_for("connect", number))
        self.say_local(sock.local)
        self.say_options(set_options(sock, self.knobs, connected=True))
        self.state = ActorState.RUNNING
        payload = memoryview(payload_of(self.knobs))
        while payload:
            try:
                payload = payload[sock.send(payload) :]
            except BlockingIOError:
                self.wait(sock.fileno(), select.POLLOUT)
        self.log.message()
        self.hold()
        sock.close()

    def _wait_writable(self, sock: LoggedSocket) -> None:
        timeout_s = self.knobs.timeout_s
        fd = sock.fileno()
        ready = self.log.made(
            "poll", f"[fd {fd}: POLLOUT], {timeout_s}", lambda: self.wait(fd, select.POLLOUT, timeout_s), repr, sock
        )
        if not ready:
            raise LabError(f"connect to {sock.peer or 'the server'}: no answer in {timeout_s:g} s")


class AnyAddressClient(Actor):
    """Tries every address of a name in getaddrinfo's order until one answers, as socket.create_connection() does."""

    stops_by_shutdown = True

    def act(self) -> None:
        knobs = self.knobs
        failures: list[str] = []
        number = 0
        for target in resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_STREAM):
            self.check_stop()
            check_target(target, knobs.allow_remote)
            try:
                sock = open_towards(self, target)
                connect(self, sock, target.address)
            except OSError as error:
                number = error.errno or number
                reason = os.strerror(error.errno) if error.errno else str(error)
                failures.append(f"{shown_address(target.address)}: {reason}")
                self.log.note(failures[-1])
                for failed in self.log.held():
                    failed.close()
                continue
            sock.sendall(payload_of(knobs))
            self.log.message()
            self.hold()
            sock.close()
            return
        raise LabError(f"connect to {knobs.host!r} by any of its addresses ({'; '.join(failures)})", number or None)
