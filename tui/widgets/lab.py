"""The lab's pane: what runs, with its light and its counters, the switches that start it, and the form they use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.insight.ledger import FloodBalance
from engine.model.lab import ActorCommand, ActorSpec
from engine.model.snapshot import ActorView, Snapshot
from engine.text.explain.case import Case
from tui.conversations import Wanted, of_actor
from tui.widgets.call_cases import of_call, of_errno
from tui.widgets.lab_fields import LabFields
from tui.widgets.lab_form import LabForm
from tui.widgets.lab_rows import ENDED, SWITCHES, LabRow, balance_of, lab_columns, lab_rows, lab_spans
from tui.widgets.line_table import LineTable
from tui.widgets.pane import EXPLAIN_KEY, FLOW_KEY, Pane


class LabPane(Pane):
    """Actors in by `show`, wishes out: StartWanted, StopWanted, RestartWanted, CommandWanted, Opened."""

    NAME = "Lab"
    HELP = """
    ## Lab
    Makes the traffic that the other panes show. **Space** starts or stops the line under the cursor, with host, port
    and text of the form below it. **n** goes to the form, to start one more actor of any kind.

    **flood** starts a server that never reads and a client that sends until both buffers are full; at rest the bytes
    sent are those in the two queues.
    """
    BINDING_GROUP_TITLE = "Lab"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "start_stop", "start/stop", id="lab.toggle"),
        Binding("n", "new", "new actor", id="lab.new"),
        Binding("r", "restart", "restart", id="lab.restart"),
        Binding("D", "drain", "drain", id="lab.drain"),
        FLOW_KEY,
        EXPLAIN_KEY,
    ]

    class StartWanted(Message):
        """Start these actors, in this order; where one fails the rest is left."""

        def __init__(self, specs: tuple[ActorSpec, ...], ended: tuple[int, ...] = ()) -> None:
            super().__init__()
            self.specs = specs
            self.ended = ended
            """Actors that have ended and make room for the new ones."""

    class StopWanted(Message):
        """Stop these actors."""

        def __init__(self, numbers: tuple[int, ...]) -> None:
            super().__init__()
            self.numbers = numbers

    class CommandWanted(Message):
        """Ask this of these actors."""

        def __init__(self, numbers: tuple[int, ...], command: ActorCommand) -> None:
            super().__init__()
            self.numbers = numbers
            self.command = command

    class Opened(Message):
        """The user asked for the details of an actor."""

        def __init__(self, actor: ActorView) -> None:
            super().__init__()
            self.actor = actor

    class Refused(Message):
        """A key does not apply, and why."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._actors: dict[int, ActorView] = {}
        self._balance: FloodBalance | None = None
        self._table: LineTable[LabRow] = LineTable(lab_columns(), _key, spanning=lab_spans)
        self._form = LabForm()

    def compose(self) -> ComposeResult:
        yield self._table
        yield self._form

    def on_mount(self) -> None:
        self._table.show(lab_rows((), None))
        self._retitle()

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    def show(self, snapshot: Snapshot) -> None:
        """Show how the actors stand."""
        self._actors = {actor.number: actor for actor in snapshot.actors}
        self._balance = balance_of(snapshot.actors, snapshot.entries, self._balance)
        self._table.show(_kept(self._table, lab_rows(snapshot.actors, self._balance)))
        self._retitle()

    def _retitle(self) -> None:
        running = sum(actor.report.state not in ENDED for actor in self._actors.values())
        self.set_title([(f"{running} running", "$text-success" if running else "$foreground 60%")])

    # --- keys -------------------------------------------------------------------------------------------------------

    def action_start_stop(self) -> None:
        row = self._table.cursor_row
        if row is None:
            return
        if row.running:
            self.post_message(self.StopWanted(row.numbers))
        elif row.switch:
            self._start(row.switch, self._of_switch(row))
        else:
            self._start_again(row.numbers)

    async def action_new(self) -> None:
        self._form.focus_first()

    def action_restart(self) -> None:
        row = self._table.cursor_row
        if row is not None and row.numbers:
            self._start_again(row.numbers)

    def action_drain(self) -> None:
        sinks = tuple(
            number
            for number, actor in self._actors.items()
            if actor.spec.kind == "sink" and actor.report.state not in ENDED
        )
        if sinks:
            self.post_message(self.CommandWanted(sinks, ActorCommand.DRAIN))
        else:
            self.post_message(self.Refused("nothing to drain: no sink runs"))

    def _under_cursor(self) -> ActorView | None:
        row = self._table.cursor_row
        return self._actors.get(row.numbers[-1]) if row is not None and row.numbers else None

    def wanted(self) -> Wanted | None:
        actor = self._under_cursor()
        return of_actor(actor) if actor is not None else None

    def cases(self) -> Sequence[Case]:
        """The actor's error, and the call that it is in or came from last."""
        actor = self._under_cursor()
        if actor is None:
            return ()
        report = actor.report
        calls = (*report.calls, *report.waiting)
        return (*of_errno(report.errno, report.error), *(of_call(calls[-1]) if calls else ()))

    def _of_switch(self, row: LabRow) -> tuple[int, ...]:
        """The ended actors of a line, and for the flood those of its whole switch."""
        kinds = SWITCHES[row.switch]
        return tuple(
            number
            for number, actor in self._actors.items()
            if actor.spec.kind in kinds and actor.report.state in ENDED and (len(kinds) > 1 or number in row.numbers)
        )

    def _start(self, switch: str, ended: tuple[int, ...]) -> None:
        fields = self._form.fields
        _wrong, why = fields.problem()
        if why:
            self.post_message(self.Refused(why))
        else:
            self.post_message(self.StartWanted(fields.specs(switch), ended))

    def _start_again(self, numbers: tuple[int, ...]) -> None:
        """Stop these actors and start the same anew."""
        specs = tuple(self._actors[number].spec for number in numbers if number in self._actors)
        self.post_message(self.StartWanted(specs, numbers))

    def on_lab_form_submitted(self, event: LabForm.Submitted) -> None:
        event.stop()
        self._start_kind(event.fields)
        self.focus_inside()

    def _start_kind(self, fields: LabFields) -> None:
        self.post_message(self.StartWanted((fields.spec(fields.kind),)))

    def on_lab_form_left(self, event: LabForm.Left) -> None:
        event.stop()
        self.focus_inside()

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        row: LabRow | None = event.row
        if row is not None and row.numbers:
            actor = self._actors.get(row.numbers[-1])
            if actor is not None:
                self.post_message(self.Opened(actor))


def _kept(table: LineTable[LabRow], rows: list[LabRow]) -> list[LabRow]:
    """The rows, those that are equal to what the table shows being the same objects."""
    known = {row.key: row for index in range(len(table.rows)) if (row := table.rows.row(index)) is not None}
    return [known[row.key] if known.get(row.key) == row else row for row in rows]


def _key(row: LabRow) -> object:
    return row.key
