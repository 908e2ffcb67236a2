"""Screen 4: one conversation, live: ladder, states, bytes, what holds it; and the list that it is chosen from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.model.snapshot import Snapshot
from tui.conversations import NO_STREAM, Conversation, Subject, Wanted, of_flow
from tui.flow_messages import FlowFound
from tui.messages import EngineFailed, Moment
from tui.screens.base import MonitorScreen
from tui.widgets.bytes_pane import BytesPane
from tui.widgets.flows_pane import FlowsPane
from tui.widgets.ladder_pane import LadderPane
from tui.widgets.pane import Pane
from tui.widgets.states_pane import StatesPane
from tui.widgets.verdict_pane import VerdictPane

if TYPE_CHECKING:
    from tui.host import ScreenHost

VIEWS = (LadderPane, StatesPane, BytesPane, VerdictPane)
"""Of one conversation."""


class FlowScreen(MonitorScreen):
    """The views are tabs at any size: each is drawn for the whole width."""

    app: ScreenHost

    TITLE = "Flow"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="screen.back"),
    ]

    class Sought(Message):
        """The screen wants to know what was captured of this conversation."""

        def __init__(self, screen: FlowScreen, subject: Subject) -> None:
            super().__init__()
            self.screen = screen
            self.subject = subject

    class Left(Message):
        """The user wants back to the screen that this one was opened from."""

    def __init__(self) -> None:
        super().__init__()
        self._conversation: Conversation | None = None
        self._added: tuple[int, ...] = ()
        """Streams on the ladder beside the one that is shown."""
        self._moment: Moment | None = None
        self._answered = False
        """It is known whether the conversation was captured."""
        self._seeking = False
        """That was asked, and the answer is on its way."""
        self._sought_in: Snapshot | None = None
        """The moment for which it was asked last."""

    def compose_body(self) -> ComposeResult:
        yield LadderPane(dom_id="ladder")
        yield StatesPane(dom_id="states")
        yield BytesPane(dom_id="bytes")
        yield VerdictPane(dom_id="verdict")
        yield FlowsPane(dom_id="flows")

    def first_pane(self) -> Pane:
        """Before a conversation is chosen, the list to choose it from."""
        return self.panes[0] if self._conversation is not None else self.query_one(FlowsPane)

    @property
    def conversation(self) -> Conversation | None:
        """What is shown; None before something was chosen."""
        return self._conversation

    @property
    def streams(self) -> tuple[int, ...]:
        """The conversations on the ladder, the one that is shown first."""
        shown = self._conversation
        if shown is None or shown.subject.stream == NO_STREAM:
            return ()
        return (shown.subject.stream, *(one for one in self._added if one != shown.subject.stream))

    def open(self, wanted: Wanted) -> None:
        """Show this conversation, which whoever opens it has sought, or the list of those that the filter leaves."""
        flows = self.query_one(FlowsPane)
        if wanted.subject is None:
            flows.set_filter(wanted.filter)
            self.activate(flows)
            return
        self._conversation = Conversation(wanted.subject)
        self._answered = False
        self._seeking = True
        self._sought_in = self.app.moment.snapshot if self.app.moment is not None else None
        self._added = ()
        if not isinstance(self.active_pane, VIEWS):
            self.activate(self.query_one(LadderPane))
        if self._moment is not None:
            self._update(self._moment)

    # --- what comes in ----------------------------------------------------------------------------------------------

    def show(self, moment: Moment, work: object) -> None:
        super().show(moment, work)
        self._moment = moment
        self._update(moment)

    def _update(self, moment: Moment) -> None:
        """Join the conversation with its sockets of now, and have the view in front show it."""
        if self._conversation is not None:
            self._conversation = self._conversation.at(moment.snapshot, moment.watched.closed)
            self.query_one(BytesPane).watch_conversation(self._conversation, moment.snapshot, self.app.tracks.trail)
            self._seek(moment)
        self._show_active()

    def _seek(self, moment: Moment) -> None:
        """Ask, once a moment, how the conversation stands, for as long as it is not over."""
        shown = self._conversation
        if self._seeking or self._sought_in is moment.snapshot:
            return
        if shown is not None and (shown.flow is None or not shown.flow.over):
            self._seeking, self._sought_in = True, moment.snapshot
            self.post_message(self.Sought(self, shown.subject))

    def _show_active(self) -> None:
        """Have the view in front show what is shown; only that one costs anything. It does so in its own turn: what a
        pane asks while its screen handles a message goes no further than the screen (Textual stops a message at its
        sender)."""
        if self._moment is None:
            return
        snapshot, active, shown = self._moment.snapshot, self.active_pane, self._conversation
        if isinstance(active, FlowsPane):
            active.call_later(active.show, snapshot, self.streams)
        elif shown is None:
            return
        elif isinstance(active, LadderPane):
            active.call_later(active.show, shown, self.streams, snapshot, self._answered)
        elif isinstance(active, StatesPane | BytesPane | VerdictPane):
            active.call_later(active.show, shown, snapshot)

    def on_flow_found(self, event: FlowFound) -> None:
        event.stop()
        self._seeking = False
        shown = self._conversation
        if shown is None or event.subject.ends not in (shown.subject.ends, shown.subject.turned):
            return
        first, self._answered = not self._answered, True
        if event.flow is None:
            if first:
                self._show_active()
            return
        stream = shown.subject.stream
        if stream not in (NO_STREAM, event.flow.stream):
            return  # a later conversation of the same two endpoints
        self._conversation = shown.found(event.flow)
        if stream == NO_STREAM:
            self._show_active()

    def on_engine_failed(self, event: EngineFailed) -> None:
        """Without an answer about the segments the kernel's figures are still there."""
        event.stop()
        self._seeking = False
        self._answered = True

    def pause(self, paused: bool) -> None:
        super().pause(paused)
        for pane in self.panes:
            if isinstance(pane, FlowsPane | LadderPane | StatesPane | BytesPane | VerdictPane):
                pane.pause(paused)

    # --- panes ------------------------------------------------------------------------------------------------------

    def _fold(self) -> None:
        self.add_class("-single")

    def _mark_active(self, active: Pane) -> None:
        super()._mark_active(active)
        self._show_active()

    def action_back(self) -> None:
        if self.query("HelpPanel"):
            super().action_back()
        else:
            self.post_message(self.Left())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "zoom" and super().check_action(action, parameters)

    def on_flows_pane_chosen(self, event: FlowsPane.Chosen) -> None:
        event.stop()
        subject = of_flow(event.flow)
        self._conversation = Conversation(subject, event.flow)
        self._added = ()
        self.activate(self.query_one(LadderPane))
        if self._moment is not None:
            self._update(self._moment)

    def on_flows_pane_added(self, event: FlowsPane.Added) -> None:
        """One more on the ladder, or one less; the first of all is the one that is shown."""
        event.stop()
        stream = event.flow.stream
        if self._conversation is None:
            self._conversation = Conversation(of_flow(event.flow), event.flow)
        elif stream in self._added:
            self._added = tuple(one for one in self._added if one != stream)
        elif stream != self._conversation.subject.stream:
            self._added = (*self._added, stream)
        if self._moment is not None:
            self._update(self._moment)

    def on_ladder_pane_more_wanted(self, event: LadderPane.MoreWanted) -> None:
        event.stop()
        self.activate(self.query_one(FlowsPane))
