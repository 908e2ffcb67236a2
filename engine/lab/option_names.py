"""Names of socket option levels and numbers, for the log of calls, and numbers that the socket module lacks."""

from __future__ import annotations

import socket
from typing import Final

TCP_USER_TIMEOUT: Final = 18  # include/uapi/linux/tcp.h
IP_RECVTTL: Final = 12  # include/uapi/linux/in.h
IP_LOCAL_PORT_RANGE: Final = 51  # include/uapi/linux/in.h, Linux 6.3
SO_COOKIE: Final = 57  # include/uapi/asm-generic/socket.h
SO_MEMINFO: Final = 55  # the same, Linux 4.12

_LEVELS: Final = {
    socket.SOL_SOCKET: "SOL_SOCKET",
    socket.IPPROTO_TCP: "IPPROTO_TCP",
    socket.IPPROTO_IP: "IPPROTO_IP",
    socket.IPPROTO_IPV6: "IPPROTO_IPV6",
    socket.IPPROTO_UDP: "IPPROTO_UDP",
}

_PREFIXES: Final = {
    socket.SOL_SOCKET: "SO_",
    socket.IPPROTO_TCP: "TCP_",
    socket.IPPROTO_IP: "IP_",
    socket.IPPROTO_IPV6: "IPV6_",
}


_FOREIGN: Final = ("SO_J1939", "SO_VM_")
"""Numbers of other levels (CAN, vsock) that the socket module spells alike."""


def _names() -> dict[tuple[int, int], str]:
    names: dict[tuple[int, int], str] = {}
    for level, prefix in _PREFIXES.items():
        for name in sorted(dir(socket)):
            if name.startswith(prefix) and not name.startswith(_FOREIGN):
                names.setdefault((level, getattr(socket, name)), name)
    names[socket.SOL_SOCKET, SO_COOKIE] = "SO_COOKIE"
    names[socket.SOL_SOCKET, SO_MEMINFO] = "SO_MEMINFO"
    names[socket.IPPROTO_IP, IP_RECVTTL] = "IP_RECVTTL"
    names[socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE] = "IP_LOCAL_PORT_RANGE"
    return names


_NAMES: Final = _names()


def level_name(level: int) -> str:
    """`SOL_SOCKET` for 1; the number itself for a level without a name."""
    return _LEVELS.get(level, str(level))


def option_name(level: int, number: int) -> str:
    """`SO_SNDBUF` for option 7 of SOL_SOCKET; the number itself for an option without a name."""
    return _NAMES.get((level, number), str(number))
