"""The pane of the kernel's sockets: one row each, filtered and sorted by keys, coloured by what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.query.sockets import compile_sockets, explain_sockets
from engine.text.cells import Look
from engine.text.columns import COLUMNS
from tui.widgets.columns import Column, Ink
from tui.widgets.filter_box import FilterBox
from tui.widgets.line_painter import SORT_GLYPHS
from tui.widgets.line_table import LineTable
from tui.widgets.pane import Pane, Words
from tui.widgets.socket_columns import LEAK_AGE_NS, dashboard_columns
from tui.widgets.socket_view import SocketView, totals

MARKS: Final[Mapping[RowChange, Ink]] = {
    RowChange.NEW: Ink.NEW,
    RowChange.CHANGED: Ink.CHANGED,
    RowChange.CLOSED: Ink.CLOSED,
}

TOGGLES: Final = Binding.Group("show")

NARROW: Final = 128
"""Below this many cells the gauges go and loopback addresses shorten."""


NO_SOCKETS: Final = "The kernel holds no sockets of these families."
ALL_LEFT_OUT: Final = "No socket passes. a shows all."


@dataclass(frozen=True)
class Arranged:
    """A snapshot as the pane shows it, made off the screen's thread."""

    view: SocketView
    snapshot: Snapshot
    rows: list[SocketEntry]
    live: int
    """Rows without those that have closed."""
    totals: list[str]


def arrange(view: SocketView, snapshot: Snapshot) -> Arranged:
    """Filter, sort and sum: the costly part of a refresh."""
    rows = view.arrange(snapshot.entries, Look(now_ns=snapshot.ts_ns))
    live = rows
    if RowChange.CLOSED in snapshot.changes.values():
        live = [entry for entry in rows if snapshot.changes.get(entry.key) is not RowChange.CLOSED]
    return Arranged(view, snapshot, rows, len(live), totals(live))


class ConnectionsPane(Pane):
    """Rows in by `show`, messages out: Opened for details, FamiliesChosen for what the worker should read."""

    NAME = "Connections"
    HELP = """
    ## Connections
    The sockets that the kernel holds, as `ss` prints them. **Recv-Q**: bytes received that the program has not read.
    **Send-Q**: bytes given to `send()` that the peer has not acknowledged. On **LISTEN** Recv-Q is the accept queue,
    used/limit, in connections.

    New rows are green (+), changed states yellow (~), closed ones red (×) for one refresh.
    """
    BINDING_GROUP_TITLE = "Connections"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="connections.filter", priority=True),
        Binding("s", "sort", "sort", id="connections.sort"),
        Binding("S", "reverse", "reverse", id="connections.reverse"),
        Binding("t", "family('tcp')", "TCP on or off", id="connections.tcp", group=TOGGLES),
        Binding("u", "family('udp')", "UDP on or off", id="connections.udp", group=TOGGLES),
        Binding("x", "family('unix')", "Unix sockets on or off", id="connections.unix", group=TOGGLES),
        Binding("l", "listening", "Listening only, or all", id="connections.listening", group=TOGGLES),
        Binding("a", "all", "All sockets: no toggle, no filter", id="connections.all", group=TOGGLES),
    ]

    class Opened(Message):
        """The user asked for the details of a socket."""

        def __init__(self, entry: SocketEntry) -> None:
            super().__init__()
            self.entry = entry

    class FamiliesChosen(Message):
        """The sockets worker should read these families from now on."""

        def __init__(self, families: tuple[str, ...]) -> None:
            super().__init__()
            self.families = families

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.view = SocketView()
        self.paused = False
        self._narrow = False
        self._shown: Snapshot | None = None
        self._sums: list[str] = []
        self._live = 0
        self._waiting_since: dict[int, int] = {}
        """When each socket was first seen in CLOSE-WAIT."""
        self._leaking: frozenset[int] = frozenset()
        self._table: LineTable[SocketEntry] = LineTable(
            self._columns(), _key, empty="Reading the kernel's socket table …"
        )
        self._box = FilterBox(explain_sockets, "a word, state:listen, recvq>0, dport = :443, 10.0.0.0/8 …")

    def compose(self) -> ComposeResult:
        yield self._table
        yield self._box

    def on_mount(self) -> None:
        self._table.set_sort(self.view.sort, self.view.reverse)
        self._retitle()

    def on_resize(self) -> None:
        super().on_resize()
        narrow = self.size.width < NARROW
        if narrow is not self._narrow:
            self._narrow = narrow
            self._table.set_columns(self._columns())

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    # --- rows in ----------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot, arranged: Arranged | None = None) -> None:
        """Show this moment. `arranged` is the work done elsewhere, used if it was done for the view of now."""
        if self.paused:
            return
        self._shown = snapshot
        self._watch_close_wait(snapshot)
        if arranged is None or arranged.view is not self.view:
            arranged = arrange(self.view, snapshot)
        self._apply(arranged)

    def pause(self, paused: bool) -> None:
        """Stand still, or go on with the next snapshot."""
        self.paused = paused
        self._retitle()

    def _apply(self, arranged: Arranged) -> None:
        snapshot = arranged.snapshot
        self._sums = arranged.totals
        self._live = arranged.live
        self._table.empty = ALL_LEFT_OUT if snapshot.entries else NO_SOCKETS
        marks = {key: MARKS[change] for key, change in snapshot.changes.items()}
        self._table.show(arranged.rows, marks, stamp=self._leaking)
        self._retitle()

    def _watch_close_wait(self, snapshot: Snapshot) -> None:
        """Remember since when sockets stand in CLOSE-WAIT."""
        before = self._waiting_since
        self._waiting_since = {
            entry.key: before.get(entry.key, snapshot.ts_ns)
            for entry in snapshot.entries
            if entry.state is SocketState.CLOSE_WAIT
        }
        self._leaking = frozenset(
            key for key, first_ns in self._waiting_since.items() if snapshot.ts_ns - first_ns >= LEAK_AGE_NS
        )

    def _columns(self) -> tuple[Column[SocketEntry], ...]:
        return dashboard_columns(self._is_leaking, self._narrow)

    def _is_leaking(self, key: int) -> bool:
        return key in self._leaking

    def _retitle(self) -> None:
        closed = sum(change is RowChange.CLOSED for change in self._shown.changes.values()) if self._shown else 0
        everything = len(self._shown.entries) - closed if self._shown else 0
        here = self._live
        counts = f"{here:,} of {everything:,}" if here != everything else f"{here:,}"
        left: list[Words | str] = [(counts, "")]
        left += [(chip, "$text-primary") for chip in self.view.chips()]
        if self.paused:
            left.append(("PAUSED", "bold reverse $text-warning"))
        sort = f"{COLUMNS[self.view.sort].title} {SORT_GLYPHS[self.view.reverse]}"
        self.set_title(left, [(sort, "$foreground 70%")], short=f"{self.NAME} {here:,}")
        self.set_totals([(total, "") for total in self._sums])

    # --- keys -------------------------------------------------------------------------------------------------------

    def _look_at(self, view: SocketView) -> None:
        """Show the same moment another way."""
        families = view.families_read()
        if families != self.view.families_read():
            self.post_message(self.FamiliesChosen(families))
        self.view = view
        self._table.set_sort(view.sort, view.reverse)
        if self._shown is not None:
            self._apply(arrange(view, self._shown))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "filter" and self._box.is_open)

    def action_sort(self) -> None:
        self._look_at(self.view.sort_next())

    def action_reverse(self) -> None:
        self._look_at(replace(self.view, reverse=not self.view.reverse))

    def action_family(self, family: str) -> None:
        self._look_at(self.view.toggle(family))

    def action_listening(self) -> None:
        self._look_at(replace(self.view, listening=not self.view.listening))

    def action_all(self) -> None:
        self._look_at(SocketView(everything=True, sort=self.view.sort, reverse=self.view.reverse))

    def action_filter(self) -> None:
        self._box.open(self.view.chosen.text if self.view.chosen is not None else "")

    def on_filter_box_changed(self, event: FilterBox.Changed) -> None:
        event.stop()
        chosen = compile_sockets(event.text) if event.text else None
        self._look_at(replace(self.view, chosen=chosen))

    def on_filter_box_closed(self, event: FilterBox.Closed) -> None:
        event.stop()
        self.focus_inside()

    def on_line_table_header_selected(self, event: LineTable.HeaderSelected) -> None:
        event.stop()
        self._look_at(self.view.sort_by(event.column))

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        if event.row is not None:
            self.post_message(self.Opened(event.row))


def _key(entry: SocketEntry) -> int:
    return entry.key
