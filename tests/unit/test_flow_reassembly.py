"""One direction of a conversation put together: order, doubles, holes, and what bounds them."""

from __future__ import annotations

import pytest

from engine.flow import reassembly
from engine.flow.reassembly import Piece, Reassembly


def told(pieces: list[Piece]) -> list[tuple[bytes, int]]:
    return [(piece.data, piece.missing) for piece in pieces]


def test_bytes_in_order_come_at_once() -> None:
    side = Reassembly(1)
    assert side.add(1, 3, b"abc", 7, 70) == [Piece(7, 70, b"abc")]
    assert told(side.add(4, 2, b"de", 8, 80)) == [(b"de", 0)]


def test_bytes_sent_again_come_once_and_new_ones_behind_them_come() -> None:
    side = Reassembly(1)
    side.add(1, 3, b"abc", 1, 1)
    assert side.add(1, 3, b"XYZ", 2, 2) == []
    assert told(side.add(2, 4, b"XYde", 3, 3)) == [(b"de", 0)]


def test_a_keep_alive_and_an_empty_segment_bring_nothing() -> None:
    side = Reassembly(1)
    side.add(1, 3, b"abc", 1, 1)
    assert side.add(3, 1, b"\0", 2, 2) == []
    assert side.add(9, 0, b"", 3, 3) == []


def test_what_comes_early_waits_and_then_comes_in_order() -> None:
    side = Reassembly(1)
    assert side.add(7, 3, b"ghi", 1, 1) == []
    assert side.add(4, 3, b"def", 2, 2) == []
    assert side.held_bytes == 2 * (3 + reassembly.HELD_COST)
    assert told(side.add(1, 3, b"abc", 3, 3)) == [(b"abc", 0), (b"def", 0), (b"ghi", 0)]
    assert side.held_bytes == 0


def test_a_hole_is_given_up_when_what_lies_behind_it_was_acknowledged() -> None:
    side = Reassembly(1)
    side.add(4, 3, b"def", 1, 1)
    assert side.acknowledged(4) == []
    assert told(side.acknowledged(7)) == [(b"def", 3)]


def test_holes_are_given_up_one_by_one() -> None:
    side = Reassembly(1)
    side.add(4, 3, b"def", 1, 1)
    side.add(10, 3, b"jkl", 2, 2)
    assert told(side.acknowledged(7)) == [(b"def", 3)]
    assert told(side.finish()) == [(b"jkl", 3)]


def test_what_was_acknowledged_and_never_came_is_missing_at_the_end() -> None:
    side = Reassembly(1)
    side.add(1, 3, b"abc", 1, 10)
    side.add(6, 2, b"fg", 2, 20)
    assert side.finish(10) == [Piece(2, 20, b"fg", 2), Piece(2, 20, b"", 2)]
    assert side.finish(10) == []


def test_too_much_behind_a_hole_gives_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "HELD_BYTES_MAX", 3 * reassembly.HELD_COST)
    side = Reassembly(1)
    assert side.add(3, 1, b"c", 1, 1) == []
    assert side.add(5, 1, b"e", 2, 2) == []
    assert told(side.add(7, 1, b"g", 3, 3)) == [(b"c", 2), (b"e", 1), (b"g", 1)]
    assert side.held_bytes == 0


def test_what_is_held_twice_counts_once() -> None:
    side = Reassembly(1)
    for number in range(100):
        side.add(4, 3, b"def", number, number)
    assert side.held_bytes == 3 + reassembly.HELD_COST


def test_what_was_cut_off_is_told_with_the_next_bytes_or_at_the_end() -> None:
    side = Reassembly(1)
    assert told(side.add(1, 10, b"abc", 1, 1)) == [(b"abc", 0)]
    assert side.add(11, 5, b"klmno", 2, 2) == [Piece(2, 2, b"klmno", 7, 7)]
    side.add(16, 4, b"", 3, 30)
    assert side.cut_off() == [Piece(3, 30, b"", 4, 4)]
    assert side.cut_off() == []


def test_a_stream_that_begins_late_says_what_is_missing() -> None:
    assert told(Reassembly(1_001, 1_000).add(1_001, 3, b"abc", 1, 1)) == [(b"abc", 1_000)]


def test_sequence_numbers_wrap_around() -> None:
    side = Reassembly(2**32 - 2)
    assert told(side.add(1, 2, b"de", 1, 1)) == []
    assert told(side.add(2**32 - 2, 3, b"abc", 2, 2)) == [(b"abc", 0), (b"de", 0)]
    assert told(side.add(3, 1, b"f", 3, 3)) == [(b"f", 0)]
