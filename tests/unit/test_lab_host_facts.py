"""What a typed host means: its addresses, and who can reach what."""

from __future__ import annotations

import socket

import pytest

from engine.lab.catalogue import KINDS
from engine.lab.host_facts import HostFacts, host_facts, host_hint
from engine.model.lab import Knobs


@pytest.mark.parametrize(
    ("kind", "addresses", "own", "hint", "warns"),
    [
        ("echo-server", ("127.0.0.1",), True, "only this machine can reach it", False),
        ("echo-server", ("0.0.0.0",), True, "everyone on the network can reach this", True),
        ("dual-stack-server", ("::",), True, "everyone on the network can reach this", True),
        ("echo-server", ("192.168.1.20",), True, "whoever reaches this address can reach this", True),
        ("echo-server", ("198.51.100.1",), False, "no address of this machine: bind() will be refused", True),
        ("udp-echo", ("239.255.42.99",), False, "a group: whoever joined it gets the same", False),
        ("echo-client", ("127.0.0.1",), True, "this machine", False),
        ("echo-client", ("fe80::1%2",), True, "this machine", False),
        ("echo-client", ("198.51.100.1",), False, "not this machine: refused unless allow_remote is on", True),
    ],
)
def test_a_number_says_who_is_reached(kind: str, addresses: tuple[str, ...], own: bool, hint: str, warns: bool) -> None:
    assert host_hint(KINDS[kind], Knobs(), HostFacts(addresses[0], "any", addresses, own)) == (hint, warns)


def test_a_name_with_two_addresses_says_which_is_used() -> None:
    facts = HostFacts("localhost", "any", ("::1", "127.0.0.1"))
    hint = host_hint(KINDS["echo-server"], Knobs(), facts)
    assert hint == (
        "this name has 2 addresses, ::1 is used; a number is certain; only this machine can reach it",
        False,
    )


def test_a_name_with_one_address_shows_it() -> None:
    hint, warns = host_hint(KINDS["echo-client"], Knobs(), HostFacts("box", "any", ("127.0.1.1",)))
    assert hint == "this name has the address 127.0.1.1; a number is certain; this machine"
    assert not warns


def test_a_target_elsewhere_that_is_allowed_is_still_a_warning() -> None:
    facts = HostFacts("198.51.100.1", "any", ("198.51.100.1",), own=False)
    assert host_hint(KINDS["ping"], Knobs(allow_remote=True), facts) == ("traffic leaves this machine", True)


def test_a_name_that_is_none_says_so() -> None:
    facts = host_facts("nosuch..name", "any")
    hint, warns = host_hint(KINDS["echo-client"], Knobs(), facts)
    assert "look up 'nosuch..name'" in hint
    assert warns


def test_an_address_of_nobody_is_not_ours() -> None:
    facts = host_facts("198.51.100.1", "any")
    assert (facts.addresses, facts.own, facts.error) == (("198.51.100.1",), False, "")


def test_an_empty_host_is_every_address() -> None:
    facts = host_facts("", "inet")
    assert (facts.addresses, facts.own) == (("0.0.0.0",), True)


def test_the_family_leaves_the_other_addresses_out() -> None:
    facts = host_facts("localhost", "inet")
    assert facts.addresses == ("127.0.0.1",)
    with socket.socket(socket.AF_INET) as sock:
        sock.bind((facts.addresses[0], 0))
