"""Which process opened or closed each TCP connection, from the records of the tracepoint. Pure but for a name look-up
that is handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from msgspec.structs import replace

from engine.model.sockets import Owner
from engine.sockets.addresses import folded
from engine.sockets.perf_records import FIN_WAIT_1, LAST_ACK, SYN_SENT, Forked, Named, Record, StateChange

CONNECTIONS_KEPT: Final = 65_536
"""Connections whose process is remembered until their end is reported, about 300 B each."""

NAMES_KEPT: Final = 16_384
"""Names of processes, most of which have ended."""

EARLY_KEPT: Final = 1024
"""Ends of SYN-SENT that wait for its beginning: no more than happen while the rings are read in turn."""

UNKNOWN_FD: Final = -1
"""Owner.fd of a process that is known by the tracepoint alone."""

Connection = tuple[tuple[str, int], tuple[str, int]]
"""Local and peer address and port."""

K = TypeVar("K")
V = TypeVar("V")


def _nowhere(pid: int) -> bool:
    return False


class Traced:
    """Connections by their ends, and processes by their names. `look_up` tells a living process as an Owner, or None,
    and `is_elsewhere` that it lives in another network namespace, whose connections may have the very ends of ours;
    both are asked once a process, as soon as a record names it."""

    def __init__(self, look_up: Callable[[int], Owner | None], is_elsewhere: Callable[[int], bool] = _nowhere) -> None:
        self._look_up = look_up
        self._is_elsewhere = is_elsewhere
        self._processes: dict[int, Owner | None] = {}
        """None for those elsewhere."""
        self._openers: dict[int, int] = {}
        self._early: dict[int, StateChange] = {}
        self._connections: dict[Connection, tuple[int, ...]] = {}

    def take(self, records: Iterable[Record]) -> None:
        """Learn from records, those of several processors one after the other."""
        changes: list[StateChange] = []
        for record in records:
            match record:
                case StateChange():
                    changes.append(record)
                case Named():
                    self._name(record)
                case Forked() if record.pid != record.parent:
                    self._fork(record)
        for change in sorted(changes):
            self._change(change)

    def _name(self, record: Named) -> None:
        known = self._processes.get(record.pid)
        if known is None and (record.pid in self._processes or self._is_elsewhere(record.pid)):
            _keep(self._processes, record.pid, None, NAMES_KEPT)
            return
        start, unit = (known.start_time, known.unit) if known else (0, "")
        _keep(self._processes, record.pid, Owner(record.pid, UNKNOWN_FD, record.name, start, unit=unit), NAMES_KEPT)

    def _fork(self, record: Forked) -> None:
        """A child is called what its parent is called, and is where its parent is."""
        if record.parent not in self._processes:
            self._processes.pop(record.pid, None)  # another process had this PID
            return
        parent = self._processes[record.parent]
        child = replace(parent, pid=record.pid, start_time=0) if parent else None
        _keep(self._processes, record.pid, child, NAMES_KEPT)

    def _change(self, change: StateChange) -> None:
        if change.new == SYN_SENT:
            # connect() enters SYN-SENT before it has chosen its port.
            if not self._meet(change.pid):
                return
            early = self._early.pop(change.socket, None)
            if early is not None and early.time_ns >= change.time_ns:
                self._add(early, change.pid)
            else:
                _keep(self._openers, change.socket, change.pid, CONNECTIONS_KEPT)
        elif change.old == SYN_SENT:
            opener = self._openers.pop(change.socket, None)
            if opener is not None:
                self._add(change, opener)
            else:
                # Another processor's ring, read before this one, may have got the beginning meanwhile.
                _keep(self._early, change.socket, change, EARLY_KEPT)
        elif change.new in (FIN_WAIT_1, LAST_ACK) and change.pid and self._meet(change.pid):
            self._add(change, change.pid)

    def _add(self, change: StateChange, pid: int) -> None:
        if not change.local[1]:
            return
        ends = ((folded(change.local[0]), change.local[1]), (folded(change.peer[0]), change.peer[1]))
        known = self._connections.pop(ends, ())
        _keep(self._connections, ends, known if pid in known else (*known, pid), CONNECTIONS_KEPT)

    def _meet(self, pid: int) -> bool:
        """Learn who a process is; False for one in another network namespace."""
        if pid in self._processes:
            return self._processes[pid] is not None
        if self._is_elsewhere(pid):
            _keep(self._processes, pid, None, NAMES_KEPT)
            return False
        if (owner := self._look_up(pid)) is not None:
            _keep(self._processes, pid, owner, NAMES_KEPT)
        return True

    def owners(self, local: tuple[str, int], peer: tuple[str, int]) -> tuple[Owner, ...]:
        """The processes that opened or closed a connection, given by its ends with mapped addresses folded; none if
        the tracepoint did not see it."""
        pids = self._connections.get((local, peer), ())
        return tuple(self._processes.get(pid) or Owner(pid, UNKNOWN_FD, "") for pid in pids)


def _keep(kept: dict[K, V], key: K, value: V, limit: int) -> None:
    """Remember, and give up the oldest beyond `limit`."""
    kept[key] = value
    if len(kept) > limit:
        del kept[next(iter(kept))]
