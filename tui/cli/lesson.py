"""`sockmon lesson`: list the lessons, run them, check a file, begin a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from engine.lessons.course import AT_ONCE, Course
from engine.lessons.facts import FACTS
from engine.lessons.lesson import Lesson
from engine.lessons.library import all_lessons, lesson_named
from engine.lessons.reading import check_file
from engine.lessons.results import LessonResult, Mark, Sight
from engine.lessons.stage import Stage
from engine.lessons.template import write_template
from engine.text.sanitize import printable
from tui.cli.lesson_text import Teller, result_lines
from tui.cli.output import json_line
from tui.cli.session import Session, session_of

POLL_S = 0.05

DOES_NOT_HOLD = 1


@click.group("lesson")
def lesson_command() -> None:
    """Lessons that make a textbook state on this machine and check it against kernel, program and wire."""


@lesson_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines.")
def list_command(as_json: bool) -> None:
    """List the lessons in the order of the course."""
    for lesson in all_lessons():
        if as_json:
            fields = {"name": lesson.name, "title": lesson.title, "topics": list(lesson.topics)}
            click.echo(json_line({**fields, "steps": len(lesson.steps), "expectations": lesson.expectations}))
        else:
            click.echo(f"{lesson.name:<28} {printable(lesson.title)}")


@lesson_command.command("run")
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--all", "every", is_flag=True, help="Run all lessons.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: one object a lesson, then a summary.")
@click.option(
    "--at-once", type=click.IntRange(1, 16), default=AT_ONCE, show_default=True, help="Lessons that run side by side."
)
@click.pass_context
def run_command(ctx: click.Context, names: tuple[str, ...], every: bool, as_json: bool, at_once: int) -> None:
    """Run lessons, each to its end: by name, or by the path of a TOML file.

    One that is run alone tells its text and steps as it goes. Exit code 1 if an expectation does not hold; one that
    cannot be checked here (no right to capture, no IPv6) is told, and is no failure.
    """
    if every == bool(names):
        raise click.UsageError("name lessons, or say --all (`sockmon lesson list` shows them)")
    lessons = all_lessons() if every else [lesson_named(name) for name in names]
    session = session_of(ctx)
    teller = Teller(click.echo) if len(lessons) == 1 and not as_json else None
    results: list[LessonResult] = []
    for result in run_all(session, lessons, at_once, teller):
        results.append(result)
        if as_json:
            click.echo(json_line(result.as_json()))
        else:
            for line in result_lines(result):
                click.echo(line)
    if as_json:
        click.echo(json_line({"summary": summary(results)}))
    elif len(results) > 1:
        click.echo(closing_line(results))
    ctx.exit(0 if all(result.ok for result in results) else DOES_NOT_HOLD)


def run_all(session: Session, lessons: list[Lesson], at_once: int, teller: Teller | None) -> Iterator[LessonResult]:
    """The results as they come. Ctrl-C ends all runs."""
    stage = Stage(session.monitor())
    stage.prepare(lessons)
    course = Course(lessons, stage, at_once, teller)
    course.start()
    try:
        while not course.over:
            result = course.next_result(POLL_S)
            if result is not None:
                yield result
            session.pause(0)
    finally:
        course.end()


def summary(results: list[LessonResult]) -> dict[str, object]:
    """All results in numbers."""
    sights = [sight for result in results for sight in result.sights]
    return {
        "lessons": len(results),
        "ok": sum(result.ok for result in results),
        "failed": [result.name for result in results if not result.ok],
        "expectations": len(sights),
        "unchecked": sum(sight.mark is Mark.UNCHECKED for sight in sights),
    }


def closing_line(results: list[LessonResult]) -> str:
    """`44 lessons: 43 hold, 1 does not; 612 expectations, 14 not checked`."""
    failed = sum(not result.ok for result in results)
    sights: list[Sight] = [sight for result in results for sight in result.sights]
    unchecked = sum(sight.mark is Mark.UNCHECKED for sight in sights)
    broken = f", {failed} {'does' if failed == 1 else 'do'} not" if failed else ""
    left = f", {unchecked} not checked" if unchecked else ""
    return f"{len(results)} lessons: {len(results) - failed} hold{broken}; {len(sights)} expectations{left}"


@lesson_command.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.pass_context
def check_command(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """Read lessons and tell every fault with line and column; nothing is started.

    Exit code 1 if there is a fault.
    """
    sound = True
    for path in files:
        lesson, faults = check_file(path)
        for fault in faults:
            click.echo(printable(str(fault)))
        sound = sound and not faults
        if lesson is not None:
            click.echo(
                f"{printable(str(path))}: {len(lesson.steps)} steps, {lesson.expectations} expectations, no fault"
            )
    ctx.exit(0 if sound else DOES_NOT_HOLD)


@lesson_command.command("new")
@click.argument("name")
def new_command(name: str) -> None:
    """Write NAME.toml in this folder: a small lesson that runs, to go on from."""
    path = write_template(Path.cwd(), name.removesuffix(".toml"), tuple(FACTS))
    click.echo(f"wrote {path.name}; `sockmon lesson run {path.name}` runs it")
