"""What the lab's pane asks: actors to start, to stop, to command."""

from __future__ import annotations

from functools import partial

from tui import questions
from tui.host import ScreenHost
from tui.screens.details import ActorScreen
from tui.widgets.lab import LabPane


class LabAnswers(ScreenHost):
    """Carries what LabPane asks over the bridge."""

    def on_lab_pane_start_wanted(self, event: LabPane.StartWanted) -> None:
        self.command(partial(questions.start_actors, self.monitor, event.specs, event.ended))

    def on_lab_pane_stop_wanted(self, event: LabPane.StopWanted) -> None:
        self.command(partial(questions.stop_actors, self.monitor, event.numbers))

    def on_lab_pane_command_wanted(self, event: LabPane.CommandWanted) -> None:
        self.command(partial(questions.command_actors, self.monitor, event.numbers, event.command))

    def on_lab_pane_opened(self, event: LabPane.Opened) -> None:
        self.push_screen(ActorScreen(event.actor))

    def on_lab_pane_refused(self, event: LabPane.Refused) -> None:
        self.say(event.sentence, warns=True)
