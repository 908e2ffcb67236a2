"""Screen 6: lessons run step by step, by themselves, with a question before each step, beside their ladder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from textual.pilot import Pilot

from engine.lessons.lesson import Lesson
from engine.lessons.library import lesson_named
from engine.lessons.run import Phase
from engine.model.errors import EngineError
from engine.model.flows import FlowEnd, LadderItem
from engine.model.lab import ActorReport, ActorSocket, ActorSpec, ActorState, Call
from engine.model.tcp import SocketState, TcpFlags
from tests.lessons_rig import CLIENT, CLIENT_KEY, CLIENT_PORT, LISTENER_KEY, SERVER, SERVER_PORT, Lab, lab, two_steps
from tests.tui.driving import NARROW, WIDE, footer, header, running, screen_text, title, until
from tests.tui.fakes import NOON_NS, entry, owner, packet, snapshot, status
from tests.tui.flows import flow
from tests.tui.flows import step as ladder_step
from tui.app import SockmonApp
from tui.screens.flow import FlowScreen
from tui.screens.lessons import LessonsScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.lesson_ladder import LessonLadderPane
from tui.widgets.lesson_list import LessonsPane
from tui.widgets.lesson_page import LessonPane
from tui.widgets.lesson_sockets import LessonSocketsPane

SYN, ACK = TcpFlags.SYN, TcpFlags.ACK
S = SocketState

LATER_NS = 4 * 10**18
"""After any step of a test began: year 2096."""

BEGIN = "Space begins."


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf holds one small lesson."""
    shelf((two_steps(),), monkeypatch)


def shelf(lessons: tuple[Lesson, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.answers.lessons.all_lessons", lambda: lessons)
    monkeypatch.setattr("tui.answers.lessons.LOOK_EVERY_S", 0.005)


async def opened(pilot: Pilot[None]) -> LessonPane:
    """Screen 6, its list there."""
    await pilot.press("6")
    await until(pilot, lambda: isinstance(pilot.app.screen, LessonsScreen) and len(list_of(pilot)._lessons))
    return pilot.app.screen.query_one(LessonPane)


def list_of(pilot: Pilot[None]) -> LessonsPane:
    return pilot.app.screen.query_one(LessonsPane)


def phase(page: LessonPane, step: int, *phases: Phase) -> Callable[[], bool]:
    return lambda: page.view is not None and page.view.step == step and page.view.phase in phases


READY, DONE = Phase.READY, Phase.DONE


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

LISTENING = entry(
    LISTENER_KEY, state=S.LISTEN, recv_q=0, send_q=128, local_port=SERVER_PORT, peer_address="0.0.0.0", peer_port=0,
    owners=owner("server-by-hand", 41_210, "server-by-hand"),
)  # fmt: skip
CONNECTED = entry(
    CLIENT_KEY, local_port=CLIENT_PORT, peer_port=SERVER_PORT,
    owners=owner("client-by-hand", 41_233, "client-by-hand"),
)  # fmt: skip


def handshake_lab() -> Lab:
    """A lab in which a client's handshake was captured."""
    monitor = lab(snapshot(entries=[LISTENING, CONNECTED], capture=status(last_number=0)))
    monitor.on_start = on_start
    ports = {"sport": CLIENT_PORT, "dport": SERVER_PORT}
    back = {"sport": SERVER_PORT, "dport": CLIENT_PORT}
    monitor.all_packets = [
        packet(1, flags=SYN, ts_ns=LATER_NS, info=f"{CLIENT_PORT} → {SERVER_PORT} [SYN] Seq=0", **ports),
        packet(2, flags=SYN | ACK, ts_ns=LATER_NS, info=f"{SERVER_PORT} → {CLIENT_PORT} [SYN, ACK] Seq=0", **back),
        packet(3, flags=ACK, ts_ns=LATER_NS, info=f"{CLIENT_PORT} → {SERVER_PORT} [ACK] Seq=1", **ports),
    ]
    ends = FlowEnd("127.0.0.1", CLIENT_PORT, S.ESTABLISHED), FlowEnd("127.0.0.1", SERVER_PORT, S.ESTABLISHED)
    monitor.all_flows = [flow(first=ends[0], second=ends[1], first_ns=NOON_NS)]
    items: list[LadderItem] = [
        ladder_step(1, 0.0, True, SYN, first_state=S.SYN_SENT, second_state=S.LISTEN),
        ladder_step(2, 0.031, False, SYN | ACK, first_state=S.ESTABLISHED, second_state=S.SYN_RECEIVED),
        ladder_step(3, 0.049, True, ACK, first_state=S.ESTABLISHED, second_state=S.ESTABLISHED),
    ]
    monitor.all_items = items
    return monitor


def on_start(spec: ActorSpec) -> ActorReport:
    if spec.kind == "server-by-hand":
        listener = ActorSocket(3, LISTENER_KEY, SERVER, "")
        return ActorReport(kind=spec.kind, pid=41_210, state=ActorState.RUNNING, local=SERVER, sockets=(listener,))
    connected = ActorSocket(3, CLIENT_KEY, CLIENT, SERVER)
    calls = (Call(1, NOON_NS, "connect", SERVER, "None", fd=3, cookie=CLIENT_KEY, duration_ns=41_000),)
    return ActorReport(
        kind=spec.kind, pid=41_233, state=ActorState.RUNNING, local=CLIENT, sockets=(connected,), calls=calls,
        calls_total=1,
    )  # fmt: skip


async def shaken(pilot: Pilot[None]) -> None:
    """The second step of the handshake is behind it."""
    page = await opened(pilot)
    await pilot.press("enter")
    await until(pilot, phase(page, 0, READY))
    await pilot.press("space")
    await until(pilot, phase(page, 1, READY))
    ladder = pilot.app.screen.query_one(LessonLadderPane)
    await until(pilot, lambda: len(ladder._window.rows) == 3)
    await pilot.pause()


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
