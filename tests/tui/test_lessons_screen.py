"""Screen 6: lessons run step by step, by themselves, with a question before each step, beside their ladder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from textual.pilot import Pilot

from engine.lessons.library import lesson_named
from engine.model.errors import EngineError
from tests.lessons_rig import lab, two_steps
from tests.tui.driving import NARROW, WIDE, footer, header, running, screen_text, title, until
from tests.tui.fakes import snapshot, status
from tests.tui.lesson_driving import DONE, READY, handshake_lab, list_of, opened, phase, shaken, shelf
from tui.app import SockmonApp
from tui.widgets.lesson_page import LessonPane

BEGIN = "Space begins."


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf holds one small lesson."""
    shelf((two_steps(),), monkeypatch)


@pytest.mark.usefixtures("two")
async def test_enter_runs_a_lesson_and_space_does_its_next_step() -> None:
    async with running(lab()) as pilot:
        page = await opened(pilot)
        await pilot.press("enter")
        await until(pilot, phase(page, 0, READY))
        assert "✓ actor server == running   running" in screen_text(pilot)
        assert "Space next step" in footer(pilot)
        await pilot.press("space")
        await until(pilot, phase(page, 1, DONE))
        await pilot.pause()
        shown = screen_text(pilot)
        assert "✓ 1/2 The server listens." in shown
        assert "? packet [SYN] from client within 0.1s" in shown
        assert "All of it holds, 1 could not be checked here" in shown
        assert "Space next step" not in footer(pilot)
        assert list_of(pilot)._marks == {"both-ends": ("?", list_of(pilot)._marks["both-ends"][1])}


@pytest.mark.usefixtures("two")
async def test_a_lesson_that_does_not_hold_says_where() -> None:
    async with running(lab(snapshot(capture=status()))) as pilot:
        page = await opened(pilot)
        await pilot.press("enter")
        await until(pilot, phase(page, 0, READY))
        await pilot.press("space")
        await until(pilot, phase(page, 1, DONE))
        await pilot.pause()
        assert "It does not hold: line 11" in screen_text(pilot)
        assert "does not hold" in title(pilot, LessonPane)


@pytest.mark.usefixtures("two")
async def test_backspace_ends_the_run_and_begins_again() -> None:
    monitor = lab()
    async with running(monitor) as pilot:
        page = await opened(pilot)
        await pilot.press("enter")
        await until(pilot, phase(page, 0, READY))
        await pilot.press("backspace")
        await until(pilot, lambda: monitor.told("stop_actor") == [1])
        assert BEGIN in screen_text(pilot)
        await pilot.press("space")
        await until(pilot, phase(page, 0, READY))
        assert len(monitor.told("start_actor")) == 2


@pytest.mark.usefixtures("two")
async def test_another_lesson_ends_the_one_that_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf((two_steps(), msgspec.structs.replace(two_steps(), name="other", title="Other")), monkeypatch)
    monitor = lab()
    async with running(monitor) as pilot:
        page = await opened(pilot)
        await pilot.press("enter")
        await until(pilot, phase(page, 0, READY))
        await pilot.press("escape", "down", "enter")
        await until(pilot, lambda: page.lesson is not None and page.lesson.name == "other")
        await until(pilot, phase(page, 0, READY))
        assert monitor.told("stop_actor") == [1]


async def test_the_page_shows_what_the_lesson_under_the_cursor_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    other = msgspec.structs.replace(two_steps(), name="other", title="Other", text="Something else happens.")
    shelf((two_steps(), other), monkeypatch)
    async with running(lab()) as pilot:
        page = await opened(pilot)
        await until(pilot, lambda: "Enter runs it." in screen_text(pilot))
        await pilot.press("down")
        await until(pilot, lambda: "Something else happens." in screen_text(pilot))
        assert f"2 steps, {other.expectations} things that are checked" in screen_text(pilot)
        await pilot.press("up", "enter")
        await until(pilot, phase(page, 0, READY))
        await pilot.press("escape", "down")
        await pilot.pause()
        assert "Something else happens." not in screen_text(pilot)  # one that is under way stays
        await pilot.press("space")
        await until(pilot, phase(page, 1, DONE))
        await pilot.press("up", "down")
        await until(pilot, lambda: "Something else happens." in screen_text(pilot))
        await pilot.press("up")
        await until(pilot, lambda: "All of it holds" in screen_text(pilot))


@pytest.mark.usefixtures("two")
async def test_auto_plays_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.lessons.READ_S", 0.0)
    monkeypatch.setattr("tui.screens.lessons.WORDS_PER_S", 1e6)
    async with running(lab()) as pilot:
        page = await opened(pilot)
        await pilot.press("enter")
        await until(pilot, phase(page, 0, READY))
        await pilot.press("A")
        await until(pilot, phase(page, 1, DONE))
        assert "auto" in title(pilot, LessonPane)


async def test_predict_asks_before_a_step_and_does_it_once_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf((lesson_named("three-way-handshake"),), monkeypatch)
    monitor = lab()
    async with running(monitor) as pilot:
        page = await opened(pilot)
        await pilot.press("P", "enter")
        await until(pilot, lambda: page.is_asking)
        shown = screen_text(pilot)
        assert "In which state will server be?" in shown
        assert "› start server server-by-hand" in shown
        assert monitor.told("start_actor") == []
        await pilot.press("d", "enter")
        await until(pilot, lambda: monitor.told("start_actor"))
        await until(pilot, lambda: "You said ESTABLISHED: not so" in screen_text(pilot))


async def test_a_question_may_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf((lesson_named("three-way-handshake"),), monkeypatch)
    monitor = lab()
    async with running(monitor) as pilot:
        page = await opened(pilot)
        await pilot.press("P", "enter")
        await until(pilot, lambda: page.is_asking)
        await pilot.press("escape")
        await until(pilot, lambda: not page.is_asking)
        await pilot.press("P", "space")
        await until(pilot, lambda: monitor.told("start_actor"))


# --- a whole handshake ------------------------------------------------------------------------------------------------


@pytest.fixture
def handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf holds the lesson of the handshake."""
    shelf((lesson_named("three-way-handshake"),), monkeypatch)


@pytest.mark.usefixtures("two")
async def test_a_refresh_that_fails_ends_a_step_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.answers.lessons.LOOK_LIMIT_S", 0.05)
    monitor = lab()
    async with running(monitor) as pilot:
        await opened(pilot)
        monitor.failure = EngineError("the sockets worker has ended")
        await pilot.press("enter")
        await until(pilot, lambda: any("did not come" in one.message for one in pilot.app._notifications))
        assert header(pilot)


# --- pictures ---------------------------------------------------------------------------------------------------------


def pressing(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, SockmonApp)
        await until(pilot, lambda: app._moment is not None)
        await shaken(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.05)
        await pilot.pause(0.1)

    return run


@pytest.mark.usefixtures("handshake")
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x48", "80x24"])
@pytest.mark.parametrize("theme", ["sockmon-dark", "sockmon-light"])
def test_a_lesson_looks_so(picture: Callable[..., bool], size: tuple[int, int], theme: str) -> None:
    app = SockmonApp(handshake_lab(), theme=theme, refresh_s=3600)
    assert picture(app, terminal_size=size, run_before=pressing())


def test_the_list_looks_so(picture: Callable[..., bool]) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await opened(pilot)
        await pilot.press("j", "j")
        await pilot.pause(0.1)

    app = SockmonApp(lab(), theme="sockmon-dark", refresh_s=3600)
    assert picture(app, terminal_size=NARROW, run_before=run)
