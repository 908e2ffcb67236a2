"""Entering another network namespace, named as `ip netns` names it, or by a process or a container that is in it.

The launcher, or a command that runs alone, enters it before it opens or starts anything: so every socket, every file
under /proc/net and every process of this run belongs to that namespace. Processes are found as before, since /proc
shows them whatever their network.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from contextlib import suppress
from errno import EACCES, EINVAL, ENOENT, EPERM, ESRCH
from pathlib import Path
from typing import Final

from engine.model.errors import BadInput

CLONE_NEWNET: Final = 0x40000000
"""include/uapi/linux/sched.h"""

NAMED: Final = Path("/run/netns")
"""Where `ip netns add` keeps its names (ip-netns(8))."""

PROC: Final = Path("/proc")

OPTION: Final = "--netns"

HINTS: Final = {
    ENOENT: "`ip netns` lists the names; a PID names the namespace of that process, docker:ID that of a container",
    ESRCH: "that process has ended",
    EPERM: "entering another namespace needs root: run sockmon with sudo",
    EACCES: "entering another namespace needs root: run sockmon with sudo",
    EINVAL: "that is no network namespace",
}


def asked_for(arguments: Sequence[str]) -> str:
    """The value of --netns on a command line, wherever it stands; empty without one."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--":
            break
        if word == OPTION:
            return following
        if word.startswith(f"{OPTION}="):
            return word.removeprefix(f"{OPTION}=")
    return ""


def path_of(name: str, named: Path = NAMED, proc: Path = PROC) -> Path:
    """The file that stands for a namespace: a name of `ip netns`, a PID, the path of such a file, or a container as the
    cgroup column shows it (`docker:3f2a1b4c5d6e`, its end left out if need be)."""
    if "/" in name:
        return Path(name)
    if ":" in name:
        return proc / str(_first_in(name, proc)) / "ns" / "net"
    if name.isdecimal() and not (named / name).exists():
        return proc / name / "ns" / "net"
    return named / name


def _first_in(container: str, proc: Path) -> int:
    """The oldest process in a container; 0, which no process is, where there is none."""
    # Not for every start: the launcher knows nothing of cgroups.
    from engine.sockets.processes import Processes, ProcessGone, ProcessRefused

    processes = Processes(proc)
    for pid in sorted(processes.pids()):
        with suppress(ProcessGone, ProcessRefused):
            if processes.identity(pid).unit.startswith(container):
                return pid
    return 0


def enter(name: str) -> None:
    """Have this process, and all that it starts, live in another network namespace. Called by a process of one thread.
    Raises BadInput."""
    tried = f"enter the network namespace {name!r}"
    if not name or name in (".", ".."):
        raise BadInput(tried, ENOENT, HINTS[ENOENT])
    try:
        descriptor = os.open(path_of(name), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise BadInput(tried, error.errno, HINTS.get(error.errno or 0, "")) from error
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
            errno = ctypes.get_errno()
            raise BadInput(tried, errno, HINTS.get(errno, ""))
    finally:
        os.close(descriptor)
