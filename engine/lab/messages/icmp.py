"""ICMP echo, pure: request and reply (RFC 792, RFC 4443), the Internet checksum (RFC 1071), and ping's last line."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from engine.model.errors import MalformedMessage

ECHO_REPLY: Final = 0
ECHO_REQUEST: Final = 8
ECHO_REQUEST_V6: Final = 128
ECHO_REPLY_V6: Final = 129

_HEADER = struct.Struct("!BBHHH")
IPV4_HEADER: Final = 20


class Echo(msgspec.Struct, frozen=True):
    """An echo message. `kind` is its type."""

    kind: int
    identifier: int
    sequence: int
    data: bytes


def checksum(data: bytes) -> int:
    """The one's complement sum of RFC 1071; an odd byte counts as if NUL followed."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def encode(echo: Echo) -> bytes:
    """The message as it travels, with ICMPv4's checksum (that of ICMPv6 is the kernel's to fill in, RFC 3542)."""
    blank = _HEADER.pack(echo.kind, 0, 0, echo.identifier, echo.sequence) + echo.data
    return _HEADER.pack(echo.kind, 0, checksum(blank), echo.identifier, echo.sequence) + echo.data


def decode(data: bytes) -> Echo:
    """An echo message without its IP header. Raises MalformedMessage for one that is cut; other types decode too."""
    if len(data) < _HEADER.size:
        raise MalformedMessage("an ICMP echo message ends", len(data))
    kind, _, _, identifier, sequence = _HEADER.unpack_from(data)
    return Echo(kind, identifier, sequence, bytes(data[_HEADER.size :]))


def strip_ipv4(packet: bytes) -> tuple[bytes, int]:
    """What a raw IPv4 socket receives, without its IP header, and the header's time to live."""
    if len(packet) < IPV4_HEADER or (length := (packet[0] & 15) * 4) < IPV4_HEADER or len(packet) < length:
        raise MalformedMessage("an IPv4 packet ends in its header", len(packet))
    return packet[length:], packet[8]


def reply_line(size: int, peer: str, sequence: int, ttl: int | None, time_ms: float) -> str:
    """One reply as ping prints it."""
    return f"{size} bytes from {peer}: icmp_seq={sequence} ttl={'-' if ttl is None else ttl} time={time_ms:.3f} ms"


def closing_lines(sent: int, times_ms: Sequence[float]) -> str:
    """The statistics: the standard deviation is that of the population, as ping's is."""
    received = len(times_ms)
    loss = 100 * (sent - received) / sent if sent else 0.0
    text = f"{sent} packets transmitted, {received} received, {loss:.0f}% packet loss"
    if not received:
        return f"{text}; no reply may be a firewall"
    mean = math.fsum(times_ms) / received
    deviation = math.sqrt(math.fsum((time - mean) ** 2 for time in times_ms) / received)
    figures = "/".join(f"{figure:.3f}" for figure in (min(times_ms), mean, max(times_ms), deviation))
    return f"{text}\nrtt min/avg/max/stddev = {figures} ms"
