"""Who holds each socket: processes by inode, kept true at a bounded cost a refresh.

The kernel does not say who holds a socket; /proc/PID/fd does, link by link. So:

- The inodes of new rows are looked for at once, in the newest processes first, and there only behind descriptors that
  do not already stand for a live socket. The search ends when all are found.
- What is known is looked at again in turn, `RECHECK_LINKS` links a refresh, whole processes after each other: so a
  descriptor that was passed on or inherited, a program that replaced itself by exec and a PID that was given to
  another process show after at most one round.
- A process that is new since the last refresh is looked through whole; one that is gone holds nothing.

Every holder is listed, since forked servers share a socket. Holders are keyed by PID and start time.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from engine.model.sockets import Owner
from engine.sockets.descriptors import Descriptors
from engine.sockets.processes import Identity, Processes, ProcessGone, ProcessRefused

RECHECK_LINKS: Final = 3_000
"""Links read again a refresh: 8 ms at 2.6 µs each; 20,000 sockets are gone through in 7 refreshes."""

LOOKUP_LINKS: Final = 200_000
"""Links read for new rows a refresh (half a second); the rest waits for the next refresh."""

VISIT_LINKS: Final = 10
"""What looking at a process costs besides its links, counted in links: three files and a folder."""

FIRST_PID: Final = 1
"""Every PID namespace has it."""

NOBODY: Final[tuple[Owner, ...]] = ()


_HIDDEN: Final = Identity(0, "", "", kernel_thread=False)
"""A process of which only the PID may be seen (hidepid=1)."""


class _Process:
    """What is known of one process. `sockets` holds only descriptors of live rows."""

    __slots__ = ("checked_ns", "identity", "namespace", "pid", "refused", "sockets")

    def __init__(self, pid: int, identity: Identity, namespace: int = 0) -> None:
        self.pid = pid
        self.identity = identity
        self.namespace = namespace
        self.refused = False
        self.sockets = Descriptors()
        self.checked_ns = 0
        """When all of its descriptors had been read, wall clock."""


class OwnerTracker:
    """The holders of the inodes it was asked for."""

    def __init__(self, processes: Processes | None = None) -> None:
        self._processes = processes or Processes()
        self.holders: dict[int, tuple[Owner, ...]] = {}
        """By inode of a live row; empty where nobody was found."""
        self.vanished = 0
        """Processes that ended while they were looked at."""
        self.refused = 0
        """Processes that may not be looked into, at this moment."""
        self.refused_pid = 0
        """The first of them."""
        self.hidepid = False
        """/proc lists only some of the processes (mount option hidepid=2): not even the first one is there."""
        self.behind = 0
        """Inodes that wait for the next refresh, because LOOKUP_LINKS was reached."""
        self._known: dict[int, _Process] = {}
        self._now_ns = 0
        self._labels: Mapping[int, str] = {}
        self._wanted: set[int] = set()
        self._changed: set[int] = set()
        self._late: set[int] = set()
        self._round: list[int] = []
        self._pending = array("I")
        """Descriptors of `_pending_pid` that the round has still to read."""
        self._pending_pid = 0

    def update(self, wanted: set[int], labels: Mapping[int, str]) -> set[int]:
        """Look for the holders of `wanted`, new inodes, and look at some of the known ones again. `labels` says which
        PIDs are ours. `wanted` becomes the tracker's own. Returns the inodes whose holders may have changed; those of
        `wanted` need not be among them unless they are found in a later refresh."""
        for inode in wanted:
            self.holders.setdefault(inode, NOBODY)
        self._late, self._wanted = self._wanted, wanted
        self._wanted |= self._late
        self._relabel(labels)
        self._now_ns = time.time_ns()
        new = self._meet()
        budget = LOOKUP_LINKS
        for process in new:
            budget -= self._look_through(process)
        if self._wanted:
            budget = self._search(budget, {process.pid for process in new})
        self.behind = len(self._wanted) if budget <= 0 else 0
        if budget > 0:
            self._wanted.clear()
        self._recheck(RECHECK_LINKS)
        refused = [pid for pid, process in self._known.items() if process.refused]
        self.refused, self.refused_pid = len(refused), min(refused, default=0)
        changed, self._changed = self._changed, set()
        return changed

    def find(self, inodes: set[int]) -> dict[int, tuple[Owner, ...]]:
        """The holders of sockets that may be gone in a moment, without the round over known ones and without keeping
        what no row shows. Empty for those not found."""
        passing = inodes - self.holders.keys()
        waiting, self._wanted = self._wanted, set(passing)
        self.holders |= dict.fromkeys(passing, NOBODY)
        new = self._meet()
        budget = LOOKUP_LINKS
        for process in new:
            budget -= self._look_through(process)
        if self._wanted:
            self._search(budget, {process.pid for process in new})
        found = {inode: self.holders[inode] for inode in inodes}
        self._wanted = waiting
        self.forget(passing)
        return found

    def checked(self) -> dict[int, int]:
        """When each process that holds one of the sockets was last looked at as a whole, by PID; ns, wall clock."""
        return {pid: process.checked_ns for pid, process in self._known.items() if process.sockets}

    def namespaces(self) -> dict[int, int]:
        """The network namespaces of all processes, each with a process that is in it."""
        return {process.namespace: pid for pid, process in self._known.items() if process.namespace}

    def forget(self, inodes: Iterable[int]) -> None:
        """The sockets behind these inodes are gone."""
        for inode in inodes:
            for owner in self.holders.pop(inode, NOBODY):
                process = self._known.get(owner.pid)
                if process is not None and process.sockets.get(owner.fd) == inode:
                    process.sockets.put(owner.fd, 0)
        self._wanted &= self.holders.keys()

    def _relabel(self, labels: Mapping[int, str]) -> None:
        differing = labels.items() ^ self._labels.items()
        self._labels = dict(labels)
        for pid in {pid for pid, _ in differing}:
            if process := self._known.get(pid):
                self._reown(process)

    def _meet(self) -> list[_Process]:
        """Notice processes that came and went; the new ones, newest first."""
        seen = self._processes.pids()
        self.hidepid = FIRST_PID not in seen
        for pid in self._known.keys() - seen:
            self._drop(self._known.pop(pid))
        new: list[_Process] = []
        for pid in seen - self._known.keys():
            try:
                namespace = self._processes.network_namespace(pid)
                process = _Process(pid, self._processes.identity(pid), namespace)
            except ProcessRefused:
                process = _Process(pid, _HIDDEN)
                process.refused = True
            except ProcessGone:
                self.vanished += 1
                continue
            self._known[pid] = process
            new.append(process)
        new.sort(key=_newest_first)
        return new

    def _search(self, budget: int, already: Collection[int]) -> int:
        """Look for the wanted inodes behind descriptors that stand for no live row; what is left of `budget`."""
        for process in sorted(self._known.values(), key=_newest_first):
            if not self._wanted or budget <= 0:
                break
            if process.pid in already or process.refused or process.identity.kernel_thread:
                continue
            if names := self._descriptors(process):
                budget -= self._read(process, process.sockets.unknown(names))
        return budget

    def _look_through(self, process: _Process) -> int:
        """Read every descriptor of a process; how many there were."""
        if process.identity.kernel_thread or process.refused:
            return 0
        names = self._descriptors(process)
        process.checked_ns = self._now_ns
        return self._read(process, names) if names else 0

    def _recheck(self, budget: int) -> None:
        """Go on with the round over all processes, `budget` links far."""
        for _ in range(len(self._known) + 1):
            if not self._pending:
                if not self._round:
                    self._round = sorted(self._known)
                    if not self._round:
                        return
                self._pending_pid = self._round.pop()
                self._pending = array("I", map(int, self._begin_again(self._pending_pid)))
                budget -= VISIT_LINKS
            now, self._pending = self._pending[: max(budget, 0)], self._pending[max(budget, 0) :]
            if process := self._known.get(self._pending_pid):
                budget -= self._read(process, list(map(str, now)))
                if not self._pending and not process.refused:
                    process.checked_ns = self._now_ns
            if budget <= 0:
                return

    def _begin_again(self, pid: int) -> list[str]:
        """Check that a process is still the one that is known; its descriptors."""
        process = self._known.get(pid)
        if process is None or process.identity.kernel_thread:
            return []
        try:
            identity = self._processes.identity(pid)
        except ProcessRefused:
            process.refused = True
            return []
        except ProcessGone:
            self._vanish(process)
            return []
        if identity.start_time != process.identity.start_time:
            self._drop(process)
            self._known[pid] = process = _Process(pid, identity)
        elif identity != process.identity:
            process.identity = identity
            self._reown(process)
        process.namespace = self._processes.network_namespace(pid)
        process.refused = False
        return self._descriptors(process)

    def _descriptors(self, process: _Process) -> list[str]:
        """The open descriptors of a process; known ones that are not among them are given up."""
        try:
            names = self._processes.descriptors(process.pid)
        except ProcessRefused:
            process.refused = True
            return []
        except ProcessGone:
            self._vanish(process)
            return []
        for fd in process.sockets.closed(names):
            self._give_up(process, fd)
        return names

    def _read(self, process: _Process, names: list[str]) -> int:
        """Read what descriptors stand for and record it; how many were read."""
        known, holders = process.sockets, self.holders
        try:
            for fd, inode in self._processes.sockets(process.pid, names):
                before = known.get(fd)
                if before == inode:
                    continue
                if before:
                    self._give_up(process, fd)
                if inode in holders:
                    known.put(fd, inode)
                    self._own(process, fd, inode)
        except ProcessRefused:
            process.refused = True
        except ProcessGone:
            self._vanish(process)
        return len(names)

    def _own(self, process: _Process, fd: int, inode: int) -> None:
        identity = process.identity
        owner = Owner(
            process.pid,
            fd,
            identity.name,
            identity.start_time,
            identity.cmdline,
            self._labels.get(process.pid, ""),
            identity.unit,
        )
        others = self.holders[inode]
        self.holders[inode] = tuple(sorted((*others, owner), key=_by_pid)) if others else (owner,)
        if inode not in self._wanted or inode in self._late:
            self._changed.add(inode)
        self._wanted.discard(inode)

    def _give_up(self, process: _Process, fd: int) -> None:
        inode = process.sockets.get(fd)
        process.sockets.put(fd, 0)
        holders = self.holders.get(inode, NOBODY)
        left = tuple(owner for owner in holders if owner.pid != process.pid or owner.fd != fd)
        if inode in self.holders:
            self.holders[inode] = left
            self._changed.add(inode)
            if not left:
                # Its row may live on: passed to a process that has not been looked at since.
                self._wanted.add(inode)

    def _vanish(self, process: _Process) -> None:
        self.vanished += 1
        self._known.pop(process.pid, None)
        self._drop(process)

    def _drop(self, process: _Process) -> None:
        for fd, _ in list(process.sockets):
            self._give_up(process, fd)

    def _reown(self, process: _Process) -> None:
        """Make the owners of a process anew, with its present name and label."""
        for fd, inode in process.sockets:
            self.holders[inode] = tuple(
                owner for owner in self.holders.get(inode, NOBODY) if owner.pid != process.pid or owner.fd != fd
            )
            self._own(process, fd, inode)


def _newest_first(process: _Process) -> tuple[int, int]:
    return -process.identity.start_time, -process.pid


def _by_pid(owner: Owner) -> tuple[int, int]:
    return owner.pid, owner.fd
