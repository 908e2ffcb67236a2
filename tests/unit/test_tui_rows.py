"""Where cursor and view belong after the rows of a table changed."""

from __future__ import annotations

from tui.widgets.rows import ListedRows, Stand, follow, restored


def rows(text: str) -> ListedRows[str]:
    """A table whose rows are the letters of `text`, each its own key."""
    return ListedRows(tuple(text), str)


def after(old: str, new: str, cursor: str, top: int, *, page: int = 4, held: bool = True) -> tuple[str, int]:
    """The letter under the cursor and the first visible index once `new` replaced `old`."""
    stand = Stand(old.index(cursor), cursor, top, held)
    moved = follow(rows(old), rows(new), stand, page)
    assert moved.key is None or new[moved.cursor] == moved.key
    return str(moved.key), moved.top


def test_the_selected_row_keeps_its_line_while_rows_come_above_it() -> None:
    assert after("abcdefgh", "XYabcdefgh", "d", top=2) == ("d", 4)


def test_the_selected_row_keeps_its_line_while_rows_go_above_it() -> None:
    assert after("abcdefgh", "cdefgh", "e", top=3) == ("e", 1)


def test_the_selected_row_keeps_its_line_when_the_rows_are_sorted_otherwise() -> None:
    assert after("abcdefgh", "hgfedcba", "b", top=0) == ("b", 5)


def test_the_next_row_takes_over_from_one_that_is_gone() -> None:
    assert after("abcdefgh", "abcefgh", "d", top=2) == ("e", 2)


def test_the_row_before_takes_over_when_the_last_one_is_gone() -> None:
    assert after("abcd", "ab", "d", top=0) == ("b", -2)


def test_a_view_that_was_scrolled_away_from_the_cursor_stays_on_its_own_rows() -> None:
    assert after("abcdefghij", "XYZabcdefghij", "a", top=5) == ("a", 8)


def test_a_view_whose_first_row_is_gone_stays_on_the_next() -> None:
    assert after("abcdefghij", "abcdehij", "a", top=5) == ("a", 5)


def test_until_a_row_is_chosen_the_cursor_stays_at_the_top() -> None:
    assert after("abcd", "Xabcd", "a", top=0, held=False) == ("X", 0)


def test_a_table_that_becomes_empty_forgets_its_cursor() -> None:
    assert follow(rows("ab"), rows(""), Stand(1, "b", 0, True), 4) == Stand(0, None, 0, False)


def test_other_rows_altogether_leave_the_cursor_near_its_old_place() -> None:
    assert after("abcd", "wxyz", "c", top=0) == ("y", 0)


def test_a_row_that_a_filter_hid_gets_the_cursor_back_on_the_cursors_line() -> None:
    shown = rows("abcdefgh")
    assert restored(shown, Stand(1, "b", 0, True), "f", page=4) == Stand(5, "f", 4, True)
    assert restored(shown, Stand(0, None, 0, False), "f", page=4) == Stand(5, "f", 5, True)


def test_a_row_that_is_still_away_leaves_the_cursor_where_it_is() -> None:
    stand = Stand(1, "b", 0, True)
    assert restored(rows("abc"), stand, "z", page=4) == stand
    assert restored(rows("abc"), stand, None, page=4) == stand
    assert restored(rows("abc"), stand, "b", page=4) == stand
