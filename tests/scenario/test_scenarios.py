"""Each TOML file beside this one tells conversations segment by segment, with the states and findings that follow.

A segment is one line: time in seconds, sender, flags, `name=value` pairs; then `|`, both ends' states after it (`=` for
unchanged); then `|` and the findings. `seq` and `ack` count from the initial numbers of the case. `LOSS n` stands for
frames that the capture missed. Where tshark is installed it reads the same segments and must find the same.
"""

from __future__ import annotations

import struct
import tomllib
from pathlib import Path

import msgspec
import pytest

from engine.capture.decode import decode_frame
from engine.capture.files.frames import Frame
from engine.flow.findings import finding_names
from engine.flow.info import info_line
from engine.flow.placed import UNCERTAIN, Placed
from engine.flow.states import pair_names
from engine.flow.table import FlowTable
from engine.model.packets import Segment
from tests.scenario import wire

_OPTIONS = {"mss": (2, "!H"), "ws": (3, "!B")}
_EPOCH_NS = 1_700_000_000_000_000_000


class Line(msgspec.Struct, frozen=True):
    """One segment and what is expected of it."""

    text: str
    frame: Frame | None
    """None for a loss."""
    lost: int
    states: tuple[str, ...]
    findings: tuple[str, ...]
    values: dict[str, str]


class Case(msgspec.Struct, frozen=True):
    file: str
    name: str
    lines: tuple[Line, ...]
    tshark: bool
    """Whether tshark agrees; it does not know of losses."""


def _line(text: str, isn: dict[str, int], before: tuple[str, ...]) -> Line:
    told, _, expected = text.partition("|")
    states, _, findings = expected.partition("|")
    words = told.split()
    if words[1] == "LOSS":
        return Line(text, None, int(words[2]), before, (), {})
    flags = sum(wire.FLAGS[name] for name in words[2].split(",") if name != "-")
    values = dict(word.split("=", 1) for word in words[3:])
    me, you = words[1], "B" if words[1] == "A" else "A"
    src, dst, sport, dport = (
        (wire.A, wire.B, wire.A_PORT, wire.B_PORT) if me == "A" else (wire.B, wire.A, wire.B_PORT, wire.A_PORT)
    )
    options = b"".join(
        bytes([kind, 2 + struct.calcsize(form)]) + struct.pack(form, int(values[name]))
        for name, (kind, form) in _OPTIONS.items()
        if name in values
    )
    data = wire.tcp_frame(
        src, dst, sport, dport,
        isn[me] + int(values.get("seq", "0")),
        isn[you] + int(values["ack"]) if "ack" in values else 0,
        flags, int(values.get("win", "8192")), int(values.get("len", "0")), options,
    )  # fmt: skip
    ts_ns = _EPOCH_NS + round(float(words[0]) * 1e9)
    ends = tuple(states.split())
    return Line(
        text, Frame(wire.ETHERNET, data, len(data), ts_ns), 0, before if ends == ("=",) else ends,
        tuple(sorted(findings.split())), values,
    )  # fmt: skip


def _cases() -> list[Case]:
    cases = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for told in tomllib.loads(path.read_text())["case"]:
            isn = {"A": 1000, "B": 5000} | told.get("isn", {})
            lines: list[Line] = []
            states: tuple[str, ...] = ("UNKNOWN", "UNKNOWN")
            for text in told["segments"].strip().splitlines():
                lines.append(_line(text, isn, states))
                states = lines[-1].states
            cases.append(Case(path.stem, told["name"], tuple(lines), told.get("tshark", True)))
    return cases


CASES = _cases()
IDS = [f"{case.file}: {case.name}" for case in CASES]


def _play(case: Case) -> list[tuple[Line, Segment, Placed]]:
    table = FlowTable()
    played = []
    number = 0
    for line in case.lines:
        if line.frame is None:
            table.note_loss(line.lost)
            continue
        number += 1
        frame = line.frame
        segment = decode_frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns)
        assert isinstance(segment, Segment)
        played.append((line, segment, table.feed(segment, number)))
    return played


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_states_and_findings_follow_the_segments(case: Case) -> None:
    for line, _, placed in _play(case):
        names = finding_names(placed.findings)
        sure = tuple(sorted(name.removesuffix("?") for name in line.findings))
        assert names == sure, line.text
        assert bool(placed.marks & UNCERTAIN) == any(name.endswith("?") for name in line.findings), line.text
        assert tuple(state.value for state in pair_names(placed.states)) == line.states, line.text
        if "dup" in line.values:
            assert f"{placed.dup_ack_frame}#{placed.dup_ack_number}" == line.values["dup"], line.text
        if "shown" in line.values:
            assert str(placed.window) == line.values["shown"], line.text


@pytest.mark.skipif(wire.TSHARK is None, reason="tshark is not installed")
def test_tshark_prints_the_same_info_for_all_cases_in_one_capture(tmp_path: Path) -> None:
    table = FlowTable()
    frames: list[Frame] = []
    ours: list[tuple[str, str]] = []
    for case in CASES:
        if not case.tshark:
            continue
        for line in case.lines:
            assert line.frame is not None
            frame = _from_port(line.frame, wire.A_PORT + CASES.index(case))
            frames.append(frame)
            segment = decode_frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns)
            assert isinstance(segment, Segment)
            ours.append((f"{case.name}: {line.text}", info_line(segment, table.feed(segment, len(frames)))))
    capture = wire.write_capture(tmp_path / "cases.pcap", frames)
    theirs = [fields[0] for fields in wire.tshark_fields(capture, "_ws.col.Info")]
    assert len(theirs) == len(ours)
    assert [line for line, told in zip(ours, theirs, strict=True) if line[1] != told] == []


def _from_port(frame: Frame, port: int) -> Frame:
    """The frame with endpoint A at another port, so that each case is a stream of its own."""
    at = 34 if struct.unpack_from("!H", frame.data, 34)[0] == wire.A_PORT else 36
    data = frame.data[:at] + struct.pack("!H", port) + frame.data[at + 2 :]
    return Frame(frame.link_type, data, frame.wire_length, frame.ts_ns)
