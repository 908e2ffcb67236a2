"""The state diagram as text."""

from __future__ import annotations

from engine.model.flows import FlowEnd
from tests.tui import flows
from tests.tui.fakes import NOON_NS
from tui.widgets.pane import Words
from tui.widgets.states_canvas import Canvas
from tui.widgets.states_diagram import DIAGRAM_CELLS, DIAGRAM_LINES, LIT_STYLE, diagram, listed
from tui.widgets.states_path import Path, walk

CLOSED = flows.flow(
    first=FlowEnd("127.0.0.1", 53_225, flows.S.TIME_WAIT), second=FlowEnd("127.0.0.1", 65_432, flows.S.CLOSED)
)
NOW_NS = NOON_NS + 1_003_000_000


def paths() -> tuple[Path, Path]:
    return walk(CLOSED, flows.closed_by_first())


def text(rows: list[list[Words]]) -> list[str]:
    return ["".join(words for words, _style in row) for row in rows]


def test_the_diagram_shows_the_path_thick_and_the_state_of_now_lit() -> None:
    first, _second = paths()
    rows = diagram(first, NOW_NS)
    drawn = text(rows)
    assert len(drawn) == DIAGRAM_LINES
    assert {len(line) for line in drawn} == {DIAGRAM_CELLS}
    assert "┃  FIN-WAIT-1 100 µs   ┃" in "\n".join(drawn)
    assert "│       CLOSING        │" in "\n".join(drawn)
    lit = [words for row in rows for words, style in row if style == LIT_STYLE]
    assert [words.strip() for words in lit] == ["TIME-WAIT 1.00 s"]


def test_every_arrow_ends_at_a_box() -> None:
    heads = "▲▼◀▶"
    for path in paths():
        drawn = text(diagram(path, NOW_NS))
        for y, line in enumerate(drawn):
            for x, letter in enumerate(line):
                if letter == "▼" and y + 1 < len(drawn):
                    assert drawn[y + 1][x] in "─━", (x, y)
                if letter in heads and line[x - 1] in "─━" and letter == "▶":
                    assert line[x + 1] in "│┃", (x, y)


def test_the_list_for_a_small_terminal_says_the_same() -> None:
    drawn = text(listed(paths(), 78, NOW_NS))
    assert all(len(line) <= 78 for line in drawn)
    assert drawn[5].split() == ["FIN-WAIT-1", "✓", "100", "µs", "sent", "FIN,", "ACK", "·"]
    assert drawn[10].startswith("TIME-WAIT    ● 1.00 s  received FIN, ACK")


def test_lines_that_meet_join_and_thick_ones_lie_over_thin_ones() -> None:
    canvas = Canvas(5, 3)
    canvas.line([(0, 1), (4, 1)], head=False)
    canvas.line([(2, 0), (2, 2)], head=False)
    assert text(canvas.rows()) == ["  │  ", "──┼──", "  │  "]
    canvas.line([(0, 1), (4, 1)], thick=True, head=False)
    assert text(canvas.rows())[1] == "━━━━━"


def test_what_is_drawn_outside_is_cut() -> None:
    canvas = Canvas(4, 1)
    canvas.text(2, 0, "abcdef")
    canvas.text(0, 5, "x")
    assert text(canvas.rows()) == ["  ab"]
