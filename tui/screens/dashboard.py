"""Screen 1: the sockets, the packets and the lab, side by side and live."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal

from engine.model.snapshot import Snapshot
from tui.screens.base import MonitorScreen
from tui.widgets.connections import Arranged, ConnectionsPane, arrange
from tui.widgets.lab import LabPane
from tui.widgets.packets import PacketsPane


class DashboardScreen(MonitorScreen):
    """Three panes of one moment."""

    TITLE = "Dashboard"

    def compose_body(self) -> ComposeResult:
        yield ConnectionsPane(dom_id="connections")
        with Horizontal(id="lower"):
            yield PacketsPane(dom_id="packets")
            yield LabPane(dom_id="lab")

    def prepare(self, snapshot: Snapshot) -> Arranged:
        return arrange(self.query_one(ConnectionsPane).view, snapshot)

    def show(self, snapshot: Snapshot, prepared: object, failure: str) -> None:
        super().show(snapshot, prepared, failure)
        arranged = prepared if isinstance(prepared, Arranged) else None
        self.query_one(ConnectionsPane).show(snapshot, arranged)
        self.query_one(PacketsPane).show(snapshot)
        self.query_one(LabPane).show(snapshot)

    def pause(self, paused: bool) -> None:
        super().pause(paused)
        self.query_one(ConnectionsPane).pause(paused)
        self.query_one(PacketsPane).pause(paused)
