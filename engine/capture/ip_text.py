"""Addresses as text, the way inet_ntop and tshark print them."""

from __future__ import annotations

import socket
from functools import lru_cache

_CACHED = 8192
"""Addresses kept as text. A flood from random sources must not hold memory, an ordinary capture has fewer."""


@lru_cache(_CACHED)
def address_text(packed: bytes) -> str:
    """4 bytes as dotted IPv4, 16 as IPv6 (RFC 5952), 6 as a MAC address, none as an empty text."""
    size = len(packed)
    if size == 4:
        return "{}.{}.{}.{}".format(*packed)
    if size == 16:
        return socket.inet_ntop(socket.AF_INET6, packed)
    return packed.hex(":")
