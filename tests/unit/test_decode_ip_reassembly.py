"""Fragments: what is put together, what is given up, and what it costs at most."""

from __future__ import annotations

from engine.capture.ip_reassembly import MAX_AGE_NS, MAX_DATAGRAM, MAX_FRAGMENTS, Reassembly


def test_a_datagram_is_whole_in_any_order_of_its_fragments() -> None:
    parts = [(0, True, b"a" * 8), (8, True, b"b" * 8), (16, False, b"c" * 3)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)):
        reassembly = Reassembly()
        results = [reassembly.add("key", *parts[index], 0) for index in order]
        assert results[:2] == [None, None]
        assert results[2] == b"a" * 8 + b"b" * 8 + b"c" * 3
        assert reassembly.held_bytes == 0


def test_where_fragments_overlap_the_bytes_laid_down_first_stay() -> None:
    reassembly = Reassembly()
    assert reassembly.add("key", 0, True, b"aaaaaaaaaaaa", 0) is None
    assert reassembly.add("key", 8, False, b"bbbbbbbb", 0) == b"aaaaaaaaaaaabbbb"


def test_datagrams_of_different_keys_do_not_mix() -> None:
    reassembly = Reassembly()
    assert reassembly.add("one", 0, True, b"a" * 8, 0) is None
    assert reassembly.add("two", 8, False, b"b" * 8, 0) is None


def test_a_doubled_fragment_does_not_stand_for_a_missing_one() -> None:
    reassembly = Reassembly()
    assert reassembly.add("key", 0, True, b"a" * 8, 0) is None
    assert reassembly.add("key", 0, True, b"a" * 8, 0) is None
    assert reassembly.add("key", 16, False, b"c" * 8, 0) is None
    assert reassembly.add("key", 8, True, b"b" * 8, 0) == b"a" * 8 + b"b" * 8 + b"c" * 8


def test_what_is_incomplete_for_too_long_is_given_up_and_counted() -> None:
    reassembly = Reassembly()
    reassembly.add("key", 0, True, b"a" * 8, 0)
    assert reassembly.add("key", 8, False, b"b" * 8, MAX_AGE_NS + 1) is None
    assert reassembly.given_up == 1


def test_the_oldest_go_when_there_are_too_many_bytes() -> None:
    reassembly = Reassembly(max_bytes=10_000)
    for number in range(1000):
        reassembly.add(number, 0, True, bytes(800), 0)
    assert reassembly.held_bytes <= 10_000
    assert reassembly.given_up >= 980


def test_too_many_fragments_and_too_long_datagrams_are_given_up() -> None:
    reassembly = Reassembly()
    for number in range(MAX_FRAGMENTS + 1):
        reassembly.add("many", number * 8, True, bytes(8), 0)
    assert reassembly.given_up == 1
    reassembly.add("long", MAX_DATAGRAM - 3, True, bytes(8), 0)
    assert reassembly.given_up == 2
    assert reassembly.held_bytes == 0
