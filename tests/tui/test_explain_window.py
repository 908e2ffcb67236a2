"""The window of `e`: a row's parts are listed beside the text and walked, each with this row's value."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui import fakes
from tests.tui.driving import (
    NARROW,
    WIDE,
    footer,
    packets_here,
    rows,
    running,
    screen_text,
    table_of,
    until,
    with_packets,
)
from tests.tui.fakes import snapshot
from tests.tui.flow_driving import opened, with_flow
from tui.screens.connections import ConnectionsScreen, SocketDetailPane
from tui.screens.explain import ExplainScreen, TopicTable
from tui.screens.packets import FramesPane, PacketsScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.dissection import FieldTree
from tui.widgets.line_table import LineTable
from tui.widgets.sockets import SocketsPane

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


async def explained(pilot: Pilot[None]) -> LineTable[Any]:
    """Press `e`; the list of what can be asked about."""
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, ExplainScreen))
    await pilot.pause()
    return pilot.app.screen.query_one(TopicTable)


def says(pilot: Pilot[None], words: str) -> bool:
    return words in screen_text(pilot)


async def frame_taken_apart(pilot: Pilot[None]) -> FieldTree:
    await packets_here(pilot)
    await pilot.press("3")
    await until(pilot, lambda: isinstance(pilot.app.screen, PacketsScreen))
    await until(pilot, lambda: len(table_of(pilot, FramesPane).rows))
    await pilot.press("g", "enter")
    tree = pilot.app.screen.query_one(FieldTree)
    await until(pilot, lambda: len(tree.rows))
    return tree


def names(listed: LineTable[Any]) -> list[str]:
    """What is listed."""
    return [topic.name for _, topic in rows(listed)]


@SIZES
async def test_a_field_of_a_frame_is_explained_with_its_value(size: tuple[int, int]) -> None:
    async with running(with_packets(), size) as pilot:
        tree = await frame_taken_apart(pilot)
        tree.select_key((2, 5))
        await explained(pilot)
        shown = screen_text(pilot)
        assert "TCP Window" in shown
        assert "Here it is 65495." in shown
        assert "See RFC 9293 section 3.1; RFC 7323 section 2." in shown
        assert "next" in footer(pilot)
        await pilot.press("down")
        await until(pilot, lambda: "TCP Checksum" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, PacketsScreen))
        assert tree.cursor_key == (2, 5), "the frame stands as it stood"


async def test_a_layer_is_explained_and_the_window_of_a_frame_explains_too() -> None:
    async with running(with_packets()) as pilot:
        await packets_here(pilot)
        await pilot.press("tab", "g", "enter")
        await until(pilot, lambda: pilot.app.screen.query(FieldTree) and "sport" in screen_text(pilot))
        pilot.app.screen.query_one(FieldTree).select_key((1, -1))
        await explained(pilot)
        assert "Here its header lies in bytes 14 to 33." in screen_text(pilot)


@SIZES
async def test_every_column_of_a_row_is_walked_with_the_arrow_keys(size: tuple[int, int]) -> None:
    async with running(with_flow(), size) as pilot:
        table = table_of(pilot, ConnectionsPane)
        table.select_key(fakes.FLOOD_KEY)
        titles = [place.column.title for place in table.places]
        listed = await explained(pilot)
        assert names(listed) == ["socket", *titles]
        for place, title in enumerate(titles, 1):
            await pilot.press("down")
            assert listed.cursor == place
            await until(pilot, partial(says, pilot, "" if title == "State" else f"Here {title} is"))
        await pilot.press("up")
        assert listed.cursor == len(titles) - 1


async def test_the_detail_of_a_socket_and_its_window_explain_each_figure() -> None:
    async with running(with_flow()) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionsScreen))
        await until(pilot, lambda: len(table_of(pilot, SocketsPane).rows))
        table_of(pilot, SocketsPane).select_key(fakes.FLOOD_KEY)
        await pilot.press("tab")
        await until(pilot, lambda: pilot.app.screen.query_one(SocketDetailPane).has_class("-active"))
        listed = await explained(pilot)
        assert {"socket", "Send-Q", "Cookie"} <= set(names(listed))


async def test_the_list_of_conversations_explains_its_columns() -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        await pilot.press("shift+tab")
        await until(pilot, lambda: "Segments" in screen_text(pilot))
        listed = await explained(pilot)
        assert "Findings" in names(listed)


async def test_the_numbers_of_a_segment_on_the_ladder_are_offered() -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        await pilot.press("G")
        await explained(pilot)
        assert "keep_alive" in screen_text(pilot)
        await pilot.press("down")
        await until(pilot, lambda: "TCP Sequence Number" in screen_text(pilot))
        assert "Here it is 408,300." in screen_text(pilot)


async def test_a_long_text_is_reached_with_enter_and_scrolled() -> None:
    async with running(with_flow(), NARROW) as pilot:
        await opened(pilot)
        await pilot.press("G")
        await explained(pilot)
        await pilot.press("enter", "end")
        await until(pilot, lambda: "after this segment" in screen_text(pilot))


async def test_a_call_is_explained_column_by_column() -> None:
    sink, client = fakes.running_flood()
    async with running(with_flow(moment=snapshot(actors=(sink, client)))) as pilot:
        await pilot.press("tab", "tab", *["down"] * 4, "enter")
        await until(pilot, lambda: "calls" in screen_text(pilot))
        listed = await explained(pilot)
        assert names(listed) == ["call", "Time", "Call", "Result", "Took"]
