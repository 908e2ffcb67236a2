"""Reads processes from /proc: who they are, and which sockets their descriptors stand for.

Any process may end between two reads: that is None or ProcessGone, never an error. Names and command lines are foreign
text and leave this module printable.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from engine.sockets.units import unit_name
from engine.text.sanitize import printable_bytes_within, printable_within

PROC: Final = Path("/proc")

NAME_CHARACTERS_MAX: Final = 64
UNIT_CHARACTERS_MAX: Final = 64
CMDLINE_CHARACTERS_MAX: Final = 512
"""A command line may hold megabytes (a shell's expanded list of files); a screen shows one line of it."""

COMM_MAX: Final = 15
"""TASK_COMM_LEN without its NUL: a name of this length may have been cut by the kernel."""

PF_KTHREAD: Final = 0x0020_0000
"""Flag of kernel threads (include/linux/sched.h); they have no descriptors."""

_SOCKET: Final = "socket:["


class ProcessGone(Exception):
    """The process ended while it was looked at."""


class ProcessRefused(Exception):
    """The process may not be looked into: another user's, hidden by hidepid, or not dumpable."""


class Identity(NamedTuple):
    """Who a process is."""

    start_time: int
    """Clock ticks since boot: with the PID it names a process for ever."""
    name: str
    cmdline: str
    kernel_thread: bool
    unit: str = ""
    """Its container or systemd unit, printable."""


class Processes:
    """The processes under `root`, a mounted /proc."""

    def __init__(self, root: Path = PROC) -> None:
        self._root = str(root)

    def pids(self) -> set[int]:
        """Every process that this user may see."""
        try:
            return {int(name) for name in os.listdir(self._root) if name.isdecimal()}
        except OSError:
            return set()

    def start_time(self, pid: int) -> int:
        """Field 22 of /proc/PID/stat. Raises ProcessGone or ProcessRefused."""
        return self._stat(pid)[1]

    def identity(self, pid: int) -> Identity:
        """Raises ProcessGone or ProcessRefused."""
        comm, start_time, flags = self._stat(pid)
        try:
            words = self._read(pid, "cmdline").rstrip(b"\0").split(b"\0")
        except ProcessRefused:
            words = []
        try:
            unit = unit_name(self._read(pid, "cgroup").decode("utf-8", "replace"))
        except (ProcessGone, ProcessRefused):
            unit = ""  # a kernel without cgroups; or the process is gone, and who asks next will know
        name = comm
        program = os.path.basename(words[0]) if words else b""
        if len(comm) >= COMM_MAX and program.startswith(comm):
            name = program
        return Identity(
            start_time,
            printable_bytes_within(name, NAME_CHARACTERS_MAX),
            printable_bytes_within(b" ".join(words), CMDLINE_CHARACTERS_MAX),
            bool(flags & PF_KTHREAD),
            printable_within(unit, UNIT_CHARACTERS_MAX),
        )

    def network_namespace(self, pid: int) -> int:
        """A number for the network namespace of a process (engine.sockets.namespaces), 0 for one that is gone."""
        try:
            return os.stat(f"{self._root}/{pid}/net/tcp").st_ino
        except OSError:
            return 0

    def descriptors(self, pid: int) -> list[str]:
        """The numbers of a process's open descriptors. Raises ProcessGone or ProcessRefused."""
        try:
            return os.listdir(f"{self._root}/{pid}/fd")
        except PermissionError as error:
            raise ProcessRefused from error
        except OSError as error:
            raise ProcessGone from error

    def sockets(self, pid: int, descriptors: Iterable[str]) -> Iterator[tuple[int, int]]:
        """(descriptor, inode) of each that is open; inode 0 for what is no socket. Those closed meanwhile are left out.
        Raises ProcessGone or ProcessRefused."""
        try:
            folder = os.open(f"{self._root}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except PermissionError as error:
            raise ProcessRefused from error
        except OSError as error:
            raise ProcessGone from error
        try:
            for name in descriptors:
                try:
                    link = os.readlink(name, dir_fd=folder)
                except PermissionError as error:
                    raise ProcessRefused from error
                except OSError:
                    continue
                yield int(name), int(link[len(_SOCKET) : -1]) if link.startswith(_SOCKET) else 0
        finally:
            os.close(folder)

    def _stat(self, pid: int) -> tuple[bytes, int, int]:
        """comm, start time, flags (fields 2, 22, 9). A name may hold spaces and parentheses: the last `)` ends it."""
        try:
            raw = self._read(pid, "stat")
            first, last = raw.index(b"("), raw.rindex(b")")
            fields = raw[last + 2 :].split()
            return raw[first + 1 : last], int(fields[19]), int(fields[6])
        except (ValueError, IndexError) as error:
            raise ProcessGone from error

    def _read(self, pid: int, name: str) -> bytes:
        try:
            with open(f"{self._root}/{pid}/{name}", "rb") as opened:
                return opened.read(4 * CMDLINE_CHARACTERS_MAX)
        except PermissionError as error:
            raise ProcessRefused from error
        except OSError as error:
            raise ProcessGone from error
