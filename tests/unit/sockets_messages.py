"""Builders of the kernel's answers: netlink messages of sockets, with defaults, as bytes."""

from __future__ import annotations

import socket
import struct
from typing import Any

from engine.sockets.netlink import attribute

SEQUENCE = 7


def framed(kind: int, payload: bytes, flags: int = 2, sequence: int = SEQUENCE) -> bytes:
    """A message as the kernel sends it, padded to four bytes."""
    header = struct.pack("=IHHII", 16 + len(payload), kind, flags, sequence, 4711)
    return header + payload + b"\0" * (-len(payload) % 4)


def done(errno: int = 0, sequence: int = SEQUENCE) -> bytes:
    """NLMSG_DONE with the errno inside."""
    return framed(3, struct.pack("=i", -errno), sequence=sequence)


def error(errno: int, sequence: int = SEQUENCE) -> bytes:
    """NLMSG_ERROR with the header of the request."""
    return framed(2, struct.pack("=i", -errno) + bytes(16), flags=0, sequence=sequence)


def tcp_info_bytes(size: int = 280, **fields: int) -> bytes:
    """`struct tcp_info`; every byte is its own offset, so that each field differs, but for what `fields` (kernel
    offset by `at_N`) says."""
    raw = bytearray(offset % 256 for offset in range(size))
    for name, value in fields.items():
        struct.pack_into("=I", raw, int(name.removeprefix("at_")), value)
    return bytes(raw)


def inet_payload(
    *,
    family: int = socket.AF_INET,
    state: int = 1,
    timer: int = 0,
    retransmits: int = 0,
    sport: int = 65432,
    dport: int = 53225,
    source: str = "127.0.0.1",
    destination: str = "127.0.0.1",
    interface: int = 0,
    cookie: int = 0x3F2,
    expires_ms: int = 0,
    recv_q: int = 0,
    send_q: int = 0,
    uid: int = 1000,
    inode: int = 88213,
    attributes: tuple[tuple[int, bytes], ...] = (),
) -> bytes:
    """`struct inet_diag_msg` and its attributes."""
    head = struct.pack("=BBBB", family, state, timer, retransmits)
    ports = struct.pack(">HH", sport, dport)
    addresses = b"".join(socket.inet_pton(family, text).ljust(16, b"\0") for text in (source, destination))
    rest = struct.pack("=IQIIIII", interface, cookie, expires_ms, recv_q, send_q, uid, inode)
    return head + ports + addresses + rest + b"".join(attribute(kind, data) for kind, data in attributes)


def inet_row(sequence: int = SEQUENCE, flags: int = 2, **fields: Any) -> bytes:
    """A row of a dump; `fields` as for `inet_payload`."""
    return framed(20, inet_payload(**fields), flags, sequence)


ALL_ATTRIBUTES: tuple[tuple[int, bytes], ...] = (
    (8, b"\3"),
    (5, b"\x10"),
    (15, struct.pack("=I", 42)),
    (21, struct.pack("=Q", 77)),
    (7, struct.pack("=9I", *range(1, 10))),
    (2, tcp_info_bytes()),
    (4, b"cubic\0"),
)
