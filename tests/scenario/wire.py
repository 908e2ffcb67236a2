"""Segments of two endpoints as frames, and what tshark says about them: for tests that compare."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

from engine.capture.files.frames import Frame
from engine.capture.files.pcap import pcap_header, pcap_record

A, B = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
A_PORT, B_PORT = 41000, 52000
FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128, "AE": 256}
ETHERNET = 1

TSHARK = shutil.which("tshark")
_PREFERENCES = (
    "tcp.relative_sequence_numbers:TRUE", "tcp.analyze_sequence_numbers:TRUE", "tcp.desegment_tcp_streams:FALSE",
    "tcp.reassemble_out_of_order:FALSE", "tcp.try_heuristic_first:FALSE", "tcp.fastrt_supersedes_ooo:TRUE",
    "tcp.check_checksum:FALSE", "ip.check_checksum:FALSE",
)  # fmt: skip


def tcp_frame(
    src: bytes,
    dst: bytes,
    sport: int,
    dport: int,
    seq: int,
    ack: int,
    flags: int,
    window: int,
    length: int = 0,
    options: bytes = b"",
) -> bytes:
    """An Ethernet frame that holds one segment."""
    options += b"\0" * (-len(options) % 4)
    control = (5 + len(options) // 4) << 12 | flags
    header = struct.pack("!HHIIHHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, control, window, 0, 0)
    segment = header + options + b"d" * length
    if len(src) == 4:
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0x4000, 64, 6, 0) + src + dst
        ethertype = 0x0800
    else:
        ip = struct.pack("!IHBB", 6 << 28, len(segment), 6, 64) + src + dst
        ethertype = 0x86DD
    return bytes(6) + b"\2\0\0\0\0\1" + struct.pack("!H", ethertype) + ip + segment


def write_capture(path: Path, frames: list[Frame]) -> Path:
    """A pcap file of these frames; the link type is the first one's."""
    path.write_bytes(pcap_header(frames[0].link_type) + b"".join(map(pcap_record, frames)))
    return path


def tshark_fields(path: Path, *fields: str) -> list[list[str]]:
    """A list of field texts a frame, from a tshark whose preferences and plugins are nobody's."""
    assert TSHARK is not None
    command = [TSHARK, "-n", "-r", str(path), "-T", "fields", "-E", "separator=/t"]
    for preference in _PREFERENCES:
        command += ["-o", preference]
    for field in fields:
        command += ["-e", field]
    home = path.parent / "home"
    home.mkdir(exist_ok=True)
    environment = os.environ | {"HOME": str(home), "WIRESHARK_CONFIG_DIR": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [line.split("\t") for line in done.stdout.splitlines()]
