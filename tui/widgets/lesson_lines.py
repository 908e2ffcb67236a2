"""A lesson as lines: its text, the steps behind, the one that runs with its expectations, and its sockets. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.lessons.cast import Rows
from engine.lessons.lesson import Lesson, Prediction, Step
from engine.lessons.predicting import lettered
from engine.lessons.results import Mark, Sight
from engine.lessons.run import Phase, RunView
from engine.model.snapshot import Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.sanitize import printable, printable_within
from engine.text.units import count
from tui.widgets.pane import Words
from tui.widgets.sheet import Lines

DIM: Final = "$foreground 60%"

MARKS: Final[dict[Mark, Words]] = {
    Mark.AHEAD: ("·", DIM),
    Mark.WAITING: ("…", "$text-warning"),
    Mark.PASSED: ("✓", "$text-success"),
    Mark.FAILED: ("✗", "bold $text-error"),
    Mark.UNCHECKED: ("?", "$text-warning"),
}

STATE_STYLES: Final = {
    SocketState.LISTEN: "$text-success",
    SocketState.SYN_SENT: "$text-warning",
    SocketState.SYN_RECEIVED: "$text-warning",
    SocketState.ESTABLISHED: "",
    SocketState.CLOSE_WAIT: "#d98cff",
}
"""All others fade."""

PART_CELLS: Final = 18
STATE_CELLS: Final = 12
QUEUE_CELLS: Final = 9


@dataclass(frozen=True)
class Said:
    """What a student answered before a step, whether that was right, and what would have been."""

    text: str
    right: bool
    answer: str


def page_lines(
    lesson: Lesson,
    view: RunView | None,
    said: dict[int, Said],
    asked: Prediction | None,
    room: int,
) -> tuple[Lines, int]:
    """The whole page, and the line on which the step that matters begins. `said` is by step, `asked` the question that
    stands now."""
    lines: Lines = [[(lesson.title, "bold")], *_filled(lesson.text, room, ""), []]
    current = view.step if view is not None else -1
    begins = 0
    for number in range(current + 1):
        if number == current:
            begins = len(lines)
        lines += _step_lines(lesson, view, number, said.get(number), number == current, room)
    if asked is not None:
        begins = len(lines)
        lines += _question_lines(lesson.steps[current + 1], asked, room)
    elif view is None or view.phase is Phase.READY:
        lines += [[("Space", "bold $text-primary"), (" does the next step." if current >= 0 else " begins.", DIM)]]
    elif view.phase is Phase.DONE:
        lines += _end_lines(view, room)
    return lines, begins


def preview_lines(lesson: Lesson, room: int) -> Lines:
    """What a lesson is about, before anybody has begun it."""
    checks = f"{len(lesson.steps)} steps, {lesson.expectations} things that are checked"
    return [
        [(lesson.title, "bold")],
        *_filled(lesson.text, room, ""),
        [],
        [(checks, DIM)],
        [("Enter", "bold $text-primary"), (" runs it.", DIM)],
    ]


def _step_lines(
    lesson: Lesson, view: RunView | None, number: int, said: Said | None, current: bool, room: int
) -> Lines:
    step = lesson.steps[number]
    sights = view.sights[number] if view is not None else ()
    head = f"{number + 1}/{len(lesson.steps)}"
    if not current:
        marks = {sight.mark for sight in sights}
        mark = MARKS[next((one for one in (Mark.FAILED, Mark.UNCHECKED) if one in marks), Mark.PASSED)]
        short = printable_within(" ".join(step.say.split()), max(8, room - len(head) - 3))
        return [[mark, (f" {head} {short}", DIM)]]
    lines: Lines = [[], [(head, "bold $text-primary")]]
    lines += _filled(step.say, room, "bold")
    if step.look:
        lines += _filled(f"Look: {step.look}", room, "$text-accent")
    lines += _doing_lines(step, room)
    if said is not None:
        verdict = ("right", "bold $text-success") if said.right else ("not so", "bold $text-warning")
        lines.append([("You said ", DIM), (printable_within(said.text, room // 2), ""), (": ", DIM), verdict])
        if not said.right:
            lines += _filled(f"It is {said.answer}", room, "")
    if sights:
        lines.append([])
    for sight in sights:
        lines += _sight_lines(sight, room)
    return [*lines, []]


def _sight_lines(sight: Sight, room: int) -> Lines:
    """The mark and what is expected; what was seen stands behind it where there is room, else below."""
    mark = MARKS[sight.mark]
    if sight.mark is Mark.WAITING:
        seen = f"{sight.seen or 'waiting'}, {sight.waited_s:.1f} s"
    else:
        seen = sight.why or (f"frame {sight.frame}" if sight.frame and sight.mark is Mark.PASSED else sight.seen)
    seen = printable(seen)
    style = {Mark.FAILED: "bold", Mark.AHEAD: DIM}.get(sight.mark, "")
    colour = "$text-error" if sight.mark is Mark.FAILED else DIM
    expected = printable(sight.expected)
    if not seen:
        return [[mark, (f" {expected}", style)]]
    if len(expected) + len(seen) + 5 <= room:
        return [[mark, (f" {expected}", style), (f"   {seen}", colour)]]
    wrapped = textwrap.wrap(seen, max(8, room - 4)) or [seen]
    return [[mark, (f" {expected}", style)], *([(f"    {line}", colour)] for line in wrapped)]


def _question_lines(step: Step, asked: Prediction, room: int) -> Lines:
    """What is about to be done, and the question."""
    lines: Lines = [[], *_doing_lines(step, room), [], *_filled(asked.question, room, "bold")]
    lines += [[(f"  {letter} ", "bold $text-accent"), (choice, "$text-accent")] for letter, choice in lettered(asked)]
    return [*lines, []]


def _doing_lines(step: Step, room: int) -> Lines:
    return [[("› ", DIM), (printable_within(doing.text, max(8, room - 2)), DIM)] for doing in step.do]


def _end_lines(view: RunView, room: int) -> Lines:
    if view.fault is not None:
        fault = view.fault
        return [
            [],
            [("It does not hold: ", "bold $text-error"), (f"line {fault.line}", "")],
            *_filled(f"expected {fault.expected}", room, ""),
            *_filled(f"seen {fault.seen}", room, "$text-error"),
            [("Backspace", "bold $text-primary"), (" begins again.", DIM)],
        ]
    unchecked = [sight for step in view.sights for sight in step if sight.mark is Mark.UNCHECKED]
    left = f", {len(unchecked)} could not be checked here" if unchecked else ""
    return [
        [],
        [("✓ All of it holds", "bold $text-success"), (left, "$text-warning")],
        *(_filled(unchecked[0].why, room, DIM) if unchecked else []),
        [("Its actors run on until you leave it: look around. ", DIM)],
        [("Backspace", "bold $text-primary"), (" begins again.", DIM)],
    ]


def _filled(text: str, room: int, style: str) -> Lines:
    """Running text in lines of this width; blank lines part its paragraphs."""
    lines: Lines = []
    for paragraph in text.split("\n\n"):
        if lines:
            lines.append([])
        lines += [[(line, style)] for line in textwrap.wrap(printable(" ".join(paragraph.split())), max(8, room))]
    return lines


def progress_words(view: RunView | None, lesson: Lesson | None) -> str:
    """`step 3 of 7`; empty before the first."""
    if view is None or lesson is None or view.step < 0:
        return ""
    return f"step {view.step + 1} of {len(lesson.steps)}"


# --- the sockets of a lesson ------------------------------------------------------------------------------------------


def socket_lines(view: RunView | None, snapshot: Snapshot) -> Lines:
    """A line a socket of the lesson's actors, with what the kernel holds now; one that is gone stays, as CLOSED."""
    if view is None or not view.sockets:
        return []
    rows = Rows(snapshot)
    head = (
        f"{'':<{PART_CELLS}} {'State':<{STATE_CELLS}} {'Recv-Q':>{QUEUE_CELLS}} {'Send-Q':>{QUEUE_CELLS}}  Local → Peer"
    )
    lines: Lines = [[(head, "bold $foreground 70%")]]
    for part, seen in view.sockets:
        entry = rows.of(seen)
        name = f"{printable_within(str(part), PART_CELLS):<{PART_CELLS}} "
        state = entry.state if entry is not None else SocketState.CLOSED
        ends = f"{seen.local} → {seen.peer}" if seen.peer else seen.local
        style = STATE_STYLES.get(state, DIM)
        lines.append([(name, "bold"), (f"{state.value:<{STATE_CELLS}} ", style), *_queues(entry), (f"  {ends}", DIM)])
    return lines


def _queues(entry: SocketEntry | None) -> Sequence[Words]:
    if entry is None:
        return [(f"{'-':>{QUEUE_CELLS}} {'-':>{QUEUE_CELLS}}", DIM)]
    return [
        (f"{count(value):>{QUEUE_CELLS}}{gap}", "bold" if value else DIM)
        for value, gap in ((entry.recv_q, " "), (entry.send_q, ""))
    ]
