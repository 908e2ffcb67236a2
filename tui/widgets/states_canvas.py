"""A grid of cells on which boxes, lines and words are drawn; lines that meet join, thick ones over thin ones. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from rich.cells import cell_len

from tui.widgets.pane import Words

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
"""Where a line leaves a cell."""

THIN: Final = {
    LEFT | RIGHT: "─", UP | DOWN: "│", DOWN | RIGHT: "┌", DOWN | LEFT: "┐", UP | RIGHT: "└", UP | LEFT: "┘",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", DOWN | LEFT | RIGHT: "┬", UP | LEFT | RIGHT: "┴",
    UP | DOWN | LEFT | RIGHT: "┼", LEFT: "─", RIGHT: "─", UP: "│", DOWN: "│",
}  # fmt: skip
THICK: Final = {
    LEFT | RIGHT: "━", UP | DOWN: "┃", DOWN | RIGHT: "┏", DOWN | LEFT: "┓", UP | RIGHT: "┗", UP | LEFT: "┛",
    UP | DOWN | RIGHT: "┣", UP | DOWN | LEFT: "┫", DOWN | LEFT | RIGHT: "┳", UP | LEFT | RIGHT: "┻",
    UP | DOWN | LEFT | RIGHT: "╋", LEFT: "━", RIGHT: "━", UP: "┃", DOWN: "┃",
}  # fmt: skip

HEADS: Final = {UP: "▲", DOWN: "▼", LEFT: "◀", RIGHT: "▶"}

Point = tuple[int, int]
"""Column and line."""


class Canvas:
    """Draw first what should lie beneath. Styles are Textual's words; a cell has the style of what was drawn last."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._letters = [[" "] * width for _ in range(height)]
        self._styles = [[""] * width for _ in range(height)]
        self._joints = [[0] * width for _ in range(height)]
        self._thick = [[False] * width for _ in range(height)]

    def text(self, x: int, y: int, words: str, style: str = "") -> None:
        """Words of single-cell characters from there on, cut at the edge."""
        for place, letter in enumerate(words):
            if 0 <= x + place < self.width and 0 <= y < self.height:
                self._put(x + place, y, letter, style)

    def line(self, points: Sequence[Point], style: str = "", *, thick: bool = False, head: bool = True) -> None:
        """A line through these points, straight from one to the next; `head` ends it in an arrow's head."""
        last = 0
        for (x, y), (to_x, to_y) in pairwise(points):
            step = RIGHT if to_x > x else LEFT if to_x < x else DOWN if to_y > y else UP
            back = {RIGHT: LEFT, LEFT: RIGHT, DOWN: UP, UP: DOWN}[step]
            while (x, y) != (to_x, to_y):
                self._join(x, y, step, style, thick)
                x += (step == RIGHT) - (step == LEFT)
                y += (step == DOWN) - (step == UP)
                self._join(x, y, back, style, thick)
            last = step
        if head and points:
            x, y = points[-1]
            self._put(x, y, HEADS[last], style)

    def box(
        self, x: int, y: int, width: int, lines: Sequence[str], style: str, *, thick: bool, text_style: str
    ) -> None:
        """A box of `width` cells, border and all, around lines of words in its middle."""
        edge = THICK if thick else THIN
        inside = width - 2
        self.text(x, y, edge[DOWN | RIGHT] + edge[LEFT | RIGHT] * inside + edge[DOWN | LEFT], style)
        for number, words in enumerate(lines, 1):
            self.text(x, y + number, edge[UP | DOWN], style)
            self.text(x + 1, y + number, words[:inside].center(inside), text_style)
            self.text(x + width - 1, y + number, edge[UP | DOWN], style)
        bottom = y + len(lines) + 1
        self.text(x, bottom, edge[UP | RIGHT] + edge[LEFT | RIGHT] * inside + edge[UP | LEFT], style)

    def rows(self) -> list[list[Words]]:
        """Each line as texts with their styles, neighbours of one style joined."""
        return [self._row(y) for y in range(self.height)]

    def _row(self, y: int) -> list[Words]:
        spans: list[Words] = []
        text, style = "", ""
        for letter, its in zip(self._letters[y], self._styles[y], strict=True):
            if its != style and text:
                spans.append((text, style))
                text = ""
            text, style = text + letter, its
        return [*spans, (text, style)] if text else spans

    def _put(self, x: int, y: int, letter: str, style: str) -> None:
        self._letters[y][x] = letter if cell_len(letter) == 1 else "?"
        self._styles[y][x] = style

    def _join(self, x: int, y: int, towards: int, style: str, thick: bool) -> None:
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        if thick and not self._thick[y][x]:
            self._joints[y][x] = 0
            self._thick[y][x] = True
        elif self._thick[y][x] and not thick:
            return
        self._joints[y][x] |= towards
        self._put(x, y, (THICK if thick else THIN)[self._joints[y][x]], style)
