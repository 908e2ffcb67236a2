"""Made traffic for the benchmarks of the capture: many TCP connections at once, as a busy server sees them."""

from __future__ import annotations

import random
import struct
from pathlib import Path

AT_ONCE = 64
"""Connections whose segments are mixed."""
EXCHANGES = 40
"""Data segments of a connection, each acknowledged."""
SIZES = (64, 146, 300, 536, 1200, 1400)

_HEAD = struct.Struct("!12xHBBHHHBBH4s4sHHIIBBHHHHHII")


def _segment(
    ends: tuple[bytes, int, bytes, int], seq: int, ack: int, flags: int, size: int, ticks: int, payload: bytes
) -> bytes:
    """Ethernet, IPv4 and TCP with timestamps (NOP, NOP, TS). None of the addresses is this machine's."""
    src, sport, dst, dport = ends
    head = _HEAD.pack(
        0x0800, 0x45, 0, 52 + size, seq & 0xFFFF, 0x4000, 64, 6, 0, src, dst, sport, dport, seq & 0xFFFFFFFF,
        ack & 0xFFFFFFFF, 0x80, flags, 501, 0, 0, 0x0101, 0x080A, ticks, ticks,
    )  # fmt: skip
    return head + payload[:size]


def _connection(number: int, dice: random.Random) -> list[bytes]:
    client, server = struct.pack("!BBH", 10, 1, number >> 14 & 0xFFFF), bytes((10, 2, 0, 1))
    sport = 20_000 + (number & 0x3FFF)
    there, back = (client, sport, server, 443), (server, 443, client, sport)
    mine, theirs, ticks = dice.getrandbits(32), dice.getrandbits(32), number
    payload = dice.randbytes(max(SIZES))
    segments = [
        _segment(there, mine, 0, 0x02, 0, ticks, b""),
        _segment(back, theirs, mine + 1, 0x12, 0, ticks, b""),
        _segment(there, mine + 1, theirs + 1, 0x10, 0, ticks, b""),
    ]
    mine, theirs = mine + 1, theirs + 1
    for _ in range(EXCHANGES):
        size = dice.choice(SIZES)
        ticks += 1
        if dice.random() < 0.5:
            segments.append(_segment(there, mine, theirs, 0x18, size, ticks, payload))
            mine += size
            segments.append(_segment(back, theirs, mine, 0x10, 0, ticks, b""))
        else:
            segments.append(_segment(back, theirs, mine, 0x18, size, ticks, payload))
            theirs += size
            segments.append(_segment(there, mine, theirs, 0x10, 0, ticks, b""))
    segments += [
        _segment(there, mine, theirs, 0x11, 0, ticks, b""),
        _segment(back, theirs, mine + 1, 0x11, 0, ticks, b""),
        _segment(there, mine + 1, theirs + 1, 0x10, 0, ticks, b""),
    ]
    return segments


def write_traffic(path: Path, frames: int, seed: int = 4) -> None:
    """A pcap file of so many frames. Nothing is missing in it and nothing is sent twice."""
    dice = random.Random(seed)
    written = number = 0
    with path.open("wb") as file:
        file.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        open_now: list[list[bytes]] = []
        while written < frames:
            while len(open_now) < AT_ONCE:
                open_now.append(_connection(number, dice)[::-1])
                number += 1
            at = dice.randrange(AT_ONCE)
            segment = open_now[at].pop()
            if not open_now[at]:
                del open_now[at]
            file.write(struct.pack("=IIII", written // 100_000, written % 100_000 * 10, len(segment), len(segment)))
            file.write(segment)
            written += 1
