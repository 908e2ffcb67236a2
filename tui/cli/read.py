"""`sockmon read`: the frames of capture files, as tshark prints them or as JSON Lines."""

from __future__ import annotations

import sys

import click

from engine.capture.files.frames import Interface
from engine.capture.files.writer import CaptureWriter
from engine.capture.read import Reading, Row
from engine.capture.read_json import json_lines, summary_line
from engine.capture.read_text import text_lines

DAMAGED = 2
"""Exit code when a file could not be read to its end: what could be read was printed."""


@click.command("read", short_help="Print the packets of capture files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a TCP segment, then a summary.")
@click.option("-w", "out", metavar="OUT", help="Write the frames to OUT: .pcap, else pcapng; - for standard output.")
@click.option("-c", "count", type=click.IntRange(min=1), help="Stop after so many frames.")
@click.option("--follow", is_flag=True, help="Go on as the file grows.")
def read_command(files: tuple[str, ...], as_json: bool, out: str | None, count: int | None, follow: bool) -> None:
    """Print every frame of the capture FILEs (pcap, pcapng, gzip of either; - for standard input).

    TCP segments come with relative numbers, scaled windows and what Wireshark's analysis finds in them.
    """
    reading = Reading(files, follow=follow)
    writer: CaptureWriter | None = None
    stdout = sys.stdout.buffer
    left = count
    try:
        for rows in reading.batches():
            if left is not None:
                rows, left = rows[:left], left - len(rows)
            if out is not None:
                writer = writer or CaptureWriter(out)
                write_frames(writer, rows, reading.interfaces)
            if out != "-":
                text = (
                    json_lines(rows, reading.first_ns)
                    if as_json
                    else text_lines(rows, reading.first_ns, reading.digits)
                )
                stdout.write(text.encode())
                if follow or "-" in files:
                    stdout.flush()
            if left is not None and left <= 0:
                break
    finally:
        if writer is not None:
            writer.close()
    if as_json and out != "-":
        stdout.write(summary_line(reading).encode())
    stdout.flush()
    for note in reading.notes:
        click.echo(f"sockmon: {note}", err=True)
    if reading.notes:
        sys.exit(DAMAGED)


def write_frames(writer: CaptureWriter, rows: list[Row], interfaces: list[Interface]) -> None:
    """Add the rows' frames to the file; `interfaces` are those of the file they come from."""
    for row in rows:
        writer.write(row.frame, interfaces[row.frame.interface])


if __name__ == "__main__":
    read_command()
