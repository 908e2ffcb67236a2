"""TCP options: whole, broken off, wrong in length."""

from __future__ import annotations

import pytest

from engine.flow.options import (
    CUT,
    ENDED,
    READ,
    UNREADABLE,
    fast_open_cookie,
    is_accurate_ecn,
    is_duplicate_sack,
    parse_options,
    sack_blocks,
    timestamps,
)


def test_all_options_come_in_order_with_their_values() -> None:
    raw = bytes.fromhex("020405b4 0101 080a 00000001 00000002 030307 00 00".replace(" ", ""))
    assert parse_options(raw) == (
        [
            (2, b"\x05\xb4"),
            (1, b""),
            (1, b""),
            (8, bytes.fromhex("0000000100000002")),
            (3, b"\x07"),
            (0, b""),
            (0, b""),
        ],
        READ,
    )


@pytest.mark.parametrize(
    ("raw", "missing", "kinds", "end"),
    [
        ("", 0, [], READ),
        ("", 8, [], ENDED),
        ("02", 0, [], READ),
        ("02", 3, [], ENDED),
        ("0204", 2, [2], CUT),
        ("0201", 0, [], READ),
        ("02ff", 0, [], READ),
        ("0101", 2, [1, 1], ENDED),
        ("00020405b4", 0, [0], READ),
        ("0000000099", 0, [0, 0, 0, 0], READ),
        ("0502", 0, [5], UNREADABLE),
        ("0508000000010000", 0, [5], UNREADABLE),
        ("1e0301", 0, [], UNREADABLE),
        ("1e02", 0, [], UNREADABLE),
        ("1e042005 ", 0, [], UNREADABLE),
        ("1e0a20010000000000", 1, [30], CUT),
        ("15060000ffff", 0, [], UNREADABLE),
        ("0206ffffffff010204ffff", 0, [2, 1, 2], READ),
    ],
)
def test_a_list_ends_where_it_cannot_be_read_on(raw: str, missing: int, kinds: list[int], end: int) -> None:
    parsed = parse_options(bytes.fromhex(raw.strip()), missing)
    assert [kind for kind, _ in parsed.options] == kinds
    assert parsed.end == end


def test_timestamps_are_found_alone_and_among_others() -> None:
    assert timestamps(bytes.fromhex("0101080a0000000a0000000b")) == (10, 11)
    assert timestamps(bytes.fromhex("080a0000000a0000000b0402")) == (10, 11)
    assert timestamps(bytes.fromhex("0402")) is None
    assert timestamps(bytes.fromhex("08060000000a")) is None


def test_sack_blocks_are_the_whole_ones() -> None:
    assert sack_blocks(bytes.fromhex("0000000100000002") + b"xyz") == [(1, 2)]


@pytest.mark.parametrize(
    ("blocks", "ack", "expected"),
    [
        ([], 5, False),
        ([(1, 5)], 5, True),
        ([(1, 6)], 5, False),
        ([(100, 200)], 5, False),
        ([(100, 200), (50, 300)], 5, True),
        ([(100, 400), (50, 300)], 5, False),
        ([(0xFFFFFFF0, 2)], 10, True),
    ],
)
def test_a_duplicate_is_told_by_the_first_block(blocks: list[tuple[int, int]], ack: int, expected: bool) -> None:
    assert is_duplicate_sack(blocks, ack) is expected


def test_fast_open_and_accurate_ecn_are_known_under_both_their_kinds() -> None:
    assert fast_open_cookie(34, b"12345678") == b"12345678"
    assert fast_open_cookie(254, b"\xf9\x8912345678") == b"12345678"
    assert fast_open_cookie(34, b"") == b""
    assert fast_open_cookie(254, b"\xca\xfe") is None
    assert is_accurate_ecn(172, bytes(3))
    assert is_accurate_ecn(253, b"\xac\xc0" + bytes(6))
    assert not is_accurate_ecn(172, bytes(4))
    assert not is_accurate_ecn(2, bytes(2))
