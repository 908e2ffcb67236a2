"""The boxes, bars and equations of the byte view, and its plot."""

from __future__ import annotations

import pytest

from engine.insight.pipeline import pipeline
from engine.model.pipeline import Equation, Term
from tests.tui import fakes
from tests.tui.fakes import ACCEPTED_KEY, FLOOD_KEY
from tui.widgets.bytes_lines import bar, box_order, direction_lines, equation_lines
from tui.widgets.bytes_plot import Series, plot
from tui.widgets.pane import Words

ROWS = {entry.key: entry for entry in fakes.tutorial_entries()}
STALLED = pipeline(ROWS[FLOOD_KEY], ROWS[ACCEPTED_KEY], opened=True)


def text(lines: list[list[Words]]) -> list[str]:
    return ["".join(words for words, _ in line).rstrip() for line in lines]


@pytest.mark.parametrize("width", [156, 78])
def test_boxes_stand_in_a_row_with_their_bars_beneath(width: int) -> None:
    drawn = text(direction_lines(STALLED.forward, width))
    assert drawn[0].endswith("window offered 0 B")
    assert drawn[1].split()[0] == "send()"
    assert drawn[2].split() == ["678,168", "▶", "269,868", "▶", "0", "▶", "0", "▶", "408,300", "▶", "0"]
    assert all(len(line) <= width for line in drawn)
    recv_q = drawn[1].index("Recv-Q")
    assert drawn[3][recv_q:].startswith("▕█")


def test_an_equation_that_does_not_fit_goes_on_below_with_its_judgement_whole() -> None:
    wide = text(direction_lines(STALLED.forward, 156))
    assert "   sender  accepted 678,168 = not sent 269,868 + in flight 0 + acked 408,300   ✓ exact" in wide
    narrow = text(equation_lines(STALLED.forward.equations[0], 60))
    assert narrow == [
        "   sender  accepted 678,168 = not sent 269,868 + in flight 0",
        "           + acked 408,300   ✓ exact",
    ]


def test_a_sum_that_is_wrong_says_by_how_much_and_an_unknown_one_why() -> None:
    wrong = Equation("sender", Term("accepted", 10), (Term("acked", 9),), 1, False, True)
    assert text(equation_lines(wrong, 80)) == ["   sender  accepted 10 = acked 9   ✗ differs by 1 B"]
    unknown = Equation("sender", Term("accepted", None), (Term("acked", 9),), None, None, False, "not all is known")
    assert text(equation_lines(unknown, 80)) == ["   sender  accepted - = acked 9   unknown  (not all is known)"]


def test_a_bar_shows_anything_above_zero() -> None:
    assert bar(0.0, 4) == "    "
    assert bar(0.0001, 4) == "▏   "
    assert bar(0.5, 4) == "██  "
    assert bar(7.0, 4) == "████"


def test_the_direction_that_carries_comes_first() -> None:
    assert box_order((STALLED.backward, STALLED.forward))[0] is STALLED.forward


def test_the_plot_draws_each_series_on_one_axis_and_marks_its_end() -> None:
    rising = Series("Send-Q", "S", "blue", tuple((second, second * 100) for second in range(11)))
    flat = Series("window", "W", "green", tuple((second, 0) for second in range(11)))
    drawn = plot([rising, flat], 60, 8, 0, 10)
    lines = text(drawn)
    assert len(lines) == 8
    assert lines[0].startswith("   1,000 B ┤")
    assert lines[0].endswith("S")
    assert lines[5].startswith("       0 B ┤")
    assert lines[5].endswith("W")
    assert "S Send-Q 1,000 B  W window 0 B" in lines[-1]
    assert "the last 10 ns" in lines[-2]


def test_a_plot_of_nothing_is_empty_and_does_not_fail() -> None:
    assert "S Send-Q - B" in text(plot([Series("Send-Q", "S", "", ())], 60, 8, 5, 5))[-1]
    holes = Series("Send-Q", "S", "", ((0, 5), (1, None), (2, 5)))
    assert text(plot([holes], 30, 6, 0, 2))[0].count("S") == 1
