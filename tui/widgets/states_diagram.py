"""RFC 9293's state diagram (section 3.3.2, figure 5) as text: the state of now lit, the path walked thick. Pure.

Boxes stand on a grid of three columns and seven lines; CLOSED is both its beginning and its end. What the figure has
and a path can show is here; a RST, which leads from any state to CLOSED, is said in words below the diagram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engine.model.tcp import SocketState
from engine.text.units import duration_ns
from tui.widgets.pane import Words
from tui.widgets.states_canvas import Canvas, Point
from tui.widgets.states_path import Path, Visit, stay_ns

BOX_CELLS: Final = 24
BOX_LINES: Final = 3
PITCH_LINES: Final = 5
"""From one line of boxes to the next."""
COLUMNS: Final = (0, 26, 52)
DIAGRAM_CELLS: Final = COLUMNS[-1] + BOX_CELLS + 1
DIAGRAM_LINES: Final = 6 * PITCH_LINES + BOX_LINES

S = SocketState

END: Final = "end"
"""Of the second CLOSED, where a connection ends."""

Place = tuple[SocketState, str]
"""A state, and `end` for the CLOSED at the end."""

BOXES: Final[Mapping[Place, tuple[int, int]]] = {
    (S.CLOSED, ""): (1, 0),
    (S.LISTEN, ""): (0, 1),
    (S.SYN_SENT, ""): (2, 1),
    (S.SYN_RECEIVED, ""): (1, 2),
    (S.ESTABLISHED, ""): (1, 3),
    (S.FIN_WAIT_1, ""): (0, 4),
    (S.CLOSE_WAIT, ""): (2, 4),
    (S.FIN_WAIT_2, ""): (0, 5),
    (S.CLOSING, ""): (1, 5),
    (S.LAST_ACK, ""): (2, 5),
    (S.TIME_WAIT, ""): (1, 6),
    (S.CLOSED, END): (2, 6),
}
"""Column and line of each box."""


@dataclass(frozen=True)
class Edge:
    """An arrow of the figure: its points on the canvas, and the words beside it with where they stand."""

    source: Place
    target: Place
    points: tuple[Point, ...]
    words: str
    at: Point


def _edge(source: SocketState, target: Place, points: Sequence[Point], words: str, at: Point) -> Edge:
    return Edge((source, ""), target, tuple(points), words, at)


EDGES: Final = (
    _edge(S.CLOSED, (S.LISTEN, ""), [(25, 1), (12, 1), (12, 4)], "listen()", (15, 0)),
    _edge(S.CLOSED, (S.SYN_SENT, ""), [(50, 1), (64, 1), (64, 4)], "connect()  SYN ▶", (52, 0)),
    _edge(S.LISTEN, (S.SYN_RECEIVED, ""), [(12, 8), (12, 11), (25, 11)], "◀ SYN   SYN,ACK ▶", (4, 12)),
    _edge(S.SYN_SENT, (S.SYN_RECEIVED, ""), [(51, 6), (44, 6), (44, 9)], "◀ SYN", (46, 8)),
    _edge(S.SYN_SENT, (S.ESTABLISHED, ""), [(64, 8), (64, 16), (50, 16)], "◀ SYN,ACK", (66, 11)),
    _edge(S.SYN_RECEIVED, (S.ESTABLISHED, ""), [(38, 13), (38, 14)], "◀ ACK", (40, 13)),
    _edge(S.SYN_RECEIVED, (S.FIN_WAIT_1, ""), [(30, 12), (30, 14), (4, 14), (4, 19)], "close()  FIN ▶", (9, 13)),
    _edge(S.ESTABLISHED, (S.FIN_WAIT_1, ""), [(25, 16), (16, 16), (16, 19)], "close()  FIN ▶", (18, 18)),
    _edge(S.ESTABLISHED, (S.CLOSE_WAIT, ""), [(42, 17), (42, 18), (64, 18), (64, 19)], "◀ FIN", (66, 18)),
    _edge(S.FIN_WAIT_1, (S.FIN_WAIT_2, ""), [(8, 23), (8, 24)], "◀ ACK", (10, 23)),
    _edge(S.FIN_WAIT_1, (S.CLOSING, ""), [(24, 21), (40, 21), (40, 24)], "◀ FIN", (42, 22)),
    _edge(S.FIN_WAIT_1, (S.TIME_WAIT, ""), [(20, 22), (20, 23), (25, 23), (25, 28), (30, 28), (30, 29)], "◀ FIN,ACK",
          (27, 23)),
    _edge(S.FIN_WAIT_2, (S.TIME_WAIT, ""), [(12, 28), (12, 31), (25, 31)], "◀ FIN", (14, 30)),
    _edge(S.CLOSING, (S.TIME_WAIT, ""), [(40, 28), (40, 29)], "◀ ACK", (42, 28)),
    _edge(S.CLOSE_WAIT, (S.LAST_ACK, ""), [(64, 23), (64, 24)], "close()  FIN ▶", (48, 23)),
    _edge(S.LAST_ACK, (S.CLOSED, END), [(64, 28), (64, 29)], "◀ ACK", (66, 28)),
    _edge(S.TIME_WAIT, (S.CLOSED, END), [(50, 31), (51, 31)], "after 60 s", (48, 29)),
)  # fmt: skip

THIN_STYLE: Final = "$foreground 40%"
WORDS_STYLE: Final = "$foreground 55%"
WALKED_STYLE: Final = "bold $text-primary"
PASSED_STYLE: Final = "bold"
LIT_STYLE: Final = "bold reverse $text-success"


def places_of(path: Path) -> list[Place]:
    """The boxes that a path went through, in its order: a CLOSED that is not the beginning is the end."""
    return [(visit.state, END if visit.state is S.CLOSED and number else "") for number, visit in enumerate(path)]


def diagram(path: Path, now_ns: int) -> list[list[Words]]:
    """The diagram of one end, DIAGRAM_CELLS wide and DIAGRAM_LINES high."""
    canvas = Canvas(DIAGRAM_CELLS, DIAGRAM_LINES)
    places = places_of(path)
    walked = set(pairwise(places))
    for edge in sorted(EDGES, key=lambda edge: (edge.source, edge.target) in walked):
        on_path = (edge.source, edge.target) in walked
        canvas.line(edge.points, WALKED_STYLE if on_path else THIN_STYLE, thick=on_path)
        canvas.text(*edge.at, edge.words, WALKED_STYLE if on_path else WORDS_STYLE)
    stays = dict(zip(places, path, strict=True))
    lit = places[-1] if places else None
    for place, (column, line) in BOXES.items():
        visit = stays.get(place)
        style = LIT_STYLE if place == lit else PASSED_STYLE if visit else THIN_STYLE
        canvas.box(
            COLUMNS[column], line * PITCH_LINES, BOX_CELLS, [_label(place[0], visit, now_ns)],
            WALKED_STYLE if visit else THIN_STYLE, thick=visit is not None, text_style=style,
        )  # fmt: skip
    return canvas.rows()


def _label(state: SocketState, visit: Visit | None, now_ns: int) -> str:
    stay = stay_ns(visit, now_ns) if visit is not None else None
    return f"{state.value} {duration_ns(stay)}" if stay is not None else state.value


ORDER: Final = (
    S.CLOSED, S.LISTEN, S.SYN_SENT, S.SYN_RECEIVED, S.ESTABLISHED, S.FIN_WAIT_1, S.FIN_WAIT_2, S.CLOSE_WAIT, S.CLOSING,
    S.LAST_ACK, S.TIME_WAIT,
)  # fmt: skip
"""The states of the list that stands for the diagram where there is no room for it."""

NAME_CELLS: Final = 13


def listed(paths: tuple[Path, Path], width: int, now_ns: int) -> list[list[Words]]:
    """Both ends' states as a list: `●` the state of now, `✓` one that was passed, with the time in it."""
    half = max(8, (width - NAME_CELLS - 2) // 2)
    rows: list[list[Words]] = []
    for state in ORDER:
        row: list[Words] = [
            (state.value.ljust(NAME_CELLS), "" if any(_in(path, state) for path in paths) else THIN_STYLE)
        ]
        row += [_mark(path, state, half, now_ns) for path in paths]
        rows.append(row)
    return rows


def _in(path: Path, state: SocketState) -> bool:
    return any(visit.state is state for visit in path)


def _mark(path: Path, state: SocketState, cells: int, now_ns: int) -> Words:
    here = [visit for visit in path if visit.state is state]
    if not here:
        return ("·".ljust(cells), THIN_STYLE)
    current = path[-1].state is state
    visit = here[-1]
    stay = stay_ns(visit, now_ns)
    words = f"{'●' if current else '✓'} {duration_ns(stay) if stay is not None else ''}  {visit.cause}"
    return (words[: cells - 1].ljust(cells), LIT_STYLE.replace("reverse ", "") if current else "")
