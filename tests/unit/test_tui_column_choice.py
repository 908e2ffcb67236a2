"""Choosing columns: which, in which order, how wide."""

from __future__ import annotations

from engine.text.columns import COLUMNS
from tui.widgets.column_choice import WIDTH_MAX, WIDTH_MIN, choices_of, moved, shown_of, toggled, widened

SHOWN = (("state", 12), ("local", 20))


def test_all_columns_can_be_chosen_and_those_shown_stand_first() -> None:
    choices = choices_of(SHOWN)
    assert shown_of(choices) == SHOWN
    assert sorted(choice.name for choice in choices) == sorted(COLUMNS)


def test_columns_of_a_preset_that_are_no_shared_ones_are_left_out() -> None:
    assert shown_of(choices_of([("proto", 5), ("state", 12)])) == (("state", 12),)


def test_a_column_is_shown_and_hidden_but_never_the_last() -> None:
    choices = choices_of(SHOWN)
    assert shown_of(toggled(choices, 0)) == (("local", 20),)
    assert shown_of(toggled(toggled(choices, 0), 1)) == (("local", 20),)
    assert shown_of(toggled(choices, 2))[2][0] == choices[2].name


def test_a_column_moves_and_stops_at_the_ends() -> None:
    choices = choices_of(SHOWN)
    changed, place = moved(choices, 0, 1)
    assert (shown_of(changed), place) == ((("local", 20), ("state", 12)), 1)
    assert moved(choices, 0, -1) == (choices, 0)
    last = len(choices) - 1
    assert moved(choices, last, 1) == (choices, last)


def test_widths_have_limits() -> None:
    choices = choices_of(SHOWN)
    assert widened(choices, 0, 5)[0].width == 17
    assert widened(choices, 0, -100)[0].width == WIDTH_MIN
    assert widened(choices, 0, 1000)[0].width == WIDTH_MAX
