"""Addresses as ss -n prints them."""

from __future__ import annotations

import socket

import pytest

from engine.sockets.addresses import address_text


@pytest.mark.parametrize(
    ("family", "text", "v6only", "shown"),
    [
        (socket.AF_INET, "0.0.0.0", False, "0.0.0.0"),
        (socket.AF_INET, "192.0.2.7", False, "192.0.2.7"),
        (socket.AF_INET6, "::", False, "*"),
        (socket.AF_INET6, "::", True, "::"),
        (socket.AF_INET6, "::ffff:192.0.2.7", False, "::ffff:192.0.2.7"),
        (socket.AF_INET6, "2001:db8::1", True, "2001:db8::1"),
    ],
)
def test_addresses_read_as_in_ss(family: int, text: str, v6only: bool, shown: str) -> None:
    assert address_text(family, socket.inet_pton(family, text), v6only) == shown
