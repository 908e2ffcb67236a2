"""`sockmon read`: the frames of capture files, as tshark prints them or as JSON Lines."""

from __future__ import annotations

import gc
import os
import sys

import click

from engine.capture.files.frames import Frame, Interface
from engine.capture.files.writer import CaptureWriter
from engine.capture.read import Reading, Rows
from engine.capture.read_filter import RowFilter
from engine.capture.read_json import json_lines, summary_line
from engine.capture.read_printer import Form, Lines, printer, write_all
from engine.capture.read_text import text_lines
from engine.text.sanitize import printable

DAMAGED = 2
"""Exit code when a file could not be read to its end: what could be read was printed."""


@click.command("read", short_help="Print the packets of capture files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-Y", "display_filter", default="", metavar="FILTER", help="Only what passes this display filter.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a TCP segment, then a summary.")
@click.option("-w", "out", metavar="OUT", help="Write the frames to OUT instead: .pcap, else pcapng; - for stdout.")
@click.option("-c", "count", type=click.IntRange(min=1), help="Stop after so many frames.")
@click.option("--follow", is_flag=True, help="Go on as the file grows, until Ctrl-C.")
def read_command(
    files: tuple[str, ...], display_filter: str, as_json: bool, out: str | None, count: int | None, follow: bool
) -> None:
    """Print every frame of the capture FILEs (pcap, pcapng, gzip of either; - for standard input).

    TCP segments come with relative numbers, scaled windows and what Wireshark's analysis finds in them.
    """
    gc.disable()  # nothing here makes cycles, and the collector would look at every flow again and again
    passes = RowFilter(display_filter) if display_filter else None
    reading = Reading(files, follow=follow)
    try:
        if out is not None:
            _write(reading, out, passes, count)
        else:
            _print(reading, _form(as_json, passes), _size(files, follow), count)
    except KeyboardInterrupt:
        if not follow:
            raise
    if as_json:
        (sys.stderr.buffer.write if out == "-" else write_all)(summary_line(reading))
    for note in reading.notes:
        click.echo(f"sockmon: {printable(note)}", err=True)
    if reading.notes:
        sys.exit(DAMAGED)


def _form(as_json: bool, passes: RowFilter | None) -> Form:
    """How rows become lines."""

    def form(rows: Rows, first_ns: int, digits: int) -> bytes:
        if passes is not None:
            rows = rows.chosen(passes.select(rows))
        return json_lines(rows, first_ns) if as_json else text_lines(rows, first_ns, digits)

    return form


def _print(reading: Reading, form: Form, file_bytes: int, count: int | None) -> None:
    lines = printer(form, file_bytes)
    try:
        for batch in reading.batches():
            rows = batch.rows if count is None else batch.rows.chosen(range(min(count, len(batch.rows))))
            lines.print(Lines(rows, reading.first_ns, reading.digits))
            if count is not None:
                count -= len(rows)
                if count <= 0:
                    break
    finally:
        lines.close()


def _write(reading: Reading, out: str, passes: RowFilter | None, count: int | None) -> None:
    with CaptureWriter(out) as writer:
        for batch in reading.batches():
            chosen = batch.frames
            if passes is not None:
                chosen = [chosen[place] for place in passes.select(batch.rows)]
            chosen = chosen if count is None else chosen[: count - writer.written]
            _write_frames(writer, chosen, reading.interfaces)
            if count is not None and writer.written >= count:
                break


def _write_frames(writer: CaptureWriter, frames: list[Frame], interfaces: list[Interface]) -> None:
    for frame in frames:
        writer.write(frame, interfaces[frame.interface])


def _size(files: tuple[str, ...], follow: bool) -> int:
    """Bytes of the files, 0 if they cannot be known beforehand."""
    if follow:
        return 0
    return sum(os.path.getsize(name) for name in files if os.path.isfile(name))


if __name__ == "__main__":
    read_command()
