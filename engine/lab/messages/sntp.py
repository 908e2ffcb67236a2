"""SNTP's packet, version 4, pure: 48 bytes with four times (RFC 4330 section 4, the format of RFC 5905 section 7.3).

Times are seconds since 1900 in 32 bits and a fraction in 32 more. They run over in 2036; a value with the top bit clear
counts from there (RFC 4330 section 3).
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from engine.model.errors import MalformedMessage

PORT: Final = 123
VERSION: Final = 4
MODE_CLIENT: Final = 3
MODE_SERVER: Final = 4
STRATUM_PRIMARY: Final = 1
UNIX_EPOCH_S: Final = 2_208_988_800
"""Seconds from 1900 to 1970: 70 years with 17 leap days."""

PRECISION: Final = -20
"""About a microsecond, as a power of two in seconds."""

_FORMAT = struct.Struct("!BBbbii4sQQQQ")
_ERA: Final = 1 << 32


def from_ns(ns: int) -> int:
    """A time in nanoseconds since 1970 as an NTP timestamp of 64 bits; the era is lost."""
    seconds, rest = divmod(ns, 1_000_000_000)
    return ((seconds + UNIX_EPOCH_S) % _ERA) << 32 | (rest << 32) // 1_000_000_000


def to_ns(stamp: int) -> int:
    """An NTP timestamp as nanoseconds since 1970, rounded to the nearest; the era is that of 1968 to 2104."""
    seconds, fraction = stamp >> 32, stamp & 0xFFFF_FFFF
    if not seconds & 0x8000_0000:
        seconds += _ERA
    return (seconds - UNIX_EPOCH_S) * 1_000_000_000 + (fraction * 1_000_000_000 + (1 << 31) >> 32)


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """An SNTP message. The four timestamps are NTP's own 64 bits, so that what is copied stays equal; 0 is unknown."""

    leap: int = 0
    version: int = VERSION
    mode: int = MODE_CLIENT
    stratum: int = 0
    poll: int = 0
    precision: int = 0
    root_delay: int = 0
    root_dispersion: int = 0
    reference: bytes = bytes(4)
    reference_time: int = 0
    originate: int = 0
    receive: int = 0
    transmit: int = 0

    def encode(self) -> bytes:
        """The 48 bytes."""
        return _FORMAT.pack(
            self.leap << 6 | self.version << 3 | self.mode,
            self.stratum,
            self.poll,
            self.precision,
            self.root_delay,
            self.root_dispersion,
            self.reference,
            self.reference_time,
            self.originate,
            self.receive,
            self.transmit,
        )

    @classmethod
    def decode(cls, data: bytes) -> Packet:
        """The first 48 bytes; what follows (keys, extensions) is not looked at. Raises MalformedMessage."""
        if len(data) < _FORMAT.size:
            raise MalformedMessage(f"an SNTP packet has {_FORMAT.size} bytes, this one ends", len(data))
        first, stratum, poll, precision, delay, dispersion, reference, *times = _FORMAT.unpack_from(data)
        return cls(
            leap=first >> 6,
            version=first >> 3 & 7,
            mode=first & 7,
            stratum=stratum,
            poll=poll,
            precision=precision,
            root_delay=delay,
            root_dispersion=dispersion,
            reference=reference,
            reference_time=times[0],
            originate=times[1],
            receive=times[2],
            transmit=times[3],
        )


def answer(request: Packet, received_ns: int, sent_ns: int) -> Packet:
    """A server's reply: the client's transmit time comes back as originate (RFC 4330 section 6)."""
    return Packet(
        version=request.version,
        mode=MODE_SERVER,
        stratum=STRATUM_PRIMARY,
        poll=request.poll,
        precision=PRECISION,
        reference=b"LOCL",
        reference_time=from_ns(received_ns),
        originate=request.transmit,
        receive=from_ns(received_ns),
        transmit=from_ns(sent_ns),
    )


def offset_and_delay_ns(reply: Packet, sent_ns: int, received_ns: int) -> tuple[int, int]:
    """The clock's offset and the way's delay, ns (RFC 4330 section 5): ((T2-T1)+(T3-T4))/2 and (T4-T1)-(T3-T2)."""
    t2, t3 = to_ns(reply.receive), to_ns(reply.transmit)
    return ((t2 - sent_ns) + (t3 - received_ns)) // 2, (received_ns - sent_ns) - (t3 - t2)


def fault_of(reply: Packet, asked: Packet) -> str:
    """Why a reply is not to be trusted (RFC 4330 section 5), in a few words; empty if it is."""
    checks = (
        (reply.mode != MODE_SERVER, f"mode {reply.mode} is not a server's"),
        (reply.originate != asked.transmit, "it answers another question"),
        (reply.transmit == 0, "it tells no time"),
        (not 1 <= reply.stratum <= 15, f"stratum {reply.stratum}: {reply.reference.decode('latin-1')!r}"),
        (reply.leap == 3, "its clock is not synchronised"),
    )
    return next((reason for wrong, reason in checks if wrong), "")
