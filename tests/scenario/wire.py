"""Segments of two endpoints as frames, and what tshark says about them: for tests that compare."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from functools import cache
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


_LAYERS = frozenset((
    "frame", "data", "eth", "ethertype", "eth_maybefcs", "eth_withfcs", "eth_withoutfcs", "vlan", "ieee8021ad", "sll",
    "null", "raw", "loop", "llc", "ppp", "ppp_hdlc", "pppoe", "pppoes", "chdlc", "ip", "ipv6", "ipv6.hopopts",
    "ipv6.routing", "ipv6.fraghdr", "ipv6.dstopts", "ipv6.routing.type.rt0", "ipv6.routing.type.mipv6",
    "ipv6.routing.type.srh", "ipv6.routing.type.crh", "tcp", "mptcp",
))  # fmt: skip
"""The only protocols left on: with others, their text would replace TCP's in the Info column."""


@cache
def _other_protocols() -> str:
    """The content of a `disabled_protos` file that leaves TCP and what is below it."""
    assert TSHARK is not None
    listed = subprocess.run([TSHARK, "-G", "protocols"], capture_output=True, text=True, check=True).stdout
    names = {line.split("\t")[2] for line in listed.splitlines() if line.count("\t") >= 2}
    return "".join(f"{name}\n" for name in sorted(names - _LAYERS) if not name.startswith(("tcp.options.", "_ws.")))


def tshark_fields(path: Path, *fields: str, only: str = "") -> list[list[str]]:
    """A list of field texts a frame that passes `only`, from a tshark whose preferences and plugins are nobody's."""
    assert TSHARK is not None
    command = [TSHARK, "-n", "-r", str(path), "-Y", only, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=l"]
    for preference in _PREFERENCES:
        command += ["-o", preference]
    for field in fields:
        command += ["-e", field]
    home = path.parent / "home"
    home.mkdir(exist_ok=True)
    (home / "disabled_protos").write_text(_other_protocols())
    environment = os.environ | {"HOME": str(home), "WIRESHARK_CONFIG_DIR": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [line.split("\t") for line in done.stdout.splitlines()]
