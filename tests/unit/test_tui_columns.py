"""Columns share a line, and a cell is exactly as wide as it should be, whatever it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.columns import Align, Column, Elide, cell, fit


def column(name: str, width: int, priority: int = 0, *, ideal: int = 0, flexible: bool = False) -> Column[str]:
    return Column(name, name, width, str, priority=priority, ideal=ideal, flexible=flexible)


COLUMNS = (
    column("netid", 5, 3),
    column("state", 11, 1),
    column("local", 20, ideal=26),
    column("process", 10, 2, flexible=True),
)


def test_the_flexible_column_takes_what_is_left_after_the_others_have_what_they_like_best() -> None:
    places = fit(COLUMNS, 80)
    assert [(place.column.id, place.start, place.width) for place in places] == [
        ("netid", 0, 5),
        ("state", 7, 11),
        ("local", 20, 26),
        ("process", 48, 32),
    ]


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (49, ["netid", "state", "local", "process"]),
        (48, ["state", "local", "process"]),
        (42, ["state", "local"]),
        (31, ["local"]),
        (5, ["local"]),
    ],
)
def test_a_narrow_line_drops_columns_by_priority(width: int, kept: list[str]) -> None:
    places = fit(COLUMNS, width)
    assert [place.column.id for place in places] == kept
    assert all(place.start + place.width <= width for place in places)


@pytest.mark.parametrize(
    ("text", "width", "align", "elide", "expected"),
    [
        ("tcp", 5, Align.LEFT, Elide.END, "tcp  "),
        ("408,300", 9, Align.RIGHT, Elide.END, "  408,300"),
        ("flood 41233", 8, Align.LEFT, Elide.END, "flood 4…"),
        ("[2001:db8::1]:65432", 12, Align.LEFT, Elide.MIDDLE, "[2001…:65432"),
        ("日本語", 5, Align.LEFT, Elide.END, "日本…"),
        ("日本語", 4, Align.LEFT, Elide.END, "日 …"),
        ("\x1b]0;PWN\x07[/]x", 22, Align.LEFT, Elide.END, "\\x1b]0;PWN\\x07[/]x    "),
        ("abc", 1, Align.LEFT, Elide.END, "…"),
        ("abc", 0, Align.LEFT, Elide.END, ""),
    ],
)
def test_a_cell(text: str, width: int, align: Align, elide: Elide, expected: str) -> None:
    assert cell(text, width, align, elide) == expected


@given(
    st.text(max_size=300),
    st.integers(0, 60),
    st.sampled_from(Align),
    st.sampled_from(Elide),
)
def test_a_cell_is_printable_and_exactly_as_wide_as_asked(text: str, width: int, align: Align, elide: Elide) -> None:
    shown = cell(text, width, align, elide)
    assert cell_len(shown) == width
    assert shown.isprintable()
