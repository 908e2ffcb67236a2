"""Which columns a person chose, in which order and how wide: values and what keys make of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.text.columns import COLUMNS

WIDTH_MIN: Final = 3
"""A character and an ellipsis on either side of nothing."""
WIDTH_MAX: Final = 80


@dataclass(frozen=True)
class ColumnChoice:
    """A column of engine.text.columns by its name."""

    name: str
    width: int
    shown: bool


Choices = tuple[ColumnChoice, ...]


def choices_of(shown: Iterable[tuple[str, int]]) -> Choices:
    """All columns: those shown first, in their order and width, then the others in theirs."""
    first = tuple(ColumnChoice(name, width, True) for name, width in shown if name in COLUMNS)
    named = {choice.name for choice in first}
    return first + tuple(
        ColumnChoice(column.name, column.width, False) for column in COLUMNS.values() if column.name not in named
    )


def shown_of(choices: Sequence[ColumnChoice]) -> tuple[tuple[str, int], ...]:
    """Names and widths of those that are shown, in order."""
    return tuple((choice.name, choice.width) for choice in choices if choice.shown)


def toggled(choices: Choices, place: int) -> Choices:
    """Show the column there, or no longer; the last one stays."""
    choice = choices[place]
    if choice.shown and sum(one.shown for one in choices) == 1:
        return choices
    return _with(choices, place, replace(choice, shown=not choice.shown))


def moved(choices: Choices, place: int, step: int) -> tuple[Choices, int]:
    """The column there one place up (-1) or down (1), and where it stands then."""
    other = place + step
    if not 0 <= other < len(choices):
        return choices, place
    changed = list(choices)
    changed[place], changed[other] = changed[other], changed[place]
    return tuple(changed), other


def widened(choices: Choices, place: int, step: int) -> Choices:
    """The column there wider or narrower by so many cells."""
    choice = choices[place]
    width = max(WIDTH_MIN, min(WIDTH_MAX, choice.width + step))
    return _with(choices, place, replace(choice, width=width))


def _with(choices: Choices, place: int, choice: ColumnChoice) -> Choices:
    return (*choices[:place], choice, *choices[place + 1 :])
