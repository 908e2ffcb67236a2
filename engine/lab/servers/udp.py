"""Datagram servers: UDP echo, SNTP, and a receiver that does not read.

One socket serves everybody: there is no connection, only the sender's address with each datagram.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from abc import abstractmethod
from typing import Any, Final

from engine.lab.actor import Actor
from engine.lab.addresses import Resolved, resolve
from engine.lab.endpoints import open_bound
from engine.lab.logged import LoggedSocket
from engine.lab.messages.sntp import MODE_CLIENT, Packet, answer
from engine.lab.option_names import SO_MEMINFO
from engine.lab.readiness import READ, Readiness
from engine.lab.shown import shown_address
from engine.model.errors import MalformedMessage
from engine.model.lab import ActorState

DATAGRAM_MAX: Final = 65_535
"""Bytes asked of recvfrom(): no datagram over IP is longer, so none is cut."""

DROPS_EVERY_S: Final = 0.25
"""How often the sink asks how many datagrams were dropped."""

_MEMINFO = struct.Struct("9I")
"""SK_MEMINFO_* of include/uapi/linux/sock_diag.h; the last is the count of drops."""


class DatagramServer(Actor):
    """One UDP socket, bound as the knobs say; a multicast address is joined on `interface`."""

    def open(self) -> LoggedSocket:
        """The bound socket."""
        knobs = self.knobs
        where = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_DGRAM, passive=True)[0]
        sock = open_bound(self, where)
        if ipaddress.ip_address(str(where.address[0]).partition("%")[0]).is_multicast:
            join_group(sock, where, knobs.interface)
        self.say_local(sock.local)
        self.state = ActorState.RUNNING
        return sock

    def act(self) -> None:
        sock = self.open()
        sock.setblocking(False)
        with Readiness(self) as readiness:
            readiness.watch(sock, READ)
            while True:
                for ready, _ in readiness.wait():
                    try:
                        data, sender = ready.recvfrom(DATAGRAM_MAX)
                        reply = self.reply(data, sender)
                        if reply is not None:
                            ready.sendto(reply, sender)
                    except BlockingIOError:
                        continue  # a datagram with a bad checksum, or no room for the reply: UDP may lose it
                    except OSError as error:
                        self.log.note(f"{error.strerror}: the ICMP answer to an earlier datagram, or no way back")

    @abstractmethod
    def reply(self, data: bytes, sender: Any) -> bytes | None:
        """What to send back; None for nothing."""


def join_group(sock: LoggedSocket, where: Resolved, interface: str) -> None:
    """Become a member of a multicast group on an interface (ip(7), ipv6(7)). Raises OSError."""
    index = socket.if_nametoindex(interface)
    group = socket.inet_pton(where.family, str(where.address[0]).partition("%")[0])
    if where.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("i", index))
    else:
        request = group + bytes(4) + struct.pack("i", index)  # struct ip_mreqn
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)


class UdpEcho(DatagramServer):
    """Sends each datagram back."""

    def reply(self, data: bytes, sender: Any) -> bytes | None:
        del sender
        self.log.message()
        return data


class SntpServer(DatagramServer):
    """Tells the time to whoever asks (RFC 4330)."""

    def reply(self, data: bytes, sender: Any) -> bytes | None:
        received_ns = time.time_ns()
        try:
            request = Packet.decode(data)
        except MalformedMessage as error:
            self.log.note(f"{shown_address(sender)} sent what is no SNTP: {error}")
            return None
        if request.mode != MODE_CLIENT:  # two servers would answer each other's answers without end
            self.log.note(f"{shown_address(sender)} sent mode {request.mode}, not a client's: no answer")
            return None
        self.log.message()
        return answer(request, received_ns, time.time_ns()).encode()


class UdpSink(Actor):
    """Binds and never reads: the receive buffer fills, then each datagram is dropped (RcvbufErrors), with no word to
    the sender. `messages` counts the drops, as SO_MEMINFO tells them."""

    def act(self) -> None:
        knobs = self.knobs
        where = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_DGRAM, passive=True)[0]
        sock = open_bound(self, where)
        self.say_local(sock.local)
        self.state = ActorState.RUNNING
        dropped = 0
        while True:
            self.pause(DROPS_EVERY_S)
            now = drops_of(sock)
            self.log.message(now - dropped)
            if now and not dropped:
                self.log.note("the receive buffer is full: datagrams are dropped and counted as RcvbufErrors")
            dropped = now


def drops_of(sock: socket.socket) -> int:
    """Datagrams that this socket had no room for (SO_MEMINFO, Linux 4.12)."""
    raw = socket.socket.getsockopt(sock, socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO.size)
    return int(_MEMINFO.unpack(raw)[8])
