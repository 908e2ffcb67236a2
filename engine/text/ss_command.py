"""The ss command that shows one socket, and the filter in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.sanitize import printable
from engine.text.socket_values import AF_INET, AF_INET6, AF_UNIX
from engine.text.units import endpoint

FLAGS: Final[Mapping[str, str]] = {
    "tcp": "-tanpoemi", "udp": "-uanpoem", "udpl": "-anpoem --socket=udp", "raw": "-wanpoem", "icmp": "-wanpoem",
    "u_str": "-xanpem", "u_dgr": "-xanpem", "u_seq": "-xanpem", "p_raw": "-0anpem", "p_dgr": "-0anpem",
    "nl": "-anpem -f netlink",
}  # fmt: skip
"""Netid to the flags that show it with all that ss knows."""

WITHOUT_PEER: Final = frozenset((SocketState.LISTEN, SocketState.UNCONN, SocketState.CLOSED))
"""States in which a socket has no other end."""


def ss_filter(entry: SocketEntry) -> str:
    """`src 127.0.0.1:8080 dst 127.0.0.1:53225` in ss's own language; empty where ss has no words for the socket."""
    if entry.family == AF_UNIX:
        return f"src {printable(entry.local_address)}" if entry.local_address else ""
    if entry.family not in (AF_INET, AF_INET6):
        return ""
    local = f"src {_end(entry.local_address, entry.local_port)}"
    if entry.state in WITHOUT_PEER:
        return local
    return f"{local} dst {_end(entry.peer_address, entry.peer_port)}"


def ss_command(entry: SocketEntry) -> str:
    """The command that shows the socket, and as few others as ss can tell from it."""
    words = ["ss", *FLAGS.get(entry.netid, "-anpem").split()]
    expression = ss_filter(entry)
    return shlex.join([*words, expression] if expression else words)


def _end(address: str, port: int) -> str:
    """As ss's filter takes it: a wildcard of both families is a bare port, and an address has no scope."""
    if address == "*":
        return f":{port}"
    return endpoint(address.partition("%")[0], port)
