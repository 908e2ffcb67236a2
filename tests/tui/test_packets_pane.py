"""The packets pane: a window of a list that stays in the worker, and a frame taken apart."""

from __future__ import annotations

from typing import Any

from tests.tui.driving import (
    header,
    packets_here,
    refreshed,
    running,
    screen_text,
    selected,
    title,
    until,
    with_packets,
)
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import entry, packet, snapshot
from tui.screens.details import FrameScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.dissection import FieldTree
from tui.widgets.hex_view import HexView
from tui.widgets.line_table import LineTable
from tui.widgets.packets import PacketsPane


async def test_handshakes_are_listed_by_default_and_a_lists_all() -> None:
    async with running(with_packets(100)) as pilot:
        table = await packets_here(pilot)
        assert len(table.rows) == 6
        assert "handshakes, FIN, RST" in title(pilot, PacketsPane)
        await pilot.press("tab", "a")
        await until(pilot, lambda: len(table.rows) == 108)
        assert title(pilot, PacketsPane).startswith("Packets  all")


async def test_the_newest_is_followed_until_the_user_moves_up() -> None:
    monitor = with_packets(100)
    async with running(monitor) as pilot:
        table = await packets_here(pilot)
        await pilot.press("tab", "a")
        await until(pilot, lambda: selected(table) == 119)
        monitor.all_packets += [packet(number) for number in range(120, 200)]
        await refreshed(pilot, monitor, snapshot())
        await until(pilot, lambda: selected(table) == 199)
        await pilot.press("k")
        assert "following" not in title(pilot, PacketsPane)
        monitor.all_packets += [packet(number) for number in range(200, 300)]
        await refreshed(pilot, monitor, snapshot())
        await until(pilot, lambda: len(table.rows) == 288)
        assert selected(table) == 198
        await pilot.press("f")
        await until(pilot, lambda: selected(table) == 299)


async def test_paging_through_a_store_that_stays_in_the_worker_asks_for_windows() -> None:
    monitor = with_packets(50_000)
    async with running(monitor) as pilot:
        table = await packets_here(pilot)
        await pilot.press("tab", "a")
        await until(pilot, lambda: len(table.rows) == 50_008)
        await pilot.press("g")
        await until(pilot, lambda: selected(table) == 1)
        for _ in range(4):
            await pilot.press("pagedown")
        await until(pilot, lambda: selected(table) == rows_from(table, table.cursor))
        table.move_to(25_000)
        await until(pilot, lambda: table.cursor_row is not None)
        assert table.cursor == 25_000
        assert max(monitor.rows_asked) <= 5 * table.page


def rows_from(table: LineTable[Any], index: int) -> object:
    row = table.rows.row(index)
    return None if row is None else row.number


async def test_the_same_rows_in_a_later_answer_are_not_formatted_again() -> None:
    monitor = with_packets(100)
    async with running(monitor) as pilot:
        table = await packets_here(pilot)
        asked = len(monitor.told("packets"))
        before = table.lines_formatted
        await refreshed(pilot, monitor, snapshot())
        await until(pilot, lambda: len(monitor.told("packets")) > asked)
        await pilot.pause(0.05)
        assert table.lines_formatted == before


async def test_a_packet_is_taken_apart_and_the_selected_field_is_lit_in_the_bytes() -> None:
    monitor = with_packets()
    async with running(monitor) as pilot:
        await packets_here(pilot)
        await pilot.press("tab", "g", "enter")
        window = pilot.app.screen
        assert isinstance(window, FrameScreen)
        await until(pilot, lambda: "sport" in screen_text(pilot))
        assert monitor.told("dissect") == [1]
        tree, dump = window.query_one(FieldTree), window.query_one(HexView)
        tree.select_key((2, 1))
        await until(pilot, lambda: dump.lit == range(36, 38))
        await pilot.press("tab", "right", "right")
        await until(pilot, lambda: tree.cursor_key == (2, 2))
        assert dump.lit == range(38, 42)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, FrameScreen)


async def test_a_frame_that_is_no_longer_kept_is_a_sentence_in_its_window() -> None:
    monitor = FakeMonitor(packets=[packet(2_000, flags=2)])
    async with running(monitor) as pilot:
        await packets_here(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "frame 2000 is no longer kept: newer ones took its place" in screen_text(pilot))


async def test_a_packet_filter_goes_to_the_worker() -> None:
    monitor = with_packets(10)
    async with running(monitor) as pilot:
        table = await packets_here(pilot)
        await pilot.press("tab", "slash", *'"RST"', "enter")
        await until(pilot, lambda: len(table.rows) == 1)
        assert monitor.filters_asked[-1] == '"RST"'


async def test_pause_holds_the_rows_and_asks_for_no_packets() -> None:
    monitor = with_packets()
    async with running(monitor) as pilot:
        await packets_here(pilot)
        await pilot.press("p")
        assert "PAUSED" in title(pilot, ConnectionsPane)
        assert "PAUSED" in title(pilot, PacketsPane)
        assert "PAUSED" in header(pilot)
        asked = len(monitor.told("packets"))
        await refreshed(pilot, monitor, snapshot(entries=[entry(99)]))
        assert "sink 41210" in screen_text(pilot)
        assert len(monitor.told("packets")) == asked
        await pilot.press("p")
        await refreshed(pilot, monitor, snapshot(entries=[entry(99)]))
        assert "sink 41210" not in screen_text(pilot)
