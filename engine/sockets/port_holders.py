"""Finds the sockets on one local port, with their processes: here, and in the other network namespaces."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from engine.model.health import Degradation
from engine.model.ports import Elsewhere, Namespaces
from engine.model.sockets import SocketEntry
from engine.sockets.attribution import attributed
from engine.sockets.bytecode import End, port_is, request_attribute
from engine.sockets.namespaces import network_namespaces
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.owners import NOBODY, OwnerTracker
from engine.sockets.proc_source import ProcSource
from engine.sockets.processes import PROC, Processes
from engine.sockets.pushed import Pushed
from engine.sockets.sock_diag import ALL_STATES, BOUND_INACTIVE
from engine.sockets.source import SocketSource, SourceError, read_table

NAMESPACES_MAX: Final = 256
"""Read one by one, a few milliseconds each: a machine of containers has dozens. Those beyond count as unreadable."""


def holders(port: int, netids: tuple[str, ...]) -> tuple[list[SocketEntry], tuple[Degradation, ...]]:
    """Every socket whose local port this is, with its owners, and what could not be had. Raises SourceError where no
    source can be read."""
    conditions = Pushed(ALL_STATES | BOUND_INACTIVE, request_attribute(port_is(End.LOCAL, port)))
    sources: list[SocketSource] = [ProcSource()]
    limits: tuple[Degradation, ...] = ()
    try:
        sources.insert(0, NetlinkSource(conditions=conditions))
    except SourceError as error:
        limits = (Degradation("NO_SOCK_DIAG", f"sockets that are bound and do nothing are not seen: {error}"),)
    try:
        reading = read_table(sources, netids, {})
    finally:
        for source in sources:
            source.close()
    on_port = [entry for entry in reading.rows.entries.values() if entry.local_port == port]
    return owned(on_port), limits + reading.degradations


def owned(entries: list[SocketEntry]) -> list[SocketEntry]:
    """The rows with the processes that hold them."""
    tracker = OwnerTracker(Processes())
    tracker.update({entry.inode for entry in entries if entry.inode}, {})
    hidden = tracker.refused > 0 or tracker.hidepid
    return [attributed(entry, tracker.holders.get(entry.inode, NOBODY), os.geteuid(), hidden) for entry in entries]


def elsewhere(port: int, netids: tuple[str, ...], proc: Path = PROC) -> Namespaces:
    """The other network namespaces, and the sockets on the port in them."""
    found: list[Elsewhere] = []
    others = network_namespaces(proc)
    unreadable = max(0, len(others) - NAMESPACES_MAX)
    for namespace in others[:NAMESPACES_MAX]:
        try:
            reading = read_table([ProcSource(proc / str(namespace.pid) / "net")], netids, {})
        except SourceError:
            unreadable += 1
            continue
        unreadable += bool(reading.degradations)
        there = [entry for entry in reading.rows.entries.values() if entry.local_port == port]
        if there:
            found.append(Elsewhere(namespace.inode, namespace.pid, tuple(owned(there))))
    return Namespaces(len(others), unreadable, tuple(found))
