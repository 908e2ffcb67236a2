"""Which sockets are shown, as which lines and in which order: the choices of a connections pane. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

from engine.model.snapshot import RowChange
from engine.model.sockets import SocketEntry
from engine.model.tcp import SS_SPELLINGS, SocketState
from engine.query.sockets import SocketFilter
from engine.text.cells import Look
from engine.text.columns import COLUMNS
from engine.text.columns import Column as SharedColumn
from engine.text.presets import PRESETS
from engine.text.units import count
from tui.looks import look_at
from tui.messages import PORTS, Moment
from tui.tracks import HISTORY_S
from tui.widgets.kernel_line import kernel_words
from tui.widgets.pane import Words
from tui.widgets.socket_lines import Grouping, SocketLine, folded, grouped, listening_ports

NETIDS: Final[Mapping[str, frozenset[str]]] = {
    "tcp": frozenset(("tcp",)),
    "udp": frozenset(("udp", "udpl")),
    "unix": frozenset(("u_str", "u_dgr", "u_seq")),
}
"""What each toggle shows."""

FAMILIES_READ: Final[Mapping[str, tuple[str, ...]]] = {"tcp": ("tcp",), "udp": ("udp", "udpl"), "unix": ("unix",)}
"""What each toggle has the sockets worker read."""

EVERY_FAMILY: Final = ("tcp", "udp", "udpl", "raw", "icmp", "unix", "packet", "netlink")

SORTS: Final = ("state", "recv_q", "send_q", "local", "peer", "process", "netid")
"""The columns that `s` goes through where all that are shown would be too many."""

LARGEST_FIRST: Final = frozenset(
    ("recv_q", "send_q", "in_rate", "out_rate", "in_bytes", "out_bytes", "in_packets", "out_packets", "rtt", "retrans",
     "lost", "unacked", "notsent", "cwnd", "age")
)  # fmt: skip
"""Columns that a person sorts to see what is largest."""

STATE: Final = attrgetter("state")
RECV_Q: Final = attrgetter("recv_q")
SEND_Q: Final = attrgetter("send_q")
"""Readers that cost a quarter of a function: a key waits for them over every row."""
LISTEN: Final = SocketState.LISTEN

OWN_PRESET: Final = "sockmon"
PRESET_NAMES: Final = (OWN_PRESET, *PRESETS)
CHOSEN: Final = "yours"
"""The preset that a person made."""


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
    folds: bool = False
    """The two ends of a local connection are one line."""
    grouping: Grouping = Grouping.NONE
    folded_groups: frozenset[str] = frozenset()
    history: bool = False
    """Sockets that closed a short while ago are shown too."""
    history_s: float = HISTORY_S
    """How long they are kept."""
    services: bool = False
    """Service names in place of ports."""
    host_name: Callable[[str], str] | None = None
    """Answers the name of an address that is known already; None to show addresses."""
    preset: str = OWN_PRESET
    columns: tuple[tuple[str, int], ...] = ()
    """Names and widths of the columns of preset CHOSEN; empty if none were chosen."""

    def toggle(self, family: str) -> SocketView:
        """Show this family too, or no longer; the last one stays."""
        families = self.families ^ {family}
        return replace(self, families=families or self.families, everything=False)

    def sort_by(self, column: str) -> SocketView:
        """Sort by this column; the other way round if it sorts already."""
        if column == self.sort:
            return replace(self, reverse=not self.reverse)
        return replace(self, sort=column, reverse=column in LARGEST_FIRST)

    def sort_next(self, columns: Sequence[str] = SORTS) -> SocketView:
        """Sort by the column after the one that sorts now."""
        place = columns.index(self.sort) if self.sort in columns else -1
        return self.sort_by(columns[(place + 1) % len(columns)])

    def next_grouping(self) -> SocketView:
        """Group by the next thing, or no longer."""
        order = list(Grouping)
        grouping = order[(order.index(self.grouping) + 1) % len(order)]
        return replace(self, grouping=grouping, folded_groups=frozenset())

    def next_preset(self) -> SocketView:
        """The next set of columns; sorted by state again if the new one lacks the column."""
        presets = (*PRESET_NAMES, *((CHOSEN,) if self.columns else ()))
        preset = presets[(presets.index(self.preset) + 1) % len(presets)]
        changed = replace(self, preset=preset)
        names = [column.name for column in PRESETS[preset].columns] if preset in PRESETS else list(COLUMNS)
        return changed if changed.sort in names else replace(changed, sort="state", reverse=False)

    def with_columns(self, columns: tuple[tuple[str, int], ...]) -> SocketView:
        """Show these columns from now on; sorted by state again if it was by a column that only its preset had."""
        changed = replace(self, preset=CHOSEN, columns=columns)
        return changed if changed.sort in COLUMNS else replace(changed, sort="state", reverse=False)

    def look(self, moment: Moment) -> Look:
        """The facts that cells and filters need besides their row."""
        return look_at(moment, services=self.services, host_name=self.host_name)

    def sort_column(self) -> SharedColumn:
        """The column that sorts."""
        if self.preset in PRESETS:
            for column in PRESETS[self.preset].columns:
                if column.name == self.sort:
                    return column
        return COLUMNS.get(self.sort, COLUMNS["state"])

    def shared_columns(self, names: Iterable[str]) -> list[SharedColumn]:
        """The columns of these names, the preset's own where it has one of that name."""
        known = dict(COLUMNS)
        if self.preset in PRESETS:
            known.update({column.name: column for column in PRESETS[self.preset].columns})
        return [known[name] for name in names if name in known]

    def families_read(self) -> tuple[str, ...]:
        """What the sockets worker must read for this view."""
        if self.everything:
            return EVERY_FAMILY
        return tuple(name for family in sorted(self.families) for name in FAMILIES_READ[family])

    def entries(self, moment: Moment) -> list[SocketEntry]:
        """The sockets that are shown, sorted."""
        look = self.look(moment)
        shown = list(moment.by_ports)
        if self.history and moment.watched.closed:
            here = {entry.key for entry in shown}
            shown += [closed.entry for closed in moment.watched.closed if closed.entry.key not in here]
            shown.sort(key=PORTS)
        if not self.everything:
            netids = frozenset().union(*(NETIDS[family] for family in self.families))
            shown = [entry for entry in shown if entry.netid in netids]
        if self.listening:
            shown = [entry for entry in shown if entry.state in (SocketState.LISTEN, SocketState.UNCONN)]
        if self.chosen is not None:
            test = self.chosen.test
            shown = [entry for entry in shown if test(entry, look)]
        key = self.sort_column().sort_key
        # Python's sort is stable: ties stay by port, whichever way the column goes.
        shown.sort(key=lambda entry: key(entry, look), reverse=self.reverse)
        return shown

    def lines(self, entries: Sequence[SocketEntry], moment: Moment) -> list[SocketLine]:
        """The sockets as lines: folded and grouped as chosen."""
        everything = moment.snapshot.entries
        lines: list[SocketLine] = folded(entries, listening_ports(everything)) if self.folds else list(entries)
        if self.grouping is not Grouping.NONE:
            lines = grouped(lines, self.grouping, self.folded_groups, everything)
        return lines

    def chips(self) -> list[str]:
        """The view in the words of the pane's title, as far as it differs from what a person expects."""
        chips = ["all families"] if self.everything else []
        if not self.everything and self.families != SocketView().families:
            chips = ["+".join(sorted(self.families))]
        if self.listening:
            chips.append("listening")
        if self.folds:
            chips.append("folded")
        if self.grouping is not Grouping.NONE:
            chips.append(f"by {self.grouping}")
        if self.history:
            chips.append(f"history {self.history_s:g} s")
        if self.services or self.host_name is not None:
            chips.append(" ".join(("port names",) * self.services + ("host names",) * (self.host_name is not None)))
        if self.preset != OWN_PRESET:
            chips.append("your columns" if self.preset == CHOSEN else f"columns of {self.preset}")
        if self.chosen is not None:
            chips.append(self.chosen.text)
        return chips


@dataclass(frozen=True)
class Arranged:
    """A moment as a pane shows it, made off the screen's thread."""

    view: SocketView
    moment: Moment
    lines: list[SocketLine]
    live: int
    """Sockets shown, without those that have closed."""
    totals: list[str]
    kernel: Sequence[Words | str] = ()
    """What the line below the sockets says; empty if that was not asked for."""


def arrange(view: SocketView, moment: Moment, *, kernel: bool = False) -> Arranged:
    """Filter, sort, fold and sum: the costly part of a refresh."""
    entries = view.entries(moment)
    changes = moment.snapshot.changes
    live = entries
    if view.history or RowChange.CLOSED in changes.values():
        past = {closed.entry.key for closed in moment.watched.closed} if view.history else frozenset[int]()
        live = [entry for entry in entries if changes.get(entry.key) is not RowChange.CLOSED and entry.key not in past]
    below = kernel_words(moment.snapshot, moment.watched.forgotten) if kernel else ()
    return Arranged(view, moment, view.lines(entries, moment), len(live), totals(live), below)


def totals(entries: Sequence[SocketEntry]) -> list[str]:
    """How many sockets are in each state, and the sums of the data queues."""
    states = Counter(map(STATE, entries))
    said = [f"{states[state]:,} {SS_SPELLINGS.get(state, state.value)}" for state in SocketState if states[state]]
    # On LISTEN the queues are connections.
    holding = entries if not states[SocketState.LISTEN] else [one for one in entries if one.state is not LISTEN]
    for name, read in (("Recv-Q", RECV_Q), ("Send-Q", SEND_Q)):
        total = sum(filter(None, map(read, holding)))
        if total:
            said.append(f"Σ {name} {count(total)}")
    return said
