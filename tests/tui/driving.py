"""How tests drive the app: over a fake Monitor, one snapshot at a time, looking at what stands on the screen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot
from textual.widget import Widget

from engine.model.snapshot import Snapshot
from tests.tui import fakes
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import packet
from tui.app import SockmonApp
from tui.widgets.footer import KeyBar
from tui.widgets.header import StatusLine
from tui.widgets.line_table import LineTable
from tui.widgets.packets import PacketsPane
from tui.widgets.pane import Pane

WIDE = (160, 48)
NARROW = (80, 24)

LIMIT_S = 20.0
"""How long a test looks again before it gives up: on a busy machine a thread may have its first turn after seconds."""


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        await pilot.pause()
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not come to that")


async def pasted(pilot: Pilot[None], text: str) -> None:
    """Long text into what has the focus, at once as a terminal pastes it: a key pressed by the pilot takes 0.1 s."""
    pilot.app.post_message(Paste(text))
    await pilot.pause()


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
    await until(pilot, lambda: app._moment is not None and (app._moment.snapshot is moment or app._moment.failure))
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


def with_packets(count: int = 0) -> FakeMonitor:
    return FakeMonitor(packets=[*fakes.handshake_and_close(), *(packet(number) for number in range(20, 20 + count))])


async def packets_here(pilot: Pilot[None]) -> LineTable[Any]:
    table = table_of(pilot, PacketsPane)
    await until(pilot, lambda: len(table.rows))
    return table
