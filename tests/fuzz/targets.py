"""What is fuzzed: for any bytes each target returns, raising nothing but what its doc allows; memory stays bounded.

A target takes the bytes that a fuzzer makes up. `one_input` chooses the target by the first byte, so that one corpus
serves all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from engine.capture.bpf import check_filter
from engine.capture.decode import decode_frame
from engine.capture.files.frames import Frame
from engine.capture.files.source import recognise
from engine.capture.ip_reassembly import Reassembly
from engine.capture.link import LINK_TYPES
from engine.capture.packet_log import PacketLog
from engine.capture.read import Rows
from engine.capture.read_json import json_lines
from engine.capture.read_text import text_lines
from engine.capture.store import BYTES_MIN
from engine.flow.info import info_line
from engine.flow.options import parse_options, timestamps
from engine.flow.placed import unpack_placed
from engine.flow.table import FlowTable
from engine.model.errors import FilterError
from engine.model.packets import OtherFrame, Segment
from engine.query.packets import compile_packets

_LINKS = [*sorted(LINK_TYPES), 147]
FLOW_BYTES = 200_000
"""Small, so that flows are given up all the time."""
FRAMES_MAX = 5_000
"""Of a made-up file, so that one input takes no second."""


def frames(data: bytes) -> None:
    """Bytes cut into frames of a few kinds, decoded, analysed and printed."""
    if not data:
        return
    link_type = _LINKS[data[0] % len(_LINKS)]
    _read(
        [
            Frame(link_type, piece, len(piece) + (number % 3), number * 1_000)
            for number, piece in enumerate(_cut(data[1:]))
        ]
    )


def file(data: bytes) -> None:
    """A capture file, read whole and in pieces, which must be the same; then printed."""
    whole = recognise(data)
    parts = recognise(data)
    if whole is None or parts is None:
        return
    read = whole.feed(data)
    size = 1 + len(data) // 7
    again = [frame for at in range(0, len(data), size) for frame in parts.feed(data[at : at + size])]
    assert (read, whole.end(), whole.dropped) == (again, parts.end(), parts.dropped)
    _read(read[:FRAMES_MAX])


def segments(data: bytes) -> None:
    """Segments of few conversations whose numbers lie near each other, so that every rule of the analysis is met."""
    table = FlowTable(FLOW_BYTES)
    now_ns = 10**18
    for number in range(1, len(data) // 8 + 1):
        kind, flags, seq, ack, length, wnd, step, extra = data[number * 8 - 8 : number * 8]
        base = (1, 0xFFFFFFF0, 0x7FFFFFF0, 0)[kind & 3]
        src, dst = (b"aaaa", b"bbbb") if kind & 4 else (b"bbbb", b"aaaa")
        port = 1 + (kind >> 3 & 3)
        options = data[: extra & 0x28] if kind & 0x20 else b"\x01\x01\x08\x0a" + bytes(8)
        now_ns += (step - 8) * 1_000_000
        if step == 255:
            table.note_loss(1)
        segment = Segment(
            now_ns, src, dst, port, port, base + seq & 0xFFFFFFFF, base + ack & 0xFFFFFFFF, flags | (kind & 0xC0) << 2,
            wnd, 0, length - 1, 20 + len(options), options,
        )  # fmt: skip
        placed = table.feed(segment, number)
        assert info_line(segment, placed)
        assert unpack_placed(placed.packed()).findings == placed.findings
    assert table.evicted + len(table.flows) == table.streams


def option_lists(data: bytes) -> None:
    """A header's options."""
    parse_options(data[1:45], data[0] & 63 if data else 0)
    timestamps(data[:40])


def filters(data: bytes) -> None:
    """A capture filter and a display filter, which may be refused with a sentence."""
    text = data.decode("utf-8", "replace")[:2_000]
    for read in (check_filter, compile_packets):
        with contextlib.suppress(FilterError):
            read(text)


def log(data: bytes) -> None:
    """Frames into the worker's log, and their rows back."""
    kept = PacketLog(BYTES_MIN)
    link_type = _LINKS[data[0] % len(_LINKS)] if data else 1
    kept.take([(number, len(piece), piece, number % 2, 0, link_type) for number, piece in enumerate(_cut(data[1:]), 1)])
    window = kept.window(0, 100, False, "", lambda _: True, lambda: True)
    assert len(window.rows) == min(window.total, 100)


TARGETS: tuple[Callable[[bytes], None], ...] = (frames, file, segments, option_lists, filters, log)


def one_input(data: bytes) -> None:
    """Give the bytes after the first to the target that the first names."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])


def _cut(data: bytes) -> list[bytes]:
    """Pieces, each after a byte that tells its length."""
    pieces, at = [], 0
    while at < len(data):
        size = data[at]
        pieces.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return pieces


def _read(taken: list[Frame]) -> None:
    """Decode, analyse and print, as `sockmon read` does."""
    reassembly, table = Reassembly(max_bytes=1 << 20), FlowTable(FLOW_BYTES)
    rows = Rows([], [], [], [], [], [])
    for number, frame in enumerate(taken, 1):
        content = decode_frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns, frame.interface, reassembly)
        segment = content if isinstance(content, Segment) else None
        other = content if isinstance(content, OtherFrame) else None
        rows.numbers.append(number)
        rows.wire_lengths.append(frame.wire_length)
        rows.captured.append(len(frame.data))
        rows.segments.append(segment)
        rows.placed.append(table.feed(segment, number) if segment else None)
        rows.others.append(other)
    assert text_lines(rows, 0, 6).count(b"\n") == len(taken)
    assert json_lines(rows, 0).count(b"\n") <= len(taken)
