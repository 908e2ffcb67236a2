"""Which sockets are shown and in which order: the toggles, the filter and the sort of a connections pane. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.model.sockets import SocketEntry
from engine.model.tcp import SS_SPELLINGS, SocketState
from engine.query.sockets import SocketFilter
from engine.text.cells import Look
from engine.text.columns import COLUMNS
from engine.text.socket_values import data_recv_q, data_send_q
from engine.text.units import count

NETIDS: Final[Mapping[str, frozenset[str]]] = {
    "tcp": frozenset(("tcp",)),
    "udp": frozenset(("udp", "udpl")),
    "unix": frozenset(("u_str", "u_dgr", "u_seq")),
}
"""What each toggle shows."""

FAMILIES_READ: Final[Mapping[str, tuple[str, ...]]] = {"tcp": ("tcp",), "udp": ("udp", "udpl"), "unix": ("unix",)}
"""What each toggle has the sockets worker read."""

SORTS: Final = ("state", "recv_q", "send_q", "local", "peer", "process", "netid")
"""The columns that `s` goes through, by name in engine.text.columns."""

LARGEST_FIRST: Final = frozenset(("recv_q", "send_q"))
"""Columns that a person sorts to see what is largest."""


@dataclass(frozen=True)
class SocketView:
    """What a connections pane shows; every key of the pane makes a new one."""

    families: frozenset[str] = frozenset(("tcp", "udp"))
    everything: bool = False
    """All netids that the worker reads."""
    listening: bool = False
    """Listeners and unconnected UDP sockets only."""
    chosen: SocketFilter | None = None
    sort: str = "state"
    reverse: bool = False

    def toggle(self, family: str) -> SocketView:
        """Show this family too, or no longer; the last one stays."""
        families = self.families ^ {family}
        return replace(self, families=families or self.families, everything=False)

    def sort_by(self, column: str) -> SocketView:
        """Sort by this column; the other way round if it sorts already."""
        if column == self.sort:
            return replace(self, reverse=not self.reverse)
        return replace(self, sort=column, reverse=column in LARGEST_FIRST)

    def sort_next(self) -> SocketView:
        """Sort by the column after the one that sorts now."""
        place = SORTS.index(self.sort) if self.sort in SORTS else -1
        return self.sort_by(SORTS[(place + 1) % len(SORTS)])

    def families_read(self) -> tuple[str, ...]:
        """What the sockets worker must read for this view."""
        if self.everything:
            return ("tcp", "udp", "udpl", "raw", "icmp", "unix")
        return tuple(name for family in sorted(self.families) for name in FAMILIES_READ[family])

    def arrange(self, entries: Iterable[SocketEntry], look: Look) -> list[SocketEntry]:
        """The entries that are shown, sorted."""
        shown = list(entries)
        if not self.everything:
            netids = frozenset().union(*(NETIDS[family] for family in self.families))
            shown = [entry for entry in shown if entry.netid in netids]
        if self.listening:
            shown = [entry for entry in shown if entry.state in (SocketState.LISTEN, SocketState.UNCONN)]
        if self.chosen is not None:
            test = self.chosen.test
            shown = [entry for entry in shown if test(entry, look)]
        key = COLUMNS[self.sort].sort_key
        # Two sorts, since Python's is stable: ties stay by port, whichever way the column goes.
        shown.sort(key=_ports)
        shown.sort(key=lambda entry: key(entry, look), reverse=self.reverse)
        return shown

    def chips(self) -> list[str]:
        """The view in the words of the pane's title, as far as it leaves anything out."""
        chips = ["all families"] if self.everything else []
        if not self.everything and self.families != SocketView().families:
            chips = ["+".join(sorted(self.families))]
        if self.listening:
            chips.append("listening")
        if self.chosen is not None:
            chips.append(self.chosen.text)
        return chips


def _ports(entry: SocketEntry) -> tuple[int, int]:
    return entry.local_port, entry.peer_port


def totals(entries: Sequence[SocketEntry]) -> list[str]:
    """The sums of the data queues, and how many sockets are in each state."""
    sums = []
    for name, read in (("Recv-Q", data_recv_q), ("Send-Q", data_send_q)):
        total = sum(read(entry) or 0 for entry in entries)
        if total:
            sums.append(f"Σ {name} {count(total)}")
    states = Counter(entry.state for entry in entries)
    said = [f"{states[state]:,} {SS_SPELLINGS.get(state, state.value)}" for state in SocketState if states[state]]
    return [*said, *sums]
