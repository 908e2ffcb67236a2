"""Screen 1: the sockets, the packets and the lab, side by side and live."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal

from tui.messages import Moment
from tui.screens.base import MonitorScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lab import LabPane
from tui.widgets.packets import PacketsPane
from tui.widgets.socket_view import Arranged, arrange


class DashboardScreen(MonitorScreen):
    """Three panes of one moment."""

    TITLE = "Dashboard"

    def compose_body(self) -> ComposeResult:
        yield ConnectionsPane(dom_id="connections")
        with Horizontal(id="lower"):
            yield PacketsPane(dom_id="packets")
            yield LabPane(dom_id="lab")

    def prepare(self, moment: Moment) -> Arranged:
        return arrange(self.query_one(ConnectionsPane).view, moment)

    def show(self, moment: Moment, work: object) -> None:
        super().show(moment, work)
        self.query_one(ConnectionsPane).show(moment, work if isinstance(work, Arranged) else None)
        self.query_one(PacketsPane).show(moment.snapshot)
        self.query_one(LabPane).show(moment.snapshot)

    def pause(self, paused: bool) -> None:
        super().pause(paused)
        self.query_one(ConnectionsPane).pause(paused)
        self.query_one(PacketsPane).pause(paused)
