"""Opening a conversation asks as little as it can, as early as it can, and again where an answer did not come."""

from __future__ import annotations

import msgspec
import pytest

from engine.model.errors import EngineError
from engine.model.messages import FlowsAnswer
from engine.model.snapshot import Snapshot
from tests.tui import fakes, flows
from tests.tui.driving import refreshed, running, screen_text, table_of, until
from tests.tui.flow_driving import flood, opened, with_flow
from tui.screens.flow import FlowScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.ladder_pane import LadderPane


def later() -> Snapshot:
    return msgspec.structs.replace(flood(), ts_ns=fakes.NOON_NS + 1_000_000_000)


async def test_a_conversation_is_sought_once_when_it_is_opened() -> None:
    monitor = with_flow()
    async with running(monitor) as pilot:
        await opened(pilot)
        assert len(monitor.told("find_flow")) == 1
        await refreshed(pilot, monitor, later())
        await until(pilot, lambda: len(monitor.told("find_flow")) == 2)


async def test_one_that_could_not_be_sought_is_sought_with_the_next_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = with_flow()
    found = monitor.find_flow
    failed: list[object] = []

    def sometimes(*ends: object) -> FlowsAnswer:
        if not failed:
            failed.append(ends)
            raise EngineError("find the flow", None, "the worker ended")
        return found(*ends)  # type: ignore[arg-type]

    monkeypatch.setattr(monitor, "find_flow", sometimes)
    async with running(monitor) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.FLOOD_KEY)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        screen = pilot.app.screen
        assert isinstance(screen, FlowScreen)
        await until(pilot, lambda: failed and not screen._seeking)
        await refreshed(pilot, monitor, later())
        await until(pilot, lambda: "[SYN] Seq=0" in screen_text(pilot))


async def test_lines_are_drawn_anew_when_the_terminal_changes_its_size() -> None:
    async with running(with_flow()) as pilot:
        await opened(pilot)
        wide = next(line for line in screen_text(pilot).splitlines() if "[SYN] Seq=0" in line)
        await pilot.resize_terminal(110, 40)
        await until(pilot, lambda: pilot.app.screen.query_one(LadderPane)._picture.look.width < 110)
        narrow = next(line for line in screen_text(pilot).splitlines() if "[SYN] Seq=0" in line)
        assert len(narrow) < len(wide)
        assert "▶│" in narrow


async def test_rows_that_an_answer_brought_too_few_of_are_asked_for_at_once() -> None:
    monitor = with_flow(*[flows.step(number, number, True, flows.ACK) for number in range(1, 2_001)])
    async with running(monitor) as pilot:
        table_of(pilot, ConnectionsPane).select_key(fakes.FLOOD_KEY)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        table = table_of(pilot, LadderPane)
        await until(pilot, lambda: len(table.rows) == 2_000 and table.page > 40)
        await pilot.press("home")
        await until(pilot, lambda: table.rows.row(0) is not None)
        pane, asked = pilot.app.screen.query_one(LadderPane), len(monitor.told("ladder"))
        late = pane._question(1_500, 5)
        pane.take(late, monitor.ladder(late.streams, late.first, late.count))
        await until(pilot, lambda: table.rows.row(0) is not None)
        assert len(monitor.told("ladder")) > asked + 1
