"""`sockmon demo`: what the screen shows, in a few seconds and without one: an echo, a flood, their rows and packets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import click

from engine.export.packets import packet_line
from engine.insight.ledger import folded
from engine.lab.catalogue import KINDS
from engine.lab.knobs import set_knobs
from engine.model.errors import EngineError, LabError, MissingRight
from engine.model.lab import ActorSpec, ActorState
from engine.model.packets import CaptureOptions, PacketRow
from engine.model.snapshot import ActorView
from engine.model.sockets import SocketEntry
from engine.model.tcp import TcpFlags
from engine.monitor import Monitor
from engine.text.sanitize import printable
from tui.cli.actor_run import ENDED, reports
from tui.cli.flood import at_rest, balance_line, start_flood
from tui.cli.session import Session, session_of
from tui.cli.socket_rows import print_rows

LIMIT_S = 10.0
"""The whole demo takes about two seconds; no part of it waits longer than this."""

POLL_S = 0.05

Found = TypeVar("Found")


@click.command("demo", short_help="An echo and a flood, without a screen.")
@click.pass_context
def demo_command(ctx: click.Context) -> None:
    """Show an echo and a flood without a screen: their sockets, their packets where capture is allowed, and the sum."""
    session = session_of(ctx)
    captures = start_capture(session.monitor())
    show_echo(session, captures)
    show_flood(session)


def start_capture(monitor: Monitor) -> bool:
    """Capture on the loopback if this user may; say so if not."""
    try:
        monitor.set_capture(CaptureOptions(handshakes_only=False))
    except MissingRight as error:
        click.echo(f"No packets: {error}.\n")
        return False
    return True


def show_echo(session: Session, captures: bool) -> None:
    """An echo server and its client: the reply, the rows, and the packets from the handshake to the close."""
    monitor = session.monitor()
    server = started(monitor, "echo-server", {"port": 0})
    port = port_of(server)
    click.echo(f"An echo server listens on {server.report.local} (PID {server.report.pid}).")
    client = started(monitor, "echo-client", {"port": port})
    last = client.report
    for last in reports(session, client.number):
        if last.state in ENDED:
            break
    click.echo(f"A client (PID {last.pid}) sent {last.sent} bytes and got back: {printable(last.reply)}\n")
    print_rows(wait_for(session, lambda: rows_on(monitor, port), "the sockets of the echo are in the table"))
    if captures:
        click.echo("")
        rows = wait_for(session, lambda: whole_conversation(monitor, port), "the packets of the echo are captured")
        for row in rows:
            click.echo(packet_line(row, rows[0].ts_ns))
    monitor.stop_actor(client.number)
    monitor.stop_actor(server.number)


def show_flood(session: Session) -> None:
    """A flood with the tutorial's buffers: the three rows of its netstat, and that the bytes add up."""
    monitor = session.monitor()
    flood = start_flood(monitor, {"host": "127.0.0.1", "port": 0, "connections": 1}, "tutorial")
    click.echo(f"\nA server on port {flood.port} never reads; a client sends to it until send() is refused.\n")
    balance = at_rest(session, flood)
    print_rows(rows_on(monitor, flood.port))
    click.echo(f"\n{balance_line(balance)}")
    monitor.stop_actor(flood.client)
    monitor.stop_actor(flood.sink)
    if not balance.exact:
        raise EngineError("the bytes of the flood do not add up")


def started(monitor: Monitor, kind: str, values: dict[str, object]) -> ActorView:
    """An actor that runs. Raises LabError if it failed."""
    view = monitor.start_actor(ActorSpec(kind, set_knobs(KINDS[kind].default_knobs(), values)))
    if view.report.state is ActorState.FAILED:
        raise LabError(view.report.error)
    return view


def port_of(server: ActorView) -> int:
    return int(server.report.local.rpartition(":")[2])


def rows_on(monitor: Monitor, port: int) -> list[SocketEntry]:
    """The sockets that have this port on either side, LISTEN first, then the server's side."""
    rows = [entry for entry in monitor.refresh().entries if port in (entry.local_port, entry.peer_port)]
    return sorted(rows, key=lambda entry: (entry.peer_port != 0, entry.local_port != port, folded(entry.local_address)))


def whole_conversation(monitor: Monitor, port: int) -> list[PacketRow]:
    """The packets on a port once both sides have sent their FIN and the last ACK has come; none before."""
    rows = monitor.packets(-1, 100, f"tcp.port == {port}", False).rows
    closed = {row.sport for row in rows if row.flags & TcpFlags.FIN}
    return rows if len(closed) == 2 and not rows[-1].flags & TcpFlags.FIN else []


def wait_for(session: Session, look: Callable[[], Found], what: str) -> Found:
    """The first answer that is not empty. Raises EngineError after the limit."""
    deadline = time.monotonic() + LIMIT_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise EngineError(f"not within {LIMIT_S:g} s: {what}")
        session.pause(POLL_S)
    return found
