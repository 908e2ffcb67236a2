"""Screen 3: the list over the frame, marks, times, and how the capture is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.model.errors import CaptureError, EngineError
from engine.model.messages import PacketsAnswer
from engine.model.packets import CaptureOptions, CaptureStatus
from tests.tui import fakes
from tests.tui.driving import (
    NARROW,
    notices,
    packets_here,
    refreshed,
    running,
    screen_text,
    selected,
    table_of,
    title,
    until,
    with_packets,
)
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import packet, snapshot
from tui.messages import PacketQuestion
from tui.questions import locate
from tui.screens.packets import FramePane, FramesPane, PacketsScreen
from tui.widgets.dissection import FieldTree
from tui.widgets.hex_view import HexView
from tui.widgets.line_table import LineTable


async def on_screen_3(pilot: Pilot[None]) -> LineTable[Any]:
    await packets_here(pilot)
    await pilot.press("3")
    await until(pilot, lambda: isinstance(pilot.app.screen, PacketsScreen))
    table = table_of(pilot, FramesPane)
    await until(pilot, lambda: len(table.rows))
    return table


async def test_the_selected_frame_is_taken_apart_below_the_list() -> None:
    monitor = with_packets(50)
    async with running(monitor) as pilot:
        await on_screen_3(pilot)
        assert "Following the newest" in screen_text(pilot)
        assert not monitor.told("dissect"), "frames go by faster than one reads"
        await pilot.press("g")
        await until(pilot, lambda: monitor.told("dissect") == [1])
        await until(pilot, lambda: "sport" in screen_text(pilot))
        await pilot.press("down")
        await until(pilot, lambda: monitor.told("dissect") == [1, 2])
        assert title(pilot, FramePane).startswith("Frame  2  74 bytes  65432 → 53225 [SYN, ACK]")


async def test_enter_goes_to_the_fields_and_tab_to_the_bytes_and_back_to_the_list() -> None:
    async with running(with_packets()) as pilot:
        table = await on_screen_3(pilot)
        await pilot.press("enter")
        screen = pilot.app.screen
        await until(pilot, lambda: screen.query_one(FieldTree).has_focus)
        await until(pilot, lambda: "sport" in screen_text(pilot))
        await pilot.press("tab")
        dump = screen.query_one(HexView)
        assert dump.has_focus
        await pilot.press("end")
        await until(pilot, lambda: screen.query_one(FieldTree).cursor_key == (2, 7))
        await pilot.press("shift+tab")
        assert screen.query_one(FieldTree).has_focus
        await pilot.press("tab", "tab")
        assert table.has_focus


async def test_enter_on_a_row_that_is_on_its_way_opens_it_when_it_is_here() -> None:
    async with running(with_packets(20_000)) as pilot:
        await on_screen_3(pilot)
        await pilot.press("a")
        await until(pilot, lambda: len(table_of(pilot, FramesPane).rows) == 20_008)
        await pilot.press("g", "enter")
        await until(pilot, lambda: "sport" in screen_text(pilot))
        assert title(pilot, FramePane).startswith("Frame  1  ")


async def test_layers_fold_and_a_byte_unfolds_its_own() -> None:
    async with running(with_packets()) as pilot:
        await on_screen_3(pilot)
        await pilot.press("g", "enter")
        await until(pilot, lambda: "ttl" in screen_text(pilot))
        tree = pilot.app.screen.query_one(FieldTree)
        tree.select_key((1, -1))
        await pilot.press("left")
        assert "ttl" not in screen_text(pilot)
        await pilot.press("tab", *["right"] * 8)
        await until(pilot, lambda: tree.cursor_key == (1, 4))
        assert "ttl" in screen_text(pilot)


async def test_a_frame_that_cannot_be_taken_apart_says_why() -> None:
    monitor = FakeMonitor(packets=[packet(2_000, flags=2), packet(2_001, flags=2)])
    async with running(monitor) as pilot:
        await on_screen_3(pilot)
        await pilot.press("g")
        await until(pilot, lambda: "frame 2000 is no longer kept" in screen_text(pilot))


async def test_T_goes_through_the_time_formats() -> None:
    async with running(with_packets()) as pilot:
        await on_screen_3(pilot)
        assert "0.000465" in screen_text(pilot)
        await pilot.press("T")
        assert "time: since the row before" in title(pilot, FramesPane)
        assert "0.000403" in screen_text(pilot)
        await pilot.press("T")
        assert "12:04:31.000465" in screen_text(pilot)
        await pilot.press("T")
        assert "time:" not in title(pilot, FramesPane)


async def test_marks_are_shown_and_brackets_go_from_one_to_the_next() -> None:
    async with running(with_packets()) as pilot:
        table = await on_screen_3(pilot)
        await pilot.press("g", "down", "m", "down", "down", "m", "g")
        assert screen_text(pilot).count("◆") == 2
        for key, expected in (("right_square_bracket", 2), ("right_square_bracket", 16), ("right_square_bracket", 2),
                              ("left_square_bracket", 16), ("left_square_bracket", 2)):  # fmt: skip
            await pilot.press(key)
            assert selected(table) == expected
        await pilot.press("m")
        assert screen_text(pilot).count("◆") == 1


async def test_a_mark_far_away_is_found_in_the_worker() -> None:
    async with running(with_packets(20_000)) as pilot:
        table = await on_screen_3(pilot)
        await pilot.press("a")
        await until(pilot, lambda: len(table.rows) == 20_008)
        await pilot.press("g")
        await until(pilot, lambda: selected(table) == 1)
        await pilot.press("m", "G")
        await until(pilot, lambda: selected(table) == 20_019)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: selected(table) == 1)


async def test_another_list_keeps_the_frame_under_the_cursor() -> None:
    async with running(with_packets(5_000)) as pilot:
        table = await on_screen_3(pilot)
        await pilot.press("g", "down", "down", "down")
        assert selected(table) == 16
        await pilot.press("a")
        await until(pilot, lambda: len(table.rows) == 5_008 and selected(table) == 16)
        await pilot.press("a")
        await until(pilot, lambda: len(table.rows) == 6 and selected(table) == 16)


async def test_C_stops_and_starts_the_capture() -> None:
    monitor = with_packets()
    async with running(monitor) as pilot:
        await on_screen_3(pilot)
        await pilot.press("C")
        await until(pilot, lambda: monitor.told("stop_capture"))
        await refreshed(pilot, monitor, snapshot(capture=fakes.status(running=False)))
        assert "capture off" in title(pilot, FramesPane)
        await pilot.press("C")
        await until(pilot, lambda: monitor.told("set_capture") == [CaptureOptions()])


async def test_b_and_i_change_what_is_captured() -> None:
    monitor = with_packets()
    async with running(monitor) as pilot:
        await on_screen_3(pilot)
        await pilot.press("b", *"tcp port 80", "enter")
        await until(pilot, lambda: len(monitor.told("set_capture")) == 1)
        await pilot.press("i", "ctrl+u", *"eth0", "enter")
        await until(pilot, lambda: len(monitor.told("set_capture")) == 2)
        assert monitor.told("set_capture")[-1] == CaptureOptions(interface="eth0", capture_filter="tcp port 80")
        await until(pilot, lambda: "capturing tcp port 80 on eth0" in notices(pilot))


async def test_a_capture_that_is_refused_is_a_notice_and_is_not_tried_again() -> None:
    class Refusing(FakeMonitor):
        def set_capture(self, options: CaptureOptions) -> CaptureStatus:
            status = super().set_capture(options)
            if options.interface == "nope0":
                raise CaptureError("bind a packet socket to nope0", 19)
            return status

    monitor = Refusing(packets=fakes.handshake_and_close())
    async with running(monitor) as pilot:
        await on_screen_3(pilot)
        await pilot.press("i", "ctrl+u", *"nope0", "enter")
        await until(pilot, lambda: notices(pilot))
        assert notices(pilot) == ["bind a packet socket to nope0: No such device"]
        await pilot.press("b", *"udp", "enter")
        await until(pilot, lambda: len(monitor.told("set_capture")) == 2)
        assert monitor.told("set_capture")[-1] == CaptureOptions(interface="lo", capture_filter="udp")


async def test_esc_in_the_box_changes_nothing() -> None:
    monitor = with_packets()
    async with running(monitor) as pilot:
        await on_screen_3(pilot)
        await pilot.press("b", *"udp", "escape", "slash", "escape")
        await pilot.pause()
        assert not monitor.told("set_capture")


async def test_on_a_small_terminal_the_frame_is_a_tab() -> None:
    async with running(with_packets(), NARROW) as pilot:
        await on_screen_3(pilot)
        await pilot.press("g", "enter")
        await until(pilot, lambda: "Ethernet" in screen_text(pilot))
        assert not pilot.app.screen.query_one(FramesPane).is_on_screen


class Counting:
    """Answers windows of a list of frame numbers, and counts how often it is asked."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.rows = [packet(number) for number in numbers]
        self.asked = 0

    def packets(self, first: int, count: int, display_filter: str = "", handshakes: bool = True) -> PacketsAnswer:
        self.asked += 1
        return PacketsAnswer(first, len(self.rows), self.rows[first : first + count], fakes.status())


@pytest.mark.parametrize(
    ("numbers", "sought", "index"),
    [
        ([], 5, 0),
        ([7], 5, 0),
        ([7], 7, 0),
        ([7], 9, 1),
        ([1, 3, 5, 7, 9], 5, 2),
        ([1, 3, 5, 7, 9], 6, 3),
        ([1, 3, 5, 7, 9], 99, 5),
    ],
)
def test_a_frame_is_located_by_halving(numbers: list[int], sought: int, index: int) -> None:
    store: Any = Counting(numbers)
    assert locate(store, PacketQuestion(0, 1, "", False), sought).index == index


def test_locating_one_of_a_million_frames_takes_twenty_questions() -> None:
    store: Any = Counting(())
    store.rows = range(1_000_000)

    def answer(first: int, count: int, display_filter: str = "", handshakes: bool = True) -> PacketsAnswer:
        store.asked += 1
        return PacketsAnswer(first, 1_000_000, [packet(first + 1)], fakes.status())

    store.packets = answer
    assert locate(store, PacketQuestion(0, 1, "", False), 765_432).index == 765_431
    assert store.asked <= 22


def test_an_engine_error_while_locating_is_the_callers() -> None:
    class Gone:
        def packets(self, *_question: object) -> PacketsAnswer:
            raise EngineError("the capture worker is not running")

    gone: Any = Gone()
    with pytest.raises(EngineError):
        locate(gone, PacketQuestion(0, 1, "", False), 1)
