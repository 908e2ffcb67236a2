"""Whole captures against tshark: those that the tests make up, and the shared ones where they are."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.capture.files.frames import Frame, Interface
from engine.capture.files.source import recognise
from engine.capture.files.writer import CaptureWriter
from engine.capture.read import Reading
from engine.capture.read_filter import RowFilter
from engine.capture.read_json import segment_object
from tests.scenario import wire
from tests.scenario.traffic import made_up_frames

pytestmark = pytest.mark.skipif(wire.TSHARK is None, reason="tshark is not installed")

SHARED = Path(__file__).parents[3] / "shared" / "pcaps"

_FIELDS = (
    "frame.number", "tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.ack", "tcp.window_size", "tcp.len",
    "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr", "tcp.options.sack_le", "tcp.options.sack_re",
    "tcp.completeness", "frame.protocols", "_ws.col.Info",
)  # fmt: skip


def _ours(path: Path) -> dict[int, list[str]]:
    reading = Reading([str(path)])
    lines = {}
    for batch in reading.batches():
        for _, wire_length, captured, segment, placed, _ in batch.rows.each():
            if segment is None or placed is None:
                continue
            line = segment_object(segment, placed, wire_length, captured, reading.first_ns)
            acked = placed.ack if line.ack_raw is not None else None
            last_left, last_right = (edges[-1] if edges else None for edges in (line.sle, line.sre))
            values = (
                line.frame, line.stream, line.sport, line.dport, line.seq, acked, line.win, line.len, line.tsval,
                line.tsecr, last_left, last_right, line.completeness, line.protocols, line.info,
            )  # fmt: skip
            lines[line.frame] = ["" if value is None else str(value) for value in values]
    return lines


def _differences(path: Path) -> tuple[int, list[tuple[list[str], list[str] | None]]]:
    """How many TCP frames tshark sees in a capture, and those where it says something else."""
    ours = _ours(path)
    theirs = wire.tshark_fields(path, *_FIELDS, only="tcp")
    different = [(line, ours.get(int(line[0]))) for line in theirs if line != ours.get(int(line[0]))]
    return len(theirs), different


@pytest.mark.parametrize("link_type", [wire.ETHERNET, 113, 101])
def test_made_up_conversations_agree_in_every_frame(link_type: int, tmp_path: Path) -> None:
    frames = made_up_frames(random.Random(link_type), conversations=60, link_type=link_type)
    frame_count, different = _differences(wire.write_capture(tmp_path / "made.pcap", frames))
    assert frame_count == len(frames)
    assert different == []


@pytest.mark.parametrize("snap_length", [58, 66, 69, 74, 78, 85])
def test_frames_cut_inside_their_headers_agree(snap_length: int, tmp_path: Path) -> None:
    frames = [
        Frame(frame.link_type, frame.data[:snap_length], frame.wire_length, frame.ts_ns)
        for frame in made_up_frames(random.Random(snap_length), conversations=40)
    ]
    frame_count, different = _differences(wire.write_capture(tmp_path / "cut.pcap", frames))
    assert frame_count == len(frames)
    assert different == []


@pytest.mark.parametrize("seed", range(3))
def test_frames_with_changed_bytes_agree(seed: int, tmp_path: Path) -> None:
    """One byte of every tenth TCP header is another one; addresses and lengths of the layers below stay."""
    dice = random.Random(seed)
    frames = []
    for frame in made_up_frames(dice, conversations=40):
        data = bytearray(frame.data)
        if dice.random() < 0.1:
            data[dice.randrange(len(data) - 20, len(data)) if dice.random() < 0.2 else _a_byte_of_tcp(dice, data)] ^= (
                1 << dice.randrange(8)
            )
        frames.append(Frame(frame.link_type, bytes(data), frame.wire_length, frame.ts_ns))
    _, different = _differences(wire.write_capture(tmp_path / "changed.pcap", frames))
    assert different == []


def _a_byte_of_tcp(dice: random.Random, data: bytearray) -> int:
    start = 54 if data[12:14] == b"\x86\xdd" else 34
    return start + dice.randrange(len(data) - start)


FILTERS = (
    "tcp.port == 80", "tcp.dstport != 80", "ip.addr == 10.0.0.0/8", "tcp.flags.syn == 1 and tcp.flags.ack == 0",
    "tcp.flags.fin == 1 || tcp.flags.reset == 1", "tcp.flags == 0x012", "tcp.stream eq 7", "tcp.len > 100",
    "!(tcp.len > 0)", "frame.number < 20", "frame.len >= 1000", "tcp.window_size < 100", "tcp.seq == 1",
    "tcp.ack > 1000", "ip", "ipv6", "tcp.port in {22, 80}", "tcp.analysis.flags", "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission", "tcp.analysis.out_of_order", "tcp.analysis.duplicate_ack",
    "tcp.analysis.lost_segment", "tcp.analysis.zero_window", "tcp.analysis.keep_alive", "tcp.analysis.window_full",
    "tcp.analysis.reused_ports",
)  # fmt: skip


def test_display_filters_pass_the_frames_that_tsharks_pass(tmp_path: Path) -> None:
    path = wire.write_capture(tmp_path / "made.pcap", made_up_frames(random.Random(11), conversations=60))
    for text in FILTERS:
        passes, passed = RowFilter(text), []
        for batch in Reading([str(path)]).batches():
            passed += [batch.rows.numbers[place] for place in passes.select(batch.rows)]
        assert passed == [int(number) for (number,) in wire.tshark_fields(path, "frame.number", only=text)], text


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared captures are not here")
def test_the_shared_captures_agree_as_one_capture_of_many_interfaces(tmp_path: Path) -> None:
    merged = tmp_path / "merged.pcapng"
    with CaptureWriter(str(merged)) as writer:
        for path in sorted(SHARED.rglob("*")):
            if path.is_file() and _is_capture(path):
                reading = Reading([str(path)])
                for batch in reading.batches():
                    for frame in batch.frames:
                        writer.write(frame, Interface(frame.link_type, path.name))
    frame_count, different = _differences(merged)
    assert frame_count > 20_000
    assert len(different) <= frame_count // 1000, different[:5]


def _is_capture(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4)
    return recognise(head) is not None or head[:2] == b"\x1f\x8b"


def test_the_frames_of_a_written_file_are_those_that_were_read(tmp_path: Path) -> None:
    frames = made_up_frames(random.Random(7), conversations=5)
    path = tmp_path / "copy.pcapng"
    with CaptureWriter(str(path)) as writer:
        for frame in frames:
            writer.write(
                Frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns), Interface(frame.link_type, "lo")
            )
    theirs = wire.tshark_fields(path, "frame.number", "frame.len", "frame.interface_name")
    assert theirs == [[str(number), str(frame.wire_length), "lo"] for number, frame in enumerate(frames, 1)]
