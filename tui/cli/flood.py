"""`sockmon lab flood`: a server that never reads, a client that sends until it is refused, and where the bytes are."""

from __future__ import annotations

import time
from collections.abc import Mapping

import click
import msgspec

from engine.insight.ledger import FloodBalance, flood_balance
from engine.lab.catalogue import KINDS
from engine.lab.knobs import parse_knob, set_knobs
from engine.lab.saved import template_knobs_from, templates_path
from engine.lab.templates import TEMPLATES
from engine.model.errors import EngineError, LabError
from engine.model.lab import ActorReport, ActorSpec, ActorState
from engine.model.snapshot import ActorView
from engine.monitor import Monitor
from engine.text.sanitize import printable
from engine.text.units import byte_rate, count, endpoint
from tui.cli.actor_run import call_line
from tui.cli.output import json_line
from tui.cli.session import Session, session_of
from tui.cli.typed import TypedLines, read_command, tell

POLL_S = 0.1

REST_LIMIT_S = 30.0
"""Buffers of many megabytes fill in a second; a flood that moves for longer has a reader."""


class Flood(msgspec.Struct, frozen=True):
    """A running flood: Monitor's numbers of its two actors, and the address of the server."""

    sink: int
    client: int
    address: str
    port: int


@click.command("flood")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the server, on this machine.")
@click.option("--port", default="65432", show_default=True, help="Its port; 0 lets the kernel choose.")
@click.option("--connections", default="1", show_default=True, help="How many at once.")
@click.option("--template", metavar="NAME", help=f"A named set of knobs: {', '.join(TEMPLATES)}, or a saved one.")
@click.option("--udp", is_flag=True, help="Datagrams to a receiver that never reads, until its buffer drops them.")
@click.option("--calls/--no-calls", default=False, help="Print every send() that is refused.")
@click.option("--json", "as_json", is_flag=True, help="Measure once at rest, print one object, and end.")
@click.pass_context
def flood_command(
    ctx: click.Context,
    host: str,
    port: str,
    connections: str,
    template: str | None,
    udp: bool,
    calls: bool,
    as_json: bool,
) -> None:
    """Fill both buffers of a connection and hold it, until Ctrl-C. Meanwhile `drain`, `slow-drain 20000`, `close` and
    `kill`, typed as lines, act on the reader.
    """
    session = session_of(ctx)
    knobs = {"host": host, "port": parse_knob("port", port), "connections": parse_knob("connections", connections)}
    if udp:
        flood_datagrams(session, {name: knobs[name] for name in ("host", "port")}, template, as_json)
        return
    flood = start_flood(session.monitor(), knobs, template)
    if as_json:
        balance = at_rest(session, flood)
        click.echo(json_line({**msgspec.structs.asdict(balance), "address": flood.address, "port": flood.port}))
        ctx.exit(0 if balance.exact else 1)
    where = endpoint(flood.address, flood.port)
    try:
        click.echo(f"flooding {where}; type drain, slow-drain BYTES, close or kill; Ctrl-C ends it", err=True)
        hold(session, flood, calls)
    except KeyboardInterrupt:
        click.echo("the flood has ended", err=True)


def hold(session: Session, flood: Flood, show_calls: bool) -> None:
    """Print how the flood stands each time it has moved, and do what is typed, until the reader or the sender is gone.
    Raises LabError then, with how that was."""
    monitor, typed = session.monitor(), TypedLines()
    before: FloodBalance | None = None
    shown_calls = 0
    clock = Clock()
    while True:
        balance, client = read(monitor, flood, before)
        for call in client.calls:
            if call.number > shown_calls:
                shown_calls = call.number
                if show_calls and call.errno:
                    click.echo(call_line(call))
        if balance != before:
            click.echo(f"{balance_line(balance)}   {sends_line(client)}{clock.rate(client.sent)}")
        before = balance
        for line in typed.waiting():
            obey(monitor, flood, line)
        session.pause(POLL_S)


def obey(monitor: Monitor, flood: Flood, line: str) -> None:
    """Do what was typed: `kill` ends the reader's process, all else is asked of it."""
    try:
        if line.strip().casefold() == "kill":
            monitor.kill_actor(flood.sink)
        else:
            command, text = read_command(line, KINDS["sink"].commands)
            tell(monitor, flood.sink, command, text)
    except EngineError as error:
        click.echo(printable(str(error)), err=True)


class Clock:
    """How fast a count grows from one look to the next."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._count = 0

    def rate(self, count: int) -> str:
        """The rate since the last look, in words; empty where nothing moved."""
        now = time.monotonic()
        seconds, grown = now - self._at, count - self._count
        self._at, self._count = now, count
        return f"   {byte_rate(grown / seconds)}" if grown and seconds > 0 else ""


def sends_line(client: ActorReport) -> str:
    """`send() 656 full, 3 partial, 5 refused`: what the calls came to."""
    return f"send() {count(client.full)} full, {count(client.partial)} partial, {count(client.refused)} refused"


def start_flood(monitor: Monitor, knobs: Mapping[str, object], template: str | None) -> Flood:
    """Start the server that never reads and the client that floods it. Raises LabError if either fails."""
    sink = start(monitor, "sink", {name: knobs[name] for name in ("host", "port")}, template)
    address, _, port_text = sink.report.local.rpartition(":")
    address, port = address.strip("[]"), int(port_text)
    client = start(monitor, "flood-client", {**knobs, "host": address, "port": port}, template)
    return Flood(sink.number, client.number, address, port)


def start(monitor: Monitor, kind: str, values: Mapping[str, object], template: str | None) -> ActorView:
    """Start one actor. Raises LabError if it fails at once."""
    knobs = KINDS[kind].default_knobs()
    if template is not None:
        knobs = template_knobs_from(templates_path(), template, kind, knobs)
    view = monitor.start_actor(ActorSpec(kind, set_knobs(knobs, values)))
    if view.report.state is ActorState.FAILED:
        raise LabError(view.report.error)
    return view


def at_rest(session: Session, flood: Flood) -> FloodBalance:
    """The balance once two readings in a row are the same while send() is refused; the last one after the limit."""
    deadline = time.monotonic() + REST_LIMIT_S
    balance, client = read(session.monitor(), flood, None)
    while not (balance.exact and client.state is ActorState.STALLED) and time.monotonic() < deadline:
        session.pause(POLL_S)
        balance, client = read(session.monitor(), flood, balance)
    return balance


def read(monitor: Monitor, flood: Flood, before: FloodBalance | None) -> tuple[FloodBalance, ActorReport]:
    """One reading: the programs' counts and the kernel's rows. Raises LabError if an actor has failed."""
    snapshot = monitor.refresh()
    reports = {view.number: view.report for view in snapshot.actors}
    sink, client = reports[flood.sink], reports[flood.client]
    for report in (sink, client):
        if report.state is ActorState.FAILED:
            raise LabError(f"the {report.kind} has ended: {report.error}")
    return flood_balance(client, snapshot.entries, sink, before), client


def balance_line(balance: FloodBalance) -> str:
    """`678,168 sent = Send-Q 269,868 + Recv-Q 408,300 ✓`."""
    read = f" + read {count(balance.read)}" if balance.read else ""
    sign, mark = ("=", " ✓") if balance.exact else ("→", "  moving")
    return (
        f"{count(balance.sent)} sent {sign} Send-Q {count(balance.send_q)} + Recv-Q {count(balance.recv_q)}{read}{mark}"
    )


def flood_datagrams(session: Session, knobs: Mapping[str, object], template: str | None, as_json: bool) -> None:
    """Send datagrams to a socket that nobody reads, and show where they are: in Recv-Q, or dropped for want of room.
    With `as_json` one object once some were dropped, else lines until Ctrl-C."""
    monitor = session.monitor()
    sink = start(monitor, "udp-sink", knobs, template)
    address, _, port_text = sink.report.local.rpartition(":")
    address, port = address.strip("[]"), int(port_text)
    client = start(monitor, "udp-flood", {**knobs, "host": address, "port": port}, template)
    clock = Clock()
    deadline = time.monotonic() + REST_LIMIT_S
    before: Datagrams | None = None
    try:
        if not as_json:
            click.echo(f"flooding {endpoint(address, port)} with datagrams; Ctrl-C ends it", err=True)
        while True:
            now = datagrams(monitor, sink.number, client.number)
            if as_json and (now.dropped or time.monotonic() > deadline):
                click.echo(json_line({**msgspec.structs.asdict(now), "address": address, "port": port}))
                return
            if now != before and not as_json:
                click.echo(f"{datagrams_line(now)}{clock.rate(now.sent_bytes)}")
            before = now
            session.pause(POLL_S * 5)
    except KeyboardInterrupt:
        click.echo("the flood has ended", err=True)


class Datagrams(msgspec.Struct, frozen=True, kw_only=True):
    """Where the datagrams of a flood are."""

    sent: int
    sent_bytes: int
    recv_q: int | None
    """Bytes that wait, with the kernel's own for each datagram (udp(7))."""
    dropped: int | None
    """Datagrams that the receiving socket had no room for."""
    rcvbuf_errors: int
    """UdpRcvbufErrors of the whole machine since sockmon began: every socket's."""


def datagrams(monitor: Monitor, sink: int, client: int) -> Datagrams:
    """One reading. Raises LabError if an actor has failed."""
    snapshot = monitor.refresh()
    reports = {view.number: view.report for view in snapshot.actors}
    for number in (sink, client):
        if reports[number].state is ActorState.FAILED:
            raise LabError(reports[number].error)
    cookies = {held.cookie for held in reports[sink].sockets}
    row = next((entry for entry in snapshot.entries if entry.cookie in cookies), None)
    return Datagrams(
        sent=reports[client].messages,
        sent_bytes=reports[client].sent,
        recv_q=row.recv_q if row is not None else None,
        dropped=row.skmem.drops if row is not None and row.skmem is not None else None,
        rcvbuf_errors=snapshot.moved_in_all.get("UdpRcvbufErrors", 0),
    )


def datagrams_line(now: Datagrams) -> str:
    """`1,953 datagrams sent, 1,999,872 bytes; Recv-Q 213,248; 1,787 dropped (RcvbufErrors +1,787)`."""
    return (
        f"{count(now.sent)} datagrams sent, {count(now.sent_bytes)} bytes; Recv-Q {count(now.recv_q)}; "
        f"{count(now.dropped)} dropped (RcvbufErrors +{count(now.rcvbuf_errors)})"
    )
