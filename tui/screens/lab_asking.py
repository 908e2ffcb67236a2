"""The window of what can be asked of one actor: SEND, RECV, SHUTDOWN and the like, each a call at a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.lab.catalogue import KINDS
from engine.model.lab import ActorCommand
from engine.model.snapshot import ActorView
from engine.text.sanitize import printable
from tui.messages import Moment
from tui.screens.details import DetailScreen
from tui.widgets.columns import Column, Ink
from tui.widgets.edit_line import EditLine, Judgement
from tui.widgets.lab_actors import SLOW_DRAIN_PER_S
from tui.widgets.lab_rows import ENDED
from tui.widgets.line_table import LineTable


@dataclass(frozen=True)
class Asked:
    """A command of an actor, and the text that goes with it."""

    command: ActorCommand
    says: str
    text: str = ""
    label: str = ""
    """What the text is; empty where there is none."""


def asked_of(actor: ActorView) -> tuple[Asked, ...]:
    """What can be asked of an actor, with a text to begin with."""
    knobs = actor.spec.knobs
    known = {
        ActorCommand.ACCEPT: Asked(ActorCommand.ACCEPT, "call accept() once"),
        ActorCommand.CONNECT: Asked(ActorCommand.CONNECT, "call connect() again"),
        ActorCommand.SEND: Asked(ActorCommand.SEND, "call send() with this text", knobs.text, "text"),
        ActorCommand.RECV: Asked(ActorCommand.RECV, "call recv() once", str(knobs.recv_size), "bytes"),
        ActorCommand.SHUTDOWN: Asked(ActorCommand.SHUTDOWN, "call shutdown()", "WR", "RD, WR or RDWR"),
        ActorCommand.DRAIN: Asked(ActorCommand.DRAIN, "read all that waits"),
        ActorCommand.SLOW_DRAIN: Asked(
            ActorCommand.SLOW_DRAIN, "read so many bytes a second from now on", str(SLOW_DRAIN_PER_S), "bytes/s"
        ),
        ActorCommand.TIMEOUT: Asked(ActorCommand.TIMEOUT, "call settimeout() on the connection", "none", "seconds"),
        ActorCommand.DUP: Asked(ActorCommand.DUP, "call dup(): a second descriptor of the connection"),
        ActorCommand.FORK: Asked(ActorCommand.FORK, "call fork(): a child holds every descriptor too"),
        ActorCommand.CLOSE: Asked(ActorCommand.CLOSE, "close the connection, or all of them"),
    }
    return tuple(known[command] for command in KINDS[actor.spec.kind].commands if command in known)


class CommandScreen(DetailScreen):
    """What can be asked of one actor; it stays open, so that calls can be made one by one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "ask", "ask", priority=True, id="commands.ask"),
    ]
    DEFAULT_CSS = """
    CommandScreen DetailPane { height: auto; max-height: 80%; }
    CommandScreen LineTable { height: 10; }
    CommandScreen #command-says { height: auto; max-height: 6; padding: 0 2; color: $foreground 75%; }
    """

    class Given(Message):
        """Ask this of the actor."""

        def __init__(self, number: int, command: ActorCommand, text: str) -> None:
            super().__init__()
            self.number = number
            self.command = command
            self.text = text

    def __init__(self, actor: ActorView) -> None:
        super().__init__()
        self._actor = actor
        self._editing: Asked | None = None
        self._table: LineTable[Asked] = LineTable(
            (
                Column("command", "Ask", 11, lambda asked: asked.command.value.upper(), lambda asked: Ink.STRONG),
                Column("says", "to", 20, lambda asked: asked.says, flexible=True),
            ),
            lambda asked: asked.command,
        )
        self._line = EditLine()

    def compose_inside(self) -> ComposeResult:
        yield self._table
        yield Static(id="command-says")
        yield self._line

    def on_mount(self) -> None:
        self._table.show(asked_of(self._actor))
        self._table.focus()
        self._tell()

    def show(self, moment: Moment) -> None:
        now = next((actor for actor in moment.snapshot.actors if actor.number == self._actor.number), None)
        if now is not None:
            self._actor = now
            self._tell()

    def _tell(self) -> None:
        """The actor's state, and its last calls: what came of the command."""
        report = self._actor.report
        self.title_window(f"{report.kind} {report.pid}", [report.state.value, report.local])
        calls = (*report.calls, *report.waiting)[-4:]
        lines = [f"{call.name}({call.arguments}) = {call.result or '… waits'}" for call in calls]
        if report.state in ENDED:
            lines.append("it has ended")
        self.query_one("#command-says", Static).update(Content("\n".join(map(printable, lines))))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a text is typed Enter is the line's own."""
        return not (action == "ask" and self._line.is_open)

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        self.action_ask()

    def action_ask(self) -> None:
        asked = self._table.cursor_row
        if asked is None:
            return
        if asked.label:
            self._editing = asked
            self._line.open(f"{asked.command.value} {asked.label}", asked.text, _any, self._accept, self._back)
        else:
            self.post_message(self.Given(self._actor.number, asked.command, ""))

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()

    def _back(self) -> None:
        self._table.focus()

    def _accept(self, text: str, _step: int) -> None:
        self._table.focus()
        if self._editing is not None:
            self.post_message(self.Given(self._actor.number, self._editing.command, text))

    def on_edit_line_changed(self, event: EditLine.Changed) -> None:
        event.stop()


def _any(_text: str) -> Judgement:
    return "Enter asks for it", True, False
