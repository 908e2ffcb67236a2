"""Which interfaces a capture hears, found through any socket of their network namespace."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from engine.capture.interfaces import list_interfaces
from engine.capture.packet_socket import InterfaceState, find_interface, interface_name
from engine.capture.selection import INTERFACES_MAX, Selection, interface_names
from engine.model.errors import CaptureError


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


def test_a_list_of_names_is_taken_apart() -> None:
    assert interface_names("lo") == ("lo",)
    assert interface_names(" lo, eth0,,lo ") == ("lo", "eth0")
    with pytest.raises(CaptureError, match="no interface"):
        interface_names(" , ")


def test_lo_is_a_loopback_that_is_up(sock: socket.socket) -> None:
    found = find_interface(sock, "lo")
    assert (found.index, found.hardware_type, found.loopback) == (1, 772, True)
    assert interface_name(sock, 1) == "lo"
    selection = Selection(("lo",), sock)
    assert selection.states(sock) == {"lo": InterfaceState.UP}
    assert (selection.indexes, selection.several, selection.loopback_only) == ((), False, True)
    assert selection.renew(sock) is False


def test_any_is_no_interface_of_its_own(sock: socket.socket) -> None:
    selection = Selection(("lo", "any"), sock)
    assert (selection.names, selection.indexes, selection.several) == (("any",), (), True)
    assert selection.states(sock) == {"any": InterfaceState.UP}
    assert {1, 772, 65534} <= set(selection.hardware_types)


@pytest.mark.parametrize("name", ["nope0", "", "x" * 16, "a\0b", "\udcff"])
def test_an_unknown_name_is_one_sentence(sock: socket.socket, name: str) -> None:
    with pytest.raises(CaptureError, match="capture on"):
        Selection((name,), sock)


def test_an_index_without_an_interface_has_no_name(sock: socket.socket) -> None:
    assert interface_name(sock, 999_999) is None


def test_a_list_longer_than_the_filter_should_test_is_refused(sock: socket.socket) -> None:
    with pytest.raises(CaptureError, match="at most"):
        Selection(tuple(f"if{number}" for number in range(INTERFACES_MAX + 1)), sock)


def test_the_list_to_choose_from_has_lo_first_and_any() -> None:
    entries = list_interfaces()
    assert entries[0].name == "lo"
    assert "127.0.0.1" in entries[0].addresses
    assert [entry.name for entry in entries].count("any") == 1
