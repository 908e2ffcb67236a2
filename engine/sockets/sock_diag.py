"""NETLINK_SOCK_DIAG's numbers and requests (linux/sock_diag.h, inet_diag.h), and what all rows share. No I/O.

A request for Internet sockets is `struct inet_diag_req_v2`; engine.sockets.inet_dump decodes what the kernel answers.
"""

from __future__ import annotations

import socket
import struct
from functools import lru_cache
from typing import Final

from engine.model.sockets import SkMem
from engine.model.tcp import KERNEL_STATES, SocketState
from engine.sockets.netlink import NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, message

SOCK_DIAG_BY_FAMILY: Final = 20
SOCK_DESTROY: Final = 21

IPPROTO_UDPLITE: Final = 136

PROTOCOLS: Final[dict[str, int]] = {
    "tcp": socket.IPPROTO_TCP,
    "udp": socket.IPPROTO_UDP,
    "udpl": IPPROTO_UDPLITE,
    "raw": socket.IPPROTO_RAW,
}
"""netid to sdiag_protocol. IPPROTO_RAW stands for all raw sockets."""

ALL_STATES: Final = 0xFFF
"""The states that ss asks for by `-a`: kernel numbers 0 to 11. Number 12 comes as SYN-RECEIVED."""
BOUND_INACTIVE: Final = 1 << 13
"""Bound, neither listening nor connected (Linux 6.8): holds a port, though ss lists it only with `bound-inactive`."""

# idiag_ext has 8 bits; bit N - 1 asks for attribute N.
INET_DIAG_INFO: Final = 2
INET_DIAG_CONG: Final = 4
INET_DIAG_TOS: Final = 5
INET_DIAG_TCLASS: Final = 6
INET_DIAG_SKMEMINFO: Final = 7
INET_DIAG_SHUTDOWN: Final = 8
INET_DIAG_PROTOCOL: Final = 10
INET_DIAG_SKV6ONLY: Final = 11
INET_DIAG_MARK: Final = 15
INET_DIAG_CGROUP_ID: Final = 21

INET_DIAG_REQ_BYTECODE: Final = 1

EXTENSIONS: Final = sum(
    1 << (kind - 1) for kind in (INET_DIAG_INFO, INET_DIAG_CONG, INET_DIAG_TOS, INET_DIAG_TCLASS, INET_DIAG_SKMEMINFO)
)
"""idiag_ext for all that SocketEntry holds. Shutdown, v6only, mark and cgroup come unasked."""

NO_COOKIE: Final = 0xFFFFFFFF_FFFFFFFF
"""INET_DIAG_NOCOOKIE in both halves: any socket with these addresses will do."""

_REQUEST: Final = struct.Struct("=BBBxI")
_SOCKID: Final = struct.Struct("=2s2s16s16sIQ")
_PORTS: Final = struct.Struct(">HH")

AF_INET: Final = 2
AF_INET6: Final = 10

TIMER_NAMES: Final = ("", "on", "keepalive", "timewait", "persist")
"""idiag_timer to ss's word; what is above is `unknown`."""

TCP_STATES: Final = tuple(KERNEL_STATES.get(number, SocketState.UNKNOWN) for number in range(256))
DATAGRAM_STATES: Final = (*TCP_STATES[:7], SocketState.UNCONN, *TCP_STATES[8:])
"""Sockets without a connection stand in TCP_CLOSE (7) until connect()."""

_SKMEM: Final = struct.Struct("=9I")

SKMEM_REMEMBERED: Final = 1024
"""Idle sockets with the same buffers share one SkMem, which saves 190 bytes each."""


@lru_cache(SKMEM_REMEMBERED)
def skmem(payload: bytes) -> SkMem | None:
    """*_DIAG_SKMEMINFO of any family; None from a kernel so old (before 4.7) that it sends fewer than nine numbers."""
    return SkMem(*_SKMEM.unpack_from(payload)) if len(payload) >= _SKMEM.size else None


def sockid(
    sport: int = 0,
    dport: int = 0,
    source: bytes = b"",
    destination: bytes = b"",
    interface: int = 0,
    cookie: int = NO_COOKIE,
) -> bytes:
    """`struct inet_diag_sockid`; addresses are packed, 4 or 16 bytes."""
    ports = _PORTS.pack(sport, dport)
    return _SOCKID.pack(ports[:2], ports[2:], source, destination, interface, cookie)


def dump_request(
    sequence: int,
    family: int,
    protocol: int,
    states: int = ALL_STATES,
    extensions: int = EXTENSIONS,
    attached: bytes = b"",
) -> bytes:
    """Ask for every socket of a family and protocol in one of `states` (bits by kernel number). `attached` holds
    request attributes (a filter)."""
    body = _REQUEST.pack(family, protocol, extensions, states) + bytes(48) + attached
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence, body)


def get_request(sequence: int, family: int, protocol: int, identity: bytes, extensions: int = EXTENSIONS) -> bytes:
    """Ask for the one socket that `sockid()` names. The kernel answers with one row or an error (ENOENT: none).

    `source` and `sport` in the identity are those of the socket's own end, as in a row of a dump.
    """
    body = _REQUEST.pack(family, protocol, extensions, 0xFFFFFFFF) + identity
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, sequence, body)


def destroy_request(sequence: int, family: int, protocol: int, identity: bytes) -> bytes:
    """Ask the kernel to close the socket that `sockid()` names (SOCK_DESTROY, CAP_NET_ADMIN)."""
    body = _REQUEST.pack(family, protocol, 0, 0xFFFFFFFF) + identity
    return message(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, sequence, body)
