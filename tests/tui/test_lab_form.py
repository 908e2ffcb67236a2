"""The form of the lab's screen: knobs, hosts, templates, and what is started from it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.lab.saved import load_templates, save_template
from engine.model.lab import ActorReport, ActorSpec, ActorState, Call, Knobs, OptionReading
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, notices, running, screen_text, title, until
from tests.tui.fake_monitor import FakeMonitor
from tests.tui.fakes import running_flood, snapshot
from tests.tui.lab_driving import FORM, open_lab, pane, says, specs, value
from tui.app import SockmonApp
from tui.screens.lab_kinds import KindScreen
from tui.screens.lab_program import ProgramScreen
from tui.screens.lab_remote import RemoteScreen
from tui.screens.lab_template import DeleteTemplateScreen
from tui.widgets.lab_actors import ActorsPane
from tui.widgets.lab_form_pane import LabFormPane


@pytest.fixture
def broken_file(own_folder: Path) -> None:
    own_folder.parent.mkdir(parents=True)
    own_folder.write_text("{")


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


async def test_the_form_shows_what_the_kernel_made_of_the_actor_just_started() -> None:
    monitor = FakeMonitor()
    monitor.on_start = lambda spec: ActorReport(
        kind=spec.kind, pid=9, state=ActorState.RUNNING, local="127.0.0.1:65432",
        options=(OptionReading("SO_RCVBUF", "4096", "8192"),),
    )  # fmt: skip
    async with running(monitor) as pilot:
        await open_lab(pilot, "n", *"discard", "enter")
        await until(pilot, lambda: isinstance(pane(pilot), LabFormPane))
        await pilot.press("space")
        await until(pilot, lambda: "→ 8,192" in screen_text(pilot))
        assert isinstance(pane(pilot), LabFormPane)
        assert "of actor 1" in title(pilot, LabFormPane)


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
        await open_lab(pilot, "n", *"ping", "enter", "enter", "ctrl+u", *"198.51.100.1", "enter", "G", "right")
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


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])
async def test_a_saved_template_is_deleted_once_that_is_confirmed(own_folder: Path, size: tuple[int, int]) -> None:
    save_template(own_folder, "mine", ActorSpec("echo-server", Knobs(port=4000)))
    save_template(own_folder, "mine", ActorSpec("sink", Knobs(rcvbuf=4096)))
    save_template(own_folder, "other", ActorSpec("sink", Knobs(rcvbuf=4096)))
    async with running(FakeMonitor(), size) as pilot:
        await open_lab(pilot, *FORM)
        assert "delete template" not in screen_text(pilot)
        await until(pilot, lambda: pilot.app.screen.query_one(LabFormPane).saved)
        await pilot.press("t")
        await until(pilot, lambda: "template mine" in title(pilot, LabFormPane))
        await until(pilot, lambda: "delete template" in screen_text(pilot))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeleteTemplateScreen))
        assert "It was saved for echo-server, sink." in screen_text(pilot)
        await pilot.press("n")
        assert set(load_templates(own_folder)) == {"mine", "other"}
        await pilot.press("x", "y")
        await until(pilot, lambda: set(load_templates(own_folder)) == {"other"})
        await until(pilot, lambda: "template" not in title(pilot, LabFormPane))
        assert value(pilot, "port") == "4000"
        assert "delete template" not in screen_text(pilot)


async def test_one_of_sockmons_own_templates_cannot_be_deleted(own_folder: Path) -> None:
    async with running(FakeMonitor()) as pilot:
        await open_lab(pilot, "n", *"sink", "enter", "t", "x")
        assert "template tutorial" in title(pilot, LabFormPane)
        assert "delete template" not in screen_text(pilot)
        assert isinstance(pane(pilot), LabFormPane)


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


async def test_no_letter_of_a_kind_that_is_typed_ahead_is_a_key_of_the_screen_below() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        await open_lab(pilot)
        for key in ("n", *"pq"):
            pilot.app.simulate_key(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, KindScreen))
        assert isinstance(pilot.app, SockmonApp)
        assert not pilot.app.paused
        assert pilot.app.is_running
