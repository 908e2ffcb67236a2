"""Runs one actor from the command line: says where it is, prints its calls, and holds it until it is done or Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from engine.lab.by_hand import NO_MORE
from engine.lab.catalogue import KINDS, ActorKind
from engine.lab.shown import shown_outcome
from engine.model.errors import BadInput, LabError
from engine.model.lab import ActorCommand, ActorReport, ActorSpec, ActorState, Call, OptionReading
from engine.monitor import Monitor
from engine.text.sanitize import printable
from tui.cli.output import json_line
from tui.cli.session import Session
from tui.cli.typed import TypedLines, read_command, tell

POLL_S = 0.05

INTERACTIVE = "interactive-client"
"""The kind whose standard input is what it sends."""

ENDED = frozenset({ActorState.DONE, ActorState.FAILED, ActorState.STOPPED})


class Teller:
    """Says what is new in an actor's reports: options, calls, remarks, an error that ended nothing, what an interactive
    client was answered."""

    def __init__(self, *, calls: bool, as_json: bool, replies: bool) -> None:
        self._calls = calls
        self._as_json = as_json
        self._replies = replies
        self._options: set[OptionReading] = set()
        self._shown_calls = 0
        self._shown_notes = 0
        self._received = 0
        self._error = ""

    def tell(self, report: ActorReport) -> None:
        for option in report.options:
            if option not in self._options and report.state is not ActorState.FAILED:
                self._options.add(option)
                click.echo(f"{option.name} {printable(option.asked)} → {printable(option.got)}", err=True)
        for call in report.calls:
            if self._calls and call.number > self._shown_calls:
                click.echo(json_line({"call": call}) if self._as_json else call_line(call))
                self._shown_calls = call.number
        if report.error != self._error and report.state is not ActorState.FAILED:
            self._error = report.error
            click.echo(printable(report.error), err=True)
        for position, note in enumerate(report.notes, report.notes_forgotten):
            if position >= self._shown_notes:
                click.echo(printable(note), err=True)
                self._shown_notes = position + 1
        if self._replies and report.received > self._received:
            kept, came = report.reply.encode(), report.received - self._received
            self._received = report.received
            if came > len(kept):
                click.echo(f"{came - len(kept):,} bytes came too fast to be shown", err=True)
            for line in kept[-came:].decode(errors="replace").splitlines():
                click.echo(printable(line))


class Typist:
    """Carries out what is typed while an actor runs."""

    def __init__(self, kind: ActorKind) -> None:
        self._kind = kind
        self._talks = kind.kind == INTERACTIVE
        self._typed = TypedLines() if kind.commands else None
        self._said = False
        self._shut = self._closed = False

    @property
    def hint(self) -> str:
        """What can be typed."""
        if self._typed is None:
            return ""
        if self._talks:
            return "; what is typed is sent"
        return f"; type {', '.join(command.value for command in self._kind.commands)}"

    def obey(self, monitor: Monitor, number: int, report: ActorReport) -> None:
        """Ask what was typed since the last look of the actor. At its end input of an interactive client half-closes
        the connection, and when the peer has closed too it is over."""
        if self._typed is None:
            return
        for line in self._typed.waiting():
            self._said = True
            try:
                command, text = (
                    (ActorCommand.SEND, f"{line}\n")
                    if self._talks
                    else read_command(line, (*self._kind.commands, ActorCommand.STOP))
                )
            except BadInput as error:
                click.echo(printable(str(error)), err=True)
                continue
            tell(monitor, number, command, text)
        if not (self._talks and self._said and self._typed.ended):
            return
        if not self._shut:
            self._shut = True
            tell(monitor, number, ActorCommand.SHUTDOWN, "WR")
        elif not self._closed and NO_MORE in report.notes:
            self._closed = True
            tell(monitor, number, ActorCommand.CLOSE)


def run_actor(session: Session, spec: ActorSpec, *, show_calls: bool, as_json: bool) -> None:
    """Start the actor and follow it to its end. Raises LabError if it fails; Ctrl-C stops it."""
    monitor = session.monitor()
    view = monitor.start_actor(spec)
    report = view.report
    typist = Typist(KINDS[spec.kind])
    teller = Teller(calls=show_calls, as_json=as_json, replies=spec.kind == INTERACTIVE)
    try:
        if report.state is not ActorState.FAILED:
            where = f" {report.local}" if report.local else ""
            click.echo(f"{KINDS[spec.kind].title}{where} (PID {report.pid}){typist.hint}; Ctrl-C ends it", err=True)
        for report in reports(session, view.number):
            teller.tell(report)
            typist.obey(monitor, view.number, report)
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
    return f"{clock}.{call.ts_ns // 1_000_000 % 1000:03}  {call.name}({call.arguments}) {shown_outcome(call)}"


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
