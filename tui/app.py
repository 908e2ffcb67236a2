"""The app: which screens there are, and the keys that work everywhere.

To add a screen: write it in `tui/screens/`, its sheet in `tui/styles/` (its mode's name), and give it a line in PLACES;
that makes its mode, its key and its entry in the palette. What its panes ask of Monitor is answered by a class in
`tui/answers/`, which becomes a base of SockmonApp: a handler is named after the message (`on_lab_pane_stop_wanted`) and
puts one of `tui.questions` to the bridge by `view` or `command`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path, PurePath
from typing import Any, ClassVar, Final, NamedTuple

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider

from tui import questions
from tui.answers.flow import FlowAnswers
from tui.answers.lab import LabAnswers
from tui.answers.lessons import LessonAnswers
from tui.answers.packets import PacketAnswers
from tui.answers.sockets import SocketAnswers
from tui.palette import KeyCommands
from tui.screens.base import MonitorScreen
from tui.screens.connections import ConnectionsScreen
from tui.screens.dashboard import DashboardScreen
from tui.screens.flow import FlowScreen
from tui.screens.lab import LabScreen
from tui.screens.lessons import LessonsScreen
from tui.screens.packets import PacketsScreen

STYLES: Final = Path(__file__).parent / "styles"

TEXTUALS_COMMANDS: Final = ("Theme", "Screenshot")


class Place(NamedTuple):
    """A screen, the key that leads to it, and its mode, which names its sheet too."""

    key: str
    mode: str
    screen: type[MonitorScreen]


PLACES: Final = (
    Place("1", "dashboard", DashboardScreen),
    Place("2", "connections", ConnectionsScreen),
    Place("3", "packets", PacketsScreen),
    Place("4", "flow", FlowScreen),
    Place("5", "lab", LabScreen),
    Place("6", "lessons", LessonsScreen),
)

SHEETS: Final[list[str | PurePath]] = [STYLES / f"{name}.tcss" for name in ("app", *(place.mode for place in PLACES))]
"""What all screens share, then one a screen."""


class SockmonApp(PacketAnswers, FlowAnswers, SocketAnswers, LabAnswers, LessonAnswers):
    """The screen of one run of sockmon."""

    TITLE = "sockmon"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {place.mode: place.screen for place in PLACES}
    DEFAULT_MODE = PLACES[0].mode
    CSS_PATH = SHEETS
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {KeyCommands, SystemCommandsProvider}
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(place.key, f"show_screen('{place.mode}')", place.screen.TITLE or "", show=False,
                    id=f"app.{place.mode}")
            for place in PLACES
        ),
        Binding("p", "pause", "pause", id="app.pause"),
        Binding("W", "restart_workers", "restart worker", id="app.restart_workers"),
        Binding("question_mark,h", "help", "help", key_display="?", id="app.help"),
        Binding("q", "quit", "quit", id="app.quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True, id="app.quit_at_once"),
    ]  # fmt: skip

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Of Textual's own commands those that no key of ours does."""
        return (command for command in super().get_system_commands(screen) if command.title in TEXTUALS_COMMANDS)

    async def action_show_screen(self, name: str) -> None:
        await self.switch_mode(name)  # keys typed ahead are for the new screen

    def action_pause(self) -> None:
        self.paused = not self.paused
        if self.base_screen is not None:
            self.base_screen.pause(self.paused)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Asked of the engine, not of the picture: a pane may have told of a dead worker since the last refresh.
        return bool(self.monitor.dead()) if action == "restart_workers" else True

    def action_restart_workers(self) -> None:
        self.command(partial(questions.restart_dead, self.monitor))

    def action_help(self) -> None:
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()
