"""Screen 2: all columns, folding, grouping, history, presets, and the detail of the selected socket."""

from __future__ import annotations

import threading

import msgspec
import pytest
from textual.pilot import Pilot

from engine.model.messages import ClosedSocket
from engine.model.tcp import SocketState
from tests.tui import fakes
from tests.tui.driving import NARROW, refreshed, rows, running, screen_text, selected, table_of, title, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import entry, snapshot
from tui.app import SockmonApp
from tui.host_names import HostNames
from tui.screens.columns import ColumnsScreen
from tui.screens.connections import ConnectionsScreen, SocketDetailPane
from tui.screens.copying import CopyScreen
from tui.screens.dashboard import DashboardScreen
from tui.screens.details import SocketScreen
from tui.widgets.line_table import LineTable
from tui.widgets.socket_lines import Heading, Pair
from tui.widgets.sockets import SocketsPane


async def on_screen_2(pilot: Pilot[None]) -> LineTable[object]:
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionsScreen))
    table: LineTable[object] = table_of(pilot, SocketsPane)
    await until(pilot, lambda: len(table.rows))
    return table


async def test_digits_change_the_screen_and_it_shows_the_moment_of_now() -> None:
    async with running(FakeMonitor()) as pilot:
        await on_screen_2(pilot)
        assert "408,300" in screen_text(pilot)
        await pilot.press("1")
        assert isinstance(pilot.app.screen, DashboardScreen)


async def test_there_are_more_columns_than_on_the_dashboard_and_s_goes_through_them() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        titles = [place.column.id for place in table.places]
        assert titles[:7] == ["netid", "state", "recv_q", "send_q", "local", "peer", "process"]
        assert "rtt" in titles
        for _ in range(titles.index("rtt") - titles.index("state")):
            await pilot.press("s")
        assert "RTT ms ▼" in screen_text(pilot)


async def test_the_detail_shows_the_line_under_the_cursor_in_fixed_places() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.FLOOD_KEY)
        await pilot.pause()
        first = screen_text(pilot).splitlines()
        place = next(number for number, line in enumerate(first) if "cwnd" in line)
        assert "32,768" in first[place]
        await pilot.press("down")
        second = screen_text(pilot).splitlines()
        assert next(number for number, line in enumerate(second) if "cwnd" in line) == place
        assert first[place].index("cwnd") == second[place].index("cwnd")


async def test_the_past_of_the_selected_socket_is_drawn() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.ACCEPTED_KEY)
        for step in range(1, 5):
            moment = snapshot(
                ts_ns=fakes.NOON_NS + step * 1_000_000_000, entries=fakes.tutorial_entries(recv_q=step * 100_000)
            )
            await refreshed(pilot, monitor, moment)
        assert "█▃▄▆█" in screen_text(pilot), "408,300 at first, then from 100,000 to 400,000"
        assert "400,000" in screen_text(pilot)


async def test_the_history_says_how_the_process_of_a_closed_socket_is_known() -> None:
    monitor = FakeMonitor()
    ago_ns = fakes.NOON_NS - 2_000_000_000
    gone = [
        ClosedSocket(
            entry(key, local_port=2_000 + key, state=SocketState.CLOSED, owners=fakes.owner(f"p{key}", key)),
            ago_ns, True, tier,
        )
        for key, tier in ((101, "traced"), (102, "lookup"), (103, "listener"), (104, "polled"))
    ]  # fmt: skip
    gone.append(
        ClosedSocket(entry(105, local_port=2_105, state=SocketState.CLOSED, owner_unknown="gone"), ago_ns, True)
    )
    async with running(monitor) as pilot:
        table = await on_screen_2(pilot)
        await refreshed(pilot, monitor, snapshot(closed=gone))
        await pilot.press("H")
        lines = screen_text(pilot).splitlines()

        def line(port: int) -> str:
            return next(one for one in lines if f"127.0.0.1:{port} " in one)

        assert "Known by" in "".join(lines)
        for port, words in ((2_101, "traced"), (2_102, "SYN seen"), (2_103, "~listener"), (2_104, "table")):
            assert words in line(port)
            assert "2.00 s" in line(port)
        assert "~p103 103" in line(2_103), "a process that is inferred is marked"
        assert " p101 101" in line(2_101)
        assert "event" in line(2_105)
        table.select_key(103)
        await pilot.pause()
        assert "inferred: the process that listens on its port" in screen_text(pilot)
        await pilot.press("H")
        assert "Known by" not in "".join(screen_text(pilot).splitlines()[:10])


async def test_in_80_columns_the_history_still_says_how_a_process_is_known() -> None:
    monitor = FakeMonitor()
    gone = entry(103, local_port=2_103, state=SocketState.CLOSED, owners=fakes.owner("p", 103))
    async with running(monitor, NARROW) as pilot:
        await on_screen_2(pilot)
        await refreshed(pilot, monitor, snapshot(closed=[ClosedSocket(gone, fakes.NOON_NS, True, "listener")]))
        await pilot.press("H")
        [line] = [line for line in screen_text(pilot).splitlines() if ":2103 " in line]
        assert "~p 103" in line
        assert "~listener" in line


async def test_the_selection_survives_filter_sort_fold_and_ten_thousand_rows() -> None:
    monitor = FakeMonitor()
    crowd = [entry(key, state=SocketState.LISTEN, local_port=1) for key in range(5_000, 10_000)]
    crowd += fakes.many_entries(5_000, first=10_000)  # below it, and the others above
    async with running(monitor) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.ACCEPTED_KEY)
        await pilot.pause()
        line = table.cursor - table.scroll_offset.y
        await refreshed(pilot, monitor, snapshot(entries=[*crowd, *fakes.tutorial_entries()]))
        assert table.cursor - table.scroll_offset.y == line, "the row keeps its line as 10,000 rows appear around it"
        await pilot.press("slash", *"port 65432", "enter")
        await until(pilot, lambda: len(table.rows) == 3)
        assert selected(table) == fakes.ACCEPTED_KEY
        await pilot.press("s", "S", "s")
        assert selected(table) == fakes.ACCEPTED_KEY
        await pilot.press("slash", "ctrl+u", "enter")
        await until(pilot, lambda: len(table.rows) > 10_000)
        assert selected(table) == fakes.ACCEPTED_KEY
        await refreshed(pilot, monitor, snapshot())
        assert selected(table) == fakes.ACCEPTED_KEY


async def test_d_folds_the_two_ends_of_a_connection_and_the_detail_shows_both() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.FLOOD_KEY)
        await pilot.press("d")
        assert isinstance(table.cursor_row, Pair)
        assert "folded" in title(pilot, SocketsPane)
        assert "269,868 ▶ 408,300" in screen_text(pilot)
        assert "client, then server" in title(pilot, SocketDetailPane)
        await pilot.press("d")
        assert selected(table) == fakes.FLOOD_KEY


async def test_v_groups_and_enter_folds_a_group() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        await pilot.press("v")
        assert "by process" in title(pilot, SocketsPane)
        assert sum(isinstance(row, Heading) for row in rows(table)) == 8
        table.select_key(("group", "sink 41210"))
        before = len(table.rows)
        await pilot.press("enter")
        assert len(table.rows) == before - 2
        await pilot.press("enter")
        assert len(table.rows) == before
        await pilot.press("v", "v", "v")
        assert not any(isinstance(row, Heading) for row in rows(table))


async def test_H_shows_what_closed_in_the_last_half_minute() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        table = await on_screen_2(pilot)
        gone = ClosedSocket(entry(77, local_port=7_777, state=SocketState.TIME_WAIT), fakes.NOON_NS, by_event=True)
        await refreshed(pilot, monitor, snapshot(closed=(gone,)))
        assert table.rows.index(77) is None
        await pilot.press("H")
        assert table.rows.index(77) is not None
        assert "×tcp" in screen_text(pilot)
        assert title(pilot, SocketsPane).startswith("Connections  12")
        await refreshed(pilot, monitor, snapshot(ts_ns=fakes.NOON_NS + 31_000_000_000))
        assert table.rows.index(77) is None


async def test_c_goes_through_the_columns_of_the_tools_that_people_know() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        await pilot.press("c", "c")
        assert "columns of netstat" in title(pilot, SocketsPane)
        assert "Foreign Address" in screen_text(pilot)
        assert "127.0.0.1.65432" in screen_text(pilot)
        listener = next(line for line in screen_text(pilot).splitlines() if "LISTEN" in line and "65432" in line)
        assert listener.split()[2:4] == ["0", "0"], "netstat's LISTEN rows"
        await pilot.press("c", "c", "c")
        assert "columns of" not in title(pilot, SocketsPane)
        assert table.places[0].column.id == "netid"


async def test_capital_c_chooses_columns_their_order_and_their_width() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        await pilot.press("C")
        await until(pilot, lambda: isinstance(pilot.app.screen, ColumnsScreen))
        # Netid goes, State moves below Recv-Q and gets three cells more; the peer goes too.
        await pilot.press("space", "down", "J", "plus", "plus", "plus", *["down"] * 3, "space", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionsScreen))
        await pilot.pause()
        places = {place.column.id: place for place in table.places}
        assert list(places)[:4] == ["recv_q", "state", "send_q", "local"]
        assert "peer" not in places
        assert places["state"].column.width == 15
        assert "your columns" in title(pilot, SocketsPane)
        await pilot.press("c")
        assert table.places[0].column.id == "netid", "c goes on to the next preset"


async def test_escape_leaves_the_columns_as_they_were() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        before = [place.column.id for place in table.places]
        await pilot.press("C", "space", "escape")
        assert [place.column.id for place in table.places] == before


async def test_n_writes_service_names_in_place_of_ports() -> None:
    async with running(FakeMonitor()) as pilot:
        await on_screen_2(pilot)
        assert ":443" in screen_text(pilot)
        await pilot.press("n")
        assert ":https" in screen_text(pilot)


async def test_y_copies_the_line_as_ss_prints_it_without_control_characters() -> None:
    hostile = entry(1, owners=fakes.owner(fakes.HOSTILE, 66))
    async with running(FakeMonitor(snapshot(entries=[hostile]))) as pilot:
        await on_screen_2(pilot)
        await pilot.press("y", "y")
        await until(pilot, lambda: pilot.app.clipboard)
        assert pilot.app.clipboard.split()[:2] == ["tcp", "ESTABLISHED"]
        assert pilot.app.clipboard.isprintable()


@pytest.mark.parametrize(
    ("down", "text"),
    [
        (1, "127.0.0.1:53225"),
        (2, "127.0.0.1:65432"),
        (3, "ss -tanpoemi 'src 127.0.0.1:53225 dst 127.0.0.1:65432'"),
        (4, "41233"),
    ],
)
async def test_y_offers_addresses_the_ss_command_and_pids(down: int, text: str) -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.FLOOD_KEY)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(pilot.app.screen, CopyScreen))
        await pilot.press(*["down"] * down, "enter")
        await until(pilot, lambda: pilot.app.clipboard)
        assert pilot.app.clipboard == text
        assert isinstance(pilot.app.screen, ConnectionsScreen)


async def test_capital_n_writes_host_names_as_they_come_without_waiting() -> None:
    monitor = FakeMonitor()
    gate = threading.Event()

    def ask(address: str) -> str:
        gate.wait(30)
        return "server.test" if address == "203.0.113.9" else ""

    async with running(monitor) as pilot:
        app = pilot.app
        assert isinstance(app, SockmonApp)
        app.host_names = HostNames(ask)
        await on_screen_2(pilot)
        await pilot.press("N")
        assert "203.0.113.9:443" in screen_text(pilot)
        assert "host names" in title(pilot, SocketsPane)
        gate.set()
        await until(pilot, lambda: app.host_names.known("203.0.113.9"))
        await refreshed(pilot, monitor, snapshot())
        assert "server.test:443" in screen_text(pilot)
        await pilot.press("N")
        assert "203.0.113.9:443" in screen_text(pilot)


async def test_enter_opens_the_window_of_a_socket() -> None:
    async with running(FakeMonitor()) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.FLOOD_KEY)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, SocketScreen)


async def test_a_pause_on_one_screen_is_a_pause_on_the_other() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await on_screen_2(pilot)
        await pilot.press("p", "1")
        assert "PAUSED" in screen_text(pilot)
        await pilot.press("p", "2")
        await pilot.pause()
        assert "PAUSED" not in screen_text(pilot)


async def test_on_a_small_terminal_the_detail_is_a_tab() -> None:
    async with running(FakeMonitor(), NARROW) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.FLOOD_KEY)
        await pilot.press("tab")
        assert "Send-Q" in screen_text(pilot)
        assert "269,868" in screen_text(pilot)
        assert not pilot.app.screen.query_one(SocketsPane).is_on_screen


async def test_20_000_rows_keep_the_selection_through_folds_and_groups() -> None:
    many = snapshot(entries=[*fakes.tutorial_entries(), *fakes.many_entries(20_000)])
    async with running(FakeMonitor(many)) as pilot:
        table = await on_screen_2(pilot)
        table.select_key(fakes.FLOOD_KEY)
        for key in ("d", "v", "v", "v", "v", "d"):
            before = table.lines_formatted
            await pilot.press(key)
            assert selected(table) == fakes.FLOOD_KEY, key
            assert table.lines_formatted - before <= 3 * table.page


async def test_filters_may_ask_for_age_and_rates() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        table = await on_screen_2(pilot)
        young = msgspec.structs.replace(snapshot(), ts_ns=fakes.NOON_NS + 60_000_000_000)
        await refreshed(pilot, monitor, msgspec.structs.replace(young, entries=[*young.entries, entry(99)]))
        await pilot.press("slash", *"age<10s", "enter")
        assert [row.key for row in rows(table)] == [99]
