"""`sockmon capture`: packets as they come, one line each as tshark prints them, or as JSON Lines."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click
import msgspec

from engine.capture.files.writer import CaptureWriter
from engine.capture.interfaces import InterfaceEntry, list_interfaces
from engine.export.packets import packet_line, packet_object
from engine.model.packets import FULL_SNAP_LENGTH, HEADERS_SNAP_LENGTH, CaptureOptions, CaptureStatus, PacketRow
from engine.query.packets import compile_packets
from engine.text.sanitize import printable
from tui.cli.capture_notices import Notices
from tui.cli.capture_record import Recording
from tui.cli.output import json_line
from tui.cli.session import Session, session_of

POLL_S = 0.05
"""A packet is printed so long after it came, at the latest; the ring itself hands over every 20 ms."""

ROWS = 2_000
"""Rows of one answer: what a terminal takes in a moment."""


@click.command("capture", short_help="Print packets as they come.")
@click.option("-i", "--interface", default="lo", show_default=True, help="Interface, several with commas, or any.")
@click.option("-c", "limit", type=click.IntRange(min=1), help="Stop after so many packets.")
@click.option("--for", "seconds", type=click.FloatRange(min=0, min_open=True), help="Stop after so many seconds.")
@click.option("-Y", "display_filter", default="", metavar="FILTER", help="Print only what passes this display filter.")
@click.option("--handshakes/--all", default=False, help="Only SYN, FIN and RST; or everything (the default).")
@click.option("-w", "out", metavar="OUT", help="Write whole frames to OUT: .pcap, else pcapng; nothing is printed.")
@click.option(
    "--comments/--no-comments",
    default=True,
    help="With -w, each packet's processes, queues and findings (the default).",
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines; the last line is a summary.")
@click.option("-D", "only_list", is_flag=True, help="List the interfaces and end.")
@click.option(
    "--capture-source", type=click.Choice(["ring", "scapy"]), default="ring", show_default=True, help="How to capture."
)
@click.argument("bpf", nargs=-1)
@click.pass_context
def capture_command(
    ctx: click.Context,
    interface: str,
    limit: int | None,
    seconds: float | None,
    display_filter: str,
    handshakes: bool,
    out: str | None,
    comments: bool,
    as_json: bool,
    only_list: bool,
    capture_source: str,
    bpf: tuple[str, ...],
) -> None:
    """Print packets as they come, until Ctrl-C. BPF is a capture filter: `tcp and port 65432`.

    tcp, udp, icmp, host, net, port, src, dst, and, or, not are built in; all else needs libpcap.
    """
    if only_list:
        for entry in list_interfaces():
            click.echo(interface_line(entry))
        return
    if display_filter:
        compile_packets(display_filter)  # refused before anything is started
    session = session_of(ctx)
    monitor = session.monitor()
    snap_length = HEADERS_SNAP_LENGTH if out is None else FULL_SNAP_LENGTH
    options = CaptureOptions(interface, capture_source, " ".join(bpf), handshakes, snap_length)
    notices = Notices()
    if out is not None:
        commented = comments and not out.endswith(".pcap")
        with CaptureWriter(out) as writer:
            recording = Recording(session, writer, notices, display_filter, limit, commented)
            recording.prepare()
            status = monitor.set_capture(options)
            notices.begin(status)
            recording.run(seconds)
        status = monitor.stop_capture()
        told = {"not written in time": recording.missed, "without a comment, to keep up": recording.uncommented}
        more = "".join(f", {number} {what}" for what, number in told.items() if number)
        click.echo(f"{writer.written} packets captured{more}{losses(status)}", err=True)
        if as_json:
            unwritten = {"unwritten": recording.missed, "uncommented": recording.uncommented}
            summary = {"written": writer.written, **unwritten, **msgspec.structs.asdict(status.trust)}
            click.echo(json_line({"summary": summary}), err=out == "-")
        return
    status = monitor.set_capture(options)
    notices.begin(status)
    printed = 0
    try:
        for row, first_ns in captured(session, notices, display_filter, limit, seconds):
            click.echo(json_line(packet_object(row)) if as_json else packet_line(row, first_ns))
            printed += 1
    except KeyboardInterrupt:
        pass  # the summary is what Ctrl-C asks for
    status = monitor.stop_capture()
    click.echo(f"{printed} packets captured{losses(status)}", err=True)
    if as_json:
        click.echo(json_line({"summary": {"printed": printed, **msgspec.structs.asdict(status.trust)}}))


def captured(
    session: Session, notices: Notices, display_filter: str, limit: int | None, seconds: float | None
) -> Iterator[tuple[PacketRow, int]]:
    """Rows as they come and the time of the first frame, until the limit or the end of the time."""
    deadline = None if seconds is None else time.monotonic() + seconds
    monitor = session.monitor()
    after = count = 0
    while True:
        over = deadline is not None and time.monotonic() >= deadline
        answer = monitor.new_packets(after, ROWS, display_filter)
        notices.tell(answer.status)
        for row in answer.rows:
            yield row, answer.status.first_ts_ns
            count += 1
            if count == limit:
                return
        after = max(after, answer.status.last_number - answer.pending)
        if over and not answer.pending:
            return
        if not answer.rows and not answer.pending:
            session.pause(POLL_S)


def interface_line(entry: InterfaceEntry) -> str:
    """An interface for a list: name, state, addresses."""
    return f"{printable(entry.name):<16} {'up' if entry.up else 'down':<5} {' '.join(entry.addresses)}".rstrip()


def losses(status: CaptureStatus) -> str:
    """What was lost, in words; empty for nothing."""
    trust = status.trust
    told = {"dropped by the kernel": trust.dropped_by_kernel, "dropped by sockmon": trust.dropped_by_us}
    told |= {"undecodable": trust.undecodable, "no longer kept": trust.evicted}
    words = [f"{number} {what}" for what, number in told.items() if number]
    return f" ({', '.join(words)})" if words else ""
