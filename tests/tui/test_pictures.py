"""How the screens look, as pictures that a person has approved: few, and for looks only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from engine.model.health import Trust
from engine.model.snapshot import RowChange, Snapshot
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import snapshot
from tui.app import SockmonApp
from tui.widgets.packets import PacketsPane

FLOOD = snapshot(
    actors=fakes.running_flood(),
    degradations=(fakes.OWNERS_HIDDEN,),
    changes={4: RowChange.NEW, 11: RowChange.CHANGED, 9: RowChange.CLOSED},
)
NO_RIGHTS = snapshot(capture=None, degradations=(fakes.OWNERS_HIDDEN, fakes.NO_CAPTURE))
BROKEN = snapshot(
    workers=fakes.workers(capture="killed by SIGKILL"),
    capture=fakes.status(trust=Trust(received=31_204, kept=31_163, dropped_by_kernel=41)),
)


SLOW = ("1", "2", "3", "enter")
"""Keys after which an answer comes over the bridge."""


def app_over(moment: Snapshot, theme: str) -> SockmonApp:
    monitor = FakeMonitor(moment, packets=fakes.handshake_and_close())
    return SockmonApp(monitor, theme=theme, refresh_s=3600)


def pressing(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait for the rows, have the flood's sum at rest, then press these."""

    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, SockmonApp)
        await until(pilot, lambda: app._moment is not None)
        if app._moment is not None and app._moment.snapshot.capture is not None:
            await until(pilot, lambda: len(app.screen.query_one(PacketsPane)._window.rows))
        app._show()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.05 if key in SLOW else 0)
        await pilot.pause(0.1)

    return run


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])
@pytest.mark.parametrize("theme", ["sockmon-dark", "sockmon-light"])
def test_dashboard(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    assert picture(app_over(FLOOD, theme), terminal_size=size, run_before=pressing())


def test_lab_on_a_small_terminal(picture: Callable[..., bool]) -> None:
    assert picture(app_over(FLOOD, "sockmon-dark"), terminal_size=NARROW, run_before=pressing("tab", "tab", "j", "n"))


def test_without_rights(picture: Callable[..., bool]) -> None:
    assert picture(app_over(NO_RIGHTS, "sockmon-dark"), terminal_size=WIDE, run_before=pressing("tab"))


def test_a_dead_worker(picture: Callable[..., bool]) -> None:
    assert picture(app_over(BROKEN, "sockmon-light"), terminal_size=(120, 30), run_before=pressing())


def test_a_filter_that_is_wrong(picture: Callable[..., bool]) -> None:
    keys = pressing("slash", *"recvq>lots")
    assert picture(app_over(FLOOD, "sockmon-dark"), terminal_size=(120, 30), run_before=keys)


def test_a_frame_taken_apart(picture: Callable[..., bool]) -> None:
    keys = pressing("tab", "g", "enter", *["down"] * 16)
    assert picture(app_over(FLOOD, "sockmon-dark"), terminal_size=WIDE, run_before=keys)


def test_the_details_of_a_socket(picture: Callable[..., bool]) -> None:
    keys = pressing(*["down"] * 6, "enter")
    assert picture(app_over(FLOOD, "sockmon-light"), terminal_size=WIDE, run_before=keys)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])
@pytest.mark.parametrize("theme", ["sockmon-dark", "sockmon-light"])
def test_connections(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    keys = pressing("2", "d", *["down"] * 6)
    assert picture(app_over(FLOOD, theme), terminal_size=size, run_before=keys)


def test_connections_grouped(picture: Callable[..., bool]) -> None:
    keys = pressing("2", "v", "down", "down")
    assert picture(app_over(FLOOD, "sockmon-light"), terminal_size=WIDE, run_before=keys)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])
@pytest.mark.parametrize("theme", ["sockmon-dark", "sockmon-light"])
def test_packets(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    keys = pressing("3", "g", "m", "down", "enter", *["down"] * 17)
    assert picture(app_over(FLOOD, theme), terminal_size=size, run_before=keys)
