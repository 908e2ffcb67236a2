"""Values of a socket's row that take more than one of its fields, or a rule, to tell.

Columns print them and filters compare them, so both say the same. Unknown is None.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import tcp_info_field
from engine.text.units import WILDCARDS

AF_UNIX: Final = 1
AF_INET: Final = 2
AF_INET6: Final = 10
"""Linux numbers (`bits/socket.h`): the rows carry these whatever machine shows them."""

INFINITE_SSTHRESH: Final = 0x7FFFFFFF
"""TCP_INFINITE_SSTHRESH of `include/net/tcp.h`: slow start has not ended yet."""

PARSED_ADDRESSES: Final = 65_536
"""Addresses whose parsed form is kept: parsing one takes 3 µs and a table names the same ones each second."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# States in which the peer's FIN has arrived; it counts one in bytes_received.
_FIN_RECEIVED: Final = frozenset(
    (SocketState.CLOSE_WAIT, SocketState.CLOSING, SocketState.LAST_ACK, SocketState.TIME_WAIT)
)


@lru_cache(PARSED_ADDRESSES)
def parsed_address(text: str) -> Address | None:
    """The IP address in `text`, its scope dropped and an IPv4-mapped one folded to IPv4; None for a name or a path."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def transport(entry: SocketEntry) -> str:
    """`tcp` or `udp` for what has ports, else the netid."""
    return "udp" if entry.netid == "udpl" else entry.netid


def data_recv_q(entry: SocketEntry) -> int | None:
    """Bytes received and not yet read. None on LISTEN, whose Recv-Q counts connections."""
    return None if entry.state is SocketState.LISTEN else entry.recv_q


def data_send_q(entry: SocketEntry) -> int | None:
    """Bytes given to send() and not yet acknowledged. None on LISTEN, whose Send-Q is the accept queue's limit."""
    return None if entry.state is SocketState.LISTEN else entry.send_q


def accept_queue(entry: SocketEntry) -> int | None:
    """Connections that wait for accept(); None but on LISTEN."""
    return entry.recv_q if entry.state is SocketState.LISTEN else None


def accept_limit(entry: SocketEntry) -> int | None:
    """How many connections may wait for accept(); None but on LISTEN."""
    return entry.send_q if entry.state is SocketState.LISTEN else None


def tcp_field(name: str) -> Callable[[SocketEntry], int | None]:
    """A reader of one field of tcp_info, in the kernel's unit. On LISTEN the kernel reuses some fields for the accept
    queue, so all are None there."""

    def read(entry: SocketEntry) -> int | None:
        if not entry.tcp_info or entry.state is SocketState.LISTEN:
            return None
        return tcp_info_field(entry.tcp_info, name)

    return read


_bytes_received = tcp_field("bytes_received")
_bytes_sent = tcp_field("bytes_sent")
_bytes_retrans = tcp_field("bytes_retrans")
_ssthresh = tcp_field("snd_ssthresh")


def ssthresh(entry: SocketEntry) -> int | None:
    """Slow start threshold in segments; None while there is none."""
    segments = _ssthresh(entry)
    return None if segments is None or segments >= INFINITE_SSTHRESH else segments


def in_bytes(entry: SocketEntry) -> int | None:
    """Data bytes received in order since the connection began, the peer's FIN not counted."""
    received = _bytes_received(entry)
    if received is None:
        return None
    return received - 1 if received and entry.state in _FIN_RECEIVED else received


def out_bytes(entry: SocketEntry) -> int | None:
    """Data bytes sent since the connection began, each once; None before Linux 4.19."""
    sent, again = _bytes_sent(entry), _bytes_retrans(entry)
    return None if sent is None or again is None else sent - again


def age_ns(since_ns: int, now_ns: int) -> int:
    """Time since a socket was first seen; never negative, though the wall clock may be set back."""
    return max(0, now_ns - since_ns)


def reach(entry: SocketEntry) -> str:
    """Who can open a connection to a listener, or send to a UDP socket without a peer, by the address it is bound to:
    `this machine`, `this network` or `everyone`. Empty for other sockets. A firewall may say otherwise."""
    listens = entry.state is SocketState.LISTEN or (transport(entry) == "udp" and entry.state is SocketState.UNCONN)
    if not listens or (entry.family != AF_UNIX and not entry.local_port):
        return ""
    if entry.family == AF_UNIX:
        return "this machine"
    if entry.local_address in WILDCARDS:
        return "everyone"
    address = parsed_address(entry.local_address)
    if address is None:
        return ""
    if address.is_loopback:
        return "this machine"
    # RFC 1918, RFC 4193 and link-local addresses are not routed beyond the site.
    return "this network" if address.is_private or address.is_link_local else "everyone"
