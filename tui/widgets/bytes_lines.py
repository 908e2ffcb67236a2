"""Where the bytes are, as lines: a row of boxes a direction, each a number with a bar, the equations beneath. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from engine.model.pipeline import BOX_TITLES, Basis, Box, Direction, Equation, Term
from engine.text.sanitize import printable
from engine.text.units import byte_size, count, duration_ns
from tui.widgets.columns import cell
from tui.widgets.pane import Words

SHOWN: Final = ("accepted", "not sent", "in flight", "on its way", "Recv-Q", "read")
"""The boxes that a byte passes; acked and received are totals and stand in the equations."""

HOLDS: Final = frozenset(("not sent", "in flight", "on its way", "Recv-Q"))
"""Places where bytes are; the others are totals of what has passed."""

GAP: Final = " ▶ "
EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
FULL_FROM: Final = 0.95
"""Of its limit: a place is full."""

TITLES_SHORT: Final = {"on its way": "ACK coming"}
"""Where the title of BOX_TITLES has no room."""
SHORT_BELOW: Final = 16

NAME_CELLS: Final = 11
"""For an equation's name."""
JOINED: Final = "\u00a0"
"""Stands for a blank that does not break."""

GREY: Final = "$foreground 60%"


def bar(share: float, cells: int) -> str:
    """A bar of so many cells, an eighth of a cell fine; anything above 0 shows."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    if share > 0 and not eighths:
        eighths = 1
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(cells)


def direction_lines(direction: Direction, width: int) -> list[list[Words]]:
    """Title, boxes, bars and equations of one direction."""
    cells = max(6, (width - len(GAP) * (len(SHOWN) - 1)) // len(SHOWN))
    boxes = [direction.box(name) for name in SHOWN]
    largest = max((box.value or 0 for box in boxes if box.name in HOLDS), default=0)
    titles: list[Words] = []
    numbers: list[Words] = []
    bars: list[Words] = []
    for place, box in enumerate(boxes):
        if place:
            titles.append((" " * len(GAP), ""))
            numbers.append((GAP, GREY))
            bars.append((" " * len(GAP), ""))
        title = TITLES_SHORT.get(box.name, BOX_TITLES[box.name]) if cells < SHORT_BELOW else BOX_TITLES[box.name]
        titles.append((cell(title, cells), GREY))
        style = _style(box)
        numbers.append((cell(_number(box, cells), cells), style))
        held = box.name in HOLDS
        bars.append((f"▕{bar(_share(box, largest), cells - 2)}▏" if held else " " * cells, style if held else ""))
    equations = [line for equation in direction.equations for line in equation_lines(equation, width)]
    return [_head(direction, width), titles, numbers, bars, *equations]


def _head(direction: Direction, width: int) -> list[Words]:
    """Who sends to whom, by name alone where there is no room for addresses, and the window between them."""
    window = "" if direction.window is None else f"   window offered {count(direction.window)} B"
    names = [printable(direction.sender), printable(direction.receiver)]
    if cell_len(" ▶ ".join(names)) + len(window) > width:
        names = [name.rpartition(" ")[0] or name for name in names]
    style = "bold $text-error" if direction.window == 0 else GREY
    return [(names[0], "bold"), (" ▶ ", "bold $text-primary"), (names[1], "bold"), (window, style)]


def _number(box: Box, cells: int) -> str:
    """The value, with the limit where there is room for it."""
    text = count(box.value)
    with_limit = f"{text} / {byte_size(box.limit)}" if box.limit and box.value is not None else text
    return with_limit if len(with_limit) <= cells else text


def _share(box: Box, largest: int) -> float:
    if not box.value:
        return 0.0
    return box.value / (box.limit or largest)


def _style(box: Box) -> str:
    if box.basis is Basis.UNKNOWN or box.value is None:
        return GREY
    if box.limit and box.name == "Recv-Q" and box.value >= FULL_FROM * box.limit:
        return "bold $text-error"
    return "bold" if box.value and box.name in HOLDS else ""


def equation_lines(equation: Equation, width: int) -> list[list[Words]]:
    """One equation: whether it holds, and where there is room, or it does not hold, why."""
    said, style = _judgement(equation)
    terms = [_term(equation.left), "="]
    for number, term in enumerate(equation.right):
        terms.append(f"{'- ' if term.sign < 0 else '+ ' if number else ''}{_term(term)}")
    room = max(20, width - NAME_CELLS)
    # The judgement stays whole: its blanks do not break.
    text = f"{' '.join(terms)}   {said.replace(' ', JOINED)}"
    wrapped = [line.replace(JOINED, " ") for line in textwrap.wrap(text, room)]
    heads = [f"{'' if number else equation.name:>9}  " for number in range(len(wrapped))]
    lines: list[list[Words]] = [[(head, GREY), (line, "")] for head, line in zip(heads, wrapped, strict=True)]
    lines[-1][1:] = [(wrapped[-1].removesuffix(said), ""), (said, style)]
    note = f"({equation.note})" if equation.note else ""
    if note and len(wrapped[-1]) + 2 + len(note) <= room:
        lines[-1].append((f"  {note}", GREY))
    elif note and equation.holds is not True:
        lines += [[(" " * NAME_CELLS, ""), (line, GREY)] for line in textwrap.wrap(note, room)]
    return lines


def _term(term: Term) -> str:
    return f"{term.name} {count(term.value)}".replace(" ", JOINED)


def _judgement(equation: Equation) -> Words:
    if equation.holds is None:
        moving = equation.difference
        return ("moving", GREY) if moving is not None else ("unknown", GREY)
    if not equation.holds:
        return f"✗ differs by {count(equation.difference)} B", "bold $text-error"
    return ("✓ exact", "bold $text-success") if equation.exact else ("✓ holds", "$text-success")


def reads_words(apart_ns: int | None, at_rest: bool) -> str:
    """How far apart the two ends were read, and whether anything moves."""
    parts = ["at rest" if at_rest else "in motion"]
    if apart_ns is not None:
        parts.append(f"reads {duration_ns(apart_ns)} apart")
    return ", ".join(parts)


def box_order(directions: Sequence[Direction]) -> list[Direction]:
    """The directions, one that carried something before one that did not."""
    return sorted(directions, key=lambda one: not (one.box("accepted").value or one.box("received").value))
