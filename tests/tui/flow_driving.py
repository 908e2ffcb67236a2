"""How tests drive the screen of a conversation."""

from __future__ import annotations

from textual.pilot import Pilot

from engine.model.flows import FlowSummary, LadderItem
from engine.model.snapshot import Snapshot
from tests.tui import fakes, flows
from tests.tui.driving import screen_text, table_of, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import snapshot
from tui.screens.flow import FlowScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.ladder_pane import LadderPane


def flood() -> Snapshot:
    return snapshot(actors=fakes.running_flood())


def with_flow(*items: LadderItem, flow: FlowSummary | None = None, moment: Snapshot | None = None) -> FakeMonitor:
    monitor = FakeMonitor(moment or flood(), packets=fakes.handshake_and_close())
    monitor.all_flows = [flow or flows.flow()]
    monitor.all_items = list(items or flows.stalled())
    return monitor


async def opened(pilot: Pilot[None]) -> None:
    """Open the flow of the flood's socket from the dashboard."""
    table_of(pilot, ConnectionsPane).select_key(fakes.FLOOD_KEY)
    await pilot.press("o")
    await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
    await until(pilot, lambda: len(table_of(pilot, LadderPane).rows))
    await until(pilot, lambda: "[SYN] Seq=0" in screen_text(pilot))
