"""Clients that are about sending: by each of the calls, half-closed, slowly, and into a buffer that is not flushed."""

from __future__ import annotations

import io
import socket
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from engine.lab.actor import Actor
from engine.lab.clients.payload import REPLY_MAX, payload_of, reply_text
from engine.lab.command_texts import SHUTDOWN_HOW
from engine.lab.endpoints import open_connection
from engine.lab.logged import LoggedSocket
from engine.model.lab import ActorCommand


def send_by(actor: Actor, sock: LoggedSocket, payload: bytes) -> None:
    """Send all of the payload with the call that the knobs name. Raises OSError."""
    match actor.knobs.send_call:
        case "sendall":
            sock.sendall(payload)
        case "sendfile":
            if actor.knobs.file:
                with Path(actor.knobs.file).open("rb") as file:
                    sock.sendfile(file)
            else:
                sock.sendfile(io.BytesIO(payload))  # no file in the file system: Python falls back to send()
        case "makefile":
            with sock.makefile("wb") as stream:
                stream.write(payload)
        case call:
            rest = memoryview(payload)
            while rest:
                piece = rest[: actor.knobs.chunk]
                rest = rest[sock.send(piece) if call == "send" else sock.sendmsg([piece]) :]


def read_to_end(actor: Actor, sock: LoggedSocket) -> None:
    """Read until b''; the beginning is the reply. Raises OSError."""
    reply = bytearray()
    while data := sock.recv(actor.knobs.recv_size):
        reply += data[: max(0, REPLY_MAX - len(reply))]
        actor.say_reply(reply_text(reply))
    actor.check_stop()


class SendClient(Actor):
    """Sends the payload `repeat` times, shuts down as told, and holds the connection; reads nothing."""

    stops_by_shutdown = True

    def act(self) -> None:
        sock = open_connection(self)
        payload = payload_of(self.knobs)
        for turn in range(self.knobs.repeat):
            if turn:
                self.pause(self.knobs.interval_s)
            send_by(self, sock, payload)
            self.log.message()
        if self.knobs.shutdown:
            sock.shutdown(SHUTDOWN_HOW[self.knobs.shutdown])
        self.hold()
        sock.close()


class HalfCloseClient(Actor):
    """Sends, says with shutdown(SHUT_WR) that this is all, and reads to the end: both directions close on their own."""

    stops_by_shutdown = True

    def act(self) -> None:
        sock = open_connection(self)
        send_by(self, sock, payload_of(self.knobs))
        sock.shutdown(socket.SHUT_WR)
        read_to_end(self, sock)
        self.log.message()
        self.hold()
        sock.close()


class SlowWriter(Actor):
    """Sends the payload `chunk` bytes at a time with `interval_s` between, so that the reader gets it in pieces."""

    stops_by_shutdown = True

    def act(self) -> None:
        sock = open_connection(self)
        payload = payload_of(self.knobs)
        for turn in range(self.knobs.repeat):
            for start in range(0, len(payload), self.knobs.chunk):
                if start or turn:
                    self.pause(self.knobs.interval_s)
                sock.sendall(payload[start : start + self.knobs.chunk])
            self.log.message()
        self.hold()
        sock.close()


class BufferedClient(Actor):
    """Writes to makefile() and does not flush: no packet goes out. SEND flushes, and so does `delay_s`, and the end."""

    commands: ClassVar = frozenset((ActorCommand.SEND,))
    stops_by_shutdown = True

    def act(self) -> None:
        sock = open_connection(self)
        stream = sock.makefile("wb")
        try:
            stream.write(payload_of(self.knobs))
            self.log.note("written to the buffer; nothing is sent before flush()")
            self.wait_command(self.knobs.delay_s or None)
            stream.flush()
            self.log.message()
            self.hold()
        finally:
            with suppress(OSError):  # close() flushes, which fails when the connection was shut down by the stop
                stream.close()
        sock.close()
