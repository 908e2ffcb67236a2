"""What this machine and the user who runs the tests allow, asked of the kernel.

Root in a container may hold no right at all, and a kernel that knows IPv6 may have it switched off.
"""

from __future__ import annotations

import functools
import socket

CAPTURE_REFUSED = "needs the right to open a packet socket (CAP_NET_RAW)"
NO_IPV6 = "this machine has no IPv6 loopback address"


@functools.cache
def may_capture() -> bool:
    """Whether this user may open a packet socket."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except (PermissionError, AttributeError):
        return False
    return True


@functools.cache
def has_ipv6() -> bool:
    """Whether ::1 can be bound."""
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True


def loopbacks() -> list[tuple[socket.AddressFamily, str]]:
    """The families that this machine has, each with its loopback address."""
    return [(socket.AF_INET, "127.0.0.1"), *([(socket.AF_INET6, "::1")] if has_ipv6() else [])]
