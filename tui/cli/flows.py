"""`sockmon flows`: the conversations of capture files, or of an interface as they end."""

from __future__ import annotations

import gc
import shutil
import sys
from typing import Final

import click
import msgspec

from engine.capture.read_conversations import ConversationReading
from engine.export.flows import flow_object
from engine.query.packets import compile_packets
from engine.text.sanitize import printable
from tui.cli.flow_table import FlowTable
from tui.cli.output import json_line

DAMAGED: Final = 2
"""Exit code when a file could not be read to its end."""


@click.command(
    "flows",
    short_help="List TCP conversations, of files or as they end.",
    epilog="""\b
Examples:
  sockmon flows capture.pcapng
  sockmon flows capture.pcap -Y 'tcp.analysis.retransmission'
  sockmon flows --json capture.pcap | jq .first.payload_bytes
  sudo sockmon flows -i lo --for 10 port 8080""",
)
@click.argument("files", nargs=-1, metavar="[FILE... | BPF...]")
@click.option("-i", "--interface", help="Capture on this interface instead of reading files: a name, several, or any.")
@click.option("-Y", "display_filter", default="", metavar="FILTER", help="Only those with a packet that passes.")
@click.option("--for", "seconds", type=click.FloatRange(min=0, min_open=True), help="Capture for so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a conversation, then a summary.")
@click.pass_context
def flows_command(
    ctx: click.Context,
    files: tuple[str, ...],
    interface: str | None,
    display_filter: str,
    seconds: float | None,
    as_json: bool,
) -> None:
    """List the TCP conversations in capture FILEs (pcap, pcapng, gzip of either; - for standard input).

    With -i, capture instead, until Ctrl-C: each conversation is printed when it is over, the others at the end, and
    the words are a capture filter. Streams are numbered as Wireshark numbers them; `sockmon ladder` draws one.
    """
    if interface is not None:
        # what captures is not imported for a file
        from tui.cli.flows_live import list_live
        from tui.cli.session import session_of

        bpf = " ".join(files)
        list_live(session_of(ctx), interface, bpf, display_filter, seconds, _width(), as_json)
        return
    if not files:
        raise click.UsageError("name a capture file, or an interface with -i")
    if seconds is not None:
        raise click.UsageError("--for is for a capture with -i")
    gc.disable()  # nothing here makes cycles, and the collector would look at every flow again and again
    passes = compile_packets(display_filter).matches if display_filter else None
    reading = ConversationReading(files)
    flows = reading.summaries(passes)
    if as_json:
        for flow in flows:
            click.echo(json_line(flow_object(flow)))
        summary = msgspec.structs.asdict(reading.trust) | {
            "streams": reading.flows.streams, "flows_evicted": reading.flows.evicted, "notes": reading.notes,
        }  # fmt: skip
        click.echo(json_line({"summary": summary}))
    else:
        for line in FlowTable(reading.first_ns, _width()).lines(flows):
            click.echo(line)
        if reading.flows.evicted:
            click.echo(f"{reading.flows.evicted:,} more were given up to stay within memory", err=True)
    for note in reading.notes:
        click.echo(f"sockmon: {printable(note)}", err=True)
    if reading.notes:
        sys.exit(DAMAGED)


def _width() -> int | None:
    """The width of the terminal; None where the lines go elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
