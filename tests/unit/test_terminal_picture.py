"""The tests' own eyes: the picture that some terminal output draws."""

from __future__ import annotations

import pytest

from tests.terminal import Picture

DRAWING = "\x1b[2J\x1b[1;1Hab\x1b[2;3Hx│→y\x1b[1;2H\x1b[31mB\x1b[0m\r\n\r\n\x1b]0;title\x07end\x1b[3;2H\x1b[K".encode()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_output_draws_the_same_picture_in_any_pieces(size: int) -> None:
    picture = Picture(8, 3)
    for start in range(0, len(DRAWING), size):
        picture.feed(DRAWING[start : start + size])
    assert picture.lines() == ["aB", "  x│→y", "e"]
