"""Hears the SYN of each connection that a program of this machine opens, so that its socket can be looked up while it
lives. Needs an AF_PACKET socket, which somebody with CAP_NET_RAW has opened; the kernel hands over SYNs alone.

Of a SYN over loopback the outgoing copy is taken, as of any other: the socket that sent it is the source's.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from typing import Final, NamedTuple

from engine.model.errors import NetlinkError

ETH_P_ALL: Final = 3
SO_ATTACH_FILTER: Final = 26
"""include/uapi/asm-generic/socket.h."""

ARPHRD_ETHERNET: Final = 1
ARPHRD_LOOPBACK: Final = 772
"""Hardware types with an Ethernet header (linux/if_arp.h)."""
ETHERNET_HEADER: Final = 14

SYNS_PER_TURN: Final = 512
"""SYNs taken before other work has its turn: 50 ms with their look-ups."""

FRAME_BYTES: Final = 128
"""Link, IP with options or IPv6, and the TCP ports."""

_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE, _LOAD_BYTE_AT_X, _X_IS_HEADER = 0x20, 0x28, 0x30, 0x50, 0xB1
_AND, _GO, _EQUAL, _ANY_BIT, _RETURN = 0x54, 0x05, 0x15, 0x45, 0x06
"""Operations of classic BPF (linux/bpf_common.h)."""

_PACKET_TYPE: Final = -0x1000 + 4
"""SKF_AD_OFF + SKF_AD_PKTTYPE."""
_NET: Final = -0x100000
"""SKF_NET_OFF: offsets from the IP header, whatever lies before it."""
_PACKET_OUTGOING: Final = 4
_TCP: Final = 6
_SYN_OR_ACK, _SYN = 0x12, 0x02

_PROGRAM: Final = (
    (_LOAD_WORD, 0, 0, _PACKET_TYPE),
    (_EQUAL, 0, 17, _PACKET_OUTGOING),
    (_LOAD_BYTE, 0, 0, _NET),
    (_AND, 0, 0, 0xF0),
    (_EQUAL, 8, 0, 0x60),
    (_EQUAL, 0, 13, 0x40),
    (_LOAD_BYTE, 0, 0, _NET + 9),  # 6: IPv4's protocol
    (_EQUAL, 0, 11, _TCP),
    (_LOAD_HALF, 0, 0, _NET + 6),
    (_ANY_BIT, 9, 0, 0x1FFF),  # a later fragment has no TCP header
    (_X_IS_HEADER, 0, 0, _NET),
    (_LOAD_BYTE_AT_X, 0, 0, _NET + 13),
    (_GO, 0, 0, 3),
    (_LOAD_BYTE, 0, 0, _NET + 6),  # 13: IPv6's next header
    (_EQUAL, 0, 4, _TCP),
    (_LOAD_BYTE, 0, 0, _NET + 40 + 13),
    (_AND, 0, 0, _SYN_OR_ACK),  # 16: TCP's flags
    (_EQUAL, 0, 1, _SYN),
    (_RETURN, 0, 0, FRAME_BYTES),
    (_RETURN, 0, 0, 0),  # 19
)
"""Code, jump if so, jump if not, operand."""

_INSTRUCTION: Final = struct.Struct("=HBBI")
_PORTS: Final = struct.Struct(">HH")

_SOCKADDR_LL: Final = struct.Struct("=HHi12x")
"""sll_family, sll_protocol in network order, sll_ifindex (0: all); the rest is not read by bind()."""

IPV4_HEADER: Final = 20
IPV6_HEADER: Final = 40


class Ends(NamedTuple):
    """The two ends of a connection that is being opened, the opener's first."""

    local: tuple[str, int]
    peer: tuple[str, int]


def syn_ends(frame: bytes, hardware: int) -> Ends | None:
    """The ends of a SYN that passed the filter; None for a frame that is cut short or of a link without IP behind it.
    `hardware` is the interface's ARPHRD number."""
    start = ETHERNET_HEADER if hardware in (ARPHRD_ETHERNET, ARPHRD_LOOPBACK) else 0
    version = frame[start] >> 4 if len(frame) > start else 0
    if version == 4:
        family, size, first, length = socket.AF_INET, 4, start + 12, (frame[start] & 15) * 4
    elif version == 6:
        family, size, first, length = socket.AF_INET6, 16, start + 8, IPV6_HEADER
    else:
        return None
    ports = start + length
    if length < IPV4_HEADER or len(frame) < max(ports + _PORTS.size, first + 2 * size):
        return None
    sport, dport = _PORTS.unpack_from(frame, ports)
    source, destination = frame[first : first + size], frame[first + size : first + 2 * size]
    return Ends((socket.inet_ntop(family, source), sport), (socket.inet_ntop(family, destination), dport))


def _bind_everywhere(opened: socket.socket) -> None:
    """Bind to every interface, for which Python's own bind() has no name."""
    address = _SOCKADDR_LL.pack(socket.AF_PACKET, socket.htons(ETH_P_ALL), 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.bind(opened.fileno(), address, len(address)) < 0:
        raise OSError(ctypes.get_errno(), "bind")


class SynTap:
    """A packet socket that hears outgoing SYNs on every interface. It owns the descriptor from then on."""

    def __init__(self, descriptor: int) -> None:
        """`descriptor` is an AF_PACKET socket of protocol 0, not yet bound. Raises NetlinkError."""
        try:
            self.socket = socket.socket(fileno=descriptor)
        except OSError as error:
            os.close(descriptor)
            raise NetlinkError("listen for SYNs", error.errno) from error
        self.heard = 0
        self.malformed = 0
        code = b"".join(_INSTRUCTION.pack(kind, so, no, operand & 0xFFFFFFFF) for kind, so, no, operand in _PROGRAM)
        self._program = ctypes.create_string_buffer(code)
        fprog = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(self._program))
        try:
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)
            _bind_everywhere(self.socket)
        except OSError as error:
            self.socket.close()
            raise NetlinkError("listen for SYNs", error.errno) from error

    def drain(self) -> list[Ends]:
        """The connections that were opened since the last call, at most `SYNS_PER_TURN`."""
        found: list[Ends] = []
        for _ in range(SYNS_PER_TURN):
            try:
                frame, address = self.socket.recvfrom(FRAME_BYTES)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno == errno.ENETDOWN:  # an interface went; the others go on
                    continue
                raise NetlinkError("listen for SYNs", error.errno) from error
            self.heard += 1
            ends = syn_ends(frame, address[3])
            if ends is None:
                self.malformed += 1
            else:
                found.append(ends)
        return found

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()
