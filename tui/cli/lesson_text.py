"""Lessons as text for a terminal: what a step says as it runs, and a line or two for what became of it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Final

from engine.lessons.results import LessonResult, Mark, Sight
from engine.lessons.run import Phase, RunView
from engine.text.sanitize import printable

WIDTH: Final = 100
"""Columns of running text."""

MARKS: Final = {
    Mark.AHEAD: " ",
    Mark.WAITING: "…",
    Mark.PASSED: "✓",
    Mark.FAILED: "✗",
    Mark.UNCHECKED: "?",
}


class Teller:
    """Tells a lesson as it runs: called with every view of it, prints what is new."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._steps_told = 0
        self._marks_told = 0

    def __call__(self, view: RunView) -> None:
        lesson = view.lesson
        if view.step < 0 or view.phase is Phase.ENDED:
            return
        if view.step >= self._steps_told:
            if not view.step:
                self._say(f"{printable(lesson.title)}\n\n{filled(lesson.text)}")
            step = lesson.steps[view.step]
            self._say(f"\n{view.step + 1}/{len(lesson.steps)}  {filled(step.say, '     ').strip()}")
            if step.look:
                self._say(filled(f"Look: {step.look}", "     "))
            for doing in step.do:
                self._say(f"     > {printable(doing.text)}")
            self._steps_told = view.step + 1
            self._marks_told = 0
        if view.phase in (Phase.READY, Phase.DONE):
            for sight in view.sights[view.step][self._marks_told :]:
                self._say(f"     {sight_line(sight)}")
                self._marks_told += 1


def filled(text: str, indent: str = "") -> str:
    """Running text, broken into lines; blank lines part its paragraphs."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        textwrap.fill(printable(" ".join(paragraph.split())), WIDTH, initial_indent=indent, subsequent_indent=indent)
        for paragraph in paragraphs
    )


def sight_line(sight: Sight) -> str:
    """`✓ recvq server == 5   5`."""
    seen = sight.why if sight.mark is Mark.UNCHECKED else sight.seen
    return f"{MARKS[sight.mark]} {printable(sight.expected)}   {printable(seen)}".rstrip()


def result_lines(result: LessonResult) -> list[str]:
    """What became of a lesson."""
    unchecked = result.of(Mark.UNCHECKED)
    passed = len(result.of(Mark.PASSED))
    mark = "✗" if not result.ok else "?" if unchecked else "✓"
    lines = [f"{mark} {result.name:<28} {passed:>2} of {len(result.sights)}  {result.seconds:5.1f} s"]
    fault = result.fault
    if fault is not None:
        lines.append(f"    {printable(result.file)}:{fault.line}: expected {printable(fault.expected)}")
        lines.append(f"    seen {printable(fault.seen)}")
    for why in dict.fromkeys(sight.why for sight in unchecked):
        count = sum(sight.why == why for sight in unchecked)
        lines.append(f"    {count} not checked: {printable(why)}")
    return lines
