"""Frames of longer conversations for tests, and files of them."""

from __future__ import annotations

from pathlib import Path

from engine.capture.files.frames import Frame
from engine.capture.files.pcap import pcap_header, pcap_record
from tests.unit.capture_frames import ACK, FIN, SYN, tcp

NS_PER_FRAME = 1_000_000


def transfer(segments: int, sport: int = 40000, size: int = 100) -> list[bytes]:
    """An open connection in which 40000 sends so many segments, each acknowledged, and closes."""
    frames = [tcp(sport, 80, 0, 0, SYN), tcp(80, sport, 0, 1, SYN | ACK), tcp(sport, 80, 1, 1)]
    for at in range(segments):
        frames += [tcp(sport, 80, 1 + size * at, 1, ACK, bytes(size)), tcp(80, sport, 1, 1 + size * (at + 1))]
    return [*frames, tcp(sport, 80, 1 + size * segments, 1, FIN | ACK)]


def capture_file(folder: Path, frames: list[bytes]) -> str:
    path = folder / "made.pcap"
    records = (pcap_record(Frame(1, data, len(data), NS_PER_FRAME * (at + 1))) for at, data in enumerate(frames))
    path.write_bytes(pcap_header(1) + b"".join(records))
    return str(path)
