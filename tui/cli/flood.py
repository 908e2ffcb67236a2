"""`sockmon lab flood`: a server that never reads, a client that sends until it is refused, and where the bytes are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import click
import msgspec

from engine.lab.catalogue import KINDS
from engine.lab.knobs import parse_knob, set_knobs
from engine.lab.templates import TEMPLATES, template_knobs
from engine.model.errors import LabError
from engine.model.lab import ActorSpec, ActorState
from engine.model.snapshot import ActorView
from engine.monitor import Monitor
from engine.text.units import endpoint
from tui.cli.output import json_line
from tui.cli.session import session_of

POLL_S = 0.1

REST_LIMIT_S = 30.0
"""Buffers of many megabytes fill in a second; a flood that moves for longer has a reader."""


class Flood(msgspec.Struct, frozen=True):
    """A running flood: Monitor's numbers of its two actors, and the address of the server."""

    sink: int
    client: int
    address: str
    port: int


class Balance(msgspec.Struct, frozen=True):
    """Where the bytes of a flood are: what the program sent, what the kernel holds at either end, what was read.

    `exact` says that they add up, `sent == send_q + recv_q + read`; while bytes are on their way they need not.
    """

    sent: int
    send_q: int
    recv_q: int
    read: int
    exact: bool
    address: str
    port: int


@click.command("flood")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the server, on this machine.")
@click.option("--port", default="65432", show_default=True, help="Its port; 0 lets the kernel choose.")
@click.option("--connections", default="1", show_default=True, help="How many at once.")
@click.option("--template", type=click.Choice(sorted(TEMPLATES)), help="A named set of buffer sizes.")
@click.option("--json", "as_json", is_flag=True, help="Measure once at rest, print one object, and end.")
@click.pass_context
def flood_command(
    ctx: click.Context, host: str, port: str, connections: str, template: str | None, as_json: bool
) -> None:
    """Fill both buffers of a connection and hold it, until Ctrl-C."""
    monitor = session_of(ctx).monitor()
    knobs = {"host": host, "port": parse_knob("port", port), "connections": parse_knob("connections", connections)}
    flood = start_flood(monitor, knobs, template)
    if as_json:
        balance = at_rest(monitor, flood)
        click.echo(json_line(balance))
        ctx.exit(0 if balance.exact else 1)
    try:
        click.echo(f"flooding {endpoint(flood.address, flood.port)}; Ctrl-C ends it", err=True)
        for balance in moves(monitor, flood):
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
        knobs = template_knobs(template, kind, knobs)
    view = monitor.start_actor(ActorSpec(kind, set_knobs(knobs, values)))
    if view.report.state is ActorState.FAILED:
        raise LabError(view.report.error)
    return view


def at_rest(monitor: Monitor, flood: Flood) -> Balance:
    """The balance once two readings in a row are the same while send() is refused; the last one after the limit."""
    deadline = time.monotonic() + REST_LIMIT_S
    before = None
    while True:
        balance, state = read(monitor, flood)
        if balance == before and balance.exact and state is ActorState.STALLED:
            return balance
        if time.monotonic() > deadline:
            return balance
        before = balance
        time.sleep(POLL_S)


def moves(monitor: Monitor, flood: Flood) -> Iterator[Balance]:
    """The balance each time it has changed, without end."""
    before = None
    while True:
        balance, _ = read(monitor, flood)
        if balance != before:
            yield balance
        before = balance
        time.sleep(POLL_S)


def read(monitor: Monitor, flood: Flood) -> tuple[Balance, ActorState]:
    """One reading: the programs' counts and the kernel's rows. Raises LabError if an actor has failed."""
    snapshot = monitor.refresh()
    reports = {view.number: view.report for view in snapshot.actors}
    sink, client = reports[flood.sink], reports[flood.client]
    for report in (sink, client):
        if report.state is ActorState.FAILED:
            raise LabError(report.error)
    rows = {entry.cookie: entry for entry in snapshot.entries}
    send_q = sum(rows[held.cookie].send_q or 0 for held in client.sockets if held.cookie in rows)
    recv_q = sum(rows[held.cookie].recv_q or 0 for held in sink.sockets if held.peer and held.cookie in rows)
    exact = client.sent == send_q + recv_q + sink.received
    balance = Balance(client.sent, send_q, recv_q, sink.received, exact, flood.address, flood.port)
    return balance, client.state


def balance_line(balance: Balance) -> str:
    """`678,168 sent = Send-Q 269,868 + Recv-Q 408,300 ✓`."""
    read = f" + read {balance.read:,}" if balance.read else ""
    sign, mark = ("=", " ✓") if balance.exact else ("≠", "  (on its way)")
    return f"{balance.sent:,} sent {sign} Send-Q {balance.send_q:,} + Recv-Q {balance.recv_q:,}{read}{mark}"
