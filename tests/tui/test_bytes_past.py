"""The plot of the byte view begins with what was watched of both sockets before it was opened."""

from __future__ import annotations

import pytest

from engine.insight.counts import SenderCounts
from tests.tui import fakes
from tests.tui.driving import refreshed, running, screen_text, table_of, until
from tests.tui.fakes import ACCEPTED_KEY, FLOOD_KEY, NOON_NS, snapshot
from tests.tui.flow_driving import flood, opened, with_flow
from tui.conversations import Conversation, Subject
from tui.tracks import NS_PER_S, Point
from tui.widgets.bytes_pane import BytesPane, past_samples
from tui.widgets.connections import ConnectionsPane


def point(second: int, recv_q: int, send_q: int = 0, in_flight: int = 0) -> Point:
    counts = SenderCounts(send_q=send_q, in_flight=in_flight, window=65_536)
    return Point(recv_q, send_q, 31, None, None, NOON_NS + second * NS_PER_S, counts)


TRAILS = {
    FLOOD_KEY: (point(0, 0, 10, 1), point(1, 0, 20, 2), point(2, 0, 30, 3)),
    ACCEPTED_KEY: (point(1, 400), point(2, 500), point(3, 600)),
}
SHOWN = Conversation(Subject(("127.0.0.1", 53_225, "127.0.0.1", 65_432))).at(flood())


def test_both_trails_are_joined_by_their_time_each_direction_by_itself() -> None:
    forward, backward = past_samples(SHOWN, NOON_NS + 3 * NS_PER_S, lambda key: TRAILS.get(key, ()))
    assert forward == [
        (NOON_NS, (10, 1, 65_536, None)),
        (NOON_NS + NS_PER_S, (20, 2, 65_536, 400)),
        (NOON_NS + 2 * NS_PER_S, (30, 3, 65_536, 500)),
    ]
    assert [values[3] for _, values in backward] == [0, 0, 0]
    assert len(backward) == len(forward)


@pytest.mark.parametrize("shown", [SHOWN, Conversation(SHOWN.subject)])
def test_where_nothing_was_watched_there_is_no_past(shown: Conversation) -> None:
    assert past_samples(shown, NOON_NS, lambda _key: ()) == ([], [])


async def test_the_plot_knows_the_minutes_before_the_screen_was_opened() -> None:
    monitor = with_flow()
    async with running(monitor) as pilot:
        for second in range(1, 6):
            later = snapshot(ts_ns=NOON_NS + second * NS_PER_S, entries=fakes.tutorial_entries(second * 1_000))
            await refreshed(pilot, monitor, later)
        table_of(pilot, ConnectionsPane).select_key(FLOOD_KEY)
        await opened(pilot)
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "the last 5.00 s" in screen_text(pilot))
        samples = pilot.app.screen.query_one(BytesPane)._samples[0]
        assert [values[3] for _, values in samples][1:] == [1_000, 2_000, 3_000, 4_000, 5_000]
