"""`sockmon lab flood`: a server that never reads, a client that sends until it is refused, and where the bytes are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import click
import msgspec

from engine.insight.ledger import FloodBalance, flood_balance
from engine.lab.catalogue import KINDS
from engine.lab.knobs import parse_knob, set_knobs
from engine.lab.saved import load_templates, templates_path
from engine.lab.templates import TEMPLATES, template_knobs
from engine.model.errors import LabError
from engine.model.lab import ActorSpec, ActorState
from engine.model.snapshot import ActorView
from engine.monitor import Monitor
from engine.text.units import count, endpoint
from tui.cli.output import json_line
from tui.cli.session import Session, session_of

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
@click.option("--json", "as_json", is_flag=True, help="Measure once at rest, print one object, and end.")
@click.pass_context
def flood_command(
    ctx: click.Context, host: str, port: str, connections: str, template: str | None, as_json: bool
) -> None:
    """Fill both buffers of a connection and hold it, until Ctrl-C."""
    session = session_of(ctx)
    knobs = {"host": host, "port": parse_knob("port", port), "connections": parse_knob("connections", connections)}
    flood = start_flood(session.monitor(), knobs, template)
    if as_json:
        balance = at_rest(session, flood)
        click.echo(json_line({**msgspec.structs.asdict(balance), "address": flood.address, "port": flood.port}))
        ctx.exit(0 if balance.exact else 1)
    try:
        click.echo(f"flooding {endpoint(flood.address, flood.port)}; Ctrl-C ends it", err=True)
        for balance in moves(session, flood):
            click.echo(balance_line(balance))
    except KeyboardInterrupt:
        click.echo("the flood has ended", err=True)


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
        knobs = template_knobs(template, kind, knobs, load_templates(templates_path()))
    view = monitor.start_actor(ActorSpec(kind, set_knobs(knobs, values)))
    if view.report.state is ActorState.FAILED:
        raise LabError(view.report.error)
    return view


def at_rest(session: Session, flood: Flood) -> FloodBalance:
    """The balance once two readings in a row are the same while send() is refused; the last one after the limit."""
    deadline = time.monotonic() + REST_LIMIT_S
    balance, state = read(session.monitor(), flood, None)
    while not (balance.exact and state is ActorState.STALLED) and time.monotonic() < deadline:
        session.pause(POLL_S)
        balance, state = read(session.monitor(), flood, balance)
    return balance


def moves(session: Session, flood: Flood) -> Iterator[FloodBalance]:
    """The balance each time it has changed, without end."""
    before = None
    while True:
        balance, _ = read(session.monitor(), flood, before)
        if balance != before:
            yield balance
        before = balance
        session.pause(POLL_S)


def read(monitor: Monitor, flood: Flood, before: FloodBalance | None) -> tuple[FloodBalance, ActorState]:
    """One reading: the programs' counts and the kernel's rows. Raises LabError if an actor has failed."""
    snapshot = monitor.refresh()
    reports = {view.number: view.report for view in snapshot.actors}
    sink, client = reports[flood.sink], reports[flood.client]
    for report in (sink, client):
        if report.state is ActorState.FAILED:
            raise LabError(report.error)
    return flood_balance(client, snapshot.entries, sink, before), client.state


def balance_line(balance: FloodBalance) -> str:
    """`678,168 sent = Send-Q 269,868 + Recv-Q 408,300 ✓`."""
    read = f" + read {count(balance.read)}" if balance.read else ""
    sign, mark = ("=", " ✓") if balance.exact else ("→", "  moving")
    return (
        f"{count(balance.sent)} sent {sign} Send-Q {count(balance.send_q)} + Recv-Q {count(balance.recv_q)}{read}{mark}"
    )
