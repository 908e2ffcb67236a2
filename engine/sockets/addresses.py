"""Packed addresses as the numeric text that `ss -n` prints, without brackets and without the port."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import Final

from engine.model.errors import BadInput

REMEMBERED_ADDRESSES: Final = 65_536
"""Texts kept: an address costs 1 µs to print and appears on most rows of the next dump again."""

WILDCARD: Final = "*"
ANY6: Final = bytes(16)
MAPPED: Final = "::ffff:"


@lru_cache(REMEMBERED_ADDRESSES)
def ipv4_text(packed: bytes) -> str:
    """`127.0.0.1` of 4 bytes."""
    return ".".join(map(str, packed))


@lru_cache(REMEMBERED_ADDRESSES)
def ipv6_text(packed: bytes) -> str:
    """`::1`, `::ffff:127.0.0.1` (inet_ntop)."""
    return socket.inet_ntop(socket.AF_INET6, packed)


def address_text(family: int, packed: bytes, v6only: bool) -> str:
    """An address as ss prints it: the IPv6 wildcard of a socket that also takes IPv4 is `*`."""
    if family == socket.AF_INET:
        return ipv4_text(packed[:4])
    if packed == ANY6 and not v6only:
        return WILDCARD
    return ipv6_text(packed)


def packed_address(family: int, text: str) -> bytes:
    """The bytes behind a row's address; `*` is the IPv6 wildcard. Raises BadInput for what is no address."""
    if text == WILDCARD:
        return ANY6
    try:
        return socket.inet_pton(family, text)
    except OSError as error:
        raise BadInput(f"read {text!r} as an address") from error


def folded(text: str) -> str:
    """An IPv4-mapped IPv6 address as the IPv4 address that is on the wire; any other as it is."""
    bare = text.removeprefix(MAPPED)
    return bare if "." in bare else text
