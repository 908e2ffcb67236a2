"""The page of a lesson as lines, its sockets, and the questions before its steps."""

from __future__ import annotations

from typing import Any

import pytest

from engine.lessons.cast import SeenSocket
from engine.lessons.lesson import Part, Prediction, Spot, Step
from engine.lessons.predicting import given, is_right, lettered, prediction_of
from engine.lessons.results import Fault, Mark, Sight, ahead
from engine.lessons.run import Phase, RunView
from engine.model.tcp import SocketState
from tests.lessons_rig import CLIENT, CLIENT_KEY, LISTENER_KEY, SERVER, SERVER_PORT, step, two_steps
from tests.tui.fakes import entry, snapshot
from tui.widgets.columns import Ink
from tui.widgets.lesson_cases import cases_of
from tui.widgets.lesson_lines import Said, page_lines, progress_words, socket_lines
from tui.widgets.lesson_list import mark_of
from tui.widgets.sheet import Lines

LESSON = two_steps()

PASSED = Sight("actor server == running", Spot(7, 1), Mark.PASSED, "running")
WAITING = Sight("actor client == running", Spot(11, 1), Mark.WAITING, "-", waited_s=1.2)
FOUND = Sight("packet [SYN] from client", Spot(11, 1), Mark.PASSED, "frame 41: 40003 → 8080 [SYN]", frame=41)
FAILED = Sight("packet [SYN] from client", Spot(11, 1), Mark.FAILED, "none")
UNCHECKED = Sight("packet [SYN] from client", Spot(11, 1), Mark.UNCHECKED, why="packets need a right")


def view(phase: Phase, number: int, *sights: Sight, **changes: Any) -> RunView:
    """A run whose first step passed and whose second stands so."""
    return RunView(LESSON, phase, number, ((PASSED,), sights) if sights else ahead(LESSON), **changes)


def texts(lines: Lines) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def page(
    run: RunView | None, said: dict[int, Said] | None = None, asked: Prediction | None = None, room: int = 60
) -> list[str]:
    return texts(page_lines(LESSON, run, said or {}, asked, room)[0])


def test_a_lesson_that_has_not_begun_shows_its_text() -> None:
    assert page(None) == ["Both ends", "Of one connection.", "", "Space begins."]


def test_the_step_that_runs_shows_what_it_does_and_expects() -> None:
    assert page(view(Phase.WATCHING, 1, WAITING, FOUND))[3:] == [
        "✓ 1/2 The server listens.",
        "",
        "2/2",
        "The client connects.",
        "› start client client-by-hand to=server",
        '› send client "Hello"',
        "",
        "… actor client == running   -, 1.2 s",
        "✓ packet [SYN] from client   frame 41",
        "",
    ]


def test_the_page_is_scrolled_to_the_step_that_runs() -> None:
    lines, begins = page_lines(LESSON, view(Phase.WATCHING, 1, WAITING), {}, None, 60)
    assert texts(lines)[begins : begins + 2] == ["", "2/2"]


def test_what_was_seen_stands_below_where_there_is_no_room_beside() -> None:
    shown = page(view(Phase.DONE, 1, FAILED, UNCHECKED), room=34)
    assert "✗ packet [SYN] from client   none" in shown
    at = shown.index("? packet [SYN] from client")
    assert shown[at + 1] == "    packets need a right"


def test_a_lesson_that_holds_says_so_and_what_was_not_checked() -> None:
    shown = page(view(Phase.DONE, 1, FOUND, UNCHECKED))
    assert "✓ All of it holds, 1 could not be checked here" in shown


def test_a_lesson_that_does_not_hold_says_where() -> None:
    shown = page(view(Phase.DONE, 1, FAILED, fault=Fault(11, "packet [SYN] from client", "none")))
    assert shown[-4:] == [
        "It does not hold: line 11",
        "expected packet [SYN] from client",
        "seen none",
        "Backspace begins again.",
    ]


def test_a_question_stands_below_what_is_about_to_be_done() -> None:
    asked = Prediction("Which flags?", "SYN", ("SYN", "ACK"))
    assert page(view(Phase.READY, 0), asked=asked)[-7:] == [
        "› start client client-by-hand to=server",
        '› send client "Hello"',
        "",
        "Which flags?",
        "  a SYN",
        "  b ACK",
        "",
    ]


def test_an_answer_is_shown_with_its_step() -> None:
    wrong = page(view(Phase.READY, 1, FOUND), {1: Said("ACK", False, "SYN")})
    assert "You said ACK: not so" in wrong
    assert "It is SYN" in wrong
    right = page(view(Phase.READY, 1, FOUND), {1: Said("SYN", True, "SYN")})
    assert "You said SYN: right" in right
    assert "It is SYN" not in right


def test_text_from_actors_never_reaches_the_terminal_raw() -> None:
    hostile = Sight("reply client == x", Spot(), Mark.FAILED, "\x1b[2J")
    assert not any("\x1b" in line for line in page(view(Phase.DONE, 1, hostile)))


def test_progress_counts_from_one() -> None:
    assert progress_words(view(Phase.READY, 1, FOUND), LESSON) == "step 2 of 2"
    assert progress_words(None, LESSON) == ""


@pytest.mark.parametrize(
    ("run", "mark"),
    [
        (view(Phase.READY, 0), ("▶", Ink.ACCENT)),
        (view(Phase.WATCHING, 1, WAITING), ("▶", Ink.ACCENT)),
        (view(Phase.DONE, 1, FOUND), ("✓", Ink.GOOD)),
        (view(Phase.DONE, 1, UNCHECKED), ("?", Ink.WARN)),
        (view(Phase.DONE, 1, FAILED, fault=Fault(11, "x", "y")), ("✗", Ink.BAD)),
    ],
)
def test_the_list_marks_how_a_lesson_stands(run: RunView, mark: tuple[str, Ink]) -> None:
    assert mark_of(run) == mark


def test_the_sockets_of_a_lesson_stand_under_its_names_and_gone_ones_are_closed() -> None:
    sockets = (
        (Part("server", "listener"), SeenSocket(LISTENER_KEY, SERVER, "")),
        (Part("client", "1"), SeenSocket(CLIENT_KEY, CLIENT, SERVER)),
    )
    run = view(Phase.READY, 0, sockets=sockets)
    listening = entry(LISTENER_KEY, state=SocketState.LISTEN, recv_q=1, send_q=128, local_port=SERVER_PORT, peer_port=0)
    shown = texts(socket_lines(run, snapshot(entries=[listening])))
    assert shown[1].split() == ["server.listener", "LISTEN", "1", "128", SERVER]
    assert shown[2].split() == ["client.1", "CLOSED", "-", "-", CLIENT, "→", SERVER]
    assert socket_lines(None, snapshot()) == []


def test_a_step_is_asked_about_by_its_own_question_its_state_or_its_flags() -> None:
    own = Step("x", Spot(), predict=Prediction("Why?", "because"))
    assert prediction_of(own) == Prediction("Why?", "because")
    state = prediction_of(step("recvq server == 0", "state server.1 == CLOSE-WAIT"))
    assert state is not None
    assert (state.question, state.answer) == ("In which state will server.1 be?", "CLOSE-WAIT")
    assert "CLOSE-WAIT" in state.choices
    assert len(state.choices) == 4
    flags = prediction_of(step("packet [FIN, ACK] from client"))
    assert flags == Prediction("Which flags will client's next segment carry?", "FIN, ACK")
    assert prediction_of(step("recvq server == 0", "no packet [FIN] from client for 1s")) is None


def test_an_answer_may_be_a_letter_or_words() -> None:
    asked = Prediction("?", "SYN, ACK", ("ACK", "SYN, ACK"))
    assert lettered(asked) == [("a", "ACK"), ("b", "SYN, ACK")]
    assert given(asked, " b ") == "SYN, ACK"
    assert is_right(asked, "B")
    assert is_right(asked, "syn,ack")
    assert not is_right(asked, "a")
    assert not is_right(asked, "c")


def test_the_words_of_a_step_are_explained_with_what_was_seen() -> None:
    asked = step(
        "state server == CLOSE-WAIT", "recvq server > 0", "packet [FIN, ACK] from client", "errno client == EPIPE"
    )
    seen = Sight("state server == CLOSE-WAIT", Spot(), Mark.PASSED, "CLOSE-WAIT")
    cases = {case.explanation.name: case.here for case in cases_of(asked, [seen])}
    assert list(cases) == ["CLOSE-WAIT", "recv_q", "FIN", "ACK", "EPIPE"]
    assert cases["CLOSE-WAIT"] == "Here: state server == CLOSE-WAIT; seen CLOSE-WAIT."
    assert cases["recv_q"] == ""


def test_the_words_of_every_other_fact_are_explained_too() -> None:
    asked = step(
        "counter TcpExtListenOverflows > 0", "option server SO_RCVBUF == 1", "sockets server TIME-WAIT == 1",
        "verdict server == zero-window", "finding keep_alive", "passed client SYN-SENT", "call client recv == x",
        "local client == local server", "sendq client == sendq server",
    )  # fmt: skip
    names = {case.explanation.name for case in cases_of(asked, ())}
    assert names >= {
        "TcpExtListenOverflows",
        "SO_RCVBUF",
        "TIME-WAIT",
        "zero-window",
        "keep_alive",
        "SYN-SENT",
        "send_q",
    }


def test_the_calls_of_a_step_are_explained() -> None:
    names = {case.explanation.name for case in cases_of(LESSON.steps[1], ())}
    assert {"SYN", "send"} <= names
