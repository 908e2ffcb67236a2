"""Where socket rows come from: the one interface of all sources, and the fall back from one to the next.

A source reads one family at a time and raises SourceError when it cannot; then the next source is asked. So a kernel
that lacks one diag module loses nothing but that module's extra columns.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from engine.model.errors import NetlinkError
from engine.model.health import Degradation
from engine.model.sockets import SocketEntry

FAMILIES: tuple[str, ...] = ("tcp", "udp", "udpl", "raw", "icmp", "unix", "packet", "netlink")
"""What SocketsOptions.families may name."""


class SourceError(NetlinkError):
    """A source cannot read a family here."""


class NoSuchTable(SourceError):
    """A family that this source has on no machine: the next source is asked, and nothing is amiss."""


class Rows(msgspec.Struct):
    """The rows of one family, or of all families together."""

    entries: dict[int, SocketEntry]
    """By key. A row that is known not to have changed is the very object of `previous`."""
    fresh: list[int]
    """Keys of the entries that are not objects of `previous`."""
    interrupted: int = 0
    malformed: int = 0

    def add(self, rows: Rows) -> None:
        """Take other rows in, which are not to be used any more: the first are taken as they are."""
        if self.entries:
            self.entries |= rows.entries
            self.fresh += rows.fresh
        else:
            self.entries, self.fresh = rows.entries, rows.fresh
        self.interrupted += rows.interrupted
        self.malformed += rows.malformed


class SocketSource(Protocol):
    """A way to read the kernel's socket table."""

    name: str
    """netlink, proc or psutil."""

    def read(self, family: str, previous: Mapping[int, SocketEntry], between: Callable[[], None]) -> Rows:
        """All sockets of one family. `previous` are the entries of the reading before, by key, of whatever family;
        `between` is called now and then, so that events can be drained. Raises SourceError."""
        ...

    def close(self) -> None:
        """Give up what the source holds open."""
        ...


class Reading(msgspec.Struct):
    """One pass over the whole table."""

    rows: Rows
    source: str
    """The source that read the first family: netlink, proc or psutil."""
    degradations: tuple[Degradation, ...]


FALLBACK_LOSSES: dict[str, str] = {
    "proc": "no tcp_info, memory or backlog limit for them",
    "psutil": "no queues, inodes or timers for them",
}
"""What the rows of a source lack, by its name."""


def nothing() -> None:
    """What to do between two chunks when there is nothing to do."""


def read_table(
    sources: Sequence[SocketSource],
    families: Sequence[str],
    previous: Mapping[int, SocketEntry],
    between: Callable[[], None] = nothing,
) -> Reading:
    """Read each family from the first of `sources` that can. A fall back is a Degradation; a family that no source can
    read is one too, unless it is the only one asked for: then the last SourceError is raised."""
    whole = Rows({}, [])
    used: list[str] = []
    degradations: list[Degradation] = []
    for family in families:
        refusals: list[SourceError] = []
        for source in sources:
            try:
                rows = source.read(family, previous, between)
            except SourceError as error:
                refusals.append(error)
                continue
            whole.add(rows)
            used.append(source.name)
            if refusals and not isinstance(refusals[0], NoSuchTable):
                degradations.append(_fallback(family, source.name, refusals[0]))
            break
        else:
            if len(families) == 1 and refusals:
                raise refusals[-1]
            sentence = f"{family} sockets are not shown: {refusals[0] if refusals else 'no source'}"
            degradations.append(Degradation("FAMILY_UNREADABLE", sentence))
    return Reading(whole, used[0] if used else sources[0].name, tuple(degradations))


def _fallback(family: str, name: str, refusal: SourceError) -> Degradation:
    loss = FALLBACK_LOSSES.get(name, "fewer columns for them")
    why = os.strerror(refusal.errno) if refusal.errno else "not there"
    if refusal.errno == errno.ENOENT:
        why = "the kernel has no diag module for them"
    return Degradation("NO_SOCK_DIAG", f"{family} sockets are read from {name}, {loss}: {why}", refusal.hint)
