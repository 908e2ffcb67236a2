"""The shipped lessons, the template of a new one, numbers as lessons write them, and results as text and JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lessons.facts import FACTS
from engine.lessons.lesson import Lesson, Spot
from engine.lessons.library import all_lessons, lesson_named, shelf
from engine.lessons.numbers import number_of, seconds_of, shown
from engine.lessons.reading import check_file
from engine.lessons.results import Fault, LessonResult, Mark, Sight
from engine.lessons.run import Phase, RunView
from engine.lessons.template import write_template
from engine.model.errors import BadInput
from tests.lessons_rig import two_steps
from tui.cli.lesson import closing_line, summary
from tui.cli.lesson_text import Teller, filled, result_lines

LESSONS = all_lessons()

PROMISED = {
    "accept-second-socket", "accept-queue", "background-connect", "blocking", "both-wait", "buffer-sizes", "bytes",
    "close-wait", "close-without-fin", "echo", "ends-of-messages", "eof", "ephemeral-ports", "fin-wait-2", "five-tuple",
    "graceful-close", "half-close", "keep-alive", "nagle", "names", "no-flush", "partial-send", "ping",
    "port-unreachable", "refused", "reset", "reuse", "select-lists", "simultaneous-close", "six-styles", "sniffer",
    "sntp", "socket-calls", "three-way-handshake", "time-wait", "timeout-traps", "tutorial-netstat", "two-families",
    "udp-against-tcp", "unanswered", "unix-sockets", "who-can-reach-me", "zero-window",
}  # fmt: skip


def test_every_promised_lesson_is_there() -> None:
    assert {lesson.name for lesson in LESSONS} >= PROMISED


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_shipped_lesson_teaches_in_every_step(lesson: Lesson) -> None:
    assert lesson.topics
    assert len(lesson.text) > 100
    assert all(step.say.endswith((".", "?", "!", ")")) for step in lesson.steps)
    assert all(step.expect for step in lesson.steps)
    assert any(step.look for step in lesson.steps)
    assert any(step.predict for step in lesson.steps)


def test_the_names_on_the_shelf_are_unique_and_in_the_order_of_the_course() -> None:
    numbers = [int(path.name.partition("-")[0]) for path in shelf().values()]
    assert numbers == sorted(set(numbers))
    assert len(shelf()) == len(LESSONS)


def test_a_lesson_is_found_by_name_or_by_path() -> None:
    assert lesson_named("echo").title == "Echo"
    assert lesson_named(str(shelf()["echo"])).name == "echo"
    with pytest.raises(BadInput, match=r"no lesson 'wait'.*did you mean both-wait, "):
        lesson_named("wait")
    with pytest.raises(BadInput, match=r"did you mean echo\?"):
        lesson_named("ehco")
    with pytest.raises(BadInput, match="shows all"):
        lesson_named("xyzzy")


def test_a_new_lesson_has_no_fault_and_overwrites_nothing(tmp_path: Path) -> None:
    path = write_template(tmp_path, "my-lesson", tuple(FACTS))
    lesson, faults = check_file(path)
    assert not faults
    assert lesson is not None
    assert lesson.title == "My lesson"
    with pytest.raises(BadInput, match="is there already"):
        write_template(tmp_path, "my-lesson", ())
    with pytest.raises(BadInput, match="no name of a lesson"):
        write_template(tmp_path, "../x", ())
    with pytest.raises(BadInput, match="No such file"):
        write_template(tmp_path / "nowhere", "x", ())


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1,024", 1_024), ("100k", 100_000), ("64Ki", 65_536), ("2M", 2e6), ("0.5s", 0.5), ("200ms", 0.2)],
)
def test_numbers_are_read(text: str, value: float) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize("text", ["", "x", "-1", "1,2", "1e9", "k", "٣", "1 0", "9" * 20])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_of(text) is None
    assert seconds_of("3") is None


def test_numbers_are_shown_for_people() -> None:
    assert [shown(value) for value in (0.0, 408_300.0, 0.25)] == ["0", "408,300", "0.25"]


PASSED = Sight("recvq server == 5", Spot(9, 3), Mark.PASSED, "5")
UNCHECKED = Sight("packet [SYN]", Spot(10, 3), Mark.UNCHECKED, why="packets need a right")
FAILED = Sight("state server == LISTEN", Spot(11, 3), Mark.FAILED, "CLOSED")
HOLDS = LessonResult("echo", "echo.toml", (PASSED,), 0.51)
PARTLY = LessonResult("echo", "echo.toml", (PASSED, UNCHECKED), 0.51)
BROKEN = LessonResult("echo", "echo.toml", (PASSED, FAILED), 1.0, Fault(11, "state server == LISTEN", "CLOSED"))


def test_a_result_is_one_object() -> None:
    assert HOLDS.as_json() == {"name": "echo", "ok": True, "expectations": 1, "unchecked": 0, "seconds": 0.51}
    assert BROKEN.as_json() == {
        "name": "echo",
        "ok": False,
        "expectations": 2,
        "unchecked": 0,
        "seconds": 1.0,
        "file": "echo.toml",
        "line": 11,
        "expected": "state server == LISTEN",
        "seen": "CLOSED",
    }


def test_a_result_is_told_in_a_few_lines() -> None:
    assert result_lines(HOLDS) == ["✓ echo                          1 of 1    0.5 s"]
    assert result_lines(PARTLY)[1:] == ["    1 not checked: packets need a right"]
    assert result_lines(BROKEN)[1:] == ["    echo.toml:11: expected state server == LISTEN", "    seen CLOSED"]


def test_all_results_are_summed_up() -> None:
    assert summary([HOLDS, PARTLY, BROKEN]) == {
        "lessons": 3,
        "ok": 2,
        "failed": ["echo"],
        "expectations": 5,
        "unchecked": 1,
    }
    assert closing_line([HOLDS, PARTLY, BROKEN]) == "3 lessons: 2 hold, 1 does not; 5 expectations, 1 not checked"
    assert closing_line([HOLDS, HOLDS]) == "2 lessons: 2 hold; 2 expectations"


def test_a_lesson_is_told_as_it_runs() -> None:
    said: list[str] = []
    teller = Teller(lambda line: said.append(line))
    lesson = two_steps()
    teller(RunView(lesson, Phase.READY, -1, ()))
    teller(RunView(lesson, Phase.DOING, 0, ((PASSED,), ())))
    teller(RunView(lesson, Phase.READY, 0, ((PASSED,), ())))
    assert said == [
        "Both ends\n\nOf one connection.",
        "\n1/2  The server listens.",
        "     > start server server-by-hand",
        "     ✓ recvq server == 5   5",
    ]
    teller(RunView(lesson, Phase.DONE, 1, ((PASSED,), (UNCHECKED,))))
    assert said[-1] == "     ? packet [SYN]   packets need a right"


def test_text_is_broken_into_lines_and_never_reaches_the_terminal_raw() -> None:
    assert filled("one\ntwo\n\nthree", "  ") == "  one two\n\n  three"
    assert "\x1b" not in filled("\x1b[2J")
