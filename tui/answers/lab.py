"""What the panes of the lab ask: actors to start, stop, command and kill; templates, look-ups, programs to copy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.screen import Screen

from engine.lab.saved import templates_path
from engine.model.lab import ActorCommand, ActorSpec
from engine.text.sanitize import printable
from tui import lab_questions
from tui.bridge import Asker
from tui.host import ScreenHost
from tui.lab_messages import (
    ActorsStarted,
    CommandGiven,
    CommandsWanted,
    HostFactsWanted,
    KillWanted,
    LookupWanted,
    ProgramWanted,
    TemplateNamed,
    TemplatesWanted,
    TemplateUnwanted,
)
from tui.lab_selection import Selection
from tui.messages import SnapshotFetched
from tui.screens.details import ActorScreen
from tui.screens.lab import LabScreen
from tui.screens.lab_asking import CommandScreen
from tui.screens.lab_program import ProgramScreen
from tui.screens.lab_remote import RemoteScreen
from tui.screens.lab_template import DeleteTemplateScreen
from tui.widgets.lab import LabPane
from tui.widgets.lab_draft import asks_remote


class LabAnswers(ScreenHost):
    """Carries what the lab's panes ask over the bridge. Look-ups have a thread of their own: a name server may need ten
    seconds, for which no list may stand still."""

    def on_mount(self) -> None:
        self._lookups = Asker("lookups", self)
        self._lookups.start()
        self._selection = Selection(self._all_screens)

    def on_unmount(self) -> None:
        self._lookups.stop()

    def _all_screens(self) -> list[Screen[object]]:
        """Those of every mode that was opened so far."""
        return [screen for mode in self.MODES if mode in self._screen_stacks for screen in self._screen_stacks[mode]]

    def on_snapshot_fetched(self, event: SnapshotFetched) -> None:
        self.call_after_refresh(self._select_started)

    def on_monitor_screen_shown(self) -> None:
        self.call_after_refresh(self._select_started)

    def _select_started(self) -> None:
        if self.moment is not None:
            self._selection.apply(self.moment.snapshot.actors)

    # --- actors -----------------------------------------------------------------------------------------------------

    def on_lab_pane_start_wanted(self, event: LabPane.StartWanted) -> None:
        remote = [spec for spec in event.specs if asks_remote(spec)]
        start = partial(self._start, event.specs, event.ended)
        if remote:
            self.push_screen(RemoteScreen(remote, start))
        else:
            start()

    def _start(self, specs: Sequence[ActorSpec], ended: Sequence[int]) -> None:
        self.command(partial(lab_questions.start_actors, self.monitor, specs, ended))

    def on_actors_started(self, event: ActorsStarted) -> None:
        self.on_done(event)
        self._selection.expect(event.actors)
        for screen in self.screen_stack:
            if isinstance(screen, LabScreen):
                screen.expect(event.actors)

    def on_lab_pane_stop_wanted(self, event: LabPane.StopWanted) -> None:
        self.command(partial(lab_questions.stop_actors, self.monitor, event.numbers))

    def on_lab_pane_command_wanted(self, event: LabPane.CommandWanted) -> None:
        self._ask(event.numbers, event.command)

    def on_command_given(self, event: CommandGiven) -> None:
        self._ask((event.number,), event.command, event.text)

    def on_command_screen_given(self, event: CommandScreen.Given) -> None:
        self._ask((event.number,), event.command, event.text)

    def _ask(self, numbers: Sequence[int], command: ActorCommand, text: str = "") -> None:
        self.command(partial(lab_questions.command_actors, self.monitor, numbers, command, text))

    def on_kill_wanted(self, event: KillWanted) -> None:
        self.command(partial(lab_questions.kill_actors, self.monitor, event.numbers))

    def on_lab_pane_opened(self, event: LabPane.Opened) -> None:
        self.push_screen(ActorScreen(event.actor))

    def on_lab_pane_refused(self, event: LabPane.Refused) -> None:
        self.say(event.sentence, warns=True)

    # --- windows ----------------------------------------------------------------------------------------------------

    def on_commands_wanted(self, event: CommandsWanted) -> None:
        self.push_screen(CommandScreen(event.actor))

    def on_program_wanted(self, event: ProgramWanted) -> None:
        self.push_screen(ProgramScreen(event.spec))

    def on_program_screen_copied(self, event: ProgramScreen.Copied) -> None:
        self.copy_to_clipboard("\n".join(map(printable, event.text.splitlines())) + "\n" * (event.what == "program"))
        self.say(f"the {event.what} is in the clipboard, if the terminal passes it on")

    # --- templates and look-ups -------------------------------------------------------------------------------------

    def on_templates_wanted(self, event: TemplatesWanted) -> None:
        self._lookups.ask("templates", partial(lab_questions.read_templates, templates_path()), event.to)

    def on_template_named(self, event: TemplateNamed) -> None:
        self._lookups.ask(
            "save", partial(lab_questions.name_template, templates_path(), event.name, event.spec), event.to
        )

    def on_template_unwanted(self, event: TemplateUnwanted) -> None:
        forget = partial(lab_questions.forget_template, templates_path(), event.template.name)
        self.push_screen(DeleteTemplateScreen(event.template, lambda: self._lookups.ask("forget", forget, event.to)))

    def on_host_facts_wanted(self, event: HostFactsWanted) -> None:
        self._lookups.ask("host", partial(lab_questions.look_up_host, event.host, event.family), event.to)

    def on_lookup_wanted(self, event: LookupWanted) -> None:
        self._lookups.ask("lookup", partial(lab_questions.look_up, event.text), event.to)
