"""Ports for programs that cannot say which one the kernel gave them."""

from __future__ import annotations

import socket
from contextlib import suppress

from tests.machine import has_ipv6

TRIES = 100


def free_port() -> int:
    """A port that nobody had a moment ago, TCP nor UDP, on any address of either family."""
    family, anywhere = (socket.AF_INET6, "::") if has_ipv6() else (socket.AF_INET, "0.0.0.0")
    for _ in range(TRIES):
        with socket.socket(family) as stream, socket.socket(family, socket.SOCK_DGRAM) as datagrams:
            if family is socket.AF_INET6:
                for sock in (stream, datagrams):
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            stream.bind((anywhere, 0))
            port = int(stream.getsockname()[1])
            with suppress(OSError):  # a UDP socket has that number
                datagrams.bind((anywhere, port))
                return port
    raise AssertionError(f"of {TRIES} ports that TCP has free none is free for UDP")


def listens(port: int) -> bool:
    """Whether a TCP socket listens there, asked of the kernel's table: a connection would count as a client."""
    wanted = f"{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as rows:
            for row in rows:
                fields = row.split()
                if fields[3] == "0A" and fields[1].endswith(f":{wanted}"):
                    return True
    return False
