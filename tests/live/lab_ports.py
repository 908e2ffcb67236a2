"""Ports for programs that cannot say which the kernel gave them."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port that nobody had a moment ago, TCP nor UDP, on either family's loopback."""
    with socket.socket(socket.AF_INET6) as stream:
        stream.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        stream.bind(("::", 0))
        return int(stream.getsockname()[1])


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
