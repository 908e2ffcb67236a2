"""The pane of the kernel's sockets: one row each, filtered and sorted by keys, coloured by what happened to it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.model.snapshot import RowChange
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.query.sockets import compile_sockets, explain_sockets
from engine.text.cells import Look
from engine.text.columns import Column as SharedColumn
from tui.conversations import Wanted, of_entry
from tui.messages import Moment
from tui.widgets.columns import Column, Ink
from tui.widgets.filter_box import FilterBox
from tui.widgets.line_painter import SORT_GLYPHS
from tui.widgets.line_table import LineTable
from tui.widgets.pane import EXPLAIN_KEY, FLOW_KEY, Pane, Words
from tui.widgets.socket_columns import LEAK_AGE_NS, socket_columns
from tui.widgets.socket_lines import Grouping, SocketLine, entry_of, interned, line_key, line_spans
from tui.widgets.socket_view import Arranged, SocketView, arrange
from tui.widgets.topics import Topic, of_socket_row

if TYPE_CHECKING:
    from tui.host import ScreenHost

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


class ConnectionsPane(Pane):
    """Rows in by `show`, messages out: Opened for details, FamiliesChosen for what the worker should read."""

    app: ScreenHost

    NAME = "Connections"
    HELP = """
    ## Connections
    The sockets that the kernel holds, as `ss` prints them. **Recv-Q**: bytes received that the program has not read.
    **Send-Q**: bytes given to `send()` that the peer has not acknowledged. On **LISTEN** Recv-Q is the accept queue,
    used/limit, in connections.

    New rows are green (+), changed states yellow (~), closed ones red (×) for one refresh; `~` before a process says
    that it is inferred. **K** closes a socket or ends a process that holds it, once you have read what goes with it.
    **E** saves the list as text, CSV or JSON. **e** explains each column with what the row has in it.
    """
    BINDING_GROUP_TITLE = "Connections"
    BINDINGS: ClassVar[list[BindingType]] = [
        FLOW_KEY,
        EXPLAIN_KEY,
        Binding("slash", "filter", "filter", key_display="/", id="connections.filter", priority=True),
        Binding("s", "sort", "sort", id="connections.sort"),
        Binding("S", "reverse", "reverse", id="connections.reverse"),
        Binding("t", "family('tcp')", "TCP on or off", id="connections.tcp", group=TOGGLES),
        Binding("u", "family('udp')", "UDP on or off", id="connections.udp", group=TOGGLES),
        Binding("x", "family('unix')", "Unix sockets on or off", id="connections.unix", group=TOGGLES),
        Binding("l", "listening", "Listening only, or all", id="connections.listening", group=TOGGLES),
        Binding("a", "all", "All sockets: no toggle, no filter", id="connections.all", group=TOGGLES),
        Binding("K", "end_socket", "close or end", id="connections.end"),
        Binding("E", "export", "save the list", show=False, id="connections.export"),
    ]

    class Opened(Message):
        """The user asked for the details of a socket."""

        def __init__(self, entry: SocketEntry) -> None:
            super().__init__()
            self.entry = entry

    class EndingWanted(Message):
        """The user wants a socket closed, or a process that holds it ended."""

        def __init__(self, entry: SocketEntry) -> None:
            super().__init__()
            self.entry = entry

    class ExportWanted(Message):
        """The user wants the sockets that are listed in a file: as this view shows that moment, in these columns."""

        def __init__(self, view: SocketView, moment: Moment, columns: Sequence[SharedColumn]) -> None:
            super().__init__()
            self.view = view
            self.moment = moment
            self.columns = columns

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
        self._arranged: Arranged | None = None
        """What is shown."""
        self._look = Look()
        self._lines: dict[Hashable, SocketLine] = {}
        """Folded and grouped lines, to hand out the same objects again."""
        self._waiting_since: dict[int, int] = {}
        """When each socket was first seen in CLOSE-WAIT."""
        self._leaking: frozenset[int] = frozenset()
        self._table: LineTable[SocketLine] = LineTable(
            self._columns(), line_key, spanning=line_spans(lambda: self._look), empty="Reading the socket table …"
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

    def show(self, moment: Moment, arranged: Arranged | None = None) -> None:
        """Show this moment. `arranged` is the work done elsewhere, used if it was done for the view of now."""
        if self.paused:
            return
        self._watch_close_wait(moment)
        if arranged is None or arranged.view is not self.view:
            arranged = arrange(self.view, moment)
        self._apply(arranged)

    def pause(self, paused: bool) -> None:
        """Stand still, or go on with the next snapshot."""
        self.paused = paused
        self._retitle()

    def _apply(self, arranged: Arranged) -> None:
        moment = arranged.moment
        self._arranged = arranged
        look = self.view.look(moment)
        self._look = msgspec.structs.replace(look, short_loopback=self._narrow)
        self._table.empty = ALL_LEFT_OUT if moment.snapshot.entries else NO_SOCKETS
        known = self._lines
        composed = self.view.folds or self.view.grouping is not Grouping.NONE
        made = (line for line in arranged.lines if not isinstance(line, SocketEntry)) if composed else ()
        self._lines = {line.key: line for line in made}
        lines = interned(arranged.lines, known) if self._lines else arranged.lines
        self._table.show(lines, self._marks(moment), stamp=self._stamp(moment))
        self._retitle()

    def _marks(self, moment: Moment) -> dict[Hashable, Ink]:
        marks: dict[Hashable, Ink] = {}
        if self.view.history:
            marks = {closed.entry.key: Ink.PAST for closed in moment.watched.closed}
        marks.update({key: MARKS[change] for key, change in moment.snapshot.changes.items()})
        return marks

    def _stamp(self, moment: Moment) -> object:
        """What the cells depend on besides their row."""
        return self._leaking, self.view.folds and moment.snapshot.ts_ns

    def _watch_close_wait(self, moment: Moment) -> None:
        """Remember since when sockets stand in CLOSE-WAIT."""
        before, now_ns = self._waiting_since, moment.snapshot.ts_ns
        self._waiting_since = {
            entry.key: before.get(entry.key, now_ns)
            for entry in moment.snapshot.entries
            if entry.state is SocketState.CLOSE_WAIT
        }
        self._leaking = frozenset(
            key for key, first_ns in self._waiting_since.items() if now_ns - first_ns >= LEAK_AGE_NS
        )

    def _columns(self) -> tuple[Column[SocketLine], ...]:
        return socket_columns(lambda: self._look, self._is_leaking, self._narrow, more=False)

    def _is_leaking(self, key: int) -> bool:
        return key in self._leaking

    def _retitle(self) -> None:
        here, everything = 0, 0
        if self._arranged is not None:
            snapshot = self._arranged.moment.snapshot
            here = self._arranged.live
            everything = len(snapshot.entries) - list(snapshot.changes.values()).count(RowChange.CLOSED)
        counts = f"{here:,} of {everything:,}" if here != everything else f"{here:,}"
        left: list[Words | str] = [(counts, "")]
        left += [(chip, "$text-primary") for chip in self.view.chips()]
        if self.paused:
            left.append(("PAUSED", "bold reverse $text-warning"))
        sort = f"{self.view.sort_column().title} {SORT_GLYPHS[self.view.reverse]}"
        self.set_title(left, [(sort, "$foreground 70%")], short=f"{self.NAME} {here:,}")
        self.set_totals([(total, "") for total in self._arranged.totals] if self._arranged is not None else [])

    # --- keys -------------------------------------------------------------------------------------------------------

    def _look_at(self, view: SocketView) -> None:
        """Show the same moment another way."""
        families = view.families_read()
        if families != self.view.families_read():
            self.post_message(self.FamiliesChosen(families))
        self.view = view
        self._table.set_sort(view.sort, view.reverse)
        if self._arranged is not None:
            self._apply(arrange(view, self._arranged.moment))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "end_socket":
            return not self.app.read_only
        return not (action == "filter" and self._box.is_open)

    def action_end_socket(self) -> None:
        line = self._table.cursor_row
        entry = entry_of(line) if line is not None else None
        if entry is not None:
            self.post_message(self.EndingWanted(entry))

    def action_export(self) -> None:
        if self._arranged is not None:
            shown = self.view.shared_columns(column.id for column in self._columns())
            self.post_message(self.ExportWanted(self.view, self._arranged.moment, shown))

    def _under_cursor(self) -> SocketEntry | None:
        line = self._table.cursor_row
        return entry_of(line) if line is not None else None

    def wanted(self) -> Wanted | None:
        entry = self._under_cursor()
        return of_entry(entry) if entry is not None else None

    def topics(self) -> Sequence[Topic]:
        """The column that sorts and the state, then every column, with the figures of the row under the cursor."""
        entry = self._under_cursor()
        shown = [place.column.id for place in self._table.places]
        return of_socket_row(entry, self.view.sort, shown, self._look) if entry is not None else ()

    def action_sort(self) -> None:
        self._look_at(self.view.sort_next())

    def action_reverse(self) -> None:
        self._look_at(replace(self.view, reverse=not self.view.reverse))

    def action_family(self, family: str) -> None:
        self._look_at(self.view.toggle(family))

    def action_listening(self) -> None:
        self._look_at(replace(self.view, listening=not self.view.listening))

    def action_all(self) -> None:
        self._box.empty()
        self._look_at(SocketView(everything=True, sort=self.view.sort, reverse=self.view.reverse))

    def set_filter(self, text: str) -> None:
        """Show what passes this filter, as if it had been typed. Raises FilterError."""
        self._look_at(replace(self.view, chosen=compile_sockets(text) if text else None))

    def action_filter(self) -> None:
        self._box.open(self.view.chosen.text if self.view.chosen is not None else "")

    def on_filter_box_changed(self, event: FilterBox.Changed) -> None:
        event.stop()
        text = event.box.text  # the message may be older than a key that emptied the box
        chosen = compile_sockets(text) if text else None
        self._look_at(replace(self.view, chosen=chosen))

    def on_filter_box_closed(self, event: FilterBox.Closed) -> None:
        event.stop()
        self.focus_inside()

    def on_line_table_header_selected(self, event: LineTable.HeaderSelected) -> None:
        event.stop()
        self._look_at(self.view.sort_by(event.column))

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        self._open(event.row)

    def _open(self, line: SocketLine | None) -> None:
        entry = entry_of(line) if line is not None else None
        if entry is not None:
            self.post_message(self.Opened(entry))
