"""`sockmon doctor`: looks at the sockets of this machine for a few seconds and says what holds them, with figures."""

from __future__ import annotations

import os
import select
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence

import click
import msgspec

from engine.insight.judge import Judge
from engine.insight.rows import Rows
from engine.model.health import Degradation
from engine.model.messages import AskSockets, SocketsAnswer, SocketsOptions
from engine.model.snapshot import Snapshot
from engine.model.verdicts import Figure, Severity, Verdict
from engine.sockets.service import SocketsService
from engine.text.sanitize import printable
from engine.text.units import UNKNOWN, byte_rate, byte_size, count
from tui.cli.output import json_line

WATCH_S = 3.0
"""Long enough for the slowest rule that needs two looks (an end that is missing for 2 s)."""

LOOK_S = 0.5
"""Between two looks: a listener's queue that is full in two of them is no burst."""

LINE_CELLS = 100
"""A line of prose is read best when it is not longer; a narrower terminal decides."""

NO_FINDING = "No finding"
CAUTION = (
    "That is not to say that all is well: only what the figures can show was looked at (`sockmon explain no-finding`)."
)

OPTIONS = SocketsOptions(families=("tcp", "udp", "udpl"))


class Watched(msgspec.Struct, frozen=True):
    """What the looks came to."""

    verdicts: tuple[Verdict, ...]
    sockets: int
    seconds: float
    unjudged: int
    degradations: tuple[Degradation, ...]


@click.command("doctor", short_help="Say what holds the sockets of this machine.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one object a verdict, then a summary.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.5, max=3600),
    default=WATCH_S,
    show_default=True,
    help="How long to watch: rules that compare need two looks.",
)
def doctor_command(as_json: bool, seconds: float) -> None:
    """Watch the sockets of this machine for a few seconds and say what holds them now: readers that do not read, closed
    windows, full accept queues, sockets that nobody closes, loss, and more (`sockmon explain --list verdict`).

    Needs no right; with root the programs of other users have their names.
    """
    if not as_json:
        click.echo(f"watching the sockets of this machine for {seconds:g} s …", err=True)
    watched = watch(seconds)
    if as_json:
        for verdict in watched.verdicts:
            click.echo(json_line(verdict_object(verdict)))
        click.echo(json_line({"summary": _summary(watched)}))
        return
    _say(watched.degradations)
    width = _width()
    click.echo("\n".join(report_lines(watched, width)))


def watch(seconds: float) -> Watched:
    """Look every `LOOK_S` until `seconds` are over, then judge. Raises SourceError where no table can be read."""
    judge, sockets = Judge(), 0
    verdicts: tuple[Verdict, ...] = ()
    began = time.monotonic()
    degradations: Sequence[Degradation] = ()
    for snapshot, answer in _looks(seconds):
        verdicts = judge.take(snapshot)
        sockets, degradations = len(snapshot.entries), answer.degradations
    verdicts += judge.idle()
    return Watched(verdicts, sockets, round(time.monotonic() - began, 1), judge.unjudged, tuple(degradations))


def _looks(seconds: float) -> Iterator[tuple[Snapshot, SocketsAnswer]]:
    """The socket table again and again until so long after the first look, and once more; events are taken between."""
    service, rows = SocketsService(), Rows()
    labels = {os.getpid(): "sockmon"}
    try:
        last, until_s = False, 0.0
        while True:
            answer = service.answer(AskSockets(rows.generation, OPTIONS, labels), [])
            entries, changes = rows.apply(answer)
            yield (
                Snapshot(
                    time.time_ns(),
                    entries,
                    changes,
                    answer.closed,
                    answer.counters,
                    answer.source,
                    moved=answer.moved,
                    ephemeral=answer.ephemeral,
                ),
                answer,
            )
            if last:
                return
            until_s = until_s or time.monotonic() + seconds
            last = _listen(service, min(time.monotonic() + LOOK_S, until_s)) >= until_s
    finally:
        service.close()


def _listen(service: SocketsService, deadline: float) -> float:
    """Take the kernel's events in until then; the time afterwards."""
    while (left := deadline - time.monotonic()) > 0:
        for descriptor in select.select(list(service.watch()), [], [], left)[0]:
            service.readable(descriptor)
    return time.monotonic()


def report_lines(watched: Watched, width: int) -> list[str]:
    """The report as a person reads it: problems and warnings whole, notes in a sentence each."""
    loud = [one for one in watched.verdicts if one.severity is not Severity.NOTE]
    notes = [one for one in watched.verdicts if one.severity is Severity.NOTE]
    lines: list[str] = []
    for verdict in loud:
        lines += [*_whole(verdict, width), ""]
    if notes:
        lines.append("As often right as wrong:")
        for verdict in notes:
            lines += _wrapped(f"{verdict.rule}: {printable(verdict.sentence)}", width, "  ", "    ")
        lines.append("")
    return [*lines, *_wrapped(_last_line(watched), width)]


def _whole(verdict: Verdict, width: int) -> list[str]:
    paragraphs = [
        printable(verdict.sentence),
        " · ".join(f"{one.name} {figure_text(one)}" for one in verdict.evidence),
        f"Do: {printable(verdict.advice)}",
        f"Not this: {verdict.lookalike}",
        f"Ends when {verdict.ends_when}.",
    ]
    lines = [f"{verdict.severity.value.upper()}  {verdict.rule} ({verdict.certainty.value})"]
    for paragraph in paragraphs:
        lines += _wrapped(paragraph, width, "  ", "  ")
    return lines


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of a paragraph; CLOSE-WAIT stays one word."""
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def figure_text(figure: Figure) -> str:
    """A figure with its unit: `408,300 B`, `12.0 s`, `3 %`; a number that only names something (a PID) as it is."""
    value = figure.value
    if isinstance(value, str):
        return printable(value) or UNKNOWN
    if figure.unit == "B":
        return f"{count(value)} B" if isinstance(value, int) else byte_size(value)
    if figure.unit == "B/s":
        return byte_rate(value)
    return f"{value:,} {figure.unit}" if figure.unit else f"{value}"


def _last_line(watched: Watched) -> str:
    counts = _counts(watched.verdicts)
    where = f"among {count(watched.sockets)} sockets in {watched.seconds:g} s"
    said = [f"{counts[severity]} {severity.value}{'s' if counts[severity] != 1 else ''}" for severity in Severity]
    if not counts[Severity.PROBLEM] and not counts[Severity.WARNING]:
        noted = f", but {said[-1]}" if counts[Severity.NOTE] else ""
        return f"{NO_FINDING} {where}{noted}. {CAUTION}"
    return f"{', '.join(said)} {where}."


def _counts(verdicts: Sequence[Verdict]) -> dict[Severity, int]:
    return {severity: sum(one.severity is severity for one in verdicts) for severity in Severity}


def _summary(watched: Watched) -> dict[str, object]:
    counts = _counts(watched.verdicts)
    found = counts[Severity.PROBLEM] + counts[Severity.WARNING]
    return {
        "finding": bool(found),
        "sentence": _last_line(watched),
        "problems": counts[Severity.PROBLEM],
        "warnings": counts[Severity.WARNING],
        "notes": counts[Severity.NOTE],
        "sockets": watched.sockets,
        "seconds": watched.seconds,
        "unjudged": watched.unjudged,
        "degradations": [msgspec.structs.asdict(one) for one in watched.degradations],
    }


def verdict_object(verdict: Verdict) -> dict[str, object]:
    """A verdict as JSON has it: every field by its name."""
    found = msgspec.structs.asdict(verdict)
    found["subject"] = msgspec.structs.asdict(verdict.subject)
    found["evidence"] = [msgspec.structs.asdict(one) for one in verdict.evidence]
    return found


def _say(degradations: Sequence[Degradation]) -> None:
    for degradation in degradations:
        cure = f" ({degradation.cure})" if degradation.cure else ""
        click.echo(f"sockmon: {printable(degradation.sentence + cure)}", err=True)


def _width() -> int:
    try:
        return min(LINE_CELLS, os.get_terminal_size(sys.stdout.fileno()).columns)
    except OSError:
        return LINE_CELLS
