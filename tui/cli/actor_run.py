"""Runs one actor from the command line: says where it is, prints its calls, and holds it until it is done or Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from engine.lab.catalogue import KINDS
from engine.model.errors import LabError
from engine.model.lab import ActorReport, ActorSpec, ActorState, Call
from engine.text.sanitize import printable
from tui.cli.output import json_line
from tui.cli.session import Session

POLL_S = 0.05

ENDED = frozenset({ActorState.DONE, ActorState.FAILED, ActorState.STOPPED})


def run_actor(session: Session, spec: ActorSpec, *, show_calls: bool, as_json: bool) -> None:
    """Start the actor and follow it to its end. Raises LabError if it fails; Ctrl-C stops it."""
    monitor = session.monitor()
    view = monitor.start_actor(spec)
    report = view.report
    shown_calls = shown_notes = 0
    try:
        if report.state is not ActorState.FAILED:
            where = f" {report.local}" if report.local else ""
            click.echo(f"{KINDS[spec.kind].title}{where} (PID {report.pid}); Ctrl-C ends it", err=True)
        for report in reports(session, view.number):
            for call in report.calls:
                if show_calls and call.number > shown_calls:
                    click.echo(json_line({"call": call}) if as_json else call_line(call))
                    shown_calls = call.number
            first = report.notes_forgotten
            for position, note in enumerate(report.notes, first):
                if position >= shown_notes:
                    click.echo(printable(note), err=True)
                    shown_notes = position + 1
    except KeyboardInterrupt:
        report = monitor.stop_actor(view.number)
    if report.state is ActorState.FAILED:
        raise LabError(report.error)
    click.echo(json_line({"summary": summary(report)}) if as_json else closing_line(report))


def reports(session: Session, number: int) -> Iterator[ActorReport]:
    """The actor's reports, a few a second, until it has ended; the last one included."""
    while True:
        report = next(view.report for view in session.monitor().actors() if view.number == number)
        yield report
        if report.state in ENDED:
            return
        session.pause(POLL_S)


def call_line(call: Call) -> str:
    """A socket call as the lab screen prints it: `15:04:19.210  send(65536) = 49152`."""
    clock = time.strftime("%H:%M:%S", time.localtime(call.ts_ns // 1_000_000_000))
    arrow = "→" if call.raised or call.errno else "="
    return f"{clock}.{call.ts_ns // 1_000_000 % 1000:03}  {call.name}({call.arguments}) {arrow} {call.result}"


def summary(report: ActorReport) -> dict[str, object]:
    """What an actor did, for JSON."""
    names = ("kind", "pid", "state", "local", "connections_total", "sent", "received", "full", "partial", "refused")
    return {name: getattr(report, name) for name in names} | {"reply": printable(report.reply)}


def closing_line(report: ActorReport) -> str:
    """What an actor did, in a line; a reply of several lines, such as ping's statistics, below it."""
    did = f"{report.kind} {report.state}: sent {report.sent:,} bytes, received {report.received:,}"
    lines = [printable(line) for line in report.reply.splitlines()]
    if len(lines) > 1:
        return "\n".join((did, *lines))
    return f"{did}; reply: {lines[0]}" if lines else did
