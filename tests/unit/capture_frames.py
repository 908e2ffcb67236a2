"""Frames made for tests: Ethernet, IPv4 or IPv6, TCP or UDP, as a source would hand them over."""

from __future__ import annotations

import ipaddress
import struct

from engine.capture.source import GAP, Frame

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10


def ip_frame(protocol: int, payload: bytes, src: str = "127.0.0.1", dst: str = "127.0.0.1", fragment: int = 0) -> bytes:
    ends = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed
    if len(ends) == 8:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0)
        return bytes(12) + b"\x08\x00" + head + ends + payload
    return bytes(12) + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + ends + payload


def tcp(
    sport: int = 40000,
    dport: int = 80,
    seq: int = 0,
    ack: int = 0,
    flags: int = ACK,
    payload: bytes = b"",
    src: str = "127.0.0.1",
    dst: str = "127.0.0.1",
) -> bytes:
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 512, 0, 0)
    return ip_frame(6, head + payload, src, dst)


def udp(sport: int = 40000, dport: int = 53, payload: bytes = b"") -> bytes:
    return ip_frame(17, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload)


def captured(data: bytes, ts_ns: int = 1_000, wire_length: int | None = None, interface: int = 1) -> Frame:
    return ts_ns, len(data) if wire_length is None else wire_length, data, interface, 0, 1


def gap(frames: int) -> Frame:
    return 0, frames, b"", 0, GAP, 1


def conversation(sport: int = 40000, payload: bytes = b"hello") -> list[bytes]:
    """A whole connection: handshake, one segment of data and its ACK, close."""
    end = 101 + len(payload)
    return [
        tcp(sport, 80, 100, 0, SYN),
        tcp(80, sport, 500, 101, SYN | ACK),
        tcp(sport, 80, 101, 501),
        tcp(sport, 80, 101, 501, PSH | ACK, payload),
        tcp(80, sport, 501, end),
        tcp(sport, 80, end, 501, FIN | ACK),
        tcp(80, sport, 501, end + 1, FIN | ACK),
        tcp(sport, 80, end + 1, 502),
    ]
