"""One refresh of the table: sources in the order asked for, then the owners, then what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from engine.model.errors import BadInput
from engine.model.health import Degradation
from engine.model.messages import SocketsOptions
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.proc_source import ProcSource
from engine.sockets.psutil_source import PsutilSource
from engine.sockets.source import FAMILIES, SocketSource, SourceError, nothing, read_table
from engine.sockets.table import Difference, SocketTable

SOURCES: Mapping[str, tuple[str, ...]] = {
    "auto": ("netlink", "proc", "psutil"),
    "netlink": ("netlink",),
    "proc": ("proc",),
    "psutil": ("psutil",),
}
"""What SocketsOptions.source may be, and the sources it stands for, in the order of trying."""

_MAKERS: Mapping[str, Callable[[], SocketSource]] = {
    "netlink": NetlinkSource,
    "proc": ProcSource,
    "psutil": PsutilSource,
}


def open_sources(name: str) -> list[SocketSource]:
    """The sources behind one of `SOURCES`. Raises BadInput for another name, SourceError if none can be opened."""
    if name not in SOURCES:
        raise BadInput(f"read sockets from {name!r}", hint=f"one of {', '.join(SOURCES)}")
    opened: list[SocketSource] = []
    refusals: list[SourceError] = []
    for maker in SOURCES[name]:
        try:
            opened.append(_MAKERS[maker]())
        except SourceError as error:
            refusals.append(error)
    if not opened:
        raise refusals[0]
    return opened


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


class TableReader:
    """The sources of one set of options, and the table they fill."""

    def __init__(self, options: SocketsOptions, table: SocketTable | None = None) -> None:
        """`table` carries the generations of an earlier reader on. Raises BadInput or SourceError."""
        check_families(options.families)
        self.options = options
        self.table = table or SocketTable()
        self._sources = open_sources(options.source)

    def refresh(self, labels: Mapping[int, str], between: Callable[[], None] = nothing) -> Refresh:
        """Read the table once. `labels` says which PIDs are ours. Raises SourceError."""
        reading = read_table(self._sources, self.options.families, self.table.entries, between)
        rows = reading.rows
        difference = self.table.update(rows.entries, rows.fresh)
        return Refresh(difference, reading.source, reading.degradations, rows.interrupted, rows.malformed)

    def close(self) -> None:
        """Close the sources."""
        for source in self._sources:
            source.close()
