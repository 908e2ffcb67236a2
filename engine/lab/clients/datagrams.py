"""Datagram clients: UDP to one, to a broadcast address, to a multicast group; a UDP flood; SNTP."""

from __future__ import annotations

import ipaddress
import select
import socket
import struct
import time
from typing import Final

from engine.lab.actor import Actor
from engine.lab.addresses import Resolved, check_target, resolve
from engine.lab.clients.payload import PATTERN, payload_of, reply_text
from engine.lab.endpoints import connect, open_towards
from engine.lab.logged import LoggedSocket
from engine.lab.messages.sntp import Packet, fault_of, from_ns, offset_and_delay_ns
from engine.lab.servers.udp import DATAGRAM_MAX
from engine.model.errors import BadInput, LabError
from engine.model.lab import ActorState, Knobs

REPLY_TIMEOUT_S: Final = 1.0
"""How long a datagram is waited for when the knobs do not say: it may be lost, and then nothing comes."""

PAYLOAD_MAX: Final = 65_507
"""65,535 less IPv4's header of 20 bytes and UDP's of 8; over IPv6 20 more would fit."""

RATE_STEP_S: Final = 0.01
"""A UDP flood looks at its allowance so often: nothing else holds it back."""

BURST: Final = 256
"""Datagrams in a row before the clock and a stop are looked at."""


class UdpClient(Actor):
    """Sends `repeat` datagrams and waits for an answer to each. Its socket is connected: an ICMP error comes back as
    ECONNREFUSED on the next call, and only the peer's datagrams are received."""

    def act(self) -> None:
        knobs = self.knobs
        target = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_DGRAM)[0]
        check_target(target, knobs.allow_remote)
        sock = open_towards(self, target)
        connect(self, sock, target.address)
        sock.setblocking(False)
        payload = payload_of(knobs)
        lost = 0
        for turn in range(knobs.repeat):
            if turn:
                self.pause(knobs.interval_s)
            sock.send(payload)
            if self._answered(sock):
                self.log.message()
            else:
                lost += 1
                self.log.note(f"{lost} of {turn + 1} datagrams without an answer")
        self.hold()
        sock.close()

    def _answered(self, sock: LoggedSocket) -> bool:
        timeout_s = self.knobs.timeout_s
        if not self.wait(sock.fileno(), select.POLLIN, REPLY_TIMEOUT_S if timeout_s is None else timeout_s):
            return False
        self.say_reply(reply_text(sock.recv(DATAGRAM_MAX)))
        return True


class UdpSpread(Actor):
    """Sends to a broadcast address or a multicast group, and counts who answers."""

    def act(self) -> None:
        knobs = self.knobs
        target = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_DGRAM)[0]
        multicast = ipaddress.ip_address(str(target.address[0]).partition("%")[0]).is_multicast
        if not (multicast and knobs.interface == "lo"):
            check_target(target, knobs.allow_remote)
        sock = open_towards(self, target)
        if multicast:
            send_groups_by(sock, target, knobs)
        sock.setblocking(False)
        self.state = ActorState.RUNNING
        payload = payload_of(knobs)
        for turn in range(knobs.repeat):
            if turn:
                self.pause(knobs.interval_s)
            sock.sendto(payload, target.address)
            self.say_local(sock.local)
            self._collect(sock)
        self.hold()
        sock.close()

    def _collect(self, sock: LoggedSocket) -> None:
        timeout_s = self.knobs.timeout_s
        until = time.monotonic() + (REPLY_TIMEOUT_S if timeout_s is None else timeout_s)
        while (left_s := until - time.monotonic()) > 0 and self.wait(sock.fileno(), select.POLLIN, left_s):
            data, _ = sock.recvfrom(DATAGRAM_MAX)
            self.say_reply(reply_text(data))
            self.log.message()


def send_groups_by(sock: LoggedSocket, target: Resolved, knobs: Knobs) -> None:
    """Send multicast over the knobs' interface, no further than `ttl` (1 if unset), and to this machine too."""
    try:
        index = socket.if_nametoindex(knobs.interface)
    except OSError as error:
        raise BadInput(f"there is no interface {knobs.interface!r}") from error
    hops = 1 if knobs.ttl is None else knobs.ttl
    if target.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", bytes(4), bytes(4), index))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, hops)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)


class UdpFlood(Actor):
    """Sends datagrams of `chunk` bytes at `bytes_per_s`: UDP has no window, so a receiver that does not read loses
    them and the sender never knows."""

    def act(self) -> None:
        knobs = self.knobs
        if knobs.chunk > PAYLOAD_MAX:
            raise BadInput(f"chunk {knobs.chunk} is larger than a datagram's {PAYLOAD_MAX} bytes")
        target = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_DGRAM)[0]
        check_target(target, knobs.allow_remote)
        sock = open_towards(self, target)
        connect(self, sock, target.address)
        sock.setblocking(False)
        payload = (PATTERN * (knobs.chunk // len(PATTERN) + 1))[: knobs.chunk]
        begun = time.monotonic()
        while True:
            self.pause(RATE_STEP_S)
            rate = knobs.bytes_per_s
            owed = None if rate is None else rate * (time.monotonic() - begun) - sock.sent
            allowed = BURST if owed is None else int(owed / knobs.chunk)
            for _ in range(min(allowed, BURST)):
                self._send(sock, payload)

    def _send(self, sock: LoggedSocket, payload: bytes) -> None:
        try:
            sock.send(payload)
        except BlockingIOError:
            return  # counted as refused: the interface's queue is full
        except ConnectionRefusedError:
            self.log.note("ECONNREFUSED: an ICMP port unreachable came back for an earlier datagram")
            return
        self.log.message()


class SntpClient(Actor):
    """Asks a time server, and tells the clock's offset and the way's delay (RFC 4330)."""

    def act(self) -> None:
        knobs = self.knobs
        target = resolve(self.log, knobs.host, knobs.port, knobs.family, socket.SOCK_DGRAM)[0]
        check_target(target, knobs.allow_remote)
        sock = open_towards(self, target)
        connect(self, sock, target.address)
        sock.setblocking(False)
        timeout_s = REPLY_TIMEOUT_S if knobs.timeout_s is None else knobs.timeout_s
        for turn in range(knobs.repeat):
            if turn:
                self.pause(knobs.interval_s)
            sent_ns = time.time_ns()
            asked = Packet(transmit=from_ns(sent_ns))
            sock.send(asked.encode())
            if not self.wait(sock.fileno(), select.POLLIN, timeout_s):
                raise LabError(f"no answer from {sock.peer} in {timeout_s:g} s", hint="no reply may be a firewall")
            reply = Packet.decode(sock.recv(DATAGRAM_MAX))
            received_ns = time.time_ns()
            if fault := fault_of(reply, asked):
                raise LabError(f"the answer of {sock.peer} is not to be trusted: {fault}")
            offset_ns, delay_ns = offset_and_delay_ns(reply, sent_ns, received_ns)
            self.say_reply(f"offset {offset_ns / 1e6:+.3f} ms, delay {delay_ns / 1e6:.3f} ms, stratum {reply.stratum}")
            self.log.message()
        self.hold()
        sock.close()
