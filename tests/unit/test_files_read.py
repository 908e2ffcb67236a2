"""Reading capture files: rows, lines, JSON, and the command that prints them."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from engine.capture.files.frames import Frame
from engine.capture.files.pcap import MICROSECONDS, pcap_header, pcap_record
from engine.capture.read import Reading
from engine.capture.read_filter import RowFilter
from engine.capture.read_json import json_lines, seconds, summary_line
from engine.capture.read_printer import WORTH_A_PROCESS_BYTES
from engine.capture.read_text import relative_time, text_lines
from tests.scenario import wire
from tests.scenario.traffic import made_up_frames
from tests.unit.test_decode import ethernet, ipv4

ECHO = ethernet(0x0800, ipv4(1, b"\x08\0\0\0\0\1\0\1"))
FRAMES = [
    Frame(1, wire.tcp_frame(wire.A, wire.B, 41000, 80, 99, 0, 2, 64240, 0, b"\x02\x04\x05\xb4"), 58, 1_000_000_000),
    Frame(1, wire.tcp_frame(wire.B, wire.A, 80, 41000, 499, 100, 18, 65160, 0, b"\x02\x04\x05\xb4"), 58, 1_000_040_000),
    Frame(1, ECHO, len(ECHO), 1_000_050_000),
    Frame(1, wire.tcp_frame(wire.A, wire.B, 41000, 80, 100, 500, 24, 502, 5), 59, 1_000_080_000),
]
TEXT = (
    "    1   0.000000     10.0.0.1 → 10.0.0.2     TCP 58 41000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460\n"
    "    2   0.000040     10.0.0.2 → 10.0.0.1     TCP 58 80 → 41000 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460\n"
    "    3   0.000050     10.0.0.1 → 10.0.0.2     ICMP 42 Echo (ping) request  id=0x0001, seq=1/256, ttl=64\n"
    "    4   0.000080     10.0.0.1 → 10.0.0.2     TCP 59 41000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=502 Len=5\n"
)


def microsecond_pcap(frames: list[Frame]) -> bytes:
    """As tcpdump writes it, which decides how many decimals a time has."""
    text = struct.pack("<IHHiIII", MICROSECONDS, 2, 4, 0, 0, 65535, 1)
    for frame in frames:
        whole, rest = divmod(frame.ts_ns // 1000, 1_000_000)
        text += struct.pack("<IIII", whole, rest, len(frame.data), frame.wire_length) + frame.data
    return text


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "four.pcap"
    path.write_bytes(microsecond_pcap(FRAMES))
    return path


def sockmon(*arguments: str, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "tui.cli.entry", *arguments],
        input=given, capture_output=True, check=False, timeout=60, cwd=Path(__file__).parents[2], env=os.environ | more,
    )  # fmt: skip


def test_lines_have_tsharks_columns(capture: Path) -> None:
    reading = Reading([str(capture)])
    lines = b"".join(text_lines(batch.rows, reading.first_ns, 6) for batch in reading.batches())
    assert lines.decode() == TEXT


@pytest.mark.parametrize(
    ("ns", "digits", "text"),
    [
        (0, 6, "0.000000"),
        (1_999, 6, "0.000001"),
        (-1_000, 6, "-0.000001"),
        (12_345_678_901, 9, "12.345678901"),
        (5, 0, "0"),
    ],
)
def test_times_are_cut_not_rounded(ns: int, digits: int, text: str) -> None:
    assert relative_time(ns, digits) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0.000000000"),
        (-1, "-0.000000001"),
        (1_700_000_000_123_456_789, "1700000000.123456789"),
        (4_503_599_627_370_495, "4503599.627370495"),
        (-9_007_199_254_740_993, "-9007199.254740993"),
    ],
)
def test_seconds_in_json_hold_every_nanosecond(ns: int, text: str) -> None:
    assert seconds(ns) == text


def test_json_is_one_object_a_segment_and_a_summary(capture: Path) -> None:
    reading = Reading([str(capture)])
    lines = b"".join(json_lines(batch.rows, reading.first_ns) for batch in reading.batches()) + summary_line(reading)
    first, second, fourth, last = map(json.loads, lines.splitlines())
    assert [first["frame"], second["frame"], fourth["frame"]] == [1, 2, 4]
    assert (first["seq"], first["ack"], first["win"], first["mss"], first["flags"]) == (0, None, 64240, 1460, "SYN")
    assert (second["ack"], second["acks_frame"], second["ack_rtt"]) == (1, 1, "0.000040000")
    assert (fourth["len"], fourth["irtt"], fourth["states"]) == (5, "0.000080000", ["ESTABLISHED", "ESTABLISHED"])
    assert fourth["t_epoch"] == "1.000080000"
    assert fourth["info"] == "41000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=502 Len=5"
    assert last["summary"] == {
        "received": 4, "kept": 4, "dropped_by_kernel": 0, "dropped_by_us": 0, "undecodable": 0, "evicted": 0,
        "freezes": 0, "segments": 3, "streams": 1, "flows_evicted": 0, "fragments_given_up": 0, "notes": [],
    }  # fmt: skip


def test_several_files_are_read_as_one(capture: Path) -> None:
    reading = Reading([str(capture), str(capture)])
    numbers = [number for batch in reading.batches() for number in batch.rows.numbers]
    assert numbers == list(range(1, 9))
    assert reading.flows.streams == 1


def test_rows_are_chosen_in_all_their_parts(capture: Path) -> None:
    (batch,) = Reading([str(capture)]).batches()
    whole = list(batch.rows.each())
    assert list(batch.rows.chosen([1, 3]).each()) == [whole[1], whole[3]]
    assert list(batch.rows.chosen([]).each()) == []
    assert [part is None for part in whole[2]] == [False, False, False, True, True, False]


def test_the_command_prints_lines(capture: Path) -> None:
    done = sockmon("read", str(capture))
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, TEXT, b"")


def test_the_command_reads_standard_input(capture: Path) -> None:
    assert sockmon("read", "-", given=capture.read_bytes()).stdout.decode() == TEXT


def test_a_display_filter_leaves_out_what_does_not_pass(capture: Path) -> None:
    done = sockmon("read", "-Y", "tcp.flags.syn == 1", str(capture))
    assert done.stdout.decode() == "".join(TEXT.splitlines(keepends=True)[:2])
    assert sockmon("read", "-Y", "tcp.port ==", str(capture)).returncode == 2


def test_an_icmp_error_is_of_the_stream_that_it_quotes(tmp_path: Path) -> None:
    quoted = FRAMES[0].data[14:42]
    error = ethernet(0x0800, ipv4(1, b"\x03\x03\0\0" + bytes(4) + quoted))
    path = tmp_path / "refused.pcap"
    path.write_bytes(microsecond_pcap([*FRAMES, Frame(1, error, len(error), 1_000_090_000), FRAMES[2]]))
    (batch,) = Reading([str(path)]).batches()
    assert RowFilter("tcp.stream == 0").select(batch.rows) == [0, 1, 3, 4]


def test_a_count_ends_the_reading(capture: Path) -> None:
    assert sockmon("read", "-c", "2", str(capture)).stdout.decode() == "".join(TEXT.splitlines(keepends=True)[:2])


def test_frames_are_written_and_read_back(capture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pcapng"
    done = sockmon("read", str(capture), "-Y", "icmp", "-w", str(out))
    assert (done.returncode, done.stdout) == (0, b"")
    (line,) = sockmon("read", str(out)).stdout.decode().splitlines()
    assert line.split(maxsplit=2)[2].startswith("10.0.0.1 → 10.0.0.2     ICMP 42 Echo")


def test_a_damaged_file_is_read_as_far_as_it_goes(capture: Path) -> None:
    capture.write_bytes(capture.read_bytes()[:-3])
    done = sockmon("read", str(capture))
    assert done.returncode == 2
    assert done.stdout.decode() == "".join(TEXT.splitlines(keepends=True)[:3])
    assert done.stderr.decode() == f"sockmon: {capture}: the file ends inside frame 4\n"


def test_a_file_that_is_no_capture_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    done = sockmon("read", str(path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"sockmon: read {path} (it is neither pcap nor pcapng)\n"


def test_a_large_file_prints_the_same_from_a_second_process(tmp_path: Path) -> None:
    frames = made_up_frames(random.Random(3), conversations=40)
    path = tmp_path / "large.pcap"
    records = b"".join(map(pcap_record, frames))
    path.write_bytes(pcap_header(1) + records * (WORTH_A_PROCESS_BYTES // len(records) + 1))
    reading = Reading([str(path)])
    expected = b"".join(json_lines(batch.rows, reading.first_ns) for batch in reading.batches()) + summary_line(reading)
    assert sockmon("read", "--json", str(path)).stdout == expected


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    frames = made_up_frames(random.Random(3), conversations=40)
    path = tmp_path / "large.pcap"
    records = b"".join(map(pcap_record, frames))
    path.write_bytes(pcap_header(1) + records * (WORTH_A_PROCESS_BYTES // len(records) + 1))
    command = [sys.executable, "-m", "tui.cli.entry", "read", str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(30) in (0, -13)


def test_no_frames_at_all_are_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(pcap_header(1))
    done = sockmon("read", "--json", str(path))
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["received"] == 0
