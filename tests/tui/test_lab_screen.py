"""The lab's screen: actors and their calls, the form, templates, programs to copy, the look-up panel."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from engine.lab.saved import load_templates
from engine.model.lab import ActorCommand, ActorReport, ActorSocket, ActorSpec, ActorState, Call
from tests.tui import fakes
from tests.tui.driving import NARROW, footer, notices, refreshed, rows, running, screen_text, table_of, title, until
from tests.tui.fakes import FakeMonitor, running_flood, snapshot
from tui.screens.flow import FlowScreen
from tui.screens.lab_asking import CommandScreen
from tui.screens.lab_kinds import KindScreen
from tui.screens.lab_program import ProgramScreen
from tui.screens.lab_remote import RemoteScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lab_actors import ActorsPane
from tui.widgets.lab_calls import LabCallsPane
from tui.widgets.lab_form_pane import LabFormPane
from tui.widgets.lab_lookup import LookupPane
from tui.widgets.pane import Pane


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Templates are saved nowhere else."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "sockmon" / "templates.json"


async def open_lab(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("5")
    await until(pilot, lambda: pilot.app.screen.query(ActorsPane))
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


def pane(pilot: Pilot[None]) -> Pane:
    found: Pane = pilot.app.screen.query_one("Pane.-active", Pane)
    return found


def value(pilot: Pilot[None], knob: str) -> str:
    return str(next(row.value for row in rows(table_of(pilot, LabFormPane)) if row.name == knob))


def says(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#edit-says", Static).visual)


def specs(monitor: FakeMonitor) -> list[ActorSpec]:
    return [spec for spec in monitor.told("start_actor") if isinstance(spec, ActorSpec)]


FORM = ("tab", "tab")


async def test_a_kind_is_chosen_by_typing_a_part_of_its_name_and_started_as_it_is() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot, "n")
        assert isinstance(pilot.app.screen, KindScreen)
        await pilot.press(*"half", "down", "enter")
        await until(pilot, lambda: isinstance(pane(pilot), LabFormPane))
        assert "half-close-client" in title(pilot, LabFormPane)
        await pilot.press("space")
        await until(pilot, lambda: specs(monitor))
        assert specs(monitor)[0].kind == "half-close-client"


async def test_no_kind_is_chosen_by_escape() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, "n", *"xyz", "enter", "escape")
        assert "echo-server" in title(pilot, LabFormPane)


async def test_a_knob_is_edited_in_its_line_and_a_wrong_one_is_not_taken() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot, *FORM, "j", "enter", *["backspace"] * 5, *"70000")
        assert says(pilot) == "✕ port 70000 is outside 0 to 65535"
        await pilot.press("enter")
        assert value(pilot, "port") == "65432"
        await pilot.press(*["backspace"] * 5, *"80")
        assert says(pilot) == "ports below 1024 need CAP_NET_BIND_SERVICE"
        await pilot.press("backspace", *"000", "enter", "space")
        await until(pilot, lambda: specs(monitor))
        assert specs(monitor)[0].knobs.port == 8000


async def test_tab_accepts_and_goes_to_the_next_line_and_escape_leaves_all_as_it_was() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, *FORM, "j", "enter", *["backspace"] * 5, *"4000", "tab", "tab", "1", "escape")
        assert value(pilot, "port") == "4000"
        assert value(pilot, "backlog") == "128"
        assert isinstance(pane(pilot), LabFormPane)
        await pilot.press("escape")
        assert isinstance(pane(pilot), ActorsPane)


async def test_keys_that_are_typed_ahead_reach_the_field() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, *FORM)
        for key in ("j", "enter", *["backspace"] * 5, *"4321", "enter"):
            pilot.app.simulate_key(key)
        await until(pilot, lambda: value(pilot, "port") == "4321")


async def test_arrows_go_through_values_and_backspace_brings_the_default_back() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, *FORM, "j", "j", "right")
        assert value(pilot, "family") == "inet"
        await pilot.press("left", "left")
        assert value(pilot, "family") == "inet6"
        await pilot.press("backspace")
        assert value(pilot, "family") == "any"


async def test_a_host_says_who_can_reach_it_as_it_is_typed() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, *FORM, "enter")
        await until(pilot, lambda: says(pilot) == "only this machine can reach it")
        await pilot.press("ctrl+u", *"0.0.0.0")
        await until(pilot, lambda: says(pilot) == "everyone on the network can reach this")
        await pilot.press("ctrl+u", *"localhost")
        await until(pilot, lambda: "a number is certain; only this machine can reach it" in says(pilot))


async def test_traffic_that_may_leave_the_machine_is_confirmed_first() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot, "n", *"ping", "enter", "enter", "ctrl+u", *"198.51.100.1", "enter", *["j"] * 7, "right")
        await pilot.press("space")
        await until(pilot, lambda: isinstance(pilot.app.screen, RemoteScreen))
        assert "ping is told to go to 198.51.100.1" in screen_text(pilot)
        await pilot.press("n")
        await pilot.pause()
        assert not specs(monitor)
        await pilot.press("space")
        await until(pilot, lambda: isinstance(pilot.app.screen, RemoteScreen))
        await pilot.press("y")
        await until(pilot, lambda: specs(monitor))
        assert specs(monitor)[0].knobs.allow_remote


async def test_a_form_is_saved_as_a_template_and_found_again(own_folder: Path) -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, *FORM, "j", "enter", "ctrl+u", *"4000", "enter", "w", *"two words")
        assert says(pilot).startswith("✕ 'two words' is no name for a template")
        await pilot.press("ctrl+u", *"mine", "enter")
        await until(pilot, own_folder.exists)
        await until(pilot, lambda: "template mine" in title(pilot, LabFormPane))
        assert load_templates(own_folder)["mine"].settings == {"echo-server": {"port": 4000}}
        await pilot.press("t")
        assert "template" not in title(pilot, LabFormPane)
        await pilot.press("t")
        assert "template mine" in title(pilot, LabFormPane)


@pytest.fixture
def broken_file(own_folder: Path) -> None:
    own_folder.parent.mkdir(parents=True)
    own_folder.write_text("{")


@pytest.mark.usefixtures("broken_file")
async def test_a_broken_file_of_templates_is_a_notice() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot)
        await until(pilot, lambda: any("is not in order" in notice for notice in notices(pilot)))


async def test_an_actor_is_shown_as_a_command_and_as_a_program() -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, *FORM, "j", "enter", "ctrl+u", *"4000", "enter", "y")
        assert isinstance(pilot.app.screen, ProgramScreen)
        assert "sockmon lab echo-server --port=4000" in screen_text(pilot)
        assert "import socket" in screen_text(pilot)
        await pilot.press("c")
        await pilot.pause()
        assert pilot.app.clipboard == "sockmon lab echo-server --port=4000"
        await pilot.press("p")
        await pilot.pause()
        assert pilot.app.clipboard.startswith("import")
        compile(pilot.app.clipboard, "program.py", "exec")


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


async def test_what_was_typed_is_not_lost_when_the_cursor_of_the_list_moves() -> None:
    monitor = FakeMonitor(snapshot(actors=running_flood()))
    async with running(monitor) as pilot:
        await open_lab(pilot, *FORM, "j", "enter", "ctrl+u", *"4000", "enter", "shift+tab", "shift+tab", "j", "j")
        assert value(pilot, "port") == "4000"


async def test_an_actor_is_started_anew_with_what_the_form_was_changed_to() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot, "space")
        await until(pilot, lambda: "of actor 1" in title(pilot, LabFormPane))
        await pilot.press(*FORM, "j", "enter", "ctrl+u", *"4000", "enter")
        assert "of actor 1, changed" in title(pilot, LabFormPane)
        await pilot.press("r")
        await until(pilot, lambda: len(specs(monitor)) == 2)
        assert monitor.told("stop_actor") == [1]
        assert specs(monitor)[1].knobs.port == 4000


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


async def test_hostile_text_of_an_actor_is_only_text() -> None:
    sink, flood = running_flood()
    report = msgspec.structs.replace(
        flood.report, error=fakes.HOSTILE, notes=(fakes.HOSTILE,), reply=fakes.HOSTILE,
        calls=(Call(1, 0, "recv", fakes.HOSTILE, fakes.HOSTILE),),
    )  # fmt: skip
    monitor = FakeMonitor(snapshot(actors=(sink, msgspec.structs.replace(flood, report=report))))
    async with running(monitor) as pilot:
        await open_lab(pilot, *["j"] * 4)
        shown = screen_text(pilot)
        assert "\x1b" not in shown
        assert "[/]x" in shown


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
