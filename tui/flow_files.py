"""Ladders and streams written to files: asked of Monitor window by window, in the thread of the commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from engine.export.ladder_mermaid import mermaid_lines
from engine.export.ladder_svg import svg_lines
from engine.export.ladder_text import LadderLook, ladder_lines
from engine.model.flows import FlowSummary, LadderItem
from engine.model.snapshot import MonitorView
from tui.files import write
from tui.flow_messages import LadderQuestion
from tui.messages import Done

TEXT_WIDTH: Final = 120
"""Cells of a ladder in a text file."""

WINDOW_ITEMS: Final = 2_000
"""Items asked for at once."""

ITEMS_MAX: Final = 100_000
"""Of one file: a text of that many lines is some 12 MB, and no viewer of pictures takes as many."""

LOOKS_MAX: Final = 40
"""Answers waited for until the worker has looked at all frames: each looks at some 50,000, and the store holds no more
than a few 100,000."""

Names = Mapping[int, tuple[str, str]]

Writer = Callable[[list[FlowSummary], list[LadderItem], Names], Iterator[str]]


def _text(flows: list[FlowSummary], items: list[LadderItem], names: Names) -> Iterator[str]:
    look = LadderLook(TEXT_WIDTH, _first_ns(flows), dict(names), tuple(flow.stream for flow in flows))
    return (line.text for line in ladder_lines(flows, items, look))


def _svg(flows: list[FlowSummary], items: list[LadderItem], names: Names) -> Iterator[str]:
    return svg_lines(flows, items, _first_ns(flows), names)


def _mermaid(flows: list[FlowSummary], items: list[LadderItem], names: Names) -> Iterator[str]:
    return mermaid_lines(flows, items, names)


WRITERS: Final[Mapping[str, Writer]] = {".svg": _svg, ".mmd": _mermaid, ".mermaid": _mermaid}
"""By the file's ending; any other is text."""

ENDINGS: Final = "The ending decides: .txt text, .svg a picture, .mmd a Mermaid sequence diagram."


def _first_ns(flows: list[FlowSummary]) -> int:
    return min((flow.first_ns for flow in flows), default=0)


def save_ladder(monitor: MonitorView, question: LadderQuestion, names: Names, path: Path) -> Done:
    """Write the whole ladder, folded as it is on the screen. EngineError if the file cannot be written."""
    for _ in range(LOOKS_MAX):
        if not monitor.ladder(question.streams, 0, 0).pending:
            break
    items: list[LadderItem] = []
    flows: list[FlowSummary] = []
    total = 1
    while len(items) < min(total, ITEMS_MAX):
        answer = monitor.ladder(question.streams, len(items), WINDOW_ITEMS, question.unfolded, folded=question.folded)
        flows, total = answer.flows, answer.total
        if not answer.items:
            break
        items += answer.items
    left_out = max(0, total - ITEMS_MAX)
    lines = WRITERS.get(path.suffix.lower(), _text)(flows, items[:ITEMS_MAX], names)
    write(path, (f"{line}\n".encode() for line in lines))
    more = f", {left_out:,} lines left out: fold the ladder to have all of it" if left_out else ""
    return Done(f"ladder saved to {path}{more}", warns=bool(left_out))


def save_stream(monitor: MonitorView, stream: int, sides: frozenset[bool], path: Path) -> Done:
    """Write what the conversation carried, as it was sent; EngineError if the file cannot be written."""
    missing = written = 0

    def carried() -> Iterator[bytes]:
        nonlocal missing, written
        after, more = 0, True
        while more:
            answer = monitor.stream(stream, after)
            for piece in answer.pieces:
                if piece.forward in sides:
                    missing += piece.missing
                    written += len(piece.data)
                    yield piece.data
            more = answer.more and answer.last > after
            after = answer.last

    write(path, carried())
    lacking = f"; {missing:,} B are missing in it" if missing else ""
    return Done(f"{written:,} B of stream {stream} saved to {path}{lacking}", warns=bool(missing))
