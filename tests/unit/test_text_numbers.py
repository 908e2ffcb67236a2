"""A number and an address in every form that a socket program meets."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.numbers import address_forms, inet_aton, number_forms, parsed_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("0x1234", 0x1234), ("0X1F", 31), ("0b101", 5), ("0o17", 15), (" 80 ", 80),
        ("18446744073709551615", 2**64 - 1), ("18446744073709551616", None), ("-1", None), ("1.5", None), ("", None),
        ("١", None), ("1_000", None), ("0xg", None), ("12a", None),
    ],
)  # fmt: skip
def test_numbers_are_read_in_four_bases(text: str, value: int | None) -> None:
    assert parsed_number(text) == value


def test_a_number_has_both_byte_orders() -> None:
    forms = number_forms(0x1234)
    assert (forms.decimal, forms.hexadecimal, forms.binary) == ("4660", "0x1234", "0b1001000110100")
    short = forms.widths[0]
    assert (short.bits, short.network, short.little_endian, hex(short.swapped)) == (16, "12 34", "34 12", "0x3412")
    assert (short.struct_network, short.struct_little_endian) == ("!H", "<H")
    assert [width.bits for width in forms.widths] == [16, 32, 64]
    assert forms.widths[1].swapped == 0x34120000


@given(st.integers(0, 2**64 - 1))
def test_the_bytes_are_what_struct_packs(value: int) -> None:
    for width in number_forms(value).widths:
        assert struct.pack(width.struct_network, value).hex(" ") == width.network
        assert struct.pack(width.struct_little_endian, value).hex(" ") == width.little_endian
        assert struct.unpack(width.struct_network, struct.pack(width.struct_little_endian, value)) == (width.swapped,)


def test_a_number_of_32_bits_may_be_an_address() -> None:
    assert number_forms(0x7F000001).ipv4 == "127.0.0.1"
    assert number_forms(8080).ipv4 == ""
    assert number_forms(2**32).ipv4 == ""


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("127.0.0.1", "7f000001"), ("127.1", "7f000001"), ("10.1.256", "0a010100"), ("0x7f.1", "7f000001"),
        ("0177.0.0.01", "7f000001"), ("2130706433", "7f000001"), ("0", "00000000"), ("1.2.3.256", None),
        ("256.1", None), ("1.2.3.4.5", None), ("1..2", None), ("", None), ("a.b", None), ("1.16777216", None),
        ("08.1", None),
    ],
)  # fmt: skip
def test_short_forms_of_ipv4_are_read_as_inet_aton_does(text: str, packed: str | None) -> None:
    assert inet_aton(text) == (bytes.fromhex(packed) if packed else None)


@given(st.lists(st.integers(0, 300) | st.integers(0, 2**33), min_size=1, max_size=5), st.sampled_from(["{}", "{:#x}"]))
def test_it_agrees_with_the_c_library(parts: list[int], form: str) -> None:
    text = ".".join(map(form.format, parts))
    try:
        expected: bytes | None = socket.inet_aton(text)
    except OSError:
        expected = None
    assert inet_aton(text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "scope", "strict"),
    [
        ("127.0.0.1", "127.0.0.1", "loopback", True),
        ("127.1", "127.0.0.1", "loopback", False),
        ("[::1]", "::1", "loopback", True),
        ("fe80::1%eth0", "fe80::1", "link-local", True),
        ("10.1.2.3", "10.1.2.3", "private", True),
        ("fd00::1", "fd00::1", "private", True),
        ("192.0.2.1", "192.0.2.1", "documentation", True),
        ("224.0.0.1", "224.0.0.1", "multicast", True),
        ("255.255.255.255", "255.255.255.255", "broadcast", True),
        ("0.0.0.0", "0.0.0.0", "unspecified", True),
        ("8.8.8.8", "8.8.8.8", "global", True),
        ("2001:DB8:0::1", "2001:db8::1", "documentation", True),
    ],
)
def test_an_address_is_canonical_and_says_where_it_belongs(text: str, expected: str, scope: str, strict: bool) -> None:
    forms = address_forms(text)
    assert forms is not None
    assert (forms.text, forms.scope, forms.strict) == (expected, scope, strict)


def test_an_address_has_bytes_a_number_and_a_reverse_name() -> None:
    forms = address_forms("::ffff:127.0.0.1%lo")
    assert forms is not None
    assert forms.packed == "00 00 00 00 00 00 00 00 00 00 ff ff 7f 00 00 01"
    assert (forms.mapped, forms.zone) == ("127.0.0.1", "lo")
    plain = address_forms("127.0.0.1")
    assert plain is not None
    assert (plain.number, plain.packed, plain.mapped) == (2130706433, "7f 00 00 01", "::ffff:127.0.0.1")
    assert plain.reverse_name == "1.0.0.127.in-addr.arpa"


@pytest.mark.parametrize("text", ["", "80", "host", "1.2.3.4.5", "::1::", "0x7f000001", "\x00", "[", "%"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_forms(text) is None


@given(st.text() | st.text("0123456789abcdef.:%[]x"))
def test_no_text_raises(text: str) -> None:
    address_forms(text)
    parsed_number(text)
    inet_aton(text)
