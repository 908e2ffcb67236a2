"""A small terminal: panes become tabs, and any size works."""

from __future__ import annotations

import pytest
from textual import events

from tests.tui import fakes
from tests.tui.driving import (
    NARROW,
    footer,
    header,
    running,
    screen_text,
    until,
)
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import snapshot
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lab import LabPane


async def test_on_80_by_24_the_panes_are_tabs_and_the_header_keeps_losses_and_rights() -> None:
    moment = snapshot(actors=fakes.running_flood(), degradations=(fakes.OWNERS_HIDDEN,))
    async with running(FakeMonitor(moment), NARROW) as pilot:
        text = screen_text(pilot)
        assert "lost 0/0" in header(pilot)
        assert "owners: yours only" in header(pilot)
        assert "Connections 12" in text.splitlines()[1]
        assert "Lab" in text.splitlines()[1]
        assert "lo:65432" in text
        assert "127.0.0.1:65432" not in text
        assert not pilot.app.screen.query_one(LabPane).is_on_screen
        await pilot.press("tab", "tab")
        assert pilot.app.screen.query_one(LabPane).is_on_screen
        assert "flood client" in screen_text(pilot)
        await pilot.click("PaneTabs", offset=(3, 0))
        assert pilot.app.screen.query_one(ConnectionsPane).is_on_screen
        assert "help" in footer(pilot)
        assert "quit" in footer(pilot)


@pytest.mark.parametrize("size", [(20, 6), (40, 10), (300, 90), (100, 20), (99, 19)])
async def test_any_size_works(size: tuple[int, int]) -> None:
    async with running(FakeMonitor(snapshot(actors=fakes.running_flood())), size) as pilot:
        await pilot.press("tab", "tab", "tab", "slash", *"sink", "enter", "z", "z", "G", "enter", "escape")
        await pilot.resize_terminal(80, 24)
        await pilot.resize_terminal(160, 48)
        assert pilot.app.is_running


async def test_two_tabs_in_one_burst_end_in_the_third_pane_with_the_focus() -> None:
    async with running(FakeMonitor(), NARROW) as pilot:
        for _ in range(2):
            pilot.app.post_message(events.Key("tab", None))
        await until(pilot, lambda: pilot.app.screen.query_one(LabPane).has_focus_within)
        for _ in range(5):
            await pilot.pause()
        assert pilot.app.screen.query_one(LabPane).has_focus_within
        assert pilot.app.screen.query_one(LabPane).display
