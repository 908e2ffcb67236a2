"""How tests drive the lab's screen."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Static

from engine.model.lab import ActorSpec
from tests.tui.driving import rows, table_of, until
from tests.tui.fake_monitor import FakeMonitor
from tui.widgets.lab_actors import ActorsPane
from tui.widgets.lab_form_pane import LabFormPane
from tui.widgets.pane import Pane


async def open_lab(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("5")
    await until(pilot, lambda: pilot.app.screen.query(ActorsPane))
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


def pane(pilot: Pilot[None]) -> Pane:
    found: Pane = pilot.app.screen.query_one("Pane.-active", Pane)
    return found


def value(pilot: Pilot[None], knob: str) -> str:
    return str(next(row.value for row in rows(table_of(pilot, LabFormPane)) if row.name == knob))


def says(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#edit-says", Static).visual)


def specs(monitor: FakeMonitor) -> list[ActorSpec]:
    return [spec for spec in monitor.told("start_actor") if isinstance(spec, ActorSpec)]


FORM = ("tab", "tab")
