"""`sockmon ladder`: conversations of capture files drawn as a ladder, as text or for slides."""

from __future__ import annotations

import gc
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import click

from engine.capture.read_conversations import ConversationReading
from engine.export.flows import rung_object
from engine.export.ladder_mermaid import mermaid_lines
from engine.export.ladder_svg import svg_lines
from engine.export.ladder_text import WIDTH_MIN, LadderLook, ladder_lines
from engine.export.times import TimeFormat
from engine.model.errors import BadInput
from engine.model.flows import FlowSummary, LadderItem
from engine.text.sanitize import printable
from tui.cli.output import json_line

WIDTH_ELSEWHERE: Final = 100
"""Of the lines where they do not go to a terminal."""
WIDTH_MAX: Final = 1_000
TIMES: Final = {"relative": TimeFormat.RELATIVE, "delta": TimeFormat.DELTA, "absolute": TimeFormat.ABSOLUTE}
"""tshark's words for `-t`."""
DAMAGED: Final = 2
"""Exit code when a file could not be read to its end."""


@click.command(
    "ladder",
    short_help="Draw a TCP conversation of a capture file.",
    epilog="""\b
Examples:
  sockmon ladder capture.pcapng                      the only conversation in it
  sockmon ladder capture.pcap --stream 7 --width 120
  sockmon ladder capture.pcap --stream 7 --stream 8  both, in the order of time
  sockmon ladder capture.pcap --stream 7 --all       every segment, nothing folded
  sockmon ladder capture.pcap --time delta           what each segment waited for
  sockmon ladder capture.pcap --svg > ladder.svg
  tcpdump -w - tcp port 8080 -c 20 | sockmon ladder -
  sudo sockmon ladder -i lo port 8080                the next one there, as it happens""",
)
@click.argument("files", nargs=-1, metavar="[FILE... | BPF...]")
@click.option("-i", "--interface", help="Capture on this interface instead of reading files: a name, several, or any.")
@click.option("--stream", "streams", type=click.IntRange(min=0), multiple=True, metavar="N",
              help="Which conversation, as `sockmon flows` numbers them; several may be drawn together.")  # fmt: skip
@click.option("--all", "unfolded", is_flag=True, help="Show every segment: fold no runs of data.")
@click.option("--svg", "form", flag_value="svg", help="A picture.")
@click.option("--mermaid", "form", flag_value="mermaid", help="A Mermaid sequence diagram.")
@click.option("--json", "form", flag_value="json", help="One JSON object a rung.")
@click.option("--time", "times", type=click.Choice(list(TIMES)), default="relative", show_default=True,
              help="Times since the first segment, since the line before (delta), or of day (absolute).")  # fmt: skip
@click.option("--for", "seconds", type=click.FloatRange(min=0, min_open=True), help="Capture for so many seconds.")
@click.option("--width", type=click.IntRange(WIDTH_MIN, WIDTH_MAX), help="Cells of a line of text.")
@click.pass_context
def ladder_command(
    ctx: click.Context,
    files: tuple[str, ...],
    interface: str | None,
    streams: tuple[int, ...],
    unfolded: bool,
    form: str | None,
    times: str,
    seconds: float | None,
    width: int | None,
) -> None:
    """Draw conversations of capture FILEs (pcap, pcapng, gzip of either; - for standard input) as a ladder.

    Two lifelines, an arrow a segment, and beside them the state of each end where it changes. An arrow that ends in ✕
    was sent and not received: its bytes were sent again. Long runs of data are one line.

    With -i, capture instead and draw the first conversation, or that of --stream, until it is over or until Ctrl-C; the
    words are a capture filter.
    """
    if interface is not None:
        if form in ("svg", "mermaid") or unfolded or len(streams) > 1:
            raise click.UsageError("with -i one conversation is drawn as text or --json, long runs folded")
        # what captures is not imported for a file
        from tui.cli.ladder_live import draw_live
        from tui.cli.session import session_of

        stream = streams[0] if streams else None
        look = LadderLook(width or _width(), times=TIMES[times])
        draw_live(session_of(ctx), interface, " ".join(files), stream, seconds, look, form == "json")
        return
    if not files:
        raise click.UsageError("name a capture file, or an interface with -i")
    if seconds is not None:
        raise click.UsageError("--for is for a capture with -i")
    gc.disable()  # nothing here makes cycles, and the collector would look at every flow again and again
    reading = ConversationReading(files)
    wanted = tuple(dict.fromkeys(streams)) or (0,)
    flows, items = reading.ladder(wanted, folded=not unfolded)
    _check(reading, streams, flows)
    look = LadderLook(width or _width(), min(flow.first_ns for flow in flows), streams=wanted, times=TIMES[times])
    for line in _lines(form, flows, items, look):
        click.echo(line)
    for note in reading.notes:
        click.echo(f"sockmon: {printable(note)}", err=True)
    if reading.notes:
        sys.exit(DAMAGED)


def _lines(
    form: str | None, flows: Sequence[FlowSummary], items: Sequence[LadderItem], look: LadderLook
) -> Iterator[str]:
    if form == "svg":
        return svg_lines(flows, items, look.first_ns)
    if form == "mermaid":
        return mermaid_lines(flows, items)
    if form == "json":
        return _json(items)
    return (line.text for line in ladder_lines(flows, items, look))


def _json(items: Iterable[LadderItem]) -> Iterator[str]:
    return (json_line(rung_object(item)) for item in items)


def _check(reading: ConversationReading, asked: Sequence[int], flows: Sequence[FlowSummary]) -> None:
    """Refuse to draw what is not there, or to guess which of several is meant."""
    count = reading.flows.streams
    if not count:
        raise BadInput("draw a ladder", hint="; ".join(reading.notes) or "no TCP conversation is in there")
    if not asked and count > 1:
        raise BadInput(f"draw one of {count:,} conversations", hint="name it by --stream; `sockmon flows` lists them")
    missing = set(asked or (0,)) - {flow.stream for flow in flows}
    if missing:
        named = ", ".join(map(str, sorted(missing)))
        last = f"streams 0 to {count - 1:,} are in there" if max(missing) >= count else "it was given up for memory"
        raise BadInput(f"draw stream {named}", hint=last)


def _width() -> int:
    """The terminal's width, which COLUMNS overrides; WIDTH_ELSEWHERE where the lines go elsewhere."""
    columns = shutil.get_terminal_size((WIDTH_ELSEWHERE, 24)).columns
    return max(WIDTH_MIN, min(columns, WIDTH_MAX))
