"""The dashboard: keys do what the footer says, the selection survives, errors are sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from textual import events
from textual.color import Color
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from engine.model.errors import EngineError
from engine.model.health import Degradation, Role, Trust
from engine.model.lab import ActorCommand, ActorReport, ActorSpec, ActorState
from engine.model.messages import SocketsOptions
from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from tests.tui import fakes
from tests.tui.fakes import FakeMonitor, entry, packet, snapshot
from tui.app import SockmonApp
from tui.messages import Done
from tui.palette import KeyCommands
from tui.screens.details import ActorScreen, FrameScreen, SocketScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.dissection import FieldTree
from tui.widgets.filter_box import FilterBox
from tui.widgets.footer import KeyBar
from tui.widgets.header import AlertLine, StatusLine
from tui.widgets.hex_view import HexView
from tui.widgets.lab import LabPane
from tui.widgets.line_table import LineTable
from tui.widgets.packets import PacketsPane
from tui.widgets.pane import Pane

WIDE = (160, 48)
NARROW = (80, 24)

LIMIT_TURNS = 200
"""How often a test looks again before it gives up; a turn lets the app do all that waits, and a thread 10 ms."""


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    for _ in range(LIMIT_TURNS):
        await pilot.pause()
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not come to that")


@asynccontextmanager
async def running(monitor: FakeMonitor, size: tuple[int, int] = WIDE, **options: Any) -> AsyncIterator[Pilot[None]]:
    """The app over this monitor, its first snapshot on the screen; later ones come when a test asks for them."""
    app = SockmonApp(monitor, refresh_s=3600, **options)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: monitor.refreshes and app.screen.query_one(StatusLine).snapshot is not None)
        await pilot.pause()
        yield pilot
    assert app.crash is None


async def refreshed(pilot: Pilot[None], monitor: FakeMonitor, moment: Snapshot) -> None:
    """Have this moment shown."""
    monitor.serve(moment)
    app = pilot.app
    assert isinstance(app, SockmonApp)
    app._drawn = True
    app._tick()
    await until(pilot, lambda: app._snapshot is moment or app._failure)
    await pilot.pause()


def screen_text(pilot: Pilot[None]) -> str:
    """All that stands on the screen."""
    width, height = pilot.app.size
    lines = pilot.app.screen._compositor.render_strips(pilot.app.size)
    assert len(lines) == height
    del width
    return "\n".join(line.text for line in lines)


def table_of(pilot: Pilot[None], pane: type[Widget]) -> LineTable[Any]:
    found: LineTable[Any] = pilot.app.screen.query_one(pane).query_one(LineTable)
    return found


def title(pilot: Pilot[None], pane: type[Pane]) -> str:
    found = pilot.app.screen.query_one(pane)
    return found._left.plain


def rows(table: LineTable[Any]) -> list[Any]:
    return [table.rows.row(index) for index in range(len(table.rows))]


def selected(table: LineTable[Any]) -> object:
    return table.cursor_key


def header(pilot: Pilot[None]) -> str:
    return screen_text(pilot).splitlines()[0]


def footer(pilot: Pilot[None]) -> str:
    bar = pilot.app.screen.query_one(KeyBar)
    return bar.render_line(0).text


def notices(pilot: Pilot[None]) -> list[str]:
    return [notice.message for notice in pilot.app._notifications]


# --- what a person sees first ------------------------------------------------------------------------------------


async def test_the_three_rows_of_the_tutorial_and_the_sum_are_in_view() -> None:
    monitor = FakeMonitor(snapshot(actors=fakes.running_flood()))
    async with running(monitor) as pilot:
        text = screen_text(pilot)
        for words in ("LISTEN", "408,300", "269,868", "sink 41210", "flood-client 41233", "65432"):
            assert words in text
        assert "678,168 ≈ Send-Q 269,868 + Recv-Q 408,300  moving" in text
        await refreshed(pilot, monitor, snapshot(actors=fakes.running_flood()))
        assert "678,168 = Send-Q 269,868 + Recv-Q 408,300 ✓" in screen_text(pilot)


async def test_the_header_says_source_counts_losses_and_rights_with_the_cure() -> None:
    moment = snapshot(degradations=(fakes.OWNERS_HIDDEN,))
    async with running(FakeMonitor(moment)) as pilot:
        assert header(pilot).split("  ")[:5] == [" sockmon", "lo·ring", "12 sockets", "↑0/s", "1,204 pkt/s"]
        assert "kept 31,204  lost 0/0" in header(pilot)
        assert "owners: yours only (sudo /home/student/.local/bin/sockmon)" in header(pilot)
        assert header(pilot).rstrip().endswith("12:04:31")
        assert pilot.app.screen.query_one(StatusLine).has_class("-degraded")


async def test_a_loss_turns_the_header_red_and_is_said_in_numbers() -> None:
    lost = fakes.status(trust=Trust(received=100, kept=90, dropped_by_kernel=7, dropped_by_us=3))
    async with running(FakeMonitor(snapshot(capture=lost, degradations=(fakes.OWNERS_HIDDEN,)))) as pilot:
        assert "lost 7/3" in header(pilot)
        assert pilot.app.screen.query_one(StatusLine).has_class("-alarmed")


async def test_a_degradation_without_a_short_form_is_said_in_its_own_words() -> None:
    moment = snapshot(degradations=(Degradation("NEW_CODE", "the moon is in the way"),))
    async with running(FakeMonitor(moment)) as pilot:
        assert "the moon is in the way" in header(pilot)


async def test_without_the_right_to_capture_the_pane_says_so_with_the_cure() -> None:
    monitor = FakeMonitor(snapshot(capture=None, degradations=(fakes.NO_CAPTURE,)))
    async with running(monitor) as pilot:
        said = str(pilot.app.screen.query_one("#no-packets", Static).visual)
        assert "Packets need the right to open a packet socket (CAP_NET_RAW)." in said
        assert "sudo /home/student/.local/bin/sockmon" in said
        assert not monitor.told("packets")


async def test_a_dead_worker_is_shown_at_once_and_restarted_by_a_key() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        assert "restart worker" not in footer(pilot)
        await refreshed(pilot, monitor, snapshot(workers=fakes.workers(capture="killed by SIGKILL")))
        words = pilot.app.screen.query_one(AlertLine).words
        assert words == "capture worker died: killed by SIGKILL; the captured packets are lost. W restarts it"
        assert "✕ capture worker died" in screen_text(pilot)
        assert "W restart worker" in footer(pilot)
        await pilot.press("W")
        await until(pilot, lambda: monitor.told("restart") == [Role.CAPTURE])
        await refreshed(pilot, monitor, snapshot())
        assert "died" not in screen_text(pilot)


async def test_a_refresh_that_fails_is_said_in_the_header_until_one_works() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        monitor.failure = EngineError("read the socket table", 1)
        await refreshed(pilot, monitor, snapshot())
        assert "✕ read the socket table: Operation not permitted" in screen_text(pilot)
        assert "sink 41210" in screen_text(pilot), "what was known stays in view"
        monitor.failure = None
        await refreshed(pilot, monitor, snapshot())
        assert "✕" not in screen_text(pilot)


async def test_a_mistake_of_our_own_ends_the_screen_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    monitor = FakeMonitor()
    app = SockmonApp(monitor, refresh_s=3600)

    async def meet_it() -> None:
        async with app.run_test(size=WIDE) as pilot:
            await until(pilot, lambda: monitor.refreshes)
            monitor.failure = ZeroDivisionError("secret\x1b")
            app._drawn = True
            app._tick()
            await until(pilot, lambda: app.crash)

    with pytest.raises(ZeroDivisionError):
        await meet_it()
    assert isinstance(app.crash, ZeroDivisionError)
    assert app.return_code == 1
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err + captured.out


# --- connections ---------------------------------------------------------------------------------------------------


async def test_s_goes_through_the_sorts_and_S_reverses() -> None:
    async with running(FakeMonitor()) as pilot:
        table = table_of(pilot, ConnectionsPane)
        await pilot.press("s")
        assert "Recv-Q ▼" in screen_text(pilot)
        assert rows(table)[0].recv_q == 408_300
        await pilot.press("S")
        assert "Recv-Q ▲" in screen_text(pilot)
        assert rows(table)[-1].recv_q == 408_300
        await pilot.press("s")
        assert rows(table)[0].send_q in (4_096, 269_868)


async def test_a_click_on_a_column_sorts_by_it_and_another_one_reverses() -> None:
    async with running(FakeMonitor()) as pilot:
        table = table_of(pilot, ConnectionsPane)
        place = next(place for place in table.places if place.column.id == "local")
        await pilot.click(table, offset=(place.start + 4, 0))
        ports = [row.local_port for row in rows(table) if row.local_address == "127.0.0.1"]
        assert ports == sorted(ports)
        await pilot.click(table, offset=(place.start + 4, 0))
        assert [row.local_port for row in rows(table) if row.local_address == "127.0.0.1"] == sorted(
            ports, reverse=True
        )


async def test_the_toggles_show_families_and_listeners() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        table = table_of(pilot, ConnectionsPane)

        def states() -> set[tuple[str, SocketState]]:
            return {(row.netid, row.state) for row in rows(table)}

        await pilot.press("t")
        assert {netid for netid, _ in states()} == {"udp"}
        assert "udp" in title(pilot, ConnectionsPane)
        await pilot.press("t", "u")
        assert {netid for netid, _ in states()} == {"tcp"}
        await pilot.press("l")
        assert states() == {("tcp", SocketState.LISTEN)}
        assert "listening" in title(pilot, ConnectionsPane)
        await pilot.press("a")
        assert len(rows(table)) == 12
        await pilot.press("x")
        await until(pilot, lambda: monitor.told("set_sockets"))
        last = monitor.told("set_sockets")[-1]
        assert isinstance(last, SocketsOptions)
        assert "unix" in last.families


async def test_the_filter_works_while_it_is_typed_and_shows_as_a_chip_afterwards() -> None:
    async with running(FakeMonitor()) as pilot:
        table = table_of(pilot, ConnectionsPane)
        await pilot.press("slash", *"recvq>100")
        assert [row.recv_q for row in rows(table)] == [408_300]
        assert pilot.app.screen.query_one(FilterBox).has_class("-valid")
        assert "keep" in footer(pilot)
        await pilot.press("enter")
        assert not pilot.app.screen.query_one(FilterBox).is_open
        assert "1 of 12" in title(pilot, ConnectionsPane)
        assert "recvq>100" in title(pilot, ConnectionsPane)
        await pilot.press("slash", "ctrl+u", "enter")
        assert len(rows(table)) == 12


async def test_a_slash_can_be_part_of_a_filter() -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press("slash", *"10.0.0.0", "slash", *"8", "enter")
        assert "10.0.0.0/8" in title(pilot, ConnectionsPane)


async def test_a_bad_filter_is_red_with_a_caret_where_it_is_bad_and_the_rows_stay() -> None:
    async with running(FakeMonitor()) as pilot:
        table = table_of(pilot, ConnectionsPane)
        await pilot.press("slash", *"recvq>100")
        before = rows(table)
        await pilot.press(*["backspace"] * 3, "x")
        box = pilot.app.screen.query_one(FilterBox)
        assert box.has_class("-invalid")
        lines = screen_text(pilot).splitlines()
        line = next(number for number, text in enumerate(lines) if "/ recvq>x" in text)
        assert lines[line].index("x", lines[line].index(">")) == lines[line + 1].index("^")
        assert rows(table) == before, "the last filter that was valid"
        await pilot.press("escape")
        assert not box.is_open
        assert len(rows(table)) == 12


async def test_esc_brings_back_the_filter_before() -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press("slash", *"sink", "enter")
        before = len(rows(table_of(pilot, ConnectionsPane)))
        await pilot.press("slash", *"zzz", "escape")
        assert len(rows(table_of(pilot, ConnectionsPane))) == before
        assert "sink" in title(pilot, ConnectionsPane)


async def test_new_changed_and_closed_rows_are_marked_for_one_refresh() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        marks = {4: RowChange.NEW, 11: RowChange.CHANGED, 9: RowChange.CLOSED}
        await refreshed(pilot, monitor, snapshot(changes=marks))
        text = screen_text(pilot)
        assert "+tcp    TIME-WAIT" in text
        assert "~tcp    FIN-WAIT-2" in text
        assert "×tcp    SYN-SENT" in text
        assert "11 sockets  ↑1/s" in header(pilot)
        await refreshed(pilot, monitor, snapshot())
        assert "+tcp" not in screen_text(pilot)


async def test_close_wait_turns_magenta_when_it_is_older_than_five_seconds() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        pane = pilot.app.screen.query_one(ConnectionsPane)
        assert not pane._is_leaking(6)
        await refreshed(pilot, monitor, snapshot(ts_ns=fakes.NOON_NS + 4_000_000_000))
        assert not pane._is_leaking(6)
        await refreshed(pilot, monitor, snapshot(ts_ns=fakes.NOON_NS + 5_000_000_000))
        assert pane._is_leaking(6)


async def test_the_selection_keeps_its_line_while_thousands_of_rows_come_and_go() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        table = table_of(pilot, ConnectionsPane)
        table.select_key(fakes.FLOOD_KEY)
        await pilot.pause()
        line = table.cursor - table.scroll_offset.y
        crowd = [entry(key, state=SocketState.LISTEN, local_port=1) for key in range(5_000, 15_000)]
        for entries in ([*crowd, *fakes.tutorial_entries()], fakes.tutorial_entries()):
            await refreshed(pilot, monitor, snapshot(entries=entries))
            assert selected(table) == fakes.FLOOD_KEY
        assert table.cursor - table.scroll_offset.y == line
        await pilot.press("s", "s", "S")
        assert selected(table) == fakes.FLOOD_KEY


async def test_20_000_rows_are_sorted_filtered_and_paged_by_formatting_what_is_in_view() -> None:
    many = snapshot(entries=[*fakes.tutorial_entries(), *fakes.many_entries(20_000)])
    async with running(FakeMonitor(many)) as pilot:
        table = table_of(pilot, ConnectionsPane)
        assert len(table.rows) == 20_012
        for key in ("s", "S", "pagedown", "G", "g", "l", "l", "slash", "8", "0", "escape"):
            before = table.lines_formatted
            await pilot.press(key)
            assert table.lines_formatted - before <= 3 * table.page, key


async def test_enter_opens_the_details_of_a_socket_and_esc_goes_back() -> None:
    async with running(FakeMonitor()) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.FLOOD_KEY)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, SocketScreen)
        text = screen_text(pilot)
        for words in ("127.0.0.1:53225", "269,868", "persist 1.60 s ×3", "cubic", "0.023", "32,768"):
            assert words in text
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, SocketScreen)


# --- packets -------------------------------------------------------------------------------------------------------


def with_packets(count: int = 0) -> FakeMonitor:
    return FakeMonitor(packets=[*fakes.handshake_and_close(), *(packet(number) for number in range(20, 20 + count))])


async def packets_here(pilot: Pilot[None]) -> LineTable[Any]:
    table = table_of(pilot, PacketsPane)
    await until(pilot, lambda: len(table.rows))
    return table


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


# --- lab -----------------------------------------------------------------------------------------------------------


async def in_lab(pilot: Pilot[None]) -> LineTable[Any]:
    await pilot.press("tab", "tab")
    return table_of(pilot, LabPane)


async def test_space_starts_and_stops_the_line_under_the_cursor() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        table = await in_lab(pilot)
        await pilot.press("space")
        await until(pilot, lambda: monitor.told("start_actor"))
        (spec,) = monitor.told("start_actor")
        assert isinstance(spec, ActorSpec)
        assert (spec.kind, spec.knobs.host, spec.knobs.port) == ("echo-server", "127.0.0.1", 65_432)
        await until(pilot, lambda: rows(table)[0].running)
        await pilot.press("space")
        await until(pilot, lambda: monitor.told("stop_actor") == [1])


async def test_one_switch_starts_sink_and_flood_with_the_template() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await in_lab(pilot)
        await pilot.press("j", "j", "space")
        await until(pilot, lambda: len(monitor.told("start_actor")) == 2)
        sink, flood = monitor.told("start_actor")
        assert isinstance(sink, ActorSpec)
        assert isinstance(flood, ActorSpec)
        assert (sink.kind, flood.kind) == ("sink", "flood-client")
        assert sink.knobs.rcvbuf is not None
        assert flood.knobs.sndbuf is not None
        await until(pilot, lambda: "2 running" in title(pilot, LabPane))
        await pilot.press("D")
        await until(pilot, lambda: monitor.told("command_actor") == [(1, ActorCommand.DRAIN)])
        await pilot.press("space")
        await until(pilot, lambda: monitor.told("stop_actor") == [2, 1])


async def test_a_flood_on_port_0_goes_to_the_port_that_the_sink_got() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await in_lab(pilot)
        await pilot.press("n", "tab", "tab", "tab", *["backspace"] * 5, "0", "escape", "j", "j", "space")
        await until(pilot, lambda: len(monitor.told("start_actor")) == 2)
        sink, flood = monitor.told("start_actor")
        assert isinstance(sink, ActorSpec)
        assert isinstance(flood, ActorSpec)
        assert (sink.knobs.port, flood.knobs.port) == (0, 50_000)


async def test_a_server_that_fails_is_a_notice_and_its_client_is_not_started() -> None:
    monitor = FakeMonitor()
    monitor.on_start = lambda spec: ActorReport(
        kind=spec.kind, pid=9, state=ActorState.FAILED, error="bind 127.0.0.1:65432: Address already in use"
    )
    async with running(monitor) as pilot:
        await in_lab(pilot)
        await pilot.press("j", "j", "space")
        await until(pilot, lambda: notices(pilot))
        assert notices(pilot) == ["sink: bind 127.0.0.1:65432: Address already in use"]
        assert len(monitor.told("start_actor")) == 1


async def test_the_form_validates_while_it_is_typed_and_starts_nothing_that_is_wrong() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await in_lab(pilot)

        def says() -> str:
            return str(pilot.app.screen.query_one("#lab-says", Static).visual)

        assert says() == "only this machine can reach it"
        await pilot.press("n", "tab", "tab", "tab", *["backspace"] * 5, *"70000")
        assert says() == "✕ 70,000 is no port: they go from 0 to 65,535"
        await pilot.press("enter", "escape", "space")
        await until(pilot, lambda: notices(pilot))
        assert not monitor.told("start_actor")
        await pilot.press("n", "tab", "tab", *["backspace"] * 9, *"0.0.0.0", "tab", *["backspace"] * 5, *"8080")
        assert says() == "everyone on the network can reach this"
        await pilot.press("enter")
        await until(pilot, lambda: monitor.told("start_actor"))


async def test_the_echo_client_shows_its_reply_and_enter_its_calls() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await in_lab(pilot)
        await pilot.press("j", "space")
        await until(pilot, lambda: "reply 'Hello, world'" in screen_text(pilot))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, ActorScreen)
        assert "echo-client 41300" in screen_text(pilot)


async def test_an_engine_error_of_a_command_is_a_notice() -> None:
    monitor = FakeMonitor()

    def refuse(spec: ActorSpec) -> ActorReport:
        raise EngineError(f"start {spec.kind}", 11, "too many processes")

    monitor.on_start = refuse
    async with running(monitor) as pilot:
        await in_lab(pilot)
        await pilot.press("space")
        await until(pilot, lambda: notices(pilot))
        assert notices(pilot) == ["start echo-server: Resource temporarily unavailable (too many processes)"]


# --- keys that work everywhere -------------------------------------------------------------------------------------


async def test_tab_goes_through_the_panes_and_the_footer_with_it() -> None:
    async with running(FakeMonitor()) as pilot:
        assert "sort" in footer(pilot)
        await pilot.press("tab")
        assert "follow newest" in footer(pilot)
        assert "sort" not in footer(pilot)
        await pilot.press("tab")
        assert "start/stop" in footer(pilot)
        await pilot.press("tab")
        assert "sort" in footer(pilot)
        await pilot.press("shift+tab")
        assert "start/stop" in footer(pilot)


async def test_z_zooms_the_pane_and_esc_goes_back_but_never_quits() -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press("z")
        assert table_of(pilot, ConnectionsPane).size.height > 40
        assert not pilot.app.screen.query_one(LabPane).is_on_screen
        await pilot.press("escape")
        assert pilot.app.screen.query_one(LabPane).is_on_screen
        await pilot.press("escape", "escape")
        assert pilot.app.is_running


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
@pytest.mark.parametrize("before", [[], ["enter"], ["tab", "tab", "n", "tab", "tab"]])
async def test_the_screen_is_left_at_once(key: str, before: list[str]) -> None:
    if key == "q" and "n" in before:
        pytest.skip("q is a letter in a field")
    monitor = FakeMonitor()
    app = SockmonApp(monitor, refresh_s=3600)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: monitor.refreshes)
        await pilot.press(*before)
        await pilot.press(key)
        await pilot.pause()
    assert not app.is_running
    assert app.return_code == 0


@pytest.mark.parametrize("key", ["question_mark", "h"])
async def test_help_shows_the_pane_in_words_and_its_keys(key: str) -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: "The sockets that the kernel holds" in screen_text(pilot))
        assert "Listening only, or all" in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "The sockets that the kernel holds" not in screen_text(pilot))


async def test_every_binding_has_an_id_a_description_and_a_place_in_the_palette() -> None:
    async with running(FakeMonitor()) as pilot:
        screen = pilot.app.screen
        commands = [words for words, _says, _call in KeyCommands(screen)._commands()]
        wanted: set[str] = set()
        for node in (pilot.app, screen, *screen.query("Pane"), *screen.query("LineTable")):
            for cls in type(node).__mro__:
                if cls.__module__.startswith("tui."):
                    for binding in cls.__dict__.get("BINDINGS", ()):
                        assert binding.id, binding
                        assert binding.description, binding
                        wanted.add(binding.description.lower())
        wanted.discard("restart worker")  # offered once a worker has died
        shown = " ".join(commands).lower()
        assert not {words for words in wanted if words not in shown}


async def test_a_command_of_another_pane_goes_there() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        call = next(
            call for words, _says, call in KeyCommands(pilot.app.screen)._commands() if words == "Lab: Start/stop"
        )
        call()
        await until(pilot, lambda: monitor.told("start_actor"))


# --- a small terminal ----------------------------------------------------------------------------------------------


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


# --- hostile text --------------------------------------------------------------------------------------------------


def hostile_entry(key: int, **changes: Any) -> SocketEntry:
    text = fakes.HOSTILE
    owners = tuple(msgspec.structs.replace(one, cmdline=text) for one in fakes.owner(text, 666, ours=text))
    fields = {"local_address": text, "peer_address": text, "owners": owners, "owner_unknown": text, "congestion": text}
    return entry(key, **(fields | changes))


async def test_hostile_text_in_every_field_shows_no_control_character_and_no_markup() -> None:
    text = fakes.HOSTILE
    report = ActorReport(
        kind=text, pid=1, state=ActorState.FAILED, local=text, error=text, reply=text, notes=(text,),
        calls=fakes.running_flood()[1].report.calls[:1],
    )  # fmt: skip
    calls = tuple(msgspec.structs.replace(call, name=text, arguments=text, result=text) for call in report.calls)
    sink, flood = fakes.running_flood()
    actors = (
        msgspec.structs.replace(sink, report=msgspec.structs.replace(report, calls=calls, kind="sink")),
        msgspec.structs.replace(flood, report=msgspec.structs.replace(flood.report, local=text)),
    )
    moment = snapshot(
        entries=[hostile_entry(1), hostile_entry(2, netid="u_str", family=1), hostile_entry(3, owners=())],
        capture=fakes.status(interface=text, source=text, capture_filter=text),
        actors=actors,
        workers=fakes.workers(capture=text),
        degradations=(Degradation(text, text, text),),
        sockets_source=text,
    )
    hostile_packet = packet(1, source=text, destination=text, protocol=text, info=text, findings=(text,), flags=2)
    async with running(FakeMonitor(moment, packets=[hostile_packet])) as pilot:
        await packets_here(pilot)
        pictures = [screen_text(pilot)]
        await pilot.press("enter")
        pictures.append(screen_text(pilot))
        await pilot.press("escape", "tab", "enter")
        await pilot.pause()
        pictures.append(screen_text(pilot))
        await pilot.press("escape", "tab", "j", "j", "j", "enter")
        pictures.append(screen_text(pilot))
        await pilot.press("escape")
        pilot.app.post_message(Done(text, warns=True))
        await pilot.pause()
        pictures.append(screen_text(pilot))
        for picture in pictures:
            bad = [line for line in picture.split("\n") if not line.isprintable()]
            assert not bad
        assert "\\x1b]0;PWN\\x07[/]x" in pictures[0]
        assert all("[/]x" in picture for picture in pictures)


async def test_pasted_control_characters_do_not_reach_a_field() -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press("slash")
        focused = pilot.app.focused
        assert focused is not None
        focused.post_message(events.Paste("si\x1b[31mnk\x9b"))
        await pilot.pause()
        assert screen_text(pilot).count("/ si[31mnk") == 1
        assert all(line.isprintable() for line in screen_text(pilot).splitlines())


# --- colour --------------------------------------------------------------------------------------------------------


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
