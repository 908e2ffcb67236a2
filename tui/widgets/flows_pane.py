"""The list of conversations that were captured: one is chosen here, or several for one ladder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.model.flows import FlowSummary
from engine.model.messages import FlowsAnswer
from engine.model.snapshot import Snapshot
from tui.flow_messages import FlowsFetched
from tui.widgets.columns import Ink
from tui.widgets.filter_box import FilterBox
from tui.widgets.flow_columns import Names, end_text, flow_columns, holder_names, passes
from tui.widgets.line_table import LineTable
from tui.widgets.packet_words import why_no_packets
from tui.widgets.pane import COPY_KEY, EXPLAIN_KEY, Words
from tui.widgets.topics import Topic, of_columns
from tui.widgets.window_pane import WindowPane
from tui.widgets.window_table import NEWEST, WindowTable

FILTERED_MAX: Final = 1_000
"""Newest conversations that a filter looks through: about 200 KB an answer, once a refresh."""

NO_FLOWS: Final = "No conversation was captured yet."
NONE_PASSES: Final = f"None of the newest {FILTERED_MAX:,} conversations passes. / changes the filter."


def filter_words(text: str) -> str:
    return f"conversations that say {' and '.join(text.split())}; a word with a colon is a port"


class FlowsTable(LineTable[FlowSummary]):
    """The rows; Enter shows one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "show", id="table.select")]


class FlowsPane(WindowPane):
    """Questions out by Asked, rows in by `take`; Chosen for one conversation, Added for one more or less."""

    NAME = "Conversations"
    HELP = """
    ## Conversations
    Every TCP conversation of the capture, in the order of first appearance. **Enter** shows one: its ladder, its
    states, its bytes, what holds it. **Space** puts one more on the ladder, or takes it off again. **e** explains the
    columns.
    """
    BINDING_GROUP_TITLE = "Conversations"
    BINDINGS: ClassVar[list[BindingType]] = [
        EXPLAIN_KEY,
        Binding("space", "add", "on the ladder", id="flows.add"),
        Binding("slash", "filter", "filter", key_display="/", id="flows.filter", priority=True),
        Binding("f", "follow", "follow newest", id="flows.follow"),
        COPY_KEY,
    ]

    class Asked(Message):
        """The pane needs these conversations."""

        def __init__(self, pane: FlowsPane, first: int, count: int) -> None:
            super().__init__()
            self.pane = pane
            self.first = first
            self.count = count

    class Chosen(Message):
        """The user wants to see this conversation."""

        def __init__(self, flow: FlowSummary) -> None:
            super().__init__()
            self.flow = flow

    class Added(Message):
        """The user wants this conversation on the ladder too, or no longer."""

        def __init__(self, flow: FlowSummary) -> None:
            super().__init__()
            self.flow = flow

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.filter = ""
        self._shown: tuple[int, ...] = ()
        self._names: Names = {}
        self._start_ns = 0
        self._total = 0
        self._table = FlowsTable(flow_columns(lambda: self._names, lambda: self._start_ns), _stream, empty=NO_FLOWS)
        self._window = WindowTable(self._table, _stream)
        self._box = FilterBox(filter_words, ":65432, sink, TIME-WAIT …")

    def compose(self) -> ComposeResult:
        yield self._table
        yield self._box

    # --- rows in ----------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot, shown: tuple[int, ...]) -> None:
        """Take in who holds which socket and which conversations are shown, and ask for the rows of now."""
        self._shown = shown
        if self.paused:
            return
        self._names = holder_names(snapshot)
        if snapshot.capture is None:
            self._table.empty = why_no_packets(snapshot.degradations).plain.replace("\n", " ")
            self._table.refresh()
        else:
            self._ask()
        self._draw_rows()

    def take(self, answer: FlowsAnswer) -> None:
        """Show the rows of an answer."""
        self._failure = ""
        self._total = answer.total
        self._start_ns = answer.status.first_ts_ns or self._start_ns
        rows = answer.flows
        if self.filter:
            rows = [flow for flow in rows if passes(flow, self.filter, self._names)]
            self._window.forget()
            self._window.take(0, len(rows), rows)
        else:
            self._window.take(answer.first, answer.total, rows, standing=self.paused)
        self._table.empty = NONE_PASSES if self.filter else NO_FLOWS
        self._draw_rows()

    def set_filter(self, text: str) -> None:
        """List only conversations that say this."""
        self.filter = text
        self._window.forget()
        self._table.following = True
        self._ask()
        self._retitle()

    def _draw_rows(self) -> None:
        marks = dict.fromkeys(self._shown, Ink.MARKED)
        self._table.show_rows(self._window.rows, marks, stamp=(self._names, self._start_ns))
        self._retitle()

    def _ask(self) -> None:
        span = (NEWEST, FILTERED_MAX) if self.filter else self._window.span(standing=self.paused)
        self.post_message(self.Asked(self, *span))

    def _retitle(self) -> None:
        here = len(self._window.rows)
        left: list[Words | str] = [f"{here:,} of {self._total:,}" if self.filter else f"{here:,}"]
        if self.filter:
            left.append((self.filter, "$text-primary"))
        if self._table.following and not self.paused:
            left.append(("following", "$text-success"))
        if self.paused:
            left.append(("PAUSED", "bold reverse $text-warning"))
        self.set_title(left, short=f"{self.NAME} {self._total:,}" if self._total else self.NAME)
        self.set_totals([(self._failure, "$text-error")] if self._failure else [])

    # --- messages and keys ------------------------------------------------------------------------------------------

    def on_flows_fetched(self, event: FlowsFetched) -> None:
        event.stop()
        self.take(event.answer)

    def on_line_table_view_moved(self, event: LineTable.ViewMoved) -> None:
        event.stop()
        if not self.filter and not self._window.holds_view(event.first, event.count):
            self._ask()

    def on_line_table_follow_changed(self, event: LineTable.FollowChanged) -> None:
        event.stop()
        self._retitle()

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        if event.row is not None:
            self.post_message(self.Chosen(event.row))

    def on_filter_box_changed(self, event: FilterBox.Changed) -> None:
        event.stop()
        self.set_filter(event.text)

    def on_filter_box_closed(self, event: FilterBox.Closed) -> None:
        event.stop()
        self.focus_inside()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "filter" and self._box.is_open)

    def action_add(self) -> None:
        flow = self._table.cursor_row
        if flow is not None:
            self.post_message(self.Added(flow))

    def action_filter(self) -> None:
        self._box.open(self.filter)

    def copied(self) -> Sequence[str]:
        flow = self._table.cursor_row
        if flow is None:
            return ()
        return [f"{end_text(flow, False, self._names)} ⇄ {end_text(flow, True, self._names)}"]

    def topics(self) -> Sequence[Topic]:
        flow = self._table.cursor_row
        return of_columns(self._table.places, flow) if flow is not None else ()


def _stream(flow: FlowSummary) -> int:
    return flow.stream
