"""Finds the network namespaces other than ours, with no right at all.

`/proc/PID/net` is the tree of that process's namespace, and each tree has inodes of its own: `/proc/PID/net/tcp` of two
processes is the same file if and only if they share a namespace. Anyone may look at it, while the link
`/proc/PID/ns/net` is for the owner and root. A namespace without a process is found by its name alone (`ip netns add`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from engine.model.health import Degradation
from engine.sockets.processes import PROC, Processes

NAMED: Final = Path("/run/netns")
"""Where `ip netns add` keeps its names (ip-netns(8)): each keeps a namespace alive."""


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
    return [NetworkNamespace(pid, _inode(proc, pid)) for pid in found.values()]


def others(namespaces: Mapping[int, int], named: Path = NAMED, proc: Path = PROC) -> int:
    """How many there are besides ours, of `namespaces` (the inode of their tree, and a process in them) and of those
    that have a name. A name that may be that of a namespace whose link cannot be read counts for it."""
    ours = _tree(proc, "self")
    trees = {tree: pid for tree, pid in namespaces.items() if ours is None or tree != ours[1]}
    links = [_inode(proc, pid) for pid in trees.values()]
    try:
        names = {path.stat().st_ino for path in named.iterdir()}
    except OSError:
        names = set()
    unmatched = names - {*links, _inode(proc, "self")}
    return len(trees) + max(0, len(unmatched) - links.count(0))


def not_shown(count: int, command: str) -> tuple[Degradation, ...]:
    """That so many namespaces are not shown; `command` starts sockmon as root, empty where it is root's already."""
    if not count:
        return ()
    sentence = f"{count} other network namespace{'s' if count > 1 else ''} not shown"
    return (Degradation("OTHER_NAMESPACES", sentence, f"{command} --netns NAME|PID".strip()),)


def _tree(proc: Path, process: str) -> tuple[int, int] | None:
    try:
        stat = os.stat(proc / process / "net" / "tcp")
    except OSError:
        return None  # gone, hidden, or a kernel thread on its way out
    return stat.st_dev, stat.st_ino


def _inode(proc: Path, process: int | str) -> int:
    try:
        link = os.readlink(proc / str(process) / "ns" / "net")
    except OSError:
        return 0
    digits = link.removeprefix("net:[").removesuffix("]")
    return int(digits) if digits.isdecimal() else 0
