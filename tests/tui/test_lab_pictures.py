"""How the lab's screen looks: the flood with its card, the form, the windows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from textual.pilot import Pilot

from engine.model.lab import OptionReading
from engine.model.snapshot import ActorView, Snapshot
from engine.model.sockets import SkMem, SocketEntry
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, table_of, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import snapshot
from tui.app import SockmonApp
from tui.widgets.lab_actors import ActorsPane
from tui.widgets.lab_form_pane import LabFormPane
from tui.widgets.lab_lookup import LookupPane


def flood() -> tuple[ActorView, ActorView]:
    sink, client = fakes.running_flood()
    options = (OptionReading("SO_SNDBUF", "126976", "253952"),)
    report = msgspec.structs.replace(client.report, options=options, connections_total=1)
    return sink, msgspec.structs.replace(client, report=report)


def with_buffers(row: SocketEntry) -> SocketEntry:
    memory = SkMem(0, 414_720, 0, 253_952, 0, 0, 0, 0, 0)
    return msgspec.structs.replace(row, skmem=memory) if row.key in (2, 3) else row


FLOOD = snapshot(actors=flood(), entries=[with_buffers(row) for row in fakes.tutorial_entries()])


def app_over(moment: Snapshot, theme: str) -> SockmonApp:
    return SockmonApp(FakeMonitor(moment), theme=theme, refresh_s=3600)


def in_lab(*keys: str, looked_up: str = "") -> Callable[[Pilot[None]], Awaitable[None]]:
    """Open the screen, have the flood's sum at rest, wait for the look-up of the form's host, then press these."""

    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, SockmonApp)
        await until(pilot, lambda: app.moment is not None)
        await pilot.press("5")
        await until(pilot, lambda: app.screen.query(ActorsPane) and len(table_of(pilot, ActorsPane).rows) > 3)
        app._show()
        await pilot.pause()
        form = app.screen.query_one(LabFormPane)
        await until(pilot, lambda: form._facts is not None)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        if looked_up:
            app.screen.query_one(LookupPane).query_one("#lookup-text").focus()
            await pilot.press(*looked_up, "enter")
            await pilot.pause(0.1)
        await pilot.pause(0.1)

    return run


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])
@pytest.mark.parametrize("theme", ["sockmon-dark", "sockmon-light"])
def test_lab(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    keys = in_lab(*["j"] * 4, looked_up="0x1234" if size == WIDE else "")
    assert picture(app_over(FLOOD, theme), terminal_size=size, run_before=keys)


def test_the_form_on_a_small_terminal(picture: Callable[..., bool]) -> None:
    keys = in_lab(*["j"] * 4, "tab", "tab", "j", "enter", "ctrl+u", *"70000")
    assert picture(app_over(FLOOD, "sockmon-dark"), terminal_size=NARROW, run_before=keys)


def test_the_calls_on_a_small_terminal(picture: Callable[..., bool]) -> None:
    assert picture(app_over(FLOOD, "sockmon-light"), terminal_size=NARROW, run_before=in_lab(*["j"] * 4, "tab"))


def test_the_kinds(picture: Callable[..., bool]) -> None:
    keys = in_lab("n", *"udp", "down")
    assert picture(app_over(FLOOD, "sockmon-dark"), terminal_size=(120, 30), run_before=keys)


def test_an_actor_as_a_program(picture: Callable[..., bool]) -> None:
    keys = in_lab(*["j"] * 4, "y")
    assert picture(app_over(FLOOD, "sockmon-light"), terminal_size=(120, 40), run_before=keys)
