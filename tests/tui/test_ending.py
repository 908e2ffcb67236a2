"""`K`: the window that asks what to end, what it says, and what becomes of the choice."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.model.ending import Permission
from engine.model.errors import EngineError
from tests.tui import fakes
from tests.tui.driving import NARROW, footer, notices, running, screen_text, table_of, until
from tests.tui.fake_monitor import FakeMonitor
from tui.screens.dashboard import DashboardScreen
from tui.screens.ending import EndingScreen
from tui.widgets.connections import ConnectionsPane


async def asked(pilot: Pilot[None], key: int = fakes.ACCEPTED_KEY) -> OptionList:
    """The window over a socket, its choices read."""
    table_of(pilot, ConnectionsPane).select_key(key)
    await pilot.press("K")
    await until(pilot, lambda: isinstance(pilot.app.screen, EndingScreen))
    options = pilot.app.screen.query_one(OptionList)
    await until(pilot, lambda: options.option_count > 1)
    await pilot.pause()
    return options


async def test_it_says_what_closing_and_ending_would_hit() -> None:
    async with running(FakeMonitor()) as pilot:
        await asked(pilot)
        shown = screen_text(pilot)
        assert "tcp 127.0.0.1:65432 → 127.0.0.1:53225 ESTABLISHED" in shown
        assert "its next call fails with ECONNABORTED" in shown
        assert "The other end, flood-client (pid 41233), at 127.0.0.1:53225 gets a reset (RST)." in shown
        assert "End sink (pid 41210): SIGTERM, then SIGKILL if it is still there 3 s later" in shown
        assert "of the sockets listed here 2 (1 LISTEN, 1 ESTAB)" in shown


async def test_enter_alone_leaves_everything_as_it_is() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await asked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DashboardScreen))
        assert not monitor.told("close_sockets")
        assert not monitor.told("end_process")


async def test_escape_leaves_everything_as_it_is() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await asked(pilot)
        await pilot.press("down", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DashboardScreen))
        assert not monitor.told("close_sockets")


async def test_the_second_line_closes_the_socket() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await asked(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: notices(pilot))
        assert monitor.told("close_sockets") == [(fakes.ACCEPTED_KEY,)]
        assert "closed tcp 127.0.0.1:65432 → 127.0.0.1:53225 ESTABLISHED" in notices(pilot)


async def test_the_third_line_ends_the_process() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await asked(pilot)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: notices(pilot))
        assert monitor.told("end_process") == [41_210]
        assert "sink (pid 41210) ended by SIGTERM" in notices(pilot)


@pytest.mark.parametrize("size", [(160, 48), NARROW])
async def test_what_may_not_be_done_is_not_done_and_gives_the_command(size: tuple[int, int]) -> None:
    monitor = FakeMonitor()
    monitor.may_close = Permission(
        False, "closing a socket of any process needs CAP_NET_ADMIN", "sudo ss -K -t -a 'src'"
    )
    monitor.may_end = Permission(False, "the process is another user's", "sudo kill 41210")
    async with running(monitor, size) as pilot:
        options = await asked(pilot)
        shown = screen_text(pilot)
        assert "not possible: closing a socket of any process needs CAP_NET_ADMIN" in shown
        assert "this can (⏎ copies it): sudo ss -K -t -a 'src'" in shown
        assert "this can (⏎ copies it): sudo kill 41210" in shown
        await pilot.press("down", "down")
        assert options.highlighted == 2
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.clipboard)
        assert pilot.app.clipboard == "sudo kill 41210"
        assert isinstance(pilot.app.screen, DashboardScreen)
        assert not monitor.told("end_process")


async def test_a_refusal_of_the_kernel_is_said() -> None:
    class Refusing(FakeMonitor):
        def close_sockets(self, keys: tuple[int, ...]) -> None:
            raise EngineError("close the tcp socket on port 65432", 2, "it is gone already")

    async with running(Refusing()) as pilot:
        await asked(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: notices(pilot))
        assert "it is gone already" in notices(pilot)[0]


async def test_read_only_takes_the_key_away() -> None:
    async with running(FakeMonitor(), read_only=True) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.ACCEPTED_KEY)
        await pilot.press("K")
        await pilot.pause()
        assert isinstance(pilot.app.screen, DashboardScreen)
        assert "close or end" not in footer(pilot)


async def test_the_key_is_in_the_footer_of_a_wide_terminal() -> None:
    async with running(FakeMonitor(), (200, 48)) as pilot:
        assert "K close or end" in footer(pilot)
