"""The refresh of the app: snapshots come over the bridge, reach the screens, and are asked for again once drawn."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import msgspec
from textual.app import ScreenStackError
from textual.message import Message

from engine.insight.pace import Pace
from engine.model.health import Role
from engine.model.messages import SocketsOptions
from engine.model.packets import CaptureOptions
from engine.model.snapshot import MonitorView, Snapshot
from engine.text.sanitize import printable
from tui.bridge import Bridge, Receiver
from tui.host_names import HostNames
from tui.keys import KeysInOrder
from tui.messages import BridgeBroke, Done, EngineFailed, Moment, Prepared, SnapshotFetched
from tui.screens.base import MonitorScreen
from tui.screens.details import DetailScreen
from tui.themes import DARK, DEFAULTS, LIGHT
from tui.tracks import HISTORY_S, Tracks

REFRESH_S: Final = 1.0


def _nothing() -> None:
    """What to do where there is nothing to do."""


class ScreenHost(KeysInOrder):
    """An app over a MonitorView: asks for snapshots, shows them, carries questions and commands."""

    def __init__(
        self,
        monitor: MonitorView,
        *,
        capture_options: CaptureOptions | None = None,
        sockets_options: SocketsOptions | None = None,
        theme: str = DARK.name,
        refresh_s: float = REFRESH_S,
        read_only: bool = False,
        history_s: float = HISTORY_S,
        settled: Callable[[], None] = _nothing,
    ) -> None:
        """`capture_options` and `sockets_options` are what Monitor was told; keys of the screen change them.
        `read_only` takes away the keys that end what others run, closed sockets are kept for `history_s`. `settled` is
        called once, when the first moment is drawn."""
        # With NO_COLOR Textual turns colours into greys, unless colours are the terminal's own: then it uses none.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.monitor = monitor
        self.crash: Exception | None = None
        """The mistake of sockmon's own that ended the screen."""
        self.paused = False
        self.read_only = read_only
        self.capture_options = capture_options or CaptureOptions()
        self.sockets_options = sockets_options or SocketsOptions()
        self.history_s = history_s
        self.tracks = Tracks(history_s)
        self.host_names = HostNames()
        self._bridge = Bridge(monitor, self)
        self._refresh_s = refresh_s
        self._pace = Pace(refresh_s)
        self._turns = 0
        self._drawn = True
        self._settled = settled
        self._moment: Moment | None = None
        for own in (DARK, LIGHT):
            self.register_theme(own)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DEFAULTS)

    def clear_selection(self) -> None:
        """As Textual does. Where tasks begin at once (Python 3.12 and later) an Input of the first screen asks for this
        before that screen stands (textual issue 6444), and nothing is selected yet."""
        with suppress(ScreenStackError):
            super().clear_selection()

    def on_mount(self) -> None:
        self._bridge.start()
        self._bridge.refresh(self._prepare)
        self.set_interval(self._refresh_s, self._tick)

    def on_unmount(self) -> None:
        self._bridge.stop()

    @property
    def moment(self) -> Moment | None:
        """What is shown now; None before the first snapshot."""
        return self._moment

    # --- asking -----------------------------------------------------------------------------------------------------

    def command(self, question: Callable[[], Message]) -> None:
        """Have something done; what came of it comes back as Done or EngineFailed."""
        self._bridge.command(question, self)

    def view(self, slot: str, question: Callable[[], Message], to: Receiver) -> None:
        """Ask for something to show; only the newest question of a slot counts."""
        self._bridge.view(slot, question, to)

    def say(self, sentence: str, *, warns: bool = False) -> None:
        """A notice for a few seconds."""
        self.notify(printable(sentence), severity="error" if warns else "information", markup=False)

    # --- the refresh ------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Ask again, once what came last is drawn: a slow terminal asks less often, and so does a table that takes long
        to read."""
        self._turns += 1
        if self._drawn and self._turns >= self._pace.turns:
            self._drawn, self._turns = False, 0
            self._bridge.refresh(self._prepare)

    def _prepare(self, snapshot: Snapshot) -> Prepared:
        """What the screen wants done to a snapshot off the event loop; runs in the bridge's thread."""
        self._pace.took(snapshot.counters.dump_cpu_ms)
        if slower := self._pace.degradations():
            snapshot = msgspec.structs.replace(snapshot, degradations=(*snapshot.degradations, *slower))
        moment = Moment(snapshot, self.tracks.take(snapshot))
        screen = self.base_screen
        return Prepared(moment, screen, None if screen is None else screen.prepare(moment))

    @property
    def base_screen(self) -> MonitorScreen | None:
        """The screen under whatever window is open."""
        return next((screen for screen in self.screen_stack if isinstance(screen, MonitorScreen)), None)

    def on_snapshot_fetched(self, event: SnapshotFetched) -> None:
        dead_before = self.dead
        self._moment = event.prepared.moment
        self._show(event.prepared)
        if self.dead != dead_before:
            self.screen.refresh_bindings()

    def _show(self, prepared: Prepared | None = None) -> None:
        if self._moment is None or not self.is_running:  # while the app ends its screens are taken apart
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
        if self.base_screen is not None:
            self.base_screen.pause(self.paused)
        self._show()

    def _note_drawn(self) -> None:
        self._drawn = True
        settled, self._settled = self._settled, _nothing
        settled()

    @property
    def dead(self) -> Sequence[Role]:
        """The workers that the screen shows as ended."""
        return [worker.role for worker in self._moment.snapshot.workers if not worker.alive] if self._moment else []

    # --- what comes back --------------------------------------------------------------------------------------------

    def on_engine_failed(self, event: EngineFailed) -> None:
        """A refresh that fails is said in the header as long as it fails; anything else is a notice."""
        if event.slot == "refresh":
            known = self._moment or Moment(Snapshot(0))
            self._moment = replace(known, failure=event.sentence)
            self._drawn = True
            self._show()
        else:
            self.say(event.sentence, warns=True)

    def on_bridge_broke(self, event: BridgeBroke) -> None:
        self._handle_exception(event.error)

    def _fatal_error(self) -> None:
        """A mistake of our own ends the screen; who started it says so in one sentence, without a traceback whose
        local variables would print foreign text."""
        self.crash = self._exception
        self._close_messages_no_wait()

    def on_done(self, event: Done) -> None:
        if event.sentence:
            self.say(event.sentence, warns=event.warns)
        self._bridge.refresh(self._prepare)
