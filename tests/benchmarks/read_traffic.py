"""A made capture file for the benchmarks of `sockmon read`: what a busy host sees, with everything that goes wrong.

Of the frames about a tenth are UDP and a quarter IPv6; half of the connections use timestamps; one segment in fifty is
lost on its way and sent again after duplicate ACKs, one in a hundred overtakes another, some are sent again too late.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

FRAMES = 320_000
AT_ONCE = 200
"""Conversations whose frames are mixed."""
EXCHANGES = (2, 10, 40, 150)
"""Data segments of a conversation, drawn from these."""
SIZES = (64, 146, 300, 536, 1200, 1400)
PORTS = (443, 80, 5432, 22, 8080, 9000)

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

_IPV4 = struct.Struct("!12xHBBHHHBBH4s4s")
_IPV6 = struct.Struct("!12xHIHBB16s16s")
_TCP = struct.Struct("!HHIIBBHHH")
_UDP = struct.Struct("!HHHH")
_STAMPS = struct.Struct("!HHII")
_OF_SYN = bytes.fromhex("020405b4 0402 0103 03 07 01 01".replace(" ", ""))
_RECORD = struct.Struct("=IIII").pack


class Host:
    """One end of a made conversation."""

    def __init__(self, address: bytes, port: int, dice: random.Random) -> None:
        self.address = address
        self.port = port
        self.seq = dice.getrandbits(32)
        self.heard = 0
        self.window = dice.choice((501, 1024, 64_240))


def datagram(src: bytes, dst: bytes, protocol: int, body: bytes) -> bytes:
    """An Ethernet frame with IPv4 or IPv6 by the addresses' size."""
    if len(src) == 4:
        return _IPV4.pack(0x0800, 0x45, 0, 20 + len(body), len(body), 0x4000, 64, protocol, 0, src, dst) + body
    return _IPV6.pack(0x86DD, 0x60000000, len(body), protocol, 64, src, dst) + body


def segment(me: Host, you: Host, flags: int, payload: bytes = b"", ticks: int = -1, seq: int = -1) -> bytes:
    """A frame from `me` with its numbers, or with `seq` for one sent again; `ticks` below 0 leaves timestamps out."""
    options = _OF_SYN if flags & SYN else b""
    if ticks >= 0:
        options += _STAMPS.pack(0x0101, 0x080A, ticks, ticks)
    number = (me.seq if seq < 0 else seq) & 0xFFFFFFFF
    offset = (20 + len(options)) << 2
    head = _TCP.pack(
        me.port, you.port, number, me.heard & 0xFFFFFFFF if flags & ACK else 0, offset, flags, me.window, 0, 0
    )
    return datagram(me.address, you.address, 6, head + options + payload)


def connection(number: int, dice: random.Random) -> list[bytes]:
    """All frames of one TCP connection, in order."""
    six = dice.random() < 0.25
    near = (
        bytes.fromhex("20010db8") + bytes(8) + struct.pack("!I", number)
        if six
        else struct.pack("!BBH", 10, 1, number & 0xFFFF)
    )
    far = (
        bytes.fromhex("20010db8") + bytes(11) + bytes((dice.randrange(8),))
        if six
        else bytes((10, 2, 0, dice.randrange(8)))
    )
    client, server = Host(near, 20_000 + number % 40_000, dice), Host(far, dice.choice(PORTS), dice)
    ticks = number if dice.random() < 0.5 else -1
    payload = dice.randbytes(max(SIZES))
    frames = [segment(client, server, SYN, ticks=ticks)]
    client.seq += 1
    server.heard = client.seq
    frames.append(segment(server, client, SYN | ACK, ticks=ticks))
    server.seq += 1
    client.heard = server.seq
    frames.append(segment(client, server, ACK, ticks=ticks))
    for _ in range(dice.choice(EXCHANGES)):
        me, you = (client, server) if dice.random() < 0.4 else (server, client)
        sizes = [dice.choice(SIZES) for _ in range(dice.choice((1, 1, 2, 2, 6)))]
        ticks += ticks >= 0
        frames += burst(me, you, sizes, payload, ticks, dice.random())
    for me, you in ((client, server), (server, client)):
        frames.append(segment(me, you, FIN | ACK, ticks=ticks))
        me.seq += 1
        you.heard = me.seq
        frames.append(segment(you, me, ACK, ticks=ticks))
    return frames


def burst(me: Host, you: Host, sizes: list[int], payload: bytes, ticks: int, luck: float) -> list[bytes]:
    """Data from `me`, acknowledged by `you`, every other segment; `luck` says what goes wrong on the way."""
    sent: list[tuple[int, bytes]] = []
    for size in sizes:
        sent.append((me.seq, segment(me, you, PSH | ACK, payload[:size], ticks)))
        me.seq += size
    frames: list[bytes] = []
    if len(sent) > 2 and luck < 0.1:  # the first is lost: duplicate ACKs, then it comes again
        for _, frame in sent[1:]:
            frames += [frame, segment(you, me, ACK, ticks=ticks)]
        frames.append(sent[0][1])
    elif len(sent) > 1 and luck < 0.15:  # the first is overtaken
        frames += [sent[1][1], sent[0][1], *(frame for _, frame in sent[2:])]
    else:
        for at, (_, frame) in enumerate(sent):
            frames.append(frame)
            if at % 2:
                you.heard = sent[at][0] + sizes[at]
                frames.append(segment(you, me, ACK, ticks=ticks))
    you.heard = me.seq
    frames.append(segment(you, me, ACK, ticks=ticks))
    if luck > 0.98:  # sent again although it arrived
        frames += [sent[-1][1], segment(you, me, ACK, ticks=ticks)]
    return frames


def questions(number: int, dice: random.Random) -> list[bytes]:
    """A few UDP datagrams each way between two hosts."""
    near, far = struct.pack("!BBH", 10, 3, number & 0xFFFF), bytes((10, 2, 0, 53))
    frames = []
    for _ in range(10):
        body = dice.randbytes(dice.choice((40, 120, 900)))
        there = _UDP.pack(20_000 + number % 40_000, 9_053, 8 + len(body), 0) + body
        back = _UDP.pack(9_053, 20_000 + number % 40_000, 8 + len(body), 0) + body
        frames += [datagram(near, far, 17, there), datagram(far, near, 17, back)]
    return frames


def write_mix(path: Path, frames: int = FRAMES, seed: int = 4) -> None:
    """A pcap file of so many frames, the same for the same seed."""
    dice = random.Random(seed)
    now_us = number = 0
    with path.open("wb") as file:
        file.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        open_now: list[list[bytes]] = []
        for _ in range(frames):
            while len(open_now) < AT_ONCE:
                made = (questions if dice.random() < 0.3 else connection)(number, dice)
                open_now.append(made[::-1])
                number += 1
            at = dice.randrange(AT_ONCE)
            frame = open_now[at].pop()
            if not open_now[at]:
                del open_now[at]
            now_us += dice.randrange(20)
            file.write(_RECORD(1_700_000_000 + now_us // 1_000_000, now_us % 1_000_000, len(frame), len(frame)) + frame)
