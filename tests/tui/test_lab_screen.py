"""The lab's screen: actors and their calls, floods, actors by hand, the look-up panel."""

from __future__ import annotations

import msgspec
import pytest

from engine.model.lab import ActorCommand, ActorReport, ActorSocket, ActorState
from tests.tui import fakes
from tests.tui.driving import NARROW, footer, notices, refreshed, rows, running, screen_text, table_of, title, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import running_flood, snapshot
from tests.tui.lab_driving import open_lab, pane, says, value
from tui.screens.flow import FlowScreen
from tui.screens.lab_asking import CommandScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lab_actors import ActorsPane
from tui.widgets.lab_calls import LabCallsPane
from tui.widgets.lab_form_pane import LabFormPane
from tui.widgets.lab_lookup import LookupPane
from tui.widgets.line_table import LineTable


async def test_the_calls_and_the_form_follow_the_list() -> None:
    monitor = FakeMonitor(snapshot(actors=running_flood()))
    async with running(monitor) as pilot:
        await open_lab(pilot, *["j"] * 4)
        assert "flood-client 41233" in title(pilot, LabCallsPane)
        assert "send(1024 bytes)" in screen_text(pilot)
        assert "send() 662 full  0 partial  24 refused (BlockingIOError)" in screen_text(pilot)
        assert "flood-client" in title(pilot, LabFormPane)
        assert value(pilot, "chunk") == "1,024"
        await pilot.press("k")
        await pilot.pause()
        assert "sink 41210" in title(pilot, LabCallsPane)
        assert value(pilot, "rcvbuf") == "207,360"


async def test_a_flood_is_drained_slowly_closed_and_its_reader_killed() -> None:
    monitor = FakeMonitor(snapshot(actors=running_flood()))
    monitor.held = {view.number: view for view in running_flood()}
    async with running(monitor) as pilot:
        await open_lab(pilot, "D")
        await until(pilot, lambda: monitor.told("command_actor") == [(1, ActorCommand.DRAIN)])
        await pilot.press("d")
        await until(pilot, lambda: monitor.told("command_actor")[1:] == [(1, ActorCommand.SLOW_DRAIN)])
        await pilot.press(*["j"] * 4, "c")
        await until(pilot, lambda: monitor.told("command_actor")[2:] == [(2, ActorCommand.CLOSE)])
        await pilot.press("X")
        await until(pilot, lambda: monitor.told("kill_actor") == [1])


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("D", "nothing to drain: no reader of a flood runs"),
        ("d", "nothing to drain slowly: no reader of a flood runs"),
        ("c", "nothing to close: no flood runs"),
        ("X", "nothing to kill: no reader of a flood runs"),
        ("m", "no running actor is under the cursor"),
    ],
)
async def test_a_key_that_does_not_apply_says_so(key: str, sentence: str) -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, key)
        await until(pilot, lambda: notices(pilot) == [sentence])


async def test_calls_are_made_one_by_one_in_an_actor_worked_by_hand() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot, "n", *"client-by-hand", "enter", "space")
        await until(pilot, lambda: any(row.running for row in rows(table_of(pilot, ActorsPane))))
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("G", "m")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandScreen))
        await pilot.press("enter")
        await until(pilot, lambda: monitor.told("command_actor") == [(1, ActorCommand.CONNECT)])
        await pilot.press("j", "enter")
        await until(pilot, lambda: pilot.app.screen.query("EditLine.-open"))
        await pilot.press("enter")
        await until(pilot, lambda: monitor.told("command_actor")[1:] == [(1, ActorCommand.SEND)])


async def test_a_text_that_a_command_cannot_use_is_told_as_it_is_typed_and_not_sent() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot, "n", *"server-by-hand", "enter", "space")
        await until(pilot, lambda: any(row.running for row in rows(table_of(pilot, ActorsPane))))
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("G", "m")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandScreen))
        assert all(name in screen_text(pilot) for name in ("TIMEOUT listener", "TIMEOUT default", "DUP", "FORK"))
        names = [asked.name for asked in rows(pilot.app.screen.query_one(LineTable))]
        await pilot.press(*["j"] * names.index("TIMEOUT listener"), "enter")
        await until(pilot, lambda: pilot.app.screen.query("EditLine.-open"))
        await pilot.press("ctrl+u", *"soon", "enter")
        assert says(pilot) == "✕ timeout 'soon' is no number of seconds up to 3600 (or none)"
        await pilot.press("ctrl+u", *"0.5", "enter")
        await until(pilot, lambda: monitor.texts == ["listener 0.5"])
        await pilot.press("G", "enter")
        await until(pilot, lambda: monitor.texts == ["listener 0.5", "listener"])


async def test_an_actor_that_ended_is_taken_off_the_list() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot, "j", "space")
        await until(pilot, lambda: "reply Hello, world" in screen_text(pilot))
        await pilot.press("x")
        await until(pilot, lambda: monitor.told("stop_actor") == [1])


async def test_the_cursor_goes_to_what_was_started_here_and_in_the_table_of_sockets() -> None:
    monitor = FakeMonitor()
    monitor.on_start = lambda spec: ActorReport(
        kind=spec.kind, pid=9, state=ActorState.RUNNING, local="127.0.0.1:65432",
        sockets=(ActorSocket(3, fakes.FLOOD_KEY, "127.0.0.1:53225", "127.0.0.1:65432"),),
    )  # fmt: skip
    async with running(monitor) as pilot:
        await open_lab(pilot, "n", *"chargen", "enter", "space")
        await until(pilot, lambda: "chargen 9" in title(pilot, LabCallsPane))
        for key in ("1", "2"):
            await pilot.press(key)
            await until(pilot, lambda: table_of(pilot, ConnectionsPane).cursor_key == fakes.FLOOD_KEY)


async def test_the_flow_screen_shows_the_conversation_of_what_was_started() -> None:
    monitor = FakeMonitor()
    monitor.on_start = lambda spec: ActorReport(
        kind=spec.kind, pid=9, state=ActorState.RUNNING, local="127.0.0.1:53225",
        sockets=(ActorSocket(3, fakes.FLOOD_KEY, "127.0.0.1:53225", "127.0.0.1:65432"),),
    )  # fmt: skip
    async with running(monitor) as pilot:
        await open_lab(pilot, "n", *"connect-client", "enter", "space")
        await until(pilot, lambda: "connect-client 9" in title(pilot, LabCallsPane))
        await pilot.press("4")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen) and pilot.app.screen.conversation)
        assert isinstance(pilot.app.screen, FlowScreen)
        assert pilot.app.screen.conversation is not None
        assert pilot.app.screen.conversation.subject.ends == ("127.0.0.1", 53_225, "127.0.0.1", 65_432)


async def test_a_text_is_looked_up_in_every_form() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, "tab", "tab", "tab", *"0x1234", "enter")
        await until(pilot, lambda: "0x3412 = 13330" in screen_text(pilot))
        await pilot.press("ctrl+u", *"127.1", "enter")
        await until(pilot, lambda: "inet_aton takes it" in screen_text(pilot))
        await pilot.press("ctrl+u", *"300.1.2.3.4..", "enter")
        await until(pilot, lambda: "that is no name of a host" in screen_text(pilot))
        await pilot.press("escape")
        assert isinstance(pane(pilot), ActorsPane)


async def test_everything_is_reached_on_a_small_terminal() -> None:
    monitor = FakeMonitor(snapshot(actors=running_flood()))
    async with running(monitor, size=NARROW) as pilot:
        await open_lab(pilot)
        seen = []
        for _ in range(4):
            seen.append(type(pane(pilot)))
            assert pane(pilot).size.height > 15
            await pilot.press("tab")
            await pilot.pause()
        assert seen == [ActorsPane, LabCallsPane, LabFormPane, LookupPane]
        assert "start/stop" in footer(pilot)


async def test_counters_move_with_every_snapshot() -> None:
    sink, flood = running_flood()
    monitor = FakeMonitor(snapshot(actors=(sink, flood)))
    async with running(monitor) as pilot:
        await open_lab(pilot, *["j"] * 4)
        more = msgspec.structs.replace(flood, report=msgspec.structs.replace(flood.report, sent=700_168))
        later = snapshot(actors=(sink, more), ts_ns=fakes.NOON_NS + 2_000_000_000)
        await refreshed(pilot, monitor, later)
        assert "700,168" in screen_text(pilot)
        assert "at 10.7 KiB/s" in screen_text(pilot)
