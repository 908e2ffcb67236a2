"""Finds the network namespaces that this machine's processes live in, with no right at all.

`/proc/PID/net` is the tree of that process's namespace, and each tree has inodes of its own: `/proc/PID/net/tcp` of two
processes is the same file if and only if they share a namespace. Anyone may look at it, while the link
`/proc/PID/ns/net` is for the owner and root. A namespace without a process (`ip netns add`) is not found.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from engine.sockets.processes import PROC, Processes

NAMESPACES_MAX: Final = 256
"""Looked at one by one: a machine of containers has dozens."""


class NetworkNamespace(NamedTuple):
    """A network namespace other than ours."""

    pid: int
    """The oldest process that lives there."""
    inode: int
    """As in `net:[4026531840]`; 0 where the link may not be read."""


def network_namespaces(proc: Path = PROC) -> list[NetworkNamespace]:
    """The namespaces of other processes, without ours."""
    ours = _tree(proc, "self")
    found: dict[tuple[int, int], int] = {}
    for pid in sorted(Processes(proc).pids()):
        tree = _tree(proc, str(pid))
        if tree is not None and tree != ours:
            found.setdefault(tree, pid)
    return [NetworkNamespace(pid, _inode(proc, pid)) for pid in list(found.values())[:NAMESPACES_MAX]]


def _tree(proc: Path, process: str) -> tuple[int, int] | None:
    try:
        stat = os.stat(proc / process / "net" / "tcp")
    except OSError:
        return None  # gone, hidden, or a kernel thread on its way out
    return stat.st_dev, stat.st_ino


def _inode(proc: Path, pid: int) -> int:
    try:
        link = os.readlink(proc / str(pid) / "ns" / "net")
    except OSError:
        return 0
    digits = link.removeprefix("net:[").removesuffix("]")
    return int(digits) if digits.isdecimal() else 0
