"""A window of a list that stays elsewhere: what is here, what is not, and where a row stands after evictions."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.rows import Stand, follow
from tui.widgets.window_rows import WindowRows


@dataclass(frozen=True)
class Frame:
    number: int
    text: str = ""


def number(frame: Frame) -> int:
    return frame.number


def window(first: int, total: int, numbers: range) -> WindowRows[Frame]:
    return WindowRows(first, total, [Frame(each) for each in numbers], number)


def test_rows_outside_the_window_are_not_here_but_counted() -> None:
    rows = window(100, 1_000, range(101, 121))
    assert len(rows) == 1_000
    assert rows.row(99) is None
    assert rows.row(100) == Frame(101)
    assert rows.row(119) == Frame(120)
    assert rows.row(120) is None
    assert rows.key(99) is None
    assert rows.index(120) == 119
    assert rows.index(500) is None


class Counted(WindowRows[Frame]):
    """Counts how many rows it is asked about."""

    asked = 0

    def key(self, index: int) -> Hashable | None:
        self.asked += 1
        return super().key(index)


def test_after_an_eviction_of_all_that_was_here_only_that_is_looked_through() -> None:
    old = Counted(60_000, 124_000, [Frame(each) for each in range(60_001, 60_241)], number)
    new = window(60_000, 124_000, range(184_001, 184_241)).after(old, 60_101, 60_100)
    stand = follow(old, new, Stand(60_100, 60_102, 60_090, held=True), page=48)
    assert stand.cursor == 60_100
    assert old.asked < 1_000


def test_a_window_says_whether_it_holds_what_is_in_view() -> None:
    rows = window(100, 130, range(101, 121))
    assert rows.holds(100, 20)
    assert rows.holds(105, 5)
    assert not rows.holds(99, 5)
    assert not rows.holds(115, 10)
    assert window(100, 120, range(101, 121)).holds(110, 50), "there are no more than 120"


def test_rows_that_are_equal_stay_the_same_objects() -> None:
    before = window(0, 10, range(1, 11))
    after = window(0, 12, range(3, 13)).after(before, None, 0)
    assert after.row(0) is before.row(2)


def test_a_row_that_changed_is_the_new_one() -> None:
    before = window(0, 2, range(1, 3))
    after = WindowRows(0, 2, [Frame(1, "retransmission"), Frame(2)], number).after(before, None, 0)
    assert after.row(0) == Frame(1, "retransmission")
    assert after.row(1) is before.row(1)


def test_the_cursor_outside_the_window_falls_with_what_was_evicted() -> None:
    before = window(500, 1_000, range(501, 521))
    # 40 of the oldest rows are gone: frame 501 stands at 460 now.
    after = window(460, 980, range(501, 521)).after(before, 700, 699)
    assert after.index(700) == 659


def test_the_cursor_that_was_evicted_is_at_the_top() -> None:
    before = window(0, 100, range(1, 21))
    after = window(0, 90, range(11, 31)).after(before, 3, 2)
    assert after.index(3) == 0


@given(st.integers(0, 200), st.integers(0, 60), st.integers(0, 200), st.integers(0, 40))
def test_an_index_that_is_answered_is_one_of_the_list(first: int, count: int, total: int, evicted: int) -> None:
    before = window(first, total, range(first + 1, first + 1 + count))
    start = max(0, first - evicted)
    after = window(start, max(0, total - evicted), range(first + 1, first + 1 + count)).after(before, 7, 6)
    for key in (1, 7, first + 1, first + count):
        index = after.index(key)
        assert index is None or 0 <= index < max(1, len(after))
        if index is not None and after.row(index) is not None and key != 7:
            assert after.key(index) == key
