"""How the windows over the sockets look: what may be ended or copied, which columns there are, and what closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.model.ending import Permission
from engine.model.messages import ClosedSocket
from engine.model.tcp import SocketState
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, table_of, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import entry, snapshot
from tui.app import SockmonApp
from tui.screens.connections import ConnectionsScreen
from tui.widgets.sockets import SocketsPane

Run = Callable[[Pilot[None]], Awaitable[None]]

MACHINE = msgspec.structs.replace(
    snapshot(),
    ephemeral=(32_768, 60_999),
    moved={"TcpExtListenOverflows": 3, "TcpExtListenDrops": 3},
    moved_in_all={"TcpExtListenOverflows": 12, "TcpExtListenDrops": 12, "TcpRetransSegs": 1_204},
    closed=[
        ClosedSocket(
            entry(200 + number, state=SocketState.CLOSED, local_port=20_000 + number, owners=owners),
            fakes.NOON_NS - number * 1_500_000_000, True, tier,
        )
        for number, (tier, owners) in enumerate(
            (("traced", fakes.owner("curl", 5_001)), ("lookup", fakes.owner("curl", 5_002)),
             ("listener", fakes.owner("nginx", 812)), ("polled", fakes.owner("ssh", 5_004)), ("", ())), 1
        )
    ],
)  # fmt: skip


def in_sockets(*keys: str, key: int = fakes.ACCEPTED_KEY) -> Run:
    """On screen 2, the cursor on a socket, press these."""

    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, SockmonApp)
        await until(pilot, lambda: app.moment is not None)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsScreen))
        table = table_of(pilot, SocketsPane)
        await until(pilot, lambda: len(table.rows))
        table.select_key(key)
        for pressed in keys:
            await pilot.press(pressed)
            await pilot.pause()
        for choices in app.screen.query(OptionList):
            await until(pilot, partial(has_choices, choices))
        await pilot.pause(0.1)

    return run


def has_choices(choices: OptionList) -> bool:
    return choices.option_count > 1


def app_over(monitor: FakeMonitor | None = None) -> SockmonApp:
    return SockmonApp(monitor or FakeMonitor(MACHINE), refresh_s=3600)


def test_closing_or_ending(picture: Callable[..., bool]) -> None:
    assert picture(app_over(), terminal_size=WIDE, run_before=in_sockets("K", "down"))


def test_ending_what_is_not_ours(picture: Callable[..., bool]) -> None:
    monitor = FakeMonitor(MACHINE)
    monitor.may_close = Permission(
        False, "closing a socket of any process needs CAP_NET_ADMIN",
        "sudo ss -K -t -a 'src 127.0.0.1:65432 dst 127.0.0.1:53225'",
    )  # fmt: skip
    monitor.may_end = Permission(False, "the process is another user's", "sudo kill 41210")
    assert picture(app_over(monitor), terminal_size=NARROW, run_before=in_sockets("K"))


def test_what_may_be_copied(picture: Callable[..., bool]) -> None:
    assert picture(app_over(), terminal_size=NARROW, run_before=in_sockets("y"))


def test_choosing_columns(picture: Callable[..., bool]) -> None:
    assert picture(app_over(), terminal_size=WIDE, run_before=in_sockets("C", "down", "down"))


def test_what_closed_and_how_it_is_known(picture: Callable[..., bool]) -> None:
    assert picture(app_over(), terminal_size=WIDE, run_before=in_sockets("H", "G", "k", "k", "k"))


def test_what_closed_in_80_columns(picture: Callable[..., bool]) -> None:
    assert picture(app_over(), terminal_size=NARROW, run_before=in_sockets("H", "G"))
