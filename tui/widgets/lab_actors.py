"""The actors on the lab's screen: what the dashboard's pane shows of them, with counters, last call and last error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.insight.ledger import FloodBalance
from engine.lab.catalogue import KINDS
from engine.lab.shown import error_name, shown_outcome
from engine.model.lab import ActorCommand
from engine.model.snapshot import ActorView, Snapshot
from engine.text.units import byte_rate, count
from tui.lab_messages import CommandGiven, CommandsWanted, KillWanted, ProgramWanted
from tui.widgets.columns import Align, Column, Elide, Ink
from tui.widgets.lab import LabPane
from tui.widgets.lab_fields import LabFields
from tui.widgets.lab_rates import Rate, Rates
from tui.widgets.lab_rows import ENDED, FLOOD_KINDS, SUM, LabRow, balance_of, lab_rows
from tui.widgets.lab_rows import lab_spans as sum_spans
from tui.widgets.line_painter import Spans
from tui.widgets.line_table import LineTable

SLOW_DRAIN_PER_S: Final = 20_000
"""Bytes a second of a slow drain: the tutorial's queues last for half a minute."""

READERS: Final = ("sink", "slow-reader", "udp-sink")
"""What can be at the reading end of a flood."""


NAME_CELLS: Final = 23

NARROW: Final = 76
"""Below this many cells bytes count more than the whole of the last call."""


@dataclass(frozen=True)
class Counted:
    """An actor's counters as the list shows them."""

    pid: str = ""
    state: str = ""
    connections: str = ""
    sent: str = ""
    received: str = ""
    rate: str = ""
    last: str = ""
    last_ink: Ink = Ink.PLAIN


def counted(actor: ActorView, rate: Rate) -> Counted:
    """The counters of one actor; where it failed its error stands for its last call."""
    report = actor.report
    moves = max(rate.sent_per_s or 0, rate.received_per_s or 0)
    last, ink = "", Ink.MUTED
    if report.error:
        name = error_name(report.errno)  # in front, for a narrow column shows the two ends of the sentence
        last, ink = report.error if name in report.error else f"{name}  {report.error}", Ink.BAD
    elif report.waiting:
        call = report.waiting[-1]
        last, ink = f"{call.name}({call.arguments}) {shown_outcome(call)}", Ink.OPENING
    elif report.calls:
        call = report.calls[-1]
        last = f"{call.name}({call.arguments}) {shown_outcome(call)}"
        ink = Ink.BAD if call.raised or call.errno else Ink.PLAIN
    return Counted(
        str(report.pid),
        report.state.value,
        count(report.connections),
        count(report.sent),
        count(report.received),
        byte_rate(moves) if moves else "",
        last,
        ink,
    )


def spans(row: LabRow) -> Spans:
    """A switch has no counters of its own: what it offers or says takes their place."""
    if len(row.numbers) == 1 or row.key == SUM:
        return sum_spans(row)
    return [(f"{row.light} {row.name}".ljust(NAME_CELLS), row.ink), (row.says, row.says_ink)]


class ActorsPane(LabPane):
    """Besides what the dashboard's pane says: Highlighted for the actor under the cursor, and what its keys want."""

    NAME = "Actors"
    HELP = """
    ## Actors
    Every program that the lab runs, one process each. **Space** starts or stops the line under the cursor, **r** starts
    it anew, **n** chooses another kind for the form. **m** lists what can be asked of it: SEND, RECV, SHUTDOWN …

    A flood: **D** drains the reader, **d** drains it slowly, **c** closes its connections, **X** kills its process.
    **y** shows the actor as a command and as a Python program, **x** takes an actor that has ended off the list.
    """
    BINDING_GROUP_TITLE = "Actors"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "commands", "ask", id="actors.commands"),
        Binding("y", "program", "copy", id="actors.program"),
        Binding("d", "slow_drain", "slow drain", id="actors.slow_drain"),
        Binding("c", "close", "close", id="actors.close"),
        Binding("X", "kill", "kill reader", id="actors.kill"),
        Binding("x", "forget", "forget", id="actors.forget"),
    ]

    class Highlighted(Message):
        """Another line came under the cursor, or its actor has news; None for a line without an actor."""

        def __init__(self, row: LabRow | None, actor: ActorView | None) -> None:
            super().__init__()
            self.row = row
            self.actor = actor

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.rates = Rates()
        self._counted: dict[int, Counted] = {}
        self._awaited: tuple[int, ...] = ()
        """Actors that were just started: the cursor goes to the last of them that is listed."""
        self._narrow = True
        self._table = LineTable(self._columns(), lambda row: row.key, spanning=spans)

    def compose(self) -> ComposeResult:
        yield self._table

    def on_resize(self) -> None:
        super().on_resize()
        narrow = self.size.width < NARROW
        if narrow is not self._narrow:
            self._narrow = narrow
            self._table.set_columns(self._columns())

    @property
    def balance(self) -> FloodBalance | None:
        """The sum of the flood that runs."""
        return self._balance

    def show(self, snapshot: Snapshot) -> None:
        self.rates = self.rates.next(snapshot.ts_ns, snapshot.actors)
        self._counted = {actor.number: counted(actor, self.rates.of(actor.number)) for actor in snapshot.actors}
        self._actors = {actor.number: actor for actor in snapshot.actors}
        self._balance = balance_of(snapshot.actors, snapshot.entries, self._balance)
        self._table.show(lab_rows(snapshot.actors, self._balance), stamp=snapshot.ts_ns)
        self._retitle()
        for number in reversed(self._awaited):
            if self._select(number):
                self._awaited = ()
                break
        self._tell()

    def expect(self, actors: Sequence[ActorView]) -> None:
        """Put the cursor on these actors once they are listed."""
        self._awaited = tuple(actor.number for actor in actors)

    def _select(self, number: int) -> bool:
        """Put the cursor on an actor's line."""
        for index in range(len(self._table.rows)):
            row = self._table.rows.row(index)
            if row is not None and row.numbers == (number,):
                return self._table.select_key(row.key)
        return False

    def actor_of(self, row: LabRow | None) -> ActorView | None:
        """The actor that a line speaks of; of a switch with several and of their sum the newest."""
        if row is not None and row.key == SUM:
            flood = [actor for actor in self._actors.values() if actor.spec.kind in FLOOD_KINDS]
            return flood[-1] if flood else None
        return self._actors.get(row.numbers[-1]) if row is not None and row.numbers else None

    def _tell(self) -> None:
        row = self._table.cursor_row
        self.post_message(self.Highlighted(row, self.actor_of(row)))

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        self._tell()

    # --- keys -------------------------------------------------------------------------------------------------------

    async def action_new(self) -> None:
        """At once: what is typed ahead is part of a kind's name, and no key of this screen."""
        await self.run_action("screen.choose_kind")

    def action_program(self) -> None:
        actor = self.actor_of(self._table.cursor_row)
        if actor is not None:
            self.post_message(ProgramWanted(actor.spec))

    def action_commands(self) -> None:
        actor = self.actor_of(self._table.cursor_row)
        if actor is None or actor.report.state in ENDED:
            self.post_message(self.Refused("no running actor is under the cursor"))
        elif not KINDS[actor.spec.kind].commands:
            self.post_message(self.Refused(f"a {actor.spec.kind} goes by itself: nothing can be asked of it"))
        else:
            self.post_message(CommandsWanted(actor))

    def _at_work(self, kinds: Sequence[str]) -> tuple[int, ...]:
        """The running actors of these kinds; of them only the one under the cursor if it is one."""
        numbers = tuple(
            number
            for number, actor in self._actors.items()
            if actor.spec.kind in kinds and actor.report.state not in ENDED
        )
        row = self._table.cursor_row
        chosen = row.numbers if row is not None else ()
        return chosen if len(chosen) == 1 and chosen[0] in numbers else numbers

    def action_drain(self) -> None:
        self._ask_readers(ActorCommand.DRAIN, "drain")

    def action_slow_drain(self) -> None:
        self._ask_readers(ActorCommand.SLOW_DRAIN, "drain slowly", str(SLOW_DRAIN_PER_S))

    def _ask_readers(self, command: ActorCommand, what: str, text: str = "") -> None:
        readers = self._at_work(READERS)
        if not readers:
            self.post_message(self.Refused(f"nothing to {what}: no reader of a flood runs"))
        for number in readers:
            self.post_message(CommandGiven(number, command, text))

    def action_close(self) -> None:
        """Close the connections of the actor under the cursor, else those of the flood's sender."""
        actor = self.actor_of(self._table.cursor_row)
        if actor is not None and ActorCommand.CLOSE in KINDS[actor.spec.kind].commands:
            chosen = self._at_work((actor.spec.kind,))
        else:
            chosen = self._at_work(FLOOD_KINDS)
        if not chosen:
            self.post_message(self.Refused("nothing to close: no flood runs"))
        for number in chosen:
            self.post_message(CommandGiven(number, ActorCommand.CLOSE))

    def action_kill(self) -> None:
        readers = self._at_work(READERS)
        if readers:
            self.post_message(KillWanted(readers))
        else:
            self.post_message(self.Refused("nothing to kill: no reader of a flood runs"))

    def action_forget(self) -> None:
        row = self._table.cursor_row
        if row is None or not row.numbers:
            return
        if row.running:
            self.post_message(self.Refused("it runs: Space stops it"))
        else:
            self.post_message(self.StopWanted(row.numbers))

    def _start(self, switch: str, ended: tuple[int, ...]) -> None:
        """A switch starts what it says, whatever the form describes."""
        self.post_message(self.StartWanted(LabFields().specs(switch), ended))

    # --- columns ----------------------------------------------------------------------------------------------------

    def _of(self, row: LabRow) -> Counted:
        if len(row.numbers) != 1:
            return Counted(last=row.says, last_ink=row.says_ink)
        return self._counted.get(row.numbers[0], Counted())

    def _columns(self) -> tuple[Column[LabRow], ...]:
        def figure(name: str, title: str, width: int, priority: int, align: Align = Align.RIGHT) -> Column[LabRow]:
            return Column(name, title, width, lambda row: getattr(self._of(row), name), align=align, priority=priority)

        bytes_cells, call_cells = (10, 18) if self._narrow else (13, 30)
        return (
            Column("name", "Actor", 16, lambda row: f"{row.light} {row.name}", lambda row: row.ink, ideal=21),
            figure("pid", "PID", 7, 4),
            figure("state", "State", 8, 2, Align.LEFT),
            figure("connections", "Conns", 5, 3),
            figure("sent", "Sent", bytes_cells, 1),
            figure("received", "Received", bytes_cells, 1),
            figure("rate", "Rate", 10, 5),
            Column(
                "last", "Last call or error", call_cells, lambda row: self._of(row).last,
                lambda row: self._of(row).last_ink, flexible=True, elide=Elide.MIDDLE,
            ),
        )  # fmt: skip
