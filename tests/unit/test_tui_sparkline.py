"""Sparklines: from 0 to the largest, the newest at the right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.sparkline import sparkline


def test_a_queue_that_fills() -> None:
    assert sparkline([0, 1, 50, 100], 6) == "  ▁▂▅█"


def test_only_the_last_values_are_shown() -> None:
    assert sparkline([100, 0, 1], 2) == "▁█"


def test_unknown_is_a_gap_and_0_is_not() -> None:
    assert sparkline([None, 0, 0], 3) == " ▁▁"


@given(st.lists(st.none() | st.floats(0, 1e12)), st.integers(0, 50))
def test_it_is_exactly_as_wide_as_asked(values: list[float | None], cells: int) -> None:
    assert len(sparkline(values, cells)) == cells
