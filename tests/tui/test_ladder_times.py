"""`T` on the ladder: the words and the order of the packet list."""

from __future__ import annotations

from tests.tui.driving import running, screen_text, title
from tests.tui.flow_driving import opened, with_flow
from tui.widgets.ladder_pane import LadderPane


async def test_T_goes_through_the_time_formats_of_the_packet_list() -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        assert "0.021000" in screen_text(pilot)
        await pilot.press("T")
        assert "time: since the row before" in title(pilot, LadderPane)
        assert "0.001000" in screen_text(pilot)
        await pilot.press("T")
        assert "time: time of day" in title(pilot, LadderPane)
        assert ":31.021000" in screen_text(pilot)
        await pilot.press("T")
        assert "time:" not in title(pilot, LadderPane)
