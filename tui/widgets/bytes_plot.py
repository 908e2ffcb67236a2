"""Figures over time on one axis, drawn with braille dots: each cell has two columns and four lines of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.text.units import byte_size, count, duration_ns
from tui.widgets.pane import Words

DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a cell, by line and column (Unicode chart 2800, Braille Patterns)."""
BLANK: Final = 0x2800

AXIS_CELLS: Final = 10
"""For the figures beside the axis."""

Point = tuple[int, int | None]
"""A time in nanoseconds and a value; None is unknown."""


@dataclass(frozen=True)
class Series:
    """One figure over time, the oldest point first. `letter` marks its end for those who see no colour."""

    name: str
    letter: str
    style: str
    points: tuple[Point, ...]

    @property
    def last(self) -> int | None:
        return self.points[-1][1] if self.points else None


def plot(series: Sequence[Series], width: int, height: int, start_ns: int, end_ns: int) -> list[list[Words]]:
    """The curves from `start_ns` to `end_ns` in `height` lines, an axis beside them, time and legend below."""
    columns, rows = max(1, width - AXIS_CELLS - 2), max(1, height - 2)
    largest = max((value for one in series for _, value in one.points if value is not None), default=0)
    cells, styles = _cells(series, columns, rows, start_ns, end_ns, largest)
    lines: list[list[Words]] = []
    for y in range(rows):
        mark = byte_size(largest) if y == 0 else "0 B" if y == rows - 1 else ""
        line: list[Words] = [(f"{mark:>{AXIS_CELLS}} ", "$foreground 60%"), ("┤" if mark else "│", "$foreground 40%")]
        line += _runs(cells[y], styles[y])
        lines.append(line)
    span = f" the last {duration_ns(end_ns - start_ns)} " if end_ns > start_ns else " now "
    axis = "─" * max(0, columns - len(span) - 2) + span + "──"
    lines.append([(" " * (AXIS_CELLS + 1), ""), ("└" + axis[-columns:], "$foreground 40%")])
    lines.append([(f"{one.letter} {one.name} {count(one.last)} B  ", one.style) for one in series])
    return lines


def _cells(
    series: Sequence[Series], columns: int, rows: int, start_ns: int, end_ns: int, largest: int
) -> tuple[list[list[str]], list[list[str]]]:
    bits = [[0] * columns for _ in range(rows)]
    styles = [[""] * columns for _ in range(rows)]
    letters: dict[tuple[int, int], str] = {}
    across, down = columns * 2 - 1, rows * 4 - 1
    span = max(1, end_ns - start_ns)
    for one in series:
        end: tuple[int, int] | None = None
        before: tuple[int, int] | None = None
        for ts_ns, value in one.points:
            if value is None or ts_ns < start_ns:
                before = None
                continue
            x = min(across, round((ts_ns - start_ns) / span * across))
            y = down - (round(value / largest * down) if largest else 0)
            for dot_x, dot_y in _segment(before or (x, y), (x, y)):
                bits[dot_y // 4][dot_x // 2] |= DOTS[dot_y % 4][dot_x % 2]
                styles[dot_y // 4][dot_x // 2] = one.style
            before = end = (x, y)
        if end is not None:
            place = end[1] // 4, end[0] // 2
            while place in letters and place[1] > 0:
                place = place[0], place[1] - 1
            letters[place] = one.letter
            styles[place[0]][place[1]] = one.style
    drawn = [[chr(BLANK | bit) if bit else " " for bit in row] for row in bits]
    for (y, x), letter in letters.items():
        drawn[y][x] = letter
    return drawn, styles


def _segment(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots from one point to another."""
    (x, y), (to_x, to_y) = start, end
    steps = max(abs(to_x - x), abs(to_y - y), 1)
    for step in range(steps + 1):
        yield x + round((to_x - x) * step / steps), y + round((to_y - y) * step / steps)


def _runs(letters: Sequence[str], styles: Sequence[str]) -> list[Words]:
    """Neighbours of one style joined."""
    runs: list[Words] = []
    for letter, style in zip(letters, styles, strict=True):
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0] + letter, style)
        else:
            runs.append((letter, style))
    return runs
