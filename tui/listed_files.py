"""What a list shows, written to a file: sockets as text, CSV or JSON Lines; packets as frames, text or JSON Lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from engine.capture.files.frames import Frame, Interface
from engine.capture.files.writer import CaptureWriter
from engine.export.packet_comments import SocketSamples, packet_comment
from engine.export.packets import packet_line, packet_object
from engine.export.socket_table import table_lines
from engine.export.sockets import csv_lines, json_lines
from engine.model.messages import FrameAnswer
from engine.model.packets import FULL_SNAP_LENGTH, PacketRow
from engine.model.snapshot import MonitorView
from engine.model.sockets import SocketEntry
from engine.text.cells import Look
from engine.text.columns import Column
from tui.files import replaced, write
from tui.local_names import interface_name, user_name
from tui.messages import Done, Moment, PacketQuestion

ROWS: Final = 2_000
"""Packets asked for at once."""

SOCKET_ENDINGS: Final = "The ending decides: .csv for spreadsheets, .json JSON Lines with every field, .txt text."
PACKET_ENDINGS: Final = "The ending decides: .pcapng or .pcap frames for Wireshark, .txt lines, .json JSON Lines."

Columns = Sequence[Column]


def save_sockets(rows: Callable[[], Sequence[SocketEntry]], columns: Columns, look: Look, path: Path) -> Done:
    """Write these sockets: JSON has all that is known, the others these columns. EngineError if that cannot be done."""
    listed = rows()
    match path.suffix.lower():
        case ".json" | ".jsonl":
            write(path, json_lines(listed, user_name))
        case ".csv":
            write(path, [csv_lines(listed, columns, msgspec.structs.replace(look, separators=False)).encode()])
        case _:
            write(path, (f"{line}\n".encode() for line in table_lines(listed, columns, look)))
    return Done(f"{len(listed):,} sockets saved to {path}")


def save_packets(monitor: MonitorView, question: PacketQuestion, moment: Moment, path: Path) -> Done:
    """Write the packets that are in the list now. EngineError if that cannot be done."""
    match path.suffix.lower():
        case ".json" | ".jsonl":
            return _save_lines(monitor, question, path, lambda row, first_ns: msgspec.json.encode(packet_object(row)))
        case ".txt":
            return _save_lines(monitor, question, path, lambda row, first_ns: packet_line(row, first_ns).encode())
        case _:
            return _save_frames(monitor, question, moment, path)


def _listed(monitor: MonitorView, question: PacketQuestion) -> Iterator[tuple[list[PacketRow], int]]:
    """The rows of the list and the time of the capture's first frame, in parts, up to the newest of when it began."""
    after = 0
    last = monitor.new_packets(after, 0).status.last_number
    while after < last:
        answer = monitor.new_packets(after, ROWS, question.display_filter, question.handshakes)
        rows = [row for row in answer.rows if row.number <= last]
        if rows:
            yield rows, answer.status.first_ts_ns
        after = answer.status.last_number - answer.pending


def _save_lines(
    monitor: MonitorView, question: PacketQuestion, path: Path, line: Callable[[PacketRow, int], bytes]
) -> Done:
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for rows, first_ns in _listed(monitor, question):
            count += len(rows)
            yield b"".join(line(row, first_ns) + b"\n" for row in rows)

    write(path, lines())
    return Done(f"{count:,} packets saved to {path}")


def _save_frames(monitor: MonitorView, question: PacketQuestion, moment: Moment, path: Path) -> Done:
    """Frames as they were kept, each with what is known of its sockets now as its comment."""
    samples = SocketSamples()
    closed = [past.entry for past in moment.watched.closed]
    samples.take(moment.snapshot.entries, closed, moment.snapshot.table_ns)
    wanted = cut = 0
    with replaced(path) as made, CaptureWriter(str(made)) as writer:
        for rows, _ in _listed(monitor, question):
            wanted += len(rows)
            by_number = {row.number: row for row in rows}
            for frame in _frames(monitor, rows[0].number, rows[-1].number):
                row = by_number.get(frame.number)
                if row is not None:
                    cut += len(frame.data) < frame.wire_length
                    _write(writer, frame, packet_comment(row, samples))
    gone = wanted - writer.written
    told = {"cut by the snap length": cut, "not kept any more": gone}
    more = "".join(f", {number:,} {what}" for what, number in told.items() if number)
    return Done(f"{writer.written:,} packets saved to {path}{more}", warns=bool(gone))


def _frames(monitor: MonitorView, first: int, last: int) -> Iterator[FrameAnswer]:
    """The kept frames of these numbers, both included."""
    after = first - 1
    while after < last:
        answer = monitor.new_frames(after)
        yield from answer.frames
        if answer.last <= after:
            return
        after = answer.last


def _write(writer: CaptureWriter, frame: FrameAnswer, comment: str) -> None:
    name = interface_name(frame.interface) if frame.interface else ""
    writer.write(
        Frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns, 0, comment),
        Interface(frame.link_type, name, FULL_SNAP_LENGTH, 9),
    )
