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
from engine.lab.command_texts import DEFAULT, LISTENER, check_text
from engine.model.errors import BadInput
from engine.model.lab import ActorCommand
from engine.model.lab import ActorCommand as C
from engine.model.snapshot import ActorView
from engine.text.sanitize import printable
from tui.messages import Moment
from tui.screens.details import DetailScreen
from tui.widgets.columns import Column, Ink
from tui.widgets.edit_line import EditLine, Judgement
from tui.widgets.lab_actors import SLOW_DRAIN_PER_S
from tui.widgets.lab_rows import ENDED
from tui.widgets.line_table import LineTable
from tui.widgets.lines_view import HEADER_LINES


@dataclass(frozen=True)
class Asked:
    """A command of an actor, and the text that goes with it."""

    command: ActorCommand
    says: str
    text: str = ""
    label: str = ""
    """What the text is; empty where there is none to be typed."""
    concerns: str = ""
    """What it is asked of besides the connection: the first word of the text."""

    @property
    def name(self) -> str:
        """As the list shows it."""
        return f"{self.command.value.upper()} {self.concerns}".rstrip()

    def full_text(self, typed: str) -> str:
        """What goes with the command."""
        return f"{self.concerns} {typed}".strip() if self.concerns else typed

    def judge(self, typed: str) -> Judgement:
        """Whether the command can use what is typed."""
        try:
            check_text(self.command, self.full_text(typed))
        except BadInput as error:
            return str(error), False, False
        return self.says, True, False


def asked_of(actor: ActorView) -> tuple[Asked, ...]:
    """Everything that can be asked of an actor, with a text to begin with."""
    knobs = actor.spec.knobs
    known = (
        Asked(C.ACCEPT, "call accept() once"),
        Asked(C.CONNECT, "call connect() again"),
        Asked(C.SEND, "call send() with this text", knobs.text, "text"),
        Asked(C.RECV, "call recv() once", str(knobs.recv_size), "bytes"),
        Asked(C.DRAIN, "read all that waits"),
        Asked(C.SLOW_DRAIN, "read so many bytes a second from now on", str(SLOW_DRAIN_PER_S), "bytes/s"),
        Asked(C.SHUTDOWN, "call shutdown()", "WR", "RD, WR or RDWR"),
        Asked(C.TIMEOUT, "call settimeout() on the connection; none blocks", "none", "seconds"),
        Asked(C.TIMEOUT, "call settimeout() on the listener; none blocks", "none", "seconds", LISTENER),
        Asked(C.TIMEOUT, "call setdefaulttimeout(), for sockets to come", "none", "seconds", DEFAULT),
        Asked(C.DUP, "call dup(): a second descriptor of the connection"),
        Asked(C.FORK, "call fork(): a child holds every descriptor too"),
        Asked(C.CLOSE, "close the connection, or all of them"),
        Asked(C.CLOSE, "close the listener: nobody new can connect", concerns=LISTENER),
    )
    commands = KINDS[actor.spec.kind].commands
    listens = C.TIMEOUT in commands and C.ACCEPT in commands  # the server worked by hand
    return tuple(asked for asked in known if asked.command in commands and (asked.concerns != LISTENER or listens))


class CommandScreen(DetailScreen):
    """What can be asked of one actor; it stays open, so that calls can be made one by one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "ask", "ask", priority=True, id="commands.ask"),
    ]
    DEFAULT_CSS = """
    CommandScreen DetailPane { height: auto; max-height: 80%; }
    CommandScreen.-narrow DetailPane { max-height: 100%; }
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
                Column("command", "Ask", 16, lambda asked: asked.name, lambda asked: Ink.STRONG),
                Column("says", "to", 20, lambda asked: asked.says, flexible=True),
            ),
            lambda asked: asked.name,
        )
        self._line = EditLine()

    def compose_inside(self) -> ComposeResult:
        yield self._table
        yield Static(id="command-says")
        yield self._line

    def on_mount(self) -> None:
        asked = asked_of(self._actor)
        self._table.styles.height = len(asked) + HEADER_LINES
        self._table.show(asked)
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
        if report.error:
            lines.append(f"last error: {report.error}")
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
            self._line.open(f"{asked.name}: {asked.label}", asked.text, asked.judge, self._accept, self._back)
        else:
            self.post_message(self.Given(self._actor.number, asked.command, asked.full_text("")))

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()

    def _back(self) -> None:
        self._table.focus()

    def _accept(self, text: str, _step: int) -> None:
        self._table.focus()
        if self._editing is not None:
            asked = self._editing
            self.post_message(self.Given(self._actor.number, asked.command, asked.full_text(text)))

    def on_edit_line_changed(self, event: EditLine.Changed) -> None:
        event.stop()
