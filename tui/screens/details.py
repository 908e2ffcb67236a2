"""The windows that Enter opens over a screen: a frame, a socket, an actor. Esc goes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.model.lab import Call
from engine.model.packets import PacketRow
from engine.model.snapshot import ActorView
from engine.model.sockets import SocketEntry
from engine.text.explain.case import Case
from engine.text.sanitize import printable
from tui.conversations import Wanted, of_actor, of_entry
from tui.flow_messages import ExplanationWanted, FlowWanted
from tui.messages import EngineFailed, FrameDissected, Moment
from tui.tracks import Tracks
from tui.widgets.call_cases import of_call, of_errno
from tui.widgets.call_columns import call_columns
from tui.widgets.dissection import DissectionView
from tui.widgets.footer import KeyBar
from tui.widgets.line_table import LineTable
from tui.widgets.pane import Pane, Words
from tui.widgets.socket_detail import SocketDetail
from tui.widgets.topics import Topic, of_columns

WIDTHS: Final = [(0, "-narrow"), (100, "-wide")]
"""Columns from which on a window leaves something of the screen beneath it in view."""


class DetailPane(Pane):
    """The frame of a window; it is named when it opens."""


FLOW_KEY: Final = Binding("o", "open_flow", "flow", id="window.flow")
EXPLAIN_KEY: Final = Binding("e", "explain", "explain", id="window.explain")
"""For windows whose `wanted` or `cases` answer."""


class DetailScreen(ModalScreen[None], inherit_bindings=False):
    """A window over the screen it was opened from."""

    BINDING_GROUP_TITLE = "Window"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_window", "back", id="window.back"),
        Binding("question_mark,h", "app.help", "help", key_display="?", id="app.help"),
        Binding("tab", "app.focus_next", "Next part", show=False, id="window.next"),
        Binding("shift+tab", "app.focus_previous", "Part before", show=False, id="window.previous"),
        Binding("q", "app.quit", "quit", id="app.quit"),
        Binding("ctrl+c", "app.quit", "Quit", show=False, priority=True, id="app.quit_at_once"),
    ]
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    DetailScreen { align: center middle; background: $background 55%; }
    DetailScreen KeyBar { dock: bottom; }
    DetailScreen DetailPane { width: 94%; height: 86%; max-width: 190; background: $background; }
    DetailScreen.-narrow DetailPane { width: 100%; height: 1fr; }
    """
    HORIZONTAL_BREAKPOINTS = WIDTHS

    def compose(self) -> ComposeResult:
        with DetailPane():
            yield from self.compose_inside()
        yield KeyBar()

    def compose_inside(self) -> ComposeResult:
        """What the window shows."""
        yield from ()

    def title_window(self, name: str, parts: list[Words | str]) -> None:
        """Say in the border what is shown."""
        self.query_one(DetailPane).set_title([(name, "bold"), *parts])

    def show(self, moment: Moment) -> None:
        """Take in a newer moment."""

    def wanted(self) -> Wanted | None:
        """The conversation that the window tells of."""
        return None

    def cases(self) -> Sequence[Case]:
        """What is under the cursor, explained."""
        return ()

    def topics(self) -> Sequence[Topic]:
        """What is under the cursor, and each part of it that can be asked about by itself."""
        return (Topic("", "", tuple(self.cases())),)

    def action_open_flow(self) -> None:
        """Leave the window for the conversation."""
        wanted = self.wanted()
        self.app.post_message(FlowWanted(wanted or Wanted()))
        if wanted is not None:
            self.dismiss(None)

    def action_explain(self) -> None:
        self.app.post_message(ExplanationWanted(self.topics()))

    def action_dismiss_window(self) -> None:
        self.dismiss(None)


class FrameScreen(DetailScreen):
    """One frame, taken apart."""

    BINDINGS: ClassVar[list[BindingType]] = [EXPLAIN_KEY]

    def __init__(self, row: PacketRow, parts: Sequence[Words | str]) -> None:
        """`parts` stand in the title beside the number."""
        super().__init__()
        self._row = row
        self._parts = list(parts)

    def compose_inside(self) -> ComposeResult:
        yield DissectionView()

    def on_mount(self) -> None:
        self.title_window(f"Frame {self._row.number}", self._parts)
        self.query_one(DissectionView).focus_tree()

    def action_explain(self) -> None:
        self.app.post_message(ExplanationWanted(*self.query_one(DissectionView).topics(self._row)))

    def on_frame_dissected(self, event: FrameDissected) -> None:
        event.stop()
        self.query_one(DissectionView).show(event.dissection)

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self.query_one(DissectionView).say(event.sentence)


class SocketScreen(DetailScreen):
    """One socket, live."""

    BINDINGS: ClassVar[list[BindingType]] = [FLOW_KEY, EXPLAIN_KEY]

    DEFAULT_CSS = """
    SocketScreen DetailPane { height: auto; max-height: 90%; }
    """

    def __init__(self, entry: SocketEntry, moment: Moment, tracks: Tracks) -> None:
        super().__init__()
        self._entry = entry
        self._moment = moment
        self._tracks = tracks

    def compose_inside(self) -> ComposeResult:
        yield SocketDetail()

    def on_mount(self) -> None:
        self.show(self._moment)

    def show(self, moment: Moment) -> None:
        now = next((entry for entry in moment.snapshot.entries if entry.key == self._entry.key), None)
        state: Words = ("closed", "bold $text-error") if now is None else (now.state, "bold")
        self._entry = now or self._entry
        self.title_window("Socket", [state])
        self._moment = moment
        self.query_one(SocketDetail).show_socket(self._entry, moment, self._tracks)

    def wanted(self) -> Wanted | None:
        return of_entry(self._entry)

    def topics(self) -> Sequence[Topic]:
        """The state, and every figure that the window shows."""
        return self.query_one(SocketDetail).topics()


class ActorScreen(DetailScreen):
    """One actor: what it says of itself and its socket calls, live."""

    BINDINGS: ClassVar[list[BindingType]] = [FLOW_KEY, EXPLAIN_KEY]

    DEFAULT_CSS = """
    ActorScreen #actor-says { height: auto; padding: 0 2; }
    ActorScreen #actor-says.-empty { display: none; }
    """

    def __init__(self, actor: ActorView) -> None:
        super().__init__()
        self._actor = actor
        self._table: LineTable[Call] = LineTable(call_columns(), lambda call: call.number, empty="No call is logged.")

    def compose_inside(self) -> ComposeResult:
        yield Vertical(Static(id="actor-says"), self._table)

    def on_mount(self) -> None:
        self._table.following = True
        self._table.focus()
        self._update()

    def show(self, moment: Moment) -> None:
        now = next((actor for actor in moment.snapshot.actors if actor.number == self._actor.number), None)
        if now is not None:
            self._actor = now
            self._update()

    def _update(self) -> None:
        report = self._actor.report
        self.title_window(
            f"{report.kind} {report.pid}",
            [report.state.value, report.local, f"{report.calls_total:,} calls", _forgotten(report.calls_forgotten)],
        )
        lines = [Content.styled(printable(report.error), "bold $text-error")] if report.error else []
        if report.reply:
            lines.append(Content.assemble(("reply ", "$foreground 60%"), printable(report.reply)))
        lines += [Content.styled(printable(note), "$foreground 75%") for note in report.notes]
        for option in report.options:
            words = f"{option.name} {option.asked or '-'} → {option.got}"
            lines.append(Content.assemble(("option ", "$foreground 60%"), printable(words)))
        says = self.query_one("#actor-says", Static)
        says.set_class(not lines, "-empty")
        says.update(Content("\n").join(lines))
        self._table.show((*report.calls, *report.waiting))

    def wanted(self) -> Wanted | None:
        return of_actor(self._actor)

    def cases(self) -> Sequence[Case]:
        """The call under the cursor and the error that it raised; without one the actor's own error."""
        call = self._table.cursor_row
        if call is None:
            return of_errno(self._actor.report.errno, self._actor.report.error)
        return of_call(call)

    def topics(self) -> Sequence[Topic]:
        call = self._table.cursor_row
        columns = () if call is None else of_columns(self._table.places, call)
        return (Topic("call" if call is not None else "actor", "", tuple(self.cases())), *columns)


def _forgotten(calls: int) -> str:
    return f"{calls:,} forgotten" if calls else ""
