"""A sniffer in fifteen lines: a packet socket, recvfrom(), and struct for the headers. Needs CAP_NET_RAW."""

from __future__ import annotations

import socket
import struct
from typing import Final

from engine.lab.actor import Actor
from engine.lab.logged import LoggedSocket
from engine.model.errors import BadInput
from engine.model.lab import ActorState

ETH_P_ALL: Final = 0x0003  # include/uapi/linux/if_ether.h
ETHERNET_HEADER: Final = 14
FRAME_MAX: Final = 65_549
"""The loopback's largest packet and its Ethernet header."""

PROTOCOLS: Final = {1: "ICMP", 6: "TCP", 17: "UDP"}


def frame_line(frame: bytes) -> str:
    """One frame in a line: an IPv4 packet by its addresses and protocol, any other by its EtherType."""
    if len(frame) < ETHERNET_HEADER + 20 or frame[12:14] != b"\x08\x00" or frame[ETHERNET_HEADER] >> 4 != 4:
        return f"EtherType 0x{frame[12:14].hex()}, {len(frame)} bytes"
    length, protocol, source, target = struct.unpack("!2xH5xB2x4s4s", frame[14:34])
    ports = ""
    start = ETHERNET_HEADER + (frame[ETHERNET_HEADER] & 15) * 4
    if protocol in (6, 17) and len(frame) >= start + 4:
        ports = " {} → {}".format(*struct.unpack_from("!HH", frame, start))
    name = PROTOCOLS.get(protocol, str(protocol))
    return f"{socket.inet_ntoa(source)} → {socket.inet_ntoa(target)} {name}{ports} {length} bytes"


class Sniffer(Actor):
    """Notes the next `repeat` frames of an interface, then ends."""

    def act(self) -> None:
        try:
            socket.if_nametoindex(self.knobs.interface)
        except OSError as error:
            raise BadInput(f"there is no interface {self.knobs.interface!r}") from error
        sock = self._open()
        sock.bind((self.knobs.interface, ETH_P_ALL))
        self.say_local(self.knobs.interface)
        self.state = ActorState.RUNNING
        seen = 0
        while seen < self.knobs.repeat:
            self.wait(sock.fileno())
            frame, address = sock.recvfrom(FRAME_MAX)
            if address[2] == socket.PACKET_OUTGOING:  # the loopback shows each frame going out and coming in
                continue
            self.log.note(frame_line(frame), again=True)
            self.log.message()
            seen += 1
        sock.close()

    def _open(self) -> LoggedSocket:
        """Protocol 0 hears nothing until bind() names one (packet(7)), so no frame of another interface comes first."""
        if "packet" in self.handed:
            handed = self.handed.pop("packet")
            return LoggedSocket.taken(self.log, socket.AF_PACKET, socket.SOCK_RAW, 0, handed)
        return LoggedSocket.open(self.log, socket.AF_PACKET, socket.SOCK_RAW, 0)
