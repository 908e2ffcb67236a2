"""Numbers read as a person says them."""

from __future__ import annotations

import pytest

from engine.text import units


@pytest.mark.parametrize(("number", "text"), [(None, "-"), (0, "0"), (999, "999"), (408_300, "408,300")])
def test_counts_are_separated_by_thousands(number: int | None, text: str) -> None:
    assert units.count(number) == text


def test_plain_numbers_have_no_separators() -> None:
    assert (units.plain(408_300), units.plain(None)) == ("408300", "-")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"),
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.00 KiB"),
        (65_536, "64.0 KiB"),
        (26_214_400, "25.0 MiB"),
        (1024**2 - 1, "1.00 MiB"),
        (1024**2 - 1024, "1023 KiB"),
        (5 * 1024**6, "5.00 EiB"),
        (5_000_000 * 1024**6, "5,000,000 EiB"),
    ],
)
def test_sizes_have_binary_units(number: int | None, text: str) -> None:
    assert units.byte_size(number) == text


def test_rates_are_a_second() -> None:
    assert (units.byte_rate(None), units.byte_rate(0.4), units.byte_rate(2048.0)) == ("-", "0 B/s", "2.00 KiB/s")


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "-"),
        (0, "0 ns"),
        (850, "850 ns"),
        (1_000, "1.00 µs"),
        (23_000, "23.0 µs"),
        (999_499, "999 µs"),
        (999_500, "1.00 ms"),
        (1_004_000, "1.00 ms"),
        (204_000_000, "204 ms"),
        (999_700_000, "1.00 s"),
        (12_400_000_000, "12.4 s"),
        (59_940_000_000, "59.9 s"),
        (60_000_000_000, "1 min"),
        (200_000_000_000, "3 min 20 s"),
        (3_720_000_000_000, "1 h 2 min"),
        (187_200_000_000_000, "2 d 4 h"),
        (-1_500_000, "-1.50 ms"),
    ],
)
def test_times_use_the_unit_that_suits_them(nanoseconds: int | None, text: str) -> None:
    assert units.duration_ns(nanoseconds) == text


def test_kernel_units_become_times() -> None:
    assert units.duration_us(23) == "23.0 µs"
    assert units.duration_ms(1600) == "1.60 s"
    assert units.duration_us(None) == units.duration_ms(None) == "-"


@pytest.mark.parametrize(
    ("address", "port", "text", "short"),
    [
        ("127.0.0.1", 65432, "127.0.0.1:65432", "lo:65432"),
        ("::1", 65432, "[::1]:65432", "lo6:65432"),
        ("127.0.0.2", 80, "127.0.0.2:80", "127.0.0.2:80"),
        ("fe80::1%eth0", 546, "[fe80::1%eth0]:546", "[fe80::1%eth0]:546"),
        ("*", 0, "*:*", "*:*"),
        ("", 0, "*:*", "*:*"),
        ("0.0.0.0", 0, "0.0.0.0:*", "0.0.0.0:*"),
    ],
)
def test_endpoints_are_one_word(address: str, port: int, text: str, short: str) -> None:
    assert units.endpoint(address, port) == text
    assert units.endpoint(address, port, short_loopback=True) == short


def test_an_endpoint_may_name_its_service() -> None:
    assert units.endpoint("10.0.0.1", "ssh") == "10.0.0.1:ssh"
