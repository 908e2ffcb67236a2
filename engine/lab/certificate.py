"""A self-signed certificate and its key, made when a TLS actor starts: ECDSA over P-256, in DER (X.690, RFC 5280).

For a lab on one's own machine: the arithmetic is plain and not hardened against timing, and nobody is asked to trust
the result. Curve: FIPS 186-4 D.1.2.3; signature: section 6.4; key: RFC 5915.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import secrets
from typing import Final

import msgspec

_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_A: Final = _P - 3
_N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_BYTES: Final = 32

Point = tuple[int, int]

OID_EC_PUBLIC_KEY: Final = (1, 2, 840, 10045, 2, 1)
OID_PRIME256V1: Final = (1, 2, 840, 10045, 3, 1, 7)
OID_ECDSA_SHA256: Final = (1, 2, 840, 10045, 4, 3, 2)
OID_COMMON_NAME: Final = (2, 5, 4, 3)
OID_SUBJECT_ALT_NAME: Final = (2, 5, 29, 17)
OID_BASIC_CONSTRAINTS: Final = (2, 5, 29, 19)

VALID_BEFORE: Final = datetime.timedelta(hours=1)
"""Clocks differ a little."""
VALID_AFTER: Final = datetime.timedelta(days=7)
"""Longer than a lab runs."""


class SelfSigned(msgspec.Struct, frozen=True):
    """Both parts as PEM."""

    certificate: str
    key: str


def _add(one: Point | None, other: Point | None) -> Point | None:
    """The sum of two points of the curve; None is the point at infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] + _A) * pow(2 * one[1], -1, _P) % _P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P) % _P
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _times(count: int, point: Point) -> Point:
    """`count` times a point, by doubling; `count` is at least 1 and below the order."""
    total: Point | None = None
    power: Point | None = point
    while count:
        if count & 1:
            total = _add(total, power)
        power = _add(power, power)
        count >>= 1
    if total is None:
        raise ArithmeticError("a multiple of the base point below its order is never infinite")
    return total


def _sign(digest: bytes, private: int) -> bytes:
    """An ECDSA signature as SEQUENCE of r and s."""
    number = int.from_bytes(digest, "big")
    while True:
        nonce = 1 + secrets.randbelow(_N - 1)
        r = _times(nonce, _G)[0] % _N
        s = pow(nonce, -1, _N) * (number + r * private) % _N
        if r and s:
            return _sequence(_integer(r), _integer(s))


# --- DER -----------------------------------------------------------------------------------------------------------


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _tagged(0x03, b"\0" + content)


def _octets(content: bytes) -> bytes:
    return _tagged(0x04, content)


def _oid(arcs: tuple[int, ...]) -> bytes:
    content = bytearray((arcs[0] * 40 + arcs[1],))
    for arc in arcs[2:]:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return _tagged(0x06, bytes(content))


def _moment(moment: datetime.datetime) -> bytes:
    """UTCTime, which RFC 5280 section 4.1.2.5 wants before 2050, else GeneralizedTime."""
    if moment.year < 2050:
        return _tagged(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())
    return _tagged(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def _pem(label: str, content: bytes) -> str:
    text = base64.b64encode(content).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def self_signed(name: str, addresses: tuple[bytes, ...], now: datetime.datetime) -> SelfSigned:
    """A certificate for a DNS name and packed addresses, valid from an hour before `now` (UTC) for a week."""
    private = 1 + secrets.randbelow(_N - 1)
    x, y = _times(private, _G)
    public = b"\x04" + x.to_bytes(_BYTES, "big") + y.to_bytes(_BYTES, "big")
    algorithm = _sequence(_oid(OID_ECDSA_SHA256))
    subject = _sequence(_tagged(0x31, _sequence(_oid(OID_COMMON_NAME), _tagged(0x0C, name.encode()))))
    names = _tagged(0x82, name.encode("ascii")) + b"".join(_tagged(0x87, address) for address in addresses)
    extensions = _sequence(
        _sequence(_oid(OID_SUBJECT_ALT_NAME), _octets(_sequence(names))),
        _sequence(_oid(OID_BASIC_CONSTRAINTS), b"\x01\x01\xff", _octets(_sequence(b"\x01\x01\xff"))),
    )
    body = _sequence(
        _tagged(0xA0, _integer(2)),  # version 3
        _integer(secrets.randbits(64) | 1),
        algorithm,
        subject,
        _sequence(_moment(now - VALID_BEFORE), _moment(now + VALID_AFTER)),
        subject,
        _sequence(_sequence(_oid(OID_EC_PUBLIC_KEY), _oid(OID_PRIME256V1)), _bits(public)),
        _tagged(0xA3, extensions),
    )
    signature = _sign(hashlib.sha256(body).digest(), private)
    key = _sequence(
        _integer(1),
        _octets(private.to_bytes(_BYTES, "big")),
        _tagged(0xA0, _oid(OID_PRIME256V1)),
        _tagged(0xA1, _bits(public)),
    )
    return SelfSigned(_pem("CERTIFICATE", _sequence(body, algorithm, _bits(signature))), _pem("EC PRIVATE KEY", key))
