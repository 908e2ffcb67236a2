"""What this machine and the user who runs the tests allow, asked of the kernel.

Root in a container may hold no right at all, and a kernel that knows IPv6 may have it switched off.
"""

from __future__ import annotations

import functools
import os
import platform
import socket
from pathlib import Path

from engine.process.seccomp import ARCHITECTURES

CAPTURE_REFUSED = "needs the right to open a packet socket (CAP_NET_RAW)"
CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 12, 19, 21
NO_IPV6 = "this machine has no IPv6 loopback address"


@functools.cache
def may_capture() -> bool:
    """Whether this user may open a packet socket."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except (PermissionError, AttributeError):
        return False
    return True


def holds(capability: int) -> bool:
    """Whether this process may use a capability (linux/capability.h) now."""
    status = Path("/proc/self/status")
    lines = dict(line.partition(":")[::2] for line in status.read_text().splitlines()) if status.exists() else {}
    return bool(int(lines.get("CapEff", "0"), 16) >> capability & 1)


def sees_owners() -> bool:
    """Whether sockmon's worker can look into processes of this user. Who looks must hold all that they hold, or
    CAP_SYS_PTRACE (ptrace(2)); the worker of a root without that keeps all it has where there is a filter for it."""
    return os.geteuid() != 0 or holds(CAP_SYS_PTRACE) or platform.machine() in ARCHITECTURES


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
