"""`sockmon lab error NAME`: makes an error of socket programs and shows its calls, its packets, the kernel's state."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Sequence
from typing import Final

import click
import msgspec

from engine.capture.packet_log import PacketLog
from engine.capture.source import LINKTYPE_ETHERNET
from engine.capture.store import BYTES_MIN
from engine.export.packets import packet_line, packet_object
from engine.export.sockets import socket_object
from engine.lab.bench import HOST
from engine.lab.error_recipe import Recipe
from engine.lab.errors import ALIASES, ERRORS, error_recipe
from engine.model.errors import EngineError, LabError, MissingRight
from engine.model.lab import ActorReport, ActorSpec, ActorState, Call, HeardFrame, Knobs
from engine.model.packets import CaptureOptions, PacketRow
from engine.model.sockets import SocketEntry
from engine.text.sanitize import printable
from tui.cli.actor_run import ENDED, call_line
from tui.cli.output import json_line
from tui.cli.session import Session, session_of
from tui.cli.socket_rows import print_rows
from tui.local_names import user_name

LIMIT_S: Final = 15.0
"""The slowest error, a resolver's, takes its 5 s twice."""

POLL_S: Final = 0.02

FRAMES_LIMIT_S: Final = 2.0
"""The ring hands frames over every 20 ms; a capture that needs longer than this does not work."""

PACKETS_MAX: Final = 200

_PORT = re.compile(r"127\.0\.0\.1:(\d+)")


@click.command("error", short_help="Make an error of socket programs, and explain it.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines; the last line is a summary.")
@click.argument("name", default="")
@click.pass_context
def error_command(ctx: click.Context, name: str, as_json: bool) -> None:
    """Make the error NAME on this machine and show the calls that led to it, the packets, what the kernel has of its
    sockets, and what to do. Without NAME: list the errors.

    Who may not capture sees the packets of the same error in a network of its own, where that needs no right.
    """
    if not name:
        list_errors(as_json)
        return
    recipe = error_recipe(name)
    session = session_of(ctx)
    monitor = session.monitor()
    uncaptured = start_capture(session)
    actor = monitor.start_actor(ActorSpec("error-maker", Knobs(error=recipe.name, hold_s=None)))
    report = made(session, actor.number)
    again = False
    if recipe.own_network:
        packets, rows = packets_heard(report.frames), []
    else:
        heard = packets_again(session, recipe) if uncaptured and ports_of(report) else None
        if heard is not None:
            packets, again, uncaptured = heard, bool(heard), ""
        else:
            packets = [] if uncaptured else packets_of(session, report)
        rows = rows_of(session, report)
    monitor.stop_actor(actor.number)
    if as_json:
        print_json(recipe, report, packets, rows, again=again)
    else:
        print_words(recipe, report, packets, rows, uncaptured, again=again)


def list_errors(as_json: bool) -> None:
    """Every error that can be made, with what it means."""
    others = {known: alias for alias, known in ALIASES.items()}
    for recipe in ERRORS.values():
        if as_json:
            fields = {"name": recipe.name, "class": recipe.error_class, "errno": recipe.errno or None}
            click.echo(
                json_line(
                    {**fields, "meaning": recipe.meaning, "other_side": recipe.other_side, "what_to_do": recipe.cure}
                )
            )
        else:
            also = f" (also {others[recipe.name]})" if recipe.name in others else ""
            number = recipe.errno or ""
            click.echo(f"{recipe.name:<20} {number:>4}  {recipe.error_class:<22} {recipe.meaning}{also}")


def start_capture(session: Session) -> str:
    """Capture on the loopback; empty, or why that may not be."""
    try:
        session.monitor().set_capture(CaptureOptions(handshakes_only=False))
    except MissingRight as error:
        return str(error)
    return ""


def made(session: Session, number: int) -> ActorReport:
    """The report of the error's actor once the error is there. Raises LabError if another came of it."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        report = next(view.report for view in session.monitor().actors() if view.number == number)
        if report.state is ActorState.FAILED:
            raise LabError(report.error)
        if report.state in ENDED or (report.error and report.notes):
            return report
        if time.monotonic() > deadline:
            raise EngineError(f"the error was not made within {LIMIT_S:g} s")
        session.pause(POLL_S)


def ports_of(report: ActorReport) -> list[int]:
    """The loopback ports that the calls and the open sockets speak of, those of other people's services left out."""
    texts = [*(f"{call.arguments} {call.result}" for call in report.calls)]
    texts += [f"{held.local} {held.peer}" for held in report.sockets]
    ports = {int(port) for text in texts for port in _PORT.findall(text)}
    return sorted(ports - {0})


def packets_of(session: Session, report: ActorReport) -> list[PacketRow]:
    """The packets on the error's ports. A datagram of our own is sent after them: once it is captured, they all are."""
    ports = ports_of(report)
    if not ports:
        return []
    monitor = session.monitor()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marker:
        marker.bind((HOST, 0))
        marker.sendto(b"sockmon", marker.getsockname())
        last = f"udp.port == {marker.getsockname()[1]}"
        deadline = time.monotonic() + FRAMES_LIMIT_S
        while not monitor.packets(-1, 1, last, False).rows:
            if time.monotonic() > deadline:
                raise EngineError(f"the packets were not captured within {FRAMES_LIMIT_S:g} s")
            session.pause(POLL_S)
    wanted = " or ".join(f"{transport}.port == {port}" for transport in ("tcp", "udp") for port in ports)
    return without_others(monitor.packets(0, PACKETS_MAX, f"{wanted} or icmp", False).rows)


def packets_heard(frames: Sequence[HeardFrame]) -> list[PacketRow]:
    """The packets of an error that was made in a network of its own, read as those of a capture are."""
    log = PacketLog(BYTES_MIN)
    log.take([(frame.ts_ns, len(frame.data), frame.data, 0, 0, LINKTYPE_ETHERNET) for frame in frames])
    return [row for number in range(log.oldest, log.newest + 1) if (row := log.row(number)) is not None]


def packets_again(session: Session, recipe: Recipe) -> list[PacketRow] | None:
    """The packets of the same error, made once more in a network of its own; None where that is not allowed either."""
    knobs = Knobs(error=recipe.name, own_network=True, hold_s=None)
    actor = session.monitor().start_actor(ActorSpec("error-maker", knobs))
    try:
        return packets_heard(made(session, actor.number).frames)
    except LabError:
        return None
    finally:
        session.monitor().stop_actor(actor.number)


def without_others(rows: list[PacketRow]) -> list[PacketRow]:
    """Of the ICMP messages only those that come straight after one of the packets, as the loopback's answer does."""
    kept: list[PacketRow] = []
    for row in rows:
        if row.protocol != "ICMP" or (kept and row.number == kept[-1].number + 1):
            kept.append(row)
    return kept


def rows_of(session: Session, report: ActorReport) -> list[SocketEntry]:
    """The kernel's rows of the error's sockets: those it holds, and what is left of those it closed.

    Both ports must be the error's: another connection in TIME-WAIT may have had one of them before.
    """
    cookies = {held.cookie for held in report.sockets}
    ends = {(HOST, port) for port in ports_of(report)}
    return [
        entry
        for entry in session.monitor().refresh().entries
        if entry.cookie in cookies
        or (
            (entry.local_address, entry.local_port) in ends
            and (entry.peer_address, entry.peer_port) in ends | {("0.0.0.0", 0)}
        )
    ]


def print_json(
    recipe: Recipe, report: ActorReport, packets: list[PacketRow], rows: list[SocketEntry], *, again: bool
) -> None:
    """One object a call, a packet and a socket; then the error."""
    for call in report.calls:
        click.echo(json_line({"call": msgspec.structs.asdict(call)}))
    for row in packets:
        click.echo(json_line({"packet": packet_object(row)}))
    for entry in rows:
        click.echo(json_line({"socket": socket_object(entry, user_name)}))
    summary = {
        "name": recipe.name,
        "class": recipe.error_class,
        "errno": report.errno or None,
        "shown": printable(report.error.partition(": ")[0]),
        "meaning": recipe.meaning,
        "other_side": recipe.other_side,
        "what_to_do": recipe.cure,
        "own_network": recipe.own_network,
        "packets_made_again": again,
    }
    click.echo(json_line({"summary": summary}))


def print_words(
    recipe: Recipe,
    report: ActorReport,
    packets: list[PacketRow],
    rows: list[SocketEntry],
    uncaptured: str,
    *,
    again: bool,
) -> None:
    """The same for people."""
    click.echo(f"{printable(report.calls[-1].result if report.calls else recipe.error_class)}\n{recipe.meaning}.\n")
    click.echo("Calls")
    for call in report.calls:
        click.echo(f"  {descriptor(call)}  {call_line(call)}")
    click.echo("\nPackets")
    if again:
        click.echo("  Of the same error once more, in a network of its own: this user may not capture here.")
    if packets:
        for row in packets:
            click.echo(f"  {packet_line(row, packets[0].ts_ns).strip()}")
    else:
        click.echo(f"  {no_packets(recipe, report, uncaptured)}")
    click.echo("\nKernel")
    if rows:
        print_rows(rows, indent="  ")
    else:
        click.echo(f"  {no_rows(recipe, report)}")
    click.echo(f"\nThe other side\n  {ended(recipe.other_side)}")
    click.echo(f"\nWhat to do\n  {ended(recipe.cure)}")


def ended(sentence: str) -> str:
    """With its full stop, unless it asks."""
    return sentence if sentence.endswith("?") else f"{sentence}."


def descriptor(call: Call) -> str:
    """The socket a call is made on: both ends of a connection are in one log here."""
    return f"fd {call.fd:<3}" if call.fd >= 0 else " " * 6


def no_packets(recipe: Recipe, report: ActorReport, uncaptured: str) -> str:
    """Why there are no packets, in one sentence."""
    if not ports_of(report):
        return "None: the call failed before anything was to be sent."
    if recipe.own_network:
        return "Not seen: it was made in a network of its own, in which no packet socket could be opened."
    if uncaptured:
        return f"Not seen: {uncaptured}."
    return "None: this machine refused the call by itself, nothing was sent."


def no_rows(recipe: Recipe, report: ActorReport) -> str:
    """Why the kernel's table has no row of it."""
    if recipe.own_network:
        return "It was made in a network of its own, with which its sockets have ended."
    if report.sockets:
        return "No row: a socket that is neither bound nor connected is in no table; the program's descriptor is all."
    return "No socket is left."
