"""The app: which screens there are, the keys that work everywhere, and the bridge between Monitor and the screens."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Any, ClassVar, Final

import msgspec
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.message import Message
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider

from engine.model.health import Role
from engine.model.messages import SocketsOptions
from engine.model.packets import CaptureOptions
from engine.model.snapshot import MonitorView, Snapshot
from engine.text.sanitize import printable
from tui import questions
from tui.bridge import Bridge
from tui.messages import BridgeBroke, Captured, Done, EngineFailed, Moment, Prepared, SnapshotFetched
from tui.palette import KeyCommands
from tui.screens.base import MonitorScreen
from tui.screens.connections import ConnectionsScreen
from tui.screens.dashboard import DashboardScreen
from tui.screens.details import ActorScreen, DetailScreen, FrameScreen, SocketScreen
from tui.screens.packets import PacketsScreen
from tui.themes import DARK, DEFAULTS, LIGHT
from tui.tracks import Tracks
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lab import LabPane
from tui.widgets.packets import PacketsPane
from tui.widgets.sockets import SocketsPane

REFRESH_S: Final = 1.0

STYLES: Final = Path(__file__).parent / "styles"

TEXTUALS_COMMANDS: Final = ("Theme", "Screenshot")

SHEETS: Final[list[str | PurePath]] = [
    STYLES / f"{name}.tcss" for name in ("app", "dashboard", "connections", "packets")
]
"""What all screens share, then one a screen."""


class SockmonApp(App[None]):
    """The screen of one run of sockmon, over anything that is a MonitorView."""

    TITLE = "sockmon"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "dashboard": DashboardScreen,
        "connections": ConnectionsScreen,
        "packets": PacketsScreen,
    }
    DEFAULT_MODE = "dashboard"
    CSS_PATH = SHEETS
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {KeyCommands, SystemCommandsProvider}
    BINDING_GROUP_TITLE = "Everywhere"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show_screen('dashboard')", "Dashboard", show=False, id="app.dashboard"),
        Binding("2", "show_screen('connections')", "Connections", show=False, id="app.connections"),
        Binding("3", "show_screen('packets')", "Packets", show=False, id="app.packets"),
        Binding("p", "pause", "pause", id="app.pause"),
        Binding("W", "restart_workers", "restart worker", id="app.restart_workers"),
        Binding("question_mark,h", "help", "help", key_display="?", id="app.help"),
        Binding("q", "quit", "quit", id="app.quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True, id="app.quit_at_once"),
    ]

    def __init__(
        self,
        monitor: MonitorView,
        *,
        capture_options: CaptureOptions | None = None,
        sockets_options: SocketsOptions | None = None,
        theme: str = DARK.name,
        refresh_s: float = REFRESH_S,
    ) -> None:
        """`capture_options` and `sockets_options` are what Monitor was told; keys of the screen change them."""
        # With NO_COLOR Textual turns colours into greys, unless colours are the terminal's own: then it uses none.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.monitor = monitor
        self.crash: Exception | None = None
        """The mistake of sockmon's own that ended the screen."""
        self.paused = False
        self._capture_options = capture_options or CaptureOptions()
        self._sockets_options = sockets_options or SocketsOptions()
        self._bridge = Bridge(monitor, self)
        self._refresh_s = refresh_s
        self._drawn = True
        self.tracks = Tracks()
        self._moment: Moment | None = None
        for own in (DARK, LIGHT):
            self.register_theme(own)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DEFAULTS)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Of Textual's own commands those that no key of ours does."""
        return (command for command in super().get_system_commands(screen) if command.title in TEXTUALS_COMMANDS)

    def on_mount(self) -> None:
        self._bridge.start()
        self._bridge.refresh(self._prepare)
        self.set_interval(self._refresh_s, self._tick)

    def on_unmount(self) -> None:
        self._bridge.stop()

    # --- the refresh ------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Ask again, once what came last is drawn: a slow terminal asks less often."""
        if self._drawn:
            self._drawn = False
            self._bridge.refresh(self._prepare)

    def _prepare(self, snapshot: Snapshot) -> Prepared:
        """What the screen wants done to a snapshot off the event loop; runs in the bridge's thread."""
        moment = Moment(snapshot, self.tracks.take(snapshot))
        screen = self._base_screen()
        return Prepared(moment, screen, None if screen is None else screen.prepare(moment))

    def _base_screen(self) -> MonitorScreen | None:
        """The screen under whatever window is open."""
        return next((screen for screen in self.screen_stack if isinstance(screen, MonitorScreen)), None)

    def on_snapshot_fetched(self, event: SnapshotFetched) -> None:
        dead_before = self._dead
        self._moment = event.prepared.moment
        self._show(event.prepared)
        if self._dead != dead_before:
            self.screen.refresh_bindings()

    def _show(self, prepared: Prepared | None = None) -> None:
        if self._moment is None:
            return
        with self.batch_update():
            for screen in self.screen_stack:
                if isinstance(screen, MonitorScreen):
                    mine = prepared.work if prepared is not None and prepared.screen is screen else None
                    screen.show(self._moment, mine)
                elif isinstance(screen, DetailScreen):
                    screen.show(self._moment)
        self.call_after_refresh(self._note_drawn)

    def on_monitor_screen_shown(self) -> None:
        screen = self._base_screen()
        if screen is not None:
            screen.pause(self.paused)
        self._show()

    def _note_drawn(self) -> None:
        self._drawn = True

    def on_engine_failed(self, event: EngineFailed) -> None:
        """A refresh that fails is said in the header as long as it fails; anything else is a notice."""
        if event.slot == "refresh":
            known = self._moment or Moment(Snapshot(0))
            self._moment = replace(known, failure=event.sentence)
            self._drawn = True
            self._show()
        else:
            self._say(event.sentence, warns=True)

    def on_bridge_broke(self, event: BridgeBroke) -> None:
        self._handle_exception(event.error)

    def _fatal_error(self) -> None:
        """A mistake of our own ends the screen; who started it says so in one sentence, without a traceback whose
        local variables would print foreign text."""
        self.crash = self._exception
        self._close_messages_no_wait()

    def _say(self, sentence: str, *, warns: bool = False) -> None:
        self.notify(printable(sentence), severity="error" if warns else "information", markup=False)

    def on_done(self, event: Done) -> None:
        if event.sentence:
            self._say(event.sentence, warns=event.warns)
        self._bridge.refresh(self._prepare)

    # --- what the panes ask -----------------------------------------------------------------------------------------

    def _command(self, question: Callable[[], Message]) -> None:
        self._bridge.command(question, self)

    def on_packets_pane_asked(self, event: PacketsPane.Asked) -> None:
        self._bridge.view("packets", partial(questions.packets, self.monitor, event.question), event.pane)

    def on_packets_pane_opened(self, event: PacketsPane.Opened) -> None:
        window = FrameScreen(event.row)
        self.push_screen(window)
        self._bridge.view("frame", partial(questions.dissect, self.monitor, event.row.number), window)

    def on_packets_pane_sought(self, event: PacketsPane.Sought) -> None:
        question = partial(questions.locate, self.monitor, event.question, event.number)
        self._bridge.view("seek", question, event.pane)

    def on_packets_pane_capture_wanted(self, event: PacketsPane.CaptureWanted) -> None:
        if not event.running:
            self._command(partial(questions.stop_capture, self.monitor))
            return
        options = self._capture_options
        wanted = msgspec.structs.replace(
            options,
            interface=options.interface if event.interface is None else event.interface,
            capture_filter=options.capture_filter if event.capture_filter is None else event.capture_filter,
        )
        self._command(partial(questions.capture, self.monitor, wanted))

    def on_captured(self, event: Captured) -> None:
        """What works is what the next change starts from."""
        self._capture_options = event.options
        self.on_done(event)

    def on_packets_screen_frame_wanted(self, event: PacketsScreen.FrameWanted) -> None:
        self._bridge.view("frame", partial(questions.dissect, self.monitor, event.number), event.pane)

    def on_connections_pane_opened(self, event: ConnectionsPane.Opened) -> None:
        if self._moment is not None:
            self.push_screen(SocketScreen(event.entry, self._moment, self.tracks))

    def on_connections_pane_families_chosen(self, event: ConnectionsPane.FamiliesChosen) -> None:
        self._sockets_options = msgspec.structs.replace(self._sockets_options, families=event.families)
        self._command(partial(questions.read_sockets, self.monitor, self._sockets_options))

    def on_sockets_pane_copied(self, event: SocketsPane.Copied) -> None:
        self.copy_to_clipboard(printable(event.text))
        self._say("copied")

    def on_lab_pane_start_wanted(self, event: LabPane.StartWanted) -> None:
        self._command(partial(questions.start_actors, self.monitor, event.specs, event.ended))

    def on_lab_pane_stop_wanted(self, event: LabPane.StopWanted) -> None:
        self._command(partial(questions.stop_actors, self.monitor, event.numbers))

    def on_lab_pane_command_wanted(self, event: LabPane.CommandWanted) -> None:
        self._command(partial(questions.command_actors, self.monitor, event.numbers, event.command))

    def on_lab_pane_opened(self, event: LabPane.Opened) -> None:
        self.push_screen(ActorScreen(event.actor))

    def on_lab_pane_refused(self, event: LabPane.Refused) -> None:
        self._say(event.sentence, warns=True)

    # --- keys -------------------------------------------------------------------------------------------------------

    def action_show_screen(self, name: str) -> None:
        self.switch_mode(name)

    def action_pause(self) -> None:
        self.paused = not self.paused
        screen = self._base_screen()
        if screen is not None:
            screen.pause(self.paused)

    @property
    def _dead(self) -> list[Role]:
        return [worker.role for worker in self._moment.snapshot.workers if not worker.alive] if self._moment else []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self._dead) if action == "restart_workers" else True

    def action_restart_workers(self) -> None:
        self._command(partial(questions.restart_dead, self.monitor, self._dead))

    def action_help(self) -> None:
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()
