"""The connections pane: sorts, toggles, filters, marks, and a selection that stays."""

from __future__ import annotations

from engine.model.messages import SocketsOptions
from engine.model.snapshot import RowChange
from engine.model.tcp import SocketState
from tests.tui import fakes
from tests.tui.driving import (
    footer,
    header,
    refreshed,
    rows,
    running,
    screen_text,
    selected,
    table_of,
    title,
    until,
)
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import entry, snapshot
from tui.screens.details import SocketScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.filter_box import FilterBox


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
