"""engine.lab.addresses: which addresses are this machine's own. The kernel is asked; nothing is sent."""

from __future__ import annotations

import socket

import psutil
import pytest

from engine.lab.addresses import is_this_machine


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("0.0.0.0", True),
        ("198.51.100.7", False),  # RFC 5737: nobody's
        ("239.255.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_an_ipv4_address_is_ours_if_a_socket_can_have_it(host: str, ours: bool) -> None:
    assert is_this_machine(socket.AF_INET, host) is ours


@pytest.mark.ipv6
@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("::1", True),
        ("::", True),
        ("2001:db8::7", False),  # RFC 3849: nobody's
        ("ff02::1%lo", False),
        ("::ffff:127.0.0.1", True),
        ("::ffff:198.51.100.7", False),
        ("::ffff:239.255.0.1", False),
    ],
)
def test_an_ipv6_address_is_ours_as_the_ipv4_address_in_it_is(host: str, ours: bool) -> None:
    assert is_this_machine(socket.AF_INET6, host) is ours


def test_the_broadcast_address_of_a_network_is_not_ours() -> None:
    found = [
        (address.address, address.broadcast)
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family is socket.AF_INET and address.broadcast and not address.address.startswith("127.")
    ]
    if not found:
        pytest.skip("no interface here has a broadcast address")
    for own, broadcast in found:
        assert is_this_machine(socket.AF_INET, own)
        assert not is_this_machine(socket.AF_INET, broadcast)
