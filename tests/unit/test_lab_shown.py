"""engine.lab.shown: arguments, results and errors of calls as short printable text."""

from __future__ import annotations

import socket

import pytest

from engine.lab.shown import (
    error_name,
    error_number,
    shown_address,
    shown_data,
    shown_error,
    shown_outcome,
    shown_value,
)
from engine.model.lab import Call


def test_short_data_is_written_as_python_writes_bytes() -> None:
    assert shown_data(b"Hello, world") == "b'Hello, world'"


def test_no_data_is_the_end_of_the_stream() -> None:
    assert shown_data(b"") == "b''"


def test_long_data_is_told_by_its_size_and_beginning() -> None:
    shown = shown_data(bytearray(b"x" * 65_536))

    assert shown.startswith("65536 bytes b'xxx")
    assert len(shown) < 60


def test_hostile_bytes_cannot_reach_a_terminal() -> None:
    assert shown_data(b"\x1b]0;PWN\x07\x9b").isprintable()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        (("fe80::1", 80, 0, 2), "[fe80::1%2]:80"),
        (("fe80::1%eth0", 80, 0, 2), "[fe80::1%eth0]:80"),
        ("/run/echo.sock", "/run/echo.sock"),
        (b"\0sockmon", "@sockmon"),
        ("/tmp/\x1b[2J", "/tmp/\\x1b[2J"),
        ("", ""),
    ],
)
def test_addresses_are_written_as_ss_writes_them(address: object, expected: str) -> None:
    assert shown_address(address) == expected


def test_a_packet_sockets_address_is_no_internet_address() -> None:
    assert shown_address(("lo", 2048, 0, 772, b"")).startswith("('lo', 2048")


def test_any_other_value_is_one_short_line() -> None:
    assert shown_value(("a\nb", 1)) == "('a\\nb', 1)"
    assert len(shown_value("x" * 5_000)) == 200


@pytest.mark.parametrize(
    ("error", "number", "shown"),
    [
        (BlockingIOError(11, "…"), 11, "BlockingIOError EAGAIN (11)"),
        (ConnectionRefusedError(111, "…"), 111, "ConnectionRefusedError ECONNREFUSED (111)"),
        (TimeoutError("timed out"), 0, "TimeoutError: timed out"),
        (socket.gaierror(-2, "Name or service not known"), -2, "gaierror EAI_NONAME (-2)"),
        (socket.herror(1, "Unknown host"), 0, "herror: [Errno 1] Unknown host"),
        (TypeError("a bytes-like object is required"), 0, "TypeError: a bytes-like object is required"),
    ],
)
def test_errors_are_written_by_class_name_and_number(error: Exception, number: int, shown: str) -> None:
    assert error_number(error) == number
    assert shown_error(error) == shown


def test_unknown_numbers_stay_numbers() -> None:
    assert error_name(99_999) == "99999"
    assert error_name(-99_999) == "-99999"
    assert error_name(0) == ""


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        (Call(1, 0, "send", "65536 bytes b'abc'…", "49152"), "= 49152  partial"),
        (Call(1, 0, "send", "65536 bytes b'abc'…", "65536"), "= 65536"),
        (Call(1, 0, "send", "b'Hello'", "5"), "= 5"),
        (Call(1, 0, "recv", "65536", "b'x'"), "= b'x'"),
        (Call(1, 0, "recv", "65536", ""), "… waits"),
        (Call(1, 0, "recv", "1", "BlockingIOError EAGAIN (11)", 11), "→ BlockingIOError EAGAIN (11)"),
        (Call(1, 0, "recv", "1", "TimeoutError: timed out", raised=True), "→ TimeoutError: timed out"),
    ],
)
def test_what_came_of_a_call(call: Call, outcome: str) -> None:
    assert shown_outcome(call) == outcome
