"""A window of rows that stay in a worker: which are asked for, and when an answer comes too late for the view."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tui.widgets.window_table import NEWEST, WindowTable

PAGE = 10


def window(top: int = 0, *, following: bool = False) -> WindowTable[int]:
    """Over a table that shows PAGE rows from `top` on, with its cursor on the first of them."""
    table: Any = SimpleNamespace(
        page=PAGE, following=following, scroll_offset=SimpleNamespace(y=top), cursor_key=None, cursor=top
    )
    return WindowTable(table, lambda row: row)


def test_two_pages_on_either_side_of_the_view_are_asked_for() -> None:
    assert window(50).span(standing=False) == (30, 50)
    assert window(50, following=True).span(standing=False) == (NEWEST, 50)
    assert window(50, following=True).span(standing=True) == (30, 50)


def test_an_answer_that_holds_the_view_needs_no_other() -> None:
    rows = window(50)
    rows.take(30, 200, range(30, 80))
    assert not rows.missed((30, 50), standing=False)


def test_rows_that_fell_out_of_the_window_while_it_was_answered_are_asked_for_at_once() -> None:
    rows = window(20)
    rows.take(30, 200, range(30, 80))
    assert rows.missed((30, 50), standing=False)
    assert not rows.missed((30, 50), standing=True), "a list that stands still grows no more"


@pytest.mark.parametrize("following", [True, False])
def test_a_view_that_has_grown_since_the_question_asks_again(following: bool) -> None:
    rows = window(0, following=following)
    rows.take(3, 8, range(3, 8))
    assert rows.missed((NEWEST, 5), standing=False)


def test_rows_that_the_same_question_did_not_bring_are_not_asked_for_again() -> None:
    rows = window(50)
    rows.take(30, 200, range(30, 40))
    assert not rows.missed(rows.span(standing=False), standing=False)
