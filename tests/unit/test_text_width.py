"""Text is measured in the cells it takes."""

from __future__ import annotations

import pytest

from engine.text.width import cell_width, cut, pad


@pytest.mark.parametrize(("text", "cells"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("é", 1)])
def test_wide_characters_take_two_cells_and_marks_none(text: str, cells: int) -> None:
    assert cell_width(text) == cells


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_a_cut_text_says_so(text: str, cells: int, shown: str) -> None:
    assert cut(text, cells) == shown


def test_padding_counts_cells() -> None:
    assert pad("日", 4) == "日  "
    assert pad("12", 4, right=True) == "  12"
    assert pad("12345", 4) == "12345"
