"""Numbers and addresses in the forms that a socket program meets: bytes, hexadecimal, both byte orders, short texts."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import msgspec

NUMBER_BITS_MAX: Final = 64
"""The widest integer that a header or struct's codes carry."""

_BASES: Final = {"0x": 16, "0o": 8, "0b": 2}
_DECIMAL: Final = re.compile(r"[0-9]{1,20}")
_BASED: Final = re.compile(r"0x[0-9a-f]{1,16}|0o[0-7]{1,22}|0b[01]{1,64}", re.IGNORECASE)

STRUCT_CODES: Final = {8: "B", 16: "H", 32: "I", 64: "Q"}
"""Bits to the code of Python's struct module."""


class Width(msgspec.Struct, frozen=True):
    """A number in so many bits, in both byte orders."""

    bits: int
    network: str
    """Bytes in network order, in hexadecimal: `12 34`."""
    little_endian: str
    """Bytes as a little-endian machine (x86, most ARM) keeps them: `34 12`."""
    swapped: int
    """What htons() or htonl() makes of the number on a little-endian machine."""
    struct_network: str
    """`!H`"""
    struct_little_endian: str
    """`<H`"""


class NumberForms(msgspec.Struct, frozen=True):
    """A whole number as it may be written."""

    value: int
    decimal: str
    hexadecimal: str
    binary: str
    widths: tuple[Width, ...]
    """8, 16, 32 and 64 bits, those that it fits; a byte has no order."""
    ipv4: str = ""
    """The IPv4 address of this number, if it has 32 bits at most and more than 16."""


class AddressForms(msgspec.Struct, frozen=True):
    """An IP address as it may be written."""

    text: str
    """The canonical form (RFC 5952 for IPv6)."""
    version: int
    packed: str
    """Its 4 or 16 bytes in hexadecimal: `7f 00 00 01`."""
    number: int
    reverse_name: str
    """The name by which a reverse look-up asks: `1.0.0.127.in-addr.arpa`."""
    scope: str
    """loopback, private, link-local, multicast, unspecified, broadcast, documentation or global."""
    exploded: str = ""
    """IPv6 with all its digits."""
    mapped: str = ""
    """The IPv4 address inside an IPv4-mapped IPv6 address, or the mapped form of an IPv4 address."""
    strict: bool = True
    """inet_pton() takes the text as it was given; else only inet_aton() does (`127.1`)."""
    zone: str = ""
    """The interface after a %, by name or number."""


def parsed_number(text: str) -> int | None:
    """A whole number from its decimal, 0x, 0o or 0b form; None if it is none or has more than 64 bits."""
    text = text.strip().lower()
    if _DECIMAL.fullmatch(text):
        value = int(text)
    elif _BASED.fullmatch(text):
        value = int(text[2:], _BASES[text[:2]])
    else:
        return None
    return value if value < 1 << NUMBER_BITS_MAX else None


def hex_bytes(data: bytes) -> str:
    """Bytes in hexadecimal with blanks between: `7f 00 00 01`."""
    return data.hex(" ")


def _width(value: int, bits: int) -> Width:
    size = bits // 8
    network = value.to_bytes(size, "big")
    code = STRUCT_CODES[bits]
    return Width(
        bits, hex_bytes(network), hex_bytes(network[::-1]), int.from_bytes(network, "little"), f"!{code}", f"<{code}"
    )


def number_forms(value: int) -> NumberForms:
    """The forms of a number from 0 to 2^64 - 1."""
    widths = tuple(_width(value, bits) for bits in STRUCT_CODES if value < 1 << bits)
    ipv4 = str(ipaddress.IPv4Address(value)) if 1 << 16 <= value < 1 << 32 else ""
    return NumberForms(value, str(value), f"{value:#x}", f"{value:#b}", widths, ipv4)


_ATON_PART: Final = re.compile(r"0x[0-9a-f]{1,8}|0[0-7]{0,11}|[1-9][0-9]{0,9}", re.IGNORECASE)


def inet_aton(text: str) -> bytes | None:
    """The 4 bytes that inet_aton(3) makes of a text, or None.

    One to four numbers with dots between, each decimal, octal (0…) or hexadecimal (0x…); the last one fills all bytes
    that are left: `127.1` is 127.0.0.1.
    """
    parts = text.split(".")
    if len(parts) > 4 or not all(_ATON_PART.fullmatch(part) for part in parts):
        return None
    numbers = [int(part, 16) if part[:2] in ("0x", "0X") else int(part, 8 if part[0] == "0" else 10) for part in parts]
    *heads, last = numbers
    size = 4 - len(heads)
    if any(head > 255 for head in heads) or last >= 1 << 8 * size:
        return None
    return bytes(heads) + last.to_bytes(size, "big")


def _scope(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.packed == b"\xff\xff\xff\xff":
        return "broadcast"
    for name, holds in (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("multicast", address.is_multicast),
        ("link-local", address.is_link_local),
        ("documentation", any(address in network for network in _DOCUMENTATION if network.version == address.version)),
        ("private", address.is_private),
    ):
        if holds:
            return name
    return "global"


_DOCUMENTATION: Final = tuple(
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
"""RFC 5737 and RFC 3849."""


def address_forms(text: str) -> AddressForms | None:
    """The forms of an IPv4 or IPv6 address, brackets allowed, inet_aton's short forms too; None if it is no address.

    A number without dots is not taken for an address here: it is a number first.
    """
    bare = text.strip().removeprefix("[").removesuffix("]")
    plain, _, zone = bare.partition("%")
    strict = True
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        packed = inet_aton(plain) if "." in plain else None
        if packed is None:
            return None
        address, strict = ipaddress.IPv4Address(packed), False
    if isinstance(address, ipaddress.IPv6Address):
        mapped = "" if address.ipv4_mapped is None else str(address.ipv4_mapped)
        exploded = address.exploded
    else:
        mapped, exploded = f"::ffff:{address}", ""
    return AddressForms(
        text=str(address),
        version=address.version,
        packed=hex_bytes(address.packed),
        number=int(address),
        reverse_name=address.reverse_pointer,
        scope=_scope(address),
        exploded=exploded,
        mapped=mapped,
        strict=strict,
        zone=zone,
    )
