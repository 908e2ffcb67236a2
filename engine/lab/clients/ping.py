"""ping: ICMP echo over an unprivileged ICMP socket where this user may have one, else over a raw one, else over a raw
one that was handed over."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from typing import Final

from engine.lab.actor import Actor
from engine.lab.addresses import Resolved, check_target, resolve
from engine.lab.logged import LoggedSocket
from engine.lab.messages import icmp
from engine.lab.option_names import IP_RECVTTL
from engine.lab.options import set_options
from engine.model.errors import BadInput, LabError, MalformedMessage
from engine.model.lab import ActorState

REPLY_TIMEOUT_S: Final = 1.0

DATA_SIZE: Final = 56
"""ping's: with the 8 bytes of the header 64."""

DATA_MAX: Final = 65_507

RECV_SIZE: Final = 65_535
CONTROL_SIZE: Final = 64


class Ping(Actor):
    """`repeat` echo requests, `interval_s` apart; a note for each reply, the statistics as the reply."""

    def act(self) -> None:
        knobs = self.knobs
        target = resolve(self.log, knobs.host, 0, knobs.family, socket.SOCK_DGRAM)[0]
        check_target(target, knobs.allow_remote)
        size = DATA_SIZE if knobs.size is None else knobs.size
        if size > DATA_MAX:
            raise BadInput(f"size {size} is larger than a packet's {DATA_MAX} bytes")
        v6 = target.family == socket.AF_INET6
        sock, raw = self._open(target, v6)
        self._ask_for_ttl(sock, v6)
        sock.setblocking(False)
        self.state = ActorState.RUNNING
        identifier = os.getpid() & 0xFFFF
        kind = icmp.ECHO_REQUEST_V6 if v6 else icmp.ECHO_REQUEST
        times_ms: list[float] = []
        for sequence in range(1, knobs.repeat + 1):
            if sequence > 1:
                self.pause(knobs.interval_s)
            request = icmp.Echo(kind, identifier, sequence & 0xFFFF, (b"sockmon " * (size // 8 + 1))[:size])
            begun = time.perf_counter()
            sock.sendto(icmp.encode(request), (target.address[0], 0, *target.address[2:]))
            if self._answered(sock, request, raw, v6, begun, times_ms):
                self.log.message()
            else:
                self.log.note(f"no answer to icmp_seq={sequence}: it may be a firewall")
            self.say_reply(icmp.closing_lines(sequence, times_ms))
        sock.close()

    def _open(self, target: Resolved, v6: bool) -> tuple[LoggedSocket, bool]:
        """The socket, and whether it is raw. Raises LabError when this user may have neither."""
        proto = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                sock = LoggedSocket.open(self.log, target.family, kind, proto)
            except PermissionError:
                continue
            self.say_options(set_options(sock, self.knobs))
            return sock, kind == socket.SOCK_RAW
        handed = self.handed.pop("icmp6" if v6 else "icmp", -1)
        if handed >= 0:
            sock = LoggedSocket.taken(self.log, target.family, socket.SOCK_RAW, proto, handed)
            self.say_options(set_options(sock, self.knobs))
            return sock, True
        raise LabError(
            "open an ICMP socket", errno.EPERM, "sudo sysctl net.ipv4.ping_group_range='0 2147483647' allows everybody"
        )

    @staticmethod
    def _ask_for_ttl(sock: LoggedSocket, v6: bool) -> None:
        if v6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)

    def _answered(
        self, sock: LoggedSocket, request: icmp.Echo, raw: bool, v6: bool, begun: float, times_ms: list[float]
    ) -> bool:
        """Wait for the reply to this request; others' traffic, which a raw socket sees too, is passed over."""
        wanted = icmp.ECHO_REPLY_V6 if v6 else icmp.ECHO_REPLY
        timeout_s = REPLY_TIMEOUT_S if self.knobs.timeout_s is None else self.knobs.timeout_s
        while (left_s := begun + timeout_s - time.perf_counter()) > 0 and self.wait(
            sock.fileno(), select.POLLIN, left_s
        ):
            data, control, _, sender = sock.recvmsg(RECV_SIZE, CONTROL_SIZE)
            took_ms = (time.perf_counter() - begun) * 1000
            ttl = next((struct.unpack("i", value[:4])[0] for _, _, value in control if len(value) >= 4), None)
            try:
                if raw and not v6:
                    data, ttl = icmp.strip_ipv4(data)
                reply = icmp.decode(data)
            except MalformedMessage as error:
                self.log.note(f"{sender[0]} sent what is no ICMP echo: {error}")
                continue
            ours = not raw or reply.identifier == request.identifier  # the kernel picks an ICMP socket's identifier
            if reply.kind == wanted and reply.sequence == request.sequence and ours:
                times_ms.append(took_ms)
                self.log.note(icmp.reply_line(len(data), sender[0], reply.sequence, ttl, took_ms))
                return True
        return False
