"""The keys that work everywhere, the footer, the help and the palette."""

from __future__ import annotations

import pytest

from tests.tui.driving import (
    WIDE,
    footer,
    running,
    screen_text,
    table_of,
    until,
)
from tests.tui.fake_monitor import FakeMonitor
from tui.app import SockmonApp
from tui.palette import KeyCommands
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lab import LabPane


async def test_tab_goes_through_the_panes_and_the_footer_with_it() -> None:
    async with running(FakeMonitor()) as pilot:
        assert "sort" in footer(pilot)
        await pilot.press("tab")
        assert "follow newest" in footer(pilot)
        assert "sort" not in footer(pilot)
        await pilot.press("tab")
        assert "start/stop" in footer(pilot)
        await pilot.press("tab")
        assert "sort" in footer(pilot)
        await pilot.press("shift+tab")
        assert "start/stop" in footer(pilot)


async def test_z_zooms_the_pane_and_esc_goes_back_but_never_quits() -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press("z")
        assert table_of(pilot, ConnectionsPane).size.height > 40
        assert not pilot.app.screen.query_one(LabPane).is_on_screen
        await pilot.press("escape")
        assert pilot.app.screen.query_one(LabPane).is_on_screen
        await pilot.press("escape", "escape")
        assert pilot.app.is_running


@pytest.mark.parametrize(
    ("before", "key"),
    [
        ([], "q"),
        ([], "ctrl+c"),
        (["enter"], "q"),
        (["enter"], "ctrl+c"),
        (["slash"], "ctrl+c"),
        (["tab", "tab", "n", "tab", "tab"], "ctrl+c"),
        (["2"], "q"),
        (["3"], "q"),
    ],
)
async def test_the_screen_is_left_at_once(before: list[str], key: str) -> None:
    monitor = FakeMonitor()
    app = SockmonApp(monitor, refresh_s=3600)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: monitor.refreshes)
        await pilot.press(*before)
        await pilot.press(key)
        await pilot.pause()
    assert not app.is_running
    assert app.return_code == 0


@pytest.mark.parametrize("key", ["question_mark", "h"])
async def test_help_shows_the_pane_in_words_and_its_keys(key: str) -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: "The sockets that the kernel holds" in screen_text(pilot))
        assert "Listening only, or all" in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "The sockets that the kernel holds" not in screen_text(pilot))


async def test_the_key_that_shows_the_help_hides_it_too() -> None:
    async with running(FakeMonitor()) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: pilot.app.screen.query("HelpPanel"))
        await pilot.press("question_mark")
        await until(pilot, lambda: not pilot.app.screen.query("HelpPanel"))


async def test_of_textual_s_own_commands_the_palette_has_two() -> None:
    async with running(FakeMonitor()) as pilot:
        commands = pilot.app.get_system_commands(pilot.app.screen)
        assert {command.title for command in commands} == {"Theme", "Screenshot"}


async def test_every_binding_has_an_id_a_description_and_a_place_in_the_palette() -> None:
    async with running(FakeMonitor()) as pilot:
        screen = pilot.app.screen
        commands = [words for words, _says, _call in KeyCommands(screen)._commands()]
        wanted: set[str] = set()
        for node in (pilot.app, screen, *screen.query("Pane"), *screen.query("LineTable")):
            for cls in type(node).__mro__:
                if cls.__module__.startswith("tui."):
                    for binding in cls.__dict__.get("BINDINGS", ()):
                        assert binding.id, binding
                        assert binding.description, binding
                        wanted.add(binding.description.lower())
        wanted.discard("restart worker")  # offered once a worker has died
        shown = " ".join(commands).lower()
        assert not {words for words in wanted if words not in shown}


async def test_a_command_of_another_pane_goes_there() -> None:
    monitor = FakeMonitor()
    async with running(monitor) as pilot:
        call = next(
            call for words, _says, call in KeyCommands(pilot.app.screen)._commands() if words == "Lab: Start/stop"
        )
        call()
        await until(pilot, lambda: monitor.told("start_actor"))
