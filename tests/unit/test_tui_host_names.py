"""Names of addresses: nobody who draws waits, each address is asked for once, and all of it is bounded."""

from __future__ import annotations

import threading

import pytest

from tests.terminal import until
from tui import host_names
from tui.host_names import HostNames


class Resolver:
    """Answers when it is let; counts the questions."""

    def __init__(self, *, open_at_once: bool = True) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        if open_at_once:
            self.gate.set()

    def __call__(self, address: str) -> str:
        self.asked.append(address)
        self.gate.wait(30)
        return "" if address == "192.0.2.1" else f"host-{address}"


def test_a_name_is_there_once_the_resolver_has_answered_and_nobody_waited() -> None:
    resolver = Resolver(open_at_once=False)
    names = HostNames(resolver)
    assert names.known("10.0.0.1") == ""
    assert names.version == 0
    resolver.gate.set()
    until(lambda: names.known("10.0.0.1") == "host-10.0.0.1", "the name is known")
    assert names.version == 1


def test_an_address_is_asked_for_once_even_if_it_has_no_name() -> None:
    resolver = Resolver()
    names = HostNames(resolver)
    assert names.fetch(["192.0.2.1", "192.0.2.1"], limit_s=30) == 0
    assert names.known("192.0.2.1") == ""
    assert names.fetch(["192.0.2.1"], limit_s=30) == 0
    assert resolver.asked == ["192.0.2.1"]


def test_a_silent_server_holds_up_no_other_address() -> None:
    gate = threading.Event()

    def ask(address: str) -> str:
        if address == "10.0.0.9":
            gate.wait(30)
        return address

    names = HostNames(ask, threads=2)
    names.known("10.0.0.9")
    assert names.fetch(["10.0.0.1", "10.0.0.2", "10.0.0.3"], limit_s=30) == 0
    assert names.fetch(["10.0.0.9"], limit_s=0) == 1
    gate.set()


def test_what_finds_no_room_is_asked_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_names, "WAITING_MAX", 1)
    resolver = Resolver(open_at_once=False)
    names = HostNames(resolver, threads=1)
    names.known("10.0.0.1")
    until(lambda: resolver.asked == ["10.0.0.1"], "the first is being asked for")
    names.known("10.0.0.2")
    names.known("10.0.0.3")
    resolver.gate.set()
    until(lambda: names.known("10.0.0.2"), "the second is known")
    until(lambda: names.known("10.0.0.3"), "the third was asked for again")


def test_the_oldest_names_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_names, "NAMES_MAX", 2)
    names = HostNames(Resolver(), threads=1)
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        names.fetch([address], limit_s=30)
    assert len(names._names) == 2
    assert "10.0.0.1" not in names._names


def test_wildcards_paths_and_names_are_never_asked_for() -> None:
    resolver = Resolver()
    names = HostNames(resolver)
    for text in ("*", "0.0.0.0", "::", "/run/x", "@abstract", ""):
        assert names.known(text) == ""
    assert names.fetch(["*", "/run/x"], limit_s=0) == 0
    assert resolver.asked == []
