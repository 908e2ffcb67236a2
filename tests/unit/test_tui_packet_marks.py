"""Marks on frames: which is next."""

from __future__ import annotations

import pytest

from tui.widgets.packet_marks import Marks


def test_a_mark_is_set_and_taken_off_again() -> None:
    marks = Marks().toggled(4).toggled(9)
    assert marks.numbers == {4, 9}
    assert marks.toggled(4).numbers == {9}


@pytest.mark.parametrize(
    ("here", "step", "expected"), [(1, 1, 4), (4, 1, 9), (9, 1, 4), (5, -1, 4), (4, -1, 9), (99, 1, 4)]
)
def test_the_next_mark_goes_round_the_ends(here: int, step: int, expected: int) -> None:
    assert Marks(frozenset((4, 9))).next(here, step) == expected


def test_without_marks_there_is_none() -> None:
    assert Marks().next(1, 1) is None
