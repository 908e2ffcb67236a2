"""One refresh of the table: sources in the order asked for, then the owners, then what changed."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.model.errors import BadInput
from engine.model.health import Degradation
from engine.model.messages import SocketsOptions
from engine.model.sockets import Owner, SocketEntry
from engine.query.kernel import ANYTHING
from engine.query.sockets import compile_sockets
from engine.sockets.attribution import HIDDEN_REASONS, attributed, hidden_owners, keys_by_inode
from engine.sockets.namespaces import not_shown, others
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.owners import NOBODY, OwnerTracker
from engine.sockets.proc_source import PROC_NET, ProcSource
from engine.sockets.processes import PROC, Processes
from engine.sockets.pushed import EVERYTHING, Pushed, families_for, pushed
from engine.sockets.source import FALLBACK_LOSSES, FAMILIES, Rows, SocketSource, SourceError, nothing, read_table
from engine.sockets.table import Difference, SocketTable

SOURCES: Mapping[str, tuple[str, ...]] = {
    "auto": ("netlink", "proc", "psutil"),
    "netlink": ("netlink",),
    "proc": ("proc",),
    "psutil": ("psutil",),
}
"""What SocketsOptions.source may be, and the sources it stands for, in the order of trying."""


def _psutil_source() -> SocketSource:
    # psutil takes 20 ms to import and is the last resort on Linux.
    from engine.sockets.psutil_source import PsutilSource

    return PsutilSource(PROC_NET)


def _proc_source() -> SocketSource:
    if not (PROC_NET / "tcp").exists():
        raise SourceError(f"read sockets from {PROC_NET}", errno.ENOENT, "this system has no such files")
    return ProcSource(PROC_NET)


def open_sources(name: str, details: bool = True, conditions: Pushed = EVERYTHING) -> list[SocketSource]:
    """The sources behind one of `SOURCES`; only netlink applies `details` and `conditions`. Raises BadInput for another
    name, SourceError if none can be opened."""
    makers: Mapping[str, Callable[[], SocketSource]] = {
        "netlink": lambda: NetlinkSource(None, details, conditions),
        "proc": _proc_source,
        "psutil": _psutil_source,
    }
    if name not in SOURCES:
        raise BadInput(f"read sockets from {name!r}", hint=f"one of {', '.join(SOURCES)}")
    opened: list[SocketSource] = []
    refusals: list[SourceError] = []
    for each in SOURCES[name]:
        if each == "psutil" and opened:
            break  # every row that psutil could give, these have
        try:
            opened.append(makers[each]())
        except SourceError as error:
            refusals.append(error)
    if not opened:
        raise refusals[0]
    return opened


def second_best(name: str, sources: Sequence[SocketSource]) -> tuple[Degradation, ...]:
    """That the first of the sources that `name` stands for could not be opened, and what its successor lacks."""
    if sources[0].name == SOURCES[name][0]:
        return ()
    used, wanted = sources[0].name, SOURCES[name][0]
    return (Degradation("NO_SOCK_DIAG", f"sockets are read from {used}, {FALLBACK_LOSSES[used]}: no {wanted} here"),)


def check_families(families: Sequence[str]) -> None:
    """Raises BadInput for a family that no source knows."""
    for family in families:
        if family not in FAMILIES:
            raise BadInput(f"show {family!r} sockets", hint=f"any of {', '.join(FAMILIES)}")


class Refresh(NamedTuple):
    """What one refresh found."""

    difference: Difference
    source: str
    degradations: tuple[Degradation, ...]
    interrupted: int
    malformed: int
    refused: int
    """Processes that may not be looked into."""
    vanished: int
    """Processes that ended while they were looked at, since this reader began."""
    checked: dict[int, int]
    """When each process that holds a socket was last looked at as a whole, by PID; ns, wall clock."""


class TableReader:
    """The sources of one set of options, and the table they fill."""

    def __init__(self, options: SocketsOptions, table: SocketTable | None = None, proc: Path = PROC) -> None:
        """`table` carries the generations of an earlier reader on. Raises BadInput, FilterError or SourceError."""
        check_families(options.families)
        self.options = options
        self.table = table or SocketTable()
        self._uid = os.geteuid()
        self._as_root = f"sudo {Path(sys.prefix) / 'bin' / 'sockmon'}" if self._uid else ""
        self._tracker = OwnerTracker(Processes(proc)) if options.owners and (proc / "self").exists() else None
        conditions = compile_sockets(options.filter).kernel
        self.leaves_out = conditions != ANYTHING
        """The filter keeps rows of living sockets away, so that an absent row means nothing."""
        self._families = families_for(options.families, conditions)
        self._sources = open_sources(options.source, options.details, pushed(conditions))
        self._second_best = second_best(options.source, self._sources)

    def refresh(self, labels: Mapping[int, str], between: Callable[[], None] = nothing) -> Refresh:
        """Read the table once. `labels` says which PIDs are ours. Raises SourceError."""
        reading = read_table(self._sources, self._families, self.table.entries, between)
        rows, degradations = reading.rows, self._second_best + reading.degradations
        gone = self.table.gone(rows.entries, rows.fresh)
        fresh: Collection[int] = rows.fresh
        if self._tracker is not None:
            fresh = self._attribute(self._tracker, rows, gone, labels)
            degradations += self._hidden_owners(self._tracker, rows.entries)
            degradations += not_shown(others(self._tracker.namespaces()), self._as_root)
        difference = self.table.update(rows.entries, fresh, gone)
        tracker = self._tracker
        return Refresh(
            difference,
            reading.source,
            degradations,
            rows.interrupted,
            rows.malformed,
            refused=tracker.refused if tracker else 0,
            vanished=tracker.vanished if tracker else 0,
            checked=tracker.checked() if tracker else {},
        )

    def _attribute(
        self, tracker: OwnerTracker, rows: Rows, gone: list[SocketEntry], labels: Mapping[int, str]
    ) -> Collection[int]:
        """Put the holders on the rows that are new or changed, and on those whose holders changed; the keys of both."""
        before, entries = self.table.entries, rows.entries
        left = {entry.inode for entry in gone}
        wanted: set[int] = set()
        for key in rows.fresh:
            inode = entries[key].inode
            earlier = before.get(key)
            if earlier is not None and earlier.inode != inode:
                left.add(earlier.inode)
            if inode and inode not in tracker.holders:
                wanted.add(inode)
        left -= wanted
        tracker.forget(left)
        changed = tracker.update(wanted, labels)
        keys: Collection[int] = rows.fresh
        if changed:
            keys = {*rows.fresh, *keys_by_inode(entries, changed)}
        hidden = tracker.refused > 0 or tracker.hidepid
        for key in keys:
            entry = entries[key]
            holders = tracker.holders.get(entry.inode, NOBODY)
            peers = tracker.holders.get(entry.peer_inode, NOBODY) if entry.peer_inode else NOBODY
            entries[key] = attributed(entry, holders, self._uid, hidden, peers)
        return keys

    def find_owners(self, inodes: set[int]) -> dict[int, tuple[Owner, ...]]:
        """Holders of sockets that no row shows yet."""
        return self._tracker.find(inodes) if self._tracker else {}

    def _hidden_owners(self, tracker: OwnerTracker, entries: Mapping[int, SocketEntry]) -> tuple[Degradation, ...]:
        if not tracker.refused and not tracker.hidepid:
            return ()
        ownerless = sum(entry.owner_unknown in HIDDEN_REASONS for entry in entries.values() if not entry.owners)
        if not ownerless:
            return ()
        refused, first = tracker.refused, tracker.refused_pid
        return (hidden_owners(ownerless, self._uid, refused, first, tracker.hidepid, self._as_root),)

    def close(self) -> None:
        """Close the sources."""
        for source in self._sources:
            source.close()
