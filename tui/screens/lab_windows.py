"""The windows of the lab's screen: the kinds, what can be asked of an actor, an actor as a program, a warning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from engine.lab.as_command import as_command
from engine.lab.as_python import as_python
from engine.lab.catalogue import KINDS, ActorKind
from engine.model.lab import ActorCommand, ActorSpec
from engine.model.snapshot import ActorView
from engine.text.sanitize import printable
from engine.text.units import endpoint
from tui.messages import Moment
from tui.screens.details import DetailScreen
from tui.widgets.columns import Column, Ink
from tui.widgets.edit_line import EditLine, Judgement
from tui.widgets.field import Field
from tui.widgets.lab_actors import SLOW_DRAIN_PER_S
from tui.widgets.lab_rows import ENDED
from tui.widgets.line_table import LineTable

WORD_CHARACTERS_MAX: Final = 60


class KindField(Field):
    """The field above the list; up and down move in the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.choose", "choose", id="kinds.choose"),
        Binding("down", "screen.move(1)", "next", show=False, id="kinds.down"),
        Binding("up", "screen.move(-1)", "above", show=False, id="kinds.up"),
        Binding("pagedown", "screen.move(10)", "Page down", show=False, id="kinds.page_down"),
        Binding("pageup", "screen.move(-10)", "Page up", show=False, id="kinds.page_up"),
    ]


class KindScreen(DetailScreen):
    """Every kind of actor; what is typed leaves those that have it in name or line."""

    DEFAULT_CSS = """
    KindScreen KindField { height: 1; border: none; padding: 0 1; background: $field; }
    KindScreen KindField:focus { border: none; }
    """

    def __init__(self, chosen: Callable[[str], object]) -> None:
        super().__init__()
        self._chosen = chosen
        self._typed: str | None = None
        """What the list is of."""
        self._table: LineTable[ActorKind] = LineTable(
            (
                Column("kind", "Actor", 18, lambda kind: kind.kind, lambda kind: Ink.STRONG, ideal=20),
                Column("group", "Group", 8, lambda kind: kind.group.value, lambda kind: Ink.MUTED, priority=1),
                Column("line", "What it does", 20, lambda kind: kind.line, flexible=True),
            ),
            lambda kind: kind.kind,
            empty="No kind has that in its name or its line.",
        )

    def compose_inside(self) -> ComposeResult:
        yield KindField(placeholder="type a part of its name, or of what it does", characters_max=WORD_CHARACTERS_MAX)
        yield self._table

    def on_mount(self) -> None:
        self._list("")
        self.query_one(KindField).focus()

    def _list(self, typed: str) -> None:
        if typed == self._typed:
            return
        self._typed = typed
        word = typed.strip().casefold()
        kinds = [kind for kind in KINDS.values() if word in f"{kind.kind} {kind.title} {kind.line}".casefold()]
        # Names that begin so come first: `echo` means the echo server before a client that mentions an echo.
        kinds.sort(key=lambda kind: not kind.kind.startswith(word))
        self._table.show(kinds)
        self.title_window("New actor", [f"{len(kinds)} of {len(KINDS)} kinds"])

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._list(event.value)

    def action_move(self, step: int) -> None:
        self._table.move_to(self._table.cursor + step)

    def action_choose(self) -> None:
        self._list(self.query_one(KindField).value)  # typed ahead, the news of it are still on their way
        self._choose(self._table.cursor_row)

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        self._choose(event.row)

    def _choose(self, kind: ActorKind | None) -> None:
        if kind is not None:
            self.dismiss(None)
            self._chosen(kind.kind)


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


class ProgramScreen(DetailScreen):
    """An actor as the command that starts the same, and as a plain Python program that does the same."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy('command')", "copy the command", id="program.command"),
        Binding("p", "copy('program')", "copy the program", id="program.python"),
    ]
    DEFAULT_CSS = """
    ProgramScreen VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    class Copied(Message):
        """The user wants this text in the clipboard."""

        def __init__(self, what: str, text: str) -> None:
            super().__init__()
            self.what = what
            self.text = text

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__()
        self._kind = spec.kind
        self.texts = {"command": as_command(spec), "program": as_python(spec)}

    def compose_inside(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._shown())

    def _shown(self) -> Content:
        heading = "bold $text-primary"
        return Content("\n").join(
            [
                Content.styled("As a command", heading),
                Content(printable(self.texts["command"])),
                Content(""),
                Content.styled("As a Python program", heading),
                *(Content(printable(line)) for line in self.texts["program"].splitlines()),
            ]
        )

    def on_mount(self) -> None:
        lines = self.texts["program"].count("\n")
        self.title_window(f"{self._kind} as a program", [f"{lines} lines"])
        self.query_one(VerticalScroll).focus()

    def action_copy(self, what: str) -> None:
        self.post_message(self.Copied(what, self.texts[what]))


class RemoteScreen(DetailScreen):
    """Asks before traffic may leave the machine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "start it", id="remote.confirm"),
        Binding("n,escape", "dismiss_window", "do not", id="remote.refuse"),
    ]
    DEFAULT_CSS = """
    RemoteScreen DetailPane { height: auto; max-height: 60%; max-width: 90; }
    RemoteScreen Static { padding: 1 2; }
    """

    def __init__(self, specs: Sequence[ActorSpec], confirmed: Callable[[], object]) -> None:
        super().__init__()
        self._specs = tuple(specs)
        self._confirmed = confirmed

    def compose_inside(self) -> ComposeResult:
        yield Static(self._words())

    def _words(self) -> Content:
        lines = [Content.styled("Traffic may leave this machine.", "bold $text-warning"), Content("")]
        for spec in self._specs:
            host, port = spec.knobs.host, spec.knobs.port
            where = endpoint(host, port) if "port" in KINDS[spec.kind].knobs else host
            lines.append(Content(printable(f"{spec.kind} is told to go to {where}, wherever that is.")))
        lines += [Content(""), Content("Do that to machines only whose owners know of it.   y starts it, n does not.")]
        return Content("\n").join(lines)

    def on_mount(self) -> None:
        self.title_window("Another machine", [])

    def action_confirm(self) -> None:
        self.dismiss(None)
        self._confirmed()
