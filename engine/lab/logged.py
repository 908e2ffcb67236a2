"""A socket that logs every call made on it and otherwise is a plain `socket.socket`.

Being a subclass it works wherever the standard library takes a socket: selectors, asyncio, socketserver, makefile.
What the lab asks on its own account (cookie, names, options read back) goes past the log, by the methods of the base
class.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.lab.calls import CallLog, cookie_of
from engine.lab.option_names import level_name, option_name
from engine.lab.shown import error_name, shown_address, shown_data, shown_value
from engine.model.tcp_info import tcp_info_field

if TYPE_CHECKING:
    from socket import _SendableFile

    from _typeshed import ReadableBuffer, WriteableBuffer

_TCP_INFO_BYTES = 256
"""More than any kernel's struct tcp_info up to Linux 6.18 (248)."""

_HOW = {socket.SHUT_RD: "SHUT_RD", socket.SHUT_WR: "SHUT_WR", socket.SHUT_RDWR: "SHUT_RDWR"}


def _size(data: ReadableBuffer) -> int:
    return memoryview(data).nbytes


def _named(name: str, flags: int) -> str:
    """An argument of flags, where there are any."""
    return f", {name}={flags:#x}" if flags else ""


class LoggedSocket(socket.socket):
    """A socket of an actor. `sent` and `received` count the bytes that crossed it, `local` and `peer` are its names."""

    def __init__(
        self,
        log: CallLog,
        family: int = socket.AF_INET,
        kind: int = socket.SOCK_STREAM,
        proto: int = 0,
        fileno: int | None = None,
    ) -> None:
        super().__init__(family, kind, proto, fileno)
        self._adopt(log)

    def _adopt(self, log: CallLog) -> None:
        self.log = log
        self.cookie = cookie_of(self)
        self.sent = 0
        self.received = 0
        self.local = ""
        self.peer = ""
        self.listening = False
        self._connecting = False
        self.read_names()
        log.hold(self)

    @classmethod
    def open(cls, log: CallLog, family: int, kind: int, proto: int = 0) -> LoggedSocket:
        """Call socket(), logged. Raises OSError as socket() does."""
        arguments = f"{socket.AddressFamily(family).name}, {socket.SocketKind(kind).name}"
        arguments += f", {proto}" if proto else ""
        return log.made("socket", arguments, lambda: cls(log, family, kind, proto), lambda made: f"fd {made.fileno()}")

    @classmethod
    def taken(cls, log: CallLog, family: int, kind: int, proto: int, descriptor: int) -> LoggedSocket:
        """A socket that was opened elsewhere and handed over; the log shows it in place of socket()."""
        arguments = f"{socket.AddressFamily(family).name}, {socket.SocketKind(kind).name}, handed over"
        return log.made(
            "socket",
            arguments,
            lambda: cls(log, family, kind, proto, descriptor),
            lambda made: f"fd {made.fileno()}",
        )

    @property
    def is_connection(self) -> bool:
        """One end of a connection, established or just given up by the other side."""
        return self.type in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET) and not self.listening and bool(self.peer)

    def read_names(self) -> None:
        """Ask the kernel for both names once more; an end that has none is left as it was known."""
        try:
            self.local = shown_address(super().getsockname())
            self.peer = shown_address(super().getpeername()) or self.peer
        except OSError:
            return

    # --- opening ---------------------------------------------------------------------------------------------------

    def bind(self, address: Any, /) -> None:
        self.log.made("bind", shown_address(address), lambda: super(LoggedSocket, self).bind(address), repr, self)
        self.read_names()

    def listen(self, backlog: int = 128, /) -> None:
        self.log.made("listen", str(backlog), lambda: super(LoggedSocket, self).listen(backlog), repr, self)
        self.listening = True
        self.read_names()

    def accept(self) -> tuple[LoggedSocket, Any]:
        """As accept(); the new socket logs to the same log."""

        def call() -> tuple[LoggedSocket, Any]:
            plain, address = super(LoggedSocket, self).accept()
            timeout = plain.gettimeout()
            accepted = LoggedSocket(self.log, plain.family, plain.type, plain.proto, plain.detach())
            socket.socket.settimeout(accepted, timeout)
            return accepted, address

        accepted, address = self.log.made(
            "accept", "", call, lambda pair: f"fd {pair[0].fileno()} from {shown_address(pair[1]) or '-'}", self
        )
        accepted.peer = accepted.peer or shown_address(address) or "-"
        self.log.connected()
        return accepted, address

    def connect(self, address: Any, /) -> None:
        try:
            self.log.made(
                "connect", shown_address(address), lambda: super(LoggedSocket, self).connect(address), repr, self
            )
        except BlockingIOError:
            self._connecting = True
            self.read_names()
            raise
        self._connected(address)

    def connect_ex(self, address: Any, /) -> int:
        number = self.log.made(
            "connect_ex",
            shown_address(address),
            lambda: super(LoggedSocket, self).connect_ex(address),
            lambda result: f"{error_name(result)} ({result})" if result else "0",
            self,
        )
        self._connecting = number != 0
        self.read_names()
        if number == 0:
            self._connected(address)
        return number

    def _connected(self, address: Any) -> None:
        self._connecting = False
        self.read_names()
        self.peer = self.peer or shown_address(address)
        if self.type != socket.SOCK_DGRAM:
            self.log.connected()

    # --- sending ---------------------------------------------------------------------------------------------------

    def send(self, data: ReadableBuffer, flags: int = 0, /) -> int:
        arguments = shown_data(data) if isinstance(data, (bytes, bytearray, memoryview)) else shown_value(data)
        try:
            count = self.log.made(
                "send",
                arguments + _named("flags", flags),
                lambda: super(LoggedSocket, self).send(data, flags),
                str,
                self,
            )
        except BlockingIOError:
            self.log.refused()
            raise
        self.log.sent(self, count, _size(data))
        return count

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        before = self.sent
        arguments = shown_data(data) if isinstance(data, (bytes, bytearray, memoryview)) else shown_value(data)
        try:
            self.log.made("sendall", arguments, lambda: super(LoggedSocket, self).sendall(data, flags), repr, self)
        except OSError:
            # sendall() does not say how much went before the error; the kernel's own count does.
            accepted = self.accepted_by_kernel()
            if accepted is not None and accepted > before:
                self.log.sent(self, accepted - before)
            raise
        self.log.sent(self, _size(data))

    def accepted_by_kernel(self) -> int | None:
        """Bytes that the kernel has taken from send() on this TCP socket in all, by its tcp_info; None elsewhere."""
        try:
            raw = super().getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        except OSError:
            return None
        counts = [tcp_info_field(raw, name) for name in ("notsent_bytes", "bytes_sent", "bytes_retrans")]
        match counts:
            case [int(notsent), int(sent), int(again)]:
                return notsent + sent - again
        return None

    def sendto(self, data: ReadableBuffer, *rest: Any) -> int:
        address = rest[-1]
        arguments = f"{shown_value(data)}, {shown_address(address)}"
        count = self.log.made("sendto", arguments, lambda: super(LoggedSocket, self).sendto(data, *rest), str, self)
        self.log.sent(self, count, _size(data))
        if self.local.endswith(":0") or not self.local:
            self.read_names()
        return count

    def sendmsg(
        self,
        buffers: Iterable[ReadableBuffer],
        ancdata: Iterable[tuple[int, int, ReadableBuffer]] = (),
        flags: int = 0,
        address: Any = None,
        /,
    ) -> int:
        parts, control = list(buffers), list(ancdata)
        shown = "[" + ", ".join(shown_value(part) for part in parts) + "]"
        shown += f", {shown_value(control)}" if control else ""
        try:
            count = self.log.made(
                "sendmsg", shown, lambda: super(LoggedSocket, self).sendmsg(parts, control, flags, address), str, self
            )
        except BlockingIOError:
            self.log.refused()
            raise
        self.log.sent(self, count, sum(_size(part) for part in parts))
        return count

    def sendfile(self, file: _SendableFile, offset: int = 0, count: int | None = None) -> int:
        before = self.sent
        arguments = f"{shown_value(getattr(file, 'name', file))}, {offset}, {count}"
        sent = self.log.made(
            "sendfile", arguments, lambda: super(LoggedSocket, self).sendfile(file, offset, count), str, self
        )
        counted = self.sent - before  # where os.sendfile() is not possible it falls back to send(), which counts
        self.log.sent(self, sent - counted)
        return sent

    # --- receiving -------------------------------------------------------------------------------------------------

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = self.log.made(
            "recv",
            f"{bufsize}" + _named("flags", flags),
            lambda: super(LoggedSocket, self).recv(bufsize, flags),
            shown_data,
            self,
        )
        if not flags & socket.MSG_PEEK:
            self.log.received(self, len(data))
        return data

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        room = nbytes or _size(buffer)
        count = self.log.made(
            "recv_into", f"{room}", lambda: super(LoggedSocket, self).recv_into(buffer, nbytes, flags), str, self
        )
        self.log.received(self, count)
        return count

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        data, address = self.log.made(
            "recvfrom",
            f"{bufsize}" + _named("flags", flags),
            lambda: super(LoggedSocket, self).recvfrom(bufsize, flags),
            lambda pair: f"{shown_data(pair[0])} from {shown_address(pair[1]) if pair[1] else '-'}",
            self,
        )
        self.log.received(self, len(data))
        return data, address

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> tuple[bytes, list[Any], int, Any]:
        received = self.log.made(
            "recvmsg",
            f"{bufsize}, {ancbufsize}" + _named("flags", flags),
            lambda: super(LoggedSocket, self).recvmsg(bufsize, ancbufsize, flags),
            lambda four: f"{shown_data(four[0])}, {shown_value(four[1])}",
            self,
        )
        self.log.received(self, len(received[0]))
        return received

    # --- options, names, closing -----------------------------------------------------------------------------------

    def setsockopt(self, level: int, optname: int, *value: Any) -> None:
        shown = f"{level_name(level)}, {option_name(level, optname)}, {', '.join(map(shown_value, value))}"
        self.log.made(
            "setsockopt", shown, lambda: super(LoggedSocket, self).setsockopt(level, optname, *value), repr, self
        )

    def getsockopt(self, level: int, optname: int, *size: Any) -> Any:
        shown = f"{level_name(level)}, {option_name(level, optname)}"
        value = self.log.made(
            "getsockopt", shown, lambda: super(LoggedSocket, self).getsockopt(level, optname, *size), shown_value, self
        )
        if self._connecting and optname == socket.SO_ERROR and level == socket.SOL_SOCKET and value == 0:
            self._connecting = False
            self.read_names()
            self.log.connected()
        return value

    def settimeout(self, value: float | None, /) -> None:
        self.log.made("settimeout", repr(value), lambda: super(LoggedSocket, self).settimeout(value), repr, self)

    def setblocking(self, flag: bool, /) -> None:
        self.log.made("setblocking", repr(flag), lambda: super(LoggedSocket, self).setblocking(flag), repr, self)

    def getsockname(self) -> Any:
        return self.log.made("getsockname", "", super().getsockname, shown_address, self)

    def getpeername(self) -> Any:
        return self.log.made("getpeername", "", super().getpeername, shown_address, self)

    def shutdown(self, how: int, /) -> None:
        self.log.made("shutdown", _HOW.get(how, str(how)), lambda: super(LoggedSocket, self).shutdown(how), repr, self)

    def wake(self) -> None:
        """Let a blocking call on this socket in another thread return at once, by a shutdown() past the log."""
        try:
            super().shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # ENOTCONN: an unconnected socket is woken all the same (inet_shutdown in net/ipv4/af_inet.c)

    def dup(self) -> LoggedSocket:
        """As dup(): a second descriptor of the same socket."""

        def call() -> LoggedSocket:
            copy = LoggedSocket(self.log, self.family, self.type, self.proto, os.dup(self.fileno()))
            socket.socket.settimeout(copy, self.gettimeout())
            return copy

        return self.log.made("dup", "", call, lambda copy: f"fd {copy.fileno()}", self)

    def detach(self) -> int:
        self.log.release(self)
        return super().detach()

    def close(self) -> None:
        if self.fileno() < 0:
            return
        self.log.release(self)
        self.log.made("close", "", super().close, repr, self)
