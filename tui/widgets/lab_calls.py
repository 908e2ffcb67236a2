"""The socket calls of the selected actor, newest last, under a card with its counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from engine.insight.ledger import FloodBalance
from engine.model.lab import Call
from engine.model.snapshot import ActorView
from engine.model.sockets import SocketEntry
from engine.text.explain.case import Case
from engine.text.explain.entry import Kind
from engine.text.explain.table import explained
from engine.text.sanitize import printable
from tui.conversations import Wanted, of_actor
from tui.widgets.call_columns import call_columns
from tui.widgets.lab import LabPane
from tui.widgets.lab_card import card
from tui.widgets.lab_rates import Rate
from tui.widgets.lab_rows import FLOOD_KINDS
from tui.widgets.line_table import LineTable
from tui.widgets.pane import EXPLAIN_KEY, FLOW_KEY, Pane

NONE_SELECTED = "No actor is selected: Space on a line of the list starts one."


class LabCallsPane(Pane):
    """What one actor did: shows only."""

    NAME = "Calls"
    HELP = """
    ## Calls
    Every socket call of the actor under the cursor, with arguments, result or error, and how long it took; the newest
    is at the bottom, one that has not returned says **waits**. Above it the actor's counters; for a flood what
    `send()` came to, both queues, and their sum.
    """
    BINDING_GROUP_TITLE = "Calls"
    BINDINGS: ClassVar[list[BindingType]] = [FLOW_KEY, EXPLAIN_KEY]
    DEFAULT_CSS = """
    LabCallsPane > #lab-card { height: auto; max-height: 50%; padding: 0 1; }
    """

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._actor: ActorView | None = None
        self._table: LineTable[Call] = LineTable(call_columns(), lambda call: call.number, empty=NONE_SELECTED)
        self._lines: object = None

    def compose(self) -> ComposeResult:
        yield Static(id="lab-card")
        yield self._table

    def on_mount(self) -> None:
        self._table.following = True

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    def show_actor(
        self, actor: ActorView | None, rate: Rate, balance: FloodBalance | None, entries: Sequence[SocketEntry]
    ) -> None:
        """Show this actor; `balance` is that of the flood that runs, `entries` the socket table."""
        other = actor is None or self._actor is None or actor.number != self._actor.number
        self._actor = actor
        if other:
            self._table.following = True
        flood = balance if actor is not None and actor.spec.kind in FLOOD_KINDS else None
        lines = []
        if actor is not None:
            lines = card(actor, rate, flood, buffers(actor, entries) if flood else None, dropped(actor, entries))
        if lines != self._lines:
            self._lines = lines
            shown = [Content.assemble(*((printable(text), style) for text, style in line)) for line in lines]
            says = self.query_one("#lab-card", Static)
            says.update(Content("\n").join(shown))
            says.display = bool(lines)
        self._table.show((*actor.report.calls, *actor.report.waiting) if actor is not None else ())
        self._retitle()

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        if self._actor is not None:
            self.post_message(LabPane.Opened(self._actor))

    def _retitle(self) -> None:
        if self._actor is None:
            self.set_title([])
            return
        report = self._actor.report
        gone = f"{report.calls_forgotten:,} forgotten" if report.calls_forgotten else ""
        self.set_title([(f"{report.kind} {report.pid}", "bold"), f"{report.calls_total:,} calls", gone])

    def wanted(self) -> Wanted | None:
        return of_actor(self._actor) if self._actor is not None else None

    def cases(self) -> Sequence[Case]:
        """The call under the cursor."""
        call = self._table.cursor_row
        if call is None:
            return ()
        here = f"Here {call.name}({call.arguments}) {f'= {call.result}' if call.result else 'has not returned yet'}."
        return tuple(Case(one, here) for one in explained(call.name, Kind.CALL))


def dropped(actor: ActorView, entries: Sequence[SocketEntry]) -> int | None:
    """Datagrams that an actor's sockets had no room for; None where it has none, or the kernel does not say."""
    cookies = {held.cookie for held in actor.report.sockets if held.cookie}
    counts = [
        entry.skmem.drops
        for entry in entries
        if entry.netid == "udp" and entry.cookie in cookies and entry.skmem is not None
    ]
    return sum(counts) if counts else None


def buffers(actor: ActorView, entries: Sequence[SocketEntry]) -> tuple[int, int] | None:
    """The sizes of the sender's and of the reader's buffer, as the kernel has them; None where it does not say."""
    cookies = {held.cookie for held in actor.report.sockets if held.peer and held.cookie}
    own = next((entry for entry in entries if entry.cookie in cookies), None)
    if own is None or own.skmem is None:
        return None
    ends = (own.local_port, own.peer_port)
    other = next((entry for entry in entries if (entry.peer_port, entry.local_port) == ends), None)
    if other is None or other.skmem is None:
        return None
    reads = actor.spec.kind != "flood-client"
    sender, reader = (other, own) if reads else (own, other)
    if sender.skmem is None or reader.skmem is None:
        return None
    return sender.skmem.sndbuf, reader.skmem.rcvbuf
