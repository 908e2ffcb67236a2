"""What the panes of conversations ask, and the way to their screen and back."""

from __future__ import annotations

from functools import partial

from tui import flow_questions
from tui.flow_messages import ExplanationWanted, FlowWanted
from tui.host import ScreenHost
from tui.screens.explain import ExplainScreen
from tui.screens.flow import FlowScreen
from tui.widgets.flows_pane import FlowsPane
from tui.widgets.ladder_pane import LadderPane
from tui.widgets.states_pane import StatesPane
from tui.widgets.verdict_pane import VerdictPane

FLOW_MODE = "flow"


class FlowAnswers(ScreenHost):
    """Opens the flow screen and carries the questions of its panes over the bridge."""

    _came_from = ""
    """The mode that the flow screen was opened from."""

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

    def on_flow_screen_left(self) -> None:
        if self._came_from:
            self.switch_mode(self._came_from)
            self._came_from = ""

    def on_flow_screen_sought(self, event: FlowScreen.Sought) -> None:
        self.view("flow", partial(flow_questions.find_flow, self.monitor, event.subject), event.screen)

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

    def on_explanation_wanted(self, event: ExplanationWanted) -> None:
        self.push_screen(ExplainScreen(event.cases))
