"""The lab pane: switches, the form, the sum, and errors as notices."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from engine.model.errors import EngineError
from engine.model.lab import ActorCommand, ActorReport, ActorSpec, ActorState
from tests.tui.driving import (
    notices,
    rows,
    running,
    screen_text,
    table_of,
    title,
    until,
)
from tests.tui.fake_monitor import FakeMonitor
from tui.screens.details import ActorScreen
from tui.widgets.lab import LabPane
from tui.widgets.line_table import LineTable


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
