"""What stands beside a lesson: its ladder and sockets, and the ways from there to other screens."""

from __future__ import annotations

import pytest

from engine.lessons.library import lesson_named
from tests.tui.driving import NARROW, running, screen_text, title, until
from tests.tui.lesson_driving import handshake_lab, shaken, shelf
from tui.screens.flow import FlowScreen
from tui.screens.lessons import LessonsScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lesson_ladder import LessonLadderPane
from tui.widgets.lesson_sockets import LessonSocketsPane


@pytest.fixture
def handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf holds the lesson of the handshake."""
    shelf((lesson_named("three-way-handshake"),), monkeypatch)


@pytest.mark.usefixtures("handshake")
async def test_ladder_and_sockets_stand_beside_the_step_under_the_lesson_s_names() -> None:
    async with running(handshake_lab()) as pilot:
        await shaken(pilot)
        shown = screen_text(pilot)
        assert "✓ packet [SYN, ACK] from server len == 0   frame 2" in shown
        assert "server.listener    LISTEN               0       128  127.0.0.1:8080" in shown
        assert "client.1           ESTABLISHED          0         0" in shown
        assert title(pilot, LessonLadderPane).startswith("Ladder  client")
        assert title(pilot, LessonSocketsPane) == "Sockets  2"


@pytest.mark.usefixtures("handshake")
async def test_o_opens_the_conversation_and_esc_comes_back() -> None:
    async with running(handshake_lab()) as pilot:
        await shaken(pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, FlowScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonsScreen))


@pytest.mark.usefixtures("handshake")
async def test_c_shows_its_connections_in_the_table() -> None:
    async with running(handshake_lab()) as pilot:
        await shaken(pilot)
        await pilot.press("c")
        await until(pilot, lambda: pilot.app.current_mode == "connections")
        await until(pilot, lambda: "2" in title(pilot, ConnectionsPane))
        assert ":8080 or :40003" in title(pilot, ConnectionsPane)


@pytest.mark.usefixtures("handshake")
async def test_e_explains_the_words_of_the_step() -> None:
    async with running(handshake_lab()) as pilot:
        await shaken(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "SYN  flag" in screen_text(pilot))


@pytest.mark.usefixtures("handshake")
async def test_on_a_small_terminal_each_pane_is_a_tab() -> None:
    async with running(handshake_lab(), size=NARROW) as pilot:
        await shaken(pilot)
        assert "Lesson 2 of 4" in screen_text(pilot).splitlines()[1]
        await pilot.press("tab")
        await until(pilot, lambda: "[SYN, ACK]" in screen_text(pilot))
        await pilot.press("tab")
        await until(pilot, lambda: "server.listener" in screen_text(pilot))
        await pilot.press("space")  # whatever pane is in front
        await until(pilot, lambda: "3 of 4" in screen_text(pilot).splitlines()[1])
