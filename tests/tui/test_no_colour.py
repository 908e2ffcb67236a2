"""Without colour nothing is lost."""

from __future__ import annotations

import pytest
from textual.color import Color

from tests.tui.driving import (
    running,
    screen_text,
)
from tests.tui.fake_monitor import FakeMonitor


async def test_no_color_leaves_no_colour_and_the_cursor_and_focus_are_still_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(FakeMonitor()) as pilot:
        strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
        filters = [one for one in pilot.app._filters if one.enabled]
        colours = set()
        for strip in strips:
            for one in filters:
                strip = strip.apply_filter(one, Color(0, 0, 0))
            for segment in strip:
                if segment.style is not None:
                    colours |= {segment.style.color, segment.style.bgcolor}
        assert {colour.name for colour in colours if colour is not None} <= {"default"}
        assert "▸" in screen_text(pilot)
        assert "┏━ Connections" in screen_text(pilot)
        assert "╭─ Packets" in screen_text(pilot)
