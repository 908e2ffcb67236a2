"""The bytes of a conversation are those that tshark follows, in captures of real sockets and of made-up traffic."""

from __future__ import annotations

import random
import struct
import subprocess
from pathlib import Path

import pytest

from engine.capture.conversations import Conversations
from engine.capture.files.frames import Frame
from engine.capture.packet_log import PacketLog
from engine.model.flows import LadderStep
from engine.model.messages import AskLadder, AskStream
from engine.model.tcp import TcpFlags
from tests.scenario import wire
from tests.scenario.ladder_pictures import FOLDER, frames_of_file, live
from tests.scenario.traffic import made_up_frames

pytestmark = pytest.mark.skipif(wire.TSHARK is None, reason="tshark is not installed")

WHOLE = ("data", "half-close", "retransmission", "syn-sent-again", "reset-by-unread-data", "close-by-client")
"""Captures whose frames are shorter than their snap length."""
HEADERS_END = 54


def comparable(told: Conversations, stream: int) -> bool:
    """Not where tshark takes the byte of a keep-alive before the first data for data, nor where it saw the SYN and not
    the answer to it: then it takes the first data to be seen for the first there are."""
    window = told.ladder(AskLadder((stream,), 0, 1_000, folded=False), lambda: True)
    steps = [item for item in window.items if isinstance(item, LadderStep)]
    keeps_alive = any(step.seq == 0 and step.length and not step.flags & TcpFlags.SYN for step in steps)
    return not keeps_alive and window.flows[0].completeness & 3 in (0, 3)


def ours(told: Conversations, stream: int) -> tuple[bytes, bytes] | None:
    """What both ends sent, None where something is missing, which tshark tells in words of its own."""
    read, _ = told.stream(AskStream(stream, 0, 1 << 23), lambda: True)
    if any(piece.missing for piece in read.pieces):
        return None
    there, back = (b"".join(piece.data for piece in read.pieces if piece.forward is side) for side in (True, False))
    return there, back


def theirs(path: Path, streams: list[int]) -> list[tuple[bytes, bytes]]:
    """The same of each stream by `tshark -z follow`: node 0 at the margin, node 1 behind a tab."""
    assert wire.TSHARK is not None
    command = [wire.TSHARK, "-n", "-q", "-r", str(path)]
    for stream in streams:
        command += ["-z", f"follow,tcp,raw,{stream}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    by_stream: dict[int, tuple[bytes, bytes]] = {}
    for block in printed.split("Filter: tcp.stream eq ")[1:]:
        number, *lines = block.splitlines()
        told = [line for line in lines[2:] if line.strip() and "=" not in line and "Follow" not in line]
        sides = (
            b"".join(bytes.fromhex(line) for line in told if not line.startswith("\t")),
            b"".join(bytes.fromhex(line) for line in told if line.startswith("\t")),
        )
        by_stream[int(number)] = sides
    return [by_stream[stream] for stream in streams]


def numbered(frame: Frame) -> Frame:
    """A made-up frame whose payload tells its place: a byte is the last of its own sequence number."""
    header = 54 if frame.data[12:14] == b"\x86\xdd" else 34
    seq, _, control = struct.unpack_from("!IIB", frame.data, header + 4)
    start = header + (control >> 4) * 4
    payload = bytes((seq + at) & 0xFF for at in range(len(frame.data) - start))
    return Frame(frame.link_type, frame.data[:start] + payload, frame.wire_length, frame.ts_ns)


@pytest.mark.parametrize("name", WHOLE)
def test_real_conversations(name: str) -> None:
    path = FOLDER / f"{name}.pcap"
    log = PacketLog(1 << 20)
    log.take(frames_of_file(path))
    assert sorted(ours(Conversations(log), 0) or ()) == sorted(theirs(path, [0])[0])


@pytest.mark.parametrize("seed", range(3))
def test_made_up_conversations(tmp_path: Path, seed: int) -> None:
    frames = [numbered(frame) for frame in made_up_frames(random.Random(seed), 40)]
    log = PacketLog(16 << 20)
    log.take([live(frame) for frame in frames])
    told = Conversations(log)
    read = {stream: ours(told, stream) for stream in log.flows.flows}
    whole = [stream for stream, sides in read.items() if sides is not None and comparable(told, stream)]
    followed = theirs(wire.write_capture(tmp_path / "made.pcap", frames), whole)
    assert len(whole) > 10
    assert [sorted(read[stream] or ()) for stream in whole] == [sorted(sides) for sides in followed]
