"""Keys that come in one burst: each is carried out before the next, wherever the focus goes meanwhile."""

from __future__ import annotations

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.driving import running, table_of, title, until
from tests.tui.fake_monitor import FakeMonitor
from tui.screens.connections import ConnectionsScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.line_table import LineTable
from tui.widgets.packets import PacketsPane
from tui.widgets.sockets import SocketsPane

NAMED = {"\r": "enter", "\t": "tab", "\x1b": "escape"}


def burst(pilot: Pilot[None], text: str) -> None:
    """All keys at once, as a terminal hands over what arrived in one read."""
    for character in text:
        key = NAMED.get(character) or _character_to_key(character)
        pilot.app.post_message(events.Key(key, character if character.isprintable() else None))


@pytest.mark.parametrize("text", ["port 8080", "apt", "state:listen or q"])
async def test_a_filter_typed_in_one_burst_is_kept_whole(text: str) -> None:
    async with running(FakeMonitor()) as pilot:
        burst(pilot, f"/{text}\r")
        await until(pilot, lambda: not pilot.app.screen.query_one(ConnectionsPane)._box.is_open)
        pane = pilot.app.screen.query_one(ConnectionsPane)
        await until(pilot, lambda: pane.view.chosen is not None and pane.view.chosen.text == text)
        assert isinstance(pilot.app.focused, LineTable)


async def test_keys_after_enter_go_to_the_table() -> None:
    async with running(FakeMonitor()) as pilot:
        table = table_of(pilot, ConnectionsPane)
        burst(pilot, "/tcp\rjj")
        await until(pilot, lambda: table.cursor == 2)
        assert pilot.app.screen.query_one("ConnectionsPane Input", Input).value == "tcp"
        assert "tcp" in title(pilot, ConnectionsPane)


async def test_escape_in_a_burst_brings_back_what_was_before() -> None:
    async with running(FakeMonitor()) as pilot:
        burst(pilot, "/udp\x1bj")
        pane = pilot.app.screen.query_one(ConnectionsPane)
        await until(pilot, lambda: table_of(pilot, ConnectionsPane).cursor == 1)
        await until(pilot, lambda: pane.view.chosen is None)


async def test_a_resets_before_the_filter_that_follows_it() -> None:
    async with running(FakeMonitor()) as pilot:
        burst(pilot, "la/recvq>0\r")
        pane = pilot.app.screen.query_one(ConnectionsPane)
        await until(pilot, lambda: pane.view.chosen is not None and pane.view.chosen.text == "recvq>0")
        assert pane.view.everything
        assert not pane.view.listening


async def test_a_after_a_filter_shows_all_again() -> None:
    async with running(FakeMonitor()) as pilot:
        burst(pilot, "/port 8080\ra")
        pane = pilot.app.screen.query_one(ConnectionsPane)
        await until(pilot, lambda: pane.view.everything)
        await pilot.pause()
        assert pane.view.chosen is None
        assert "port 8080" not in title(pilot, ConnectionsPane)


async def test_tab_moves_the_focus_before_the_filter_that_follows_it() -> None:
    async with running(FakeMonitor()) as pilot:
        burst(pilot, "\t/dns\r")
        await until(pilot, lambda: "dns" in title(pilot, PacketsPane))
        assert "dns" not in title(pilot, ConnectionsPane)


async def test_a_digit_and_a_filter_reach_the_new_screen() -> None:
    async with running(FakeMonitor()) as pilot:
        burst(pilot, "2")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionsScreen))
        await pilot.press("1")
        burst(pilot, "2/8080\r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionsScreen))
        await until(pilot, lambda: "8080" in title(pilot, SocketsPane))
