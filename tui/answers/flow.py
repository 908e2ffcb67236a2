"""What the panes of conversations ask, and the way to their screen and back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from engine.text.sanitize import printable
from tui import flow_questions
from tui.conversations import NO_STREAM, Conversation, Subject, of_packet
from tui.flow_files import ENDINGS, save_ladder, save_stream
from tui.flow_messages import ExplanationWanted, FlowWanted, TextCopied
from tui.host import ScreenHost
from tui.screens.explain import ExplainScreen
from tui.screens.flow import FlowScreen
from tui.screens.save import SaveScreen
from tui.screens.stream import StreamScreen
from tui.widgets.flows_pane import FlowsPane
from tui.widgets.ladder_pane import LadderPane
from tui.widgets.packets import PacketsPane
from tui.widgets.states_pane import StatesPane
from tui.widgets.verdict_pane import VerdictPane

FLOW_MODE: Final = "flow"

WARM_UP_S: Final = 2.0
"""After the start, when the first screen stands and nobody has had time to want another."""


class FlowAnswers(ScreenHost):
    """Opens the flow screen and carries the questions of its panes over the bridge."""

    _came_from = ""
    """The mode that the flow screen was opened from."""

    def on_mount(self) -> None:
        self.set_timer(WARM_UP_S, self._warm_up)

    def _warm_up(self) -> None:
        """Make the flow screen before it is wanted: to make it takes four times as long as to show it."""
        if self.is_running and FLOW_MODE not in self._screen_stacks:
            self._init_mode(FLOW_MODE)

    async def on_flow_wanted(self, event: FlowWanted) -> None:
        wanted = event.wanted
        if wanted.subject is None and not wanted.filter:
            self.say("no TCP conversation is under the cursor", warns=True)
            return
        if self.current_mode != FLOW_MODE:
            self._came_from = self.current_mode
            await self.switch_mode(FLOW_MODE)
        screen = self.base_screen
        if isinstance(screen, FlowScreen):
            screen.open(wanted)
            if wanted.subject is not None:
                self._seek(screen, wanted.subject)  # a message of the screen would wait until it is laid out

    def on_flow_screen_left(self) -> None:
        if self._came_from:
            self.switch_mode(self._came_from)
            self._came_from = ""

    def on_flow_screen_sought(self, event: FlowScreen.Sought) -> None:
        self._seek(event.screen, event.subject)

    def _seek(self, screen: FlowScreen, subject: Subject) -> None:
        self.view("flow", partial(flow_questions.find_flow, self.monitor, subject), screen)

    def on_flows_pane_asked(self, event: FlowsPane.Asked) -> None:
        self.view("flows", partial(flow_questions.flows, self.monitor, event.first, event.count), event.pane)

    def on_ladder_pane_asked(self, event: LadderPane.Asked) -> None:
        self.view("ladder", partial(flow_questions.ladder, self.monitor, event.question), event.pane)

    def on_states_pane_asked(self, event: StatesPane.Asked) -> None:
        question = partial(flow_questions.steps_of_states, self.monitor, event.stream)
        self.view("states", question, event.pane)

    def on_verdict_pane_asked(self, event: VerdictPane.Asked) -> None:
        question = partial(flow_questions.verdicts, self.monitor, event.key, event.stream)
        self.view("verdicts", question, event.pane)

    # --- streams and files ------------------------------------------------------------------------------------------

    def on_ladder_pane_stream_wanted(self) -> None:
        screen = self.base_screen
        if isinstance(screen, FlowScreen) and screen.conversation is not None:
            shown = screen.conversation
            if shown.subject.stream == NO_STREAM:
                self.say("no segment of this conversation was captured yet", warns=True)
            else:
                self._open_stream(shown.subject.stream, shown.names)

    def on_packets_pane_stream_wanted(self, event: PacketsPane.StreamWanted) -> None:
        wanted = of_packet(event.row)
        if wanted is None or wanted.subject is None or self.moment is None:
            self.say("that frame belongs to no TCP conversation", warns=True)
            return
        shown = Conversation(wanted.subject).at(self.moment.snapshot, self.moment.watched.closed)
        self._open_stream(wanted.subject.stream, shown.names)

    def _open_stream(self, stream: int, names: tuple[str, str]) -> None:
        self.push_screen(StreamScreen(stream, names))
        self.view("follow", partial(flow_questions.follow_stream, self.monitor, stream), self)

    def on_stream_screen_asked(self, event: StreamScreen.Asked) -> None:
        question = partial(flow_questions.stream, self.monitor, event.stream, event.after)
        self.view("stream", question, event.window)

    def on_stream_screen_ended(self) -> None:
        self.view("follow", partial(flow_questions.follow_stream, self.monitor, NO_STREAM), self)

    def on_stream_screen_export_wanted(self, event: StreamScreen.ExportWanted) -> None:
        def save(path: Path | None) -> None:
            if path is not None:
                self.command(partial(save_stream, self.monitor, event.stream, event.sides, path))

        whose = "both sides, in the order of their frames" if len(event.sides) > 1 else "one side"
        says = f"The bytes as they were sent, {whose}."
        self.push_screen(SaveScreen("Save the stream", f"stream-{event.stream}.bin", says), save)

    def on_ladder_pane_export_wanted(self, event: LadderPane.ExportWanted) -> None:
        question = event.question
        if not question.streams:
            self.say("there is no ladder to save", warns=True)
            return

        def save(path: Path | None) -> None:
            if path is not None:
                self.command(partial(save_ladder, self.monitor, question, event.names, path))

        name = f"ladder-{'-'.join(map(str, question.streams))}.txt"
        self.push_screen(SaveScreen("Save the ladder", name, ENDINGS), save)

    def on_text_copied(self, event: TextCopied) -> None:
        if event.lines:
            self.copy_to_clipboard("\n".join(map(printable, event.lines)))
            self.say("copied, if the terminal passes it on")
        else:
            self.say("there is nothing to copy here", warns=True)

    def on_explanation_wanted(self, event: ExplanationWanted) -> None:
        self.push_screen(ExplainScreen(event.topics, event.first))
