"""The states of both ends: RFC 9293's diagram twice, side by side, or one list of states where there is no room."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from textual.message import Message

from engine.model.flows import LadderItem
from engine.model.snapshot import Snapshot
from engine.text.explain.case import Case
from engine.text.sanitize import printable
from tui.conversations import NO_STREAM, Conversation, calls_of
from tui.flow_messages import WalkFetched
from tui.widgets.flow_words import conversation_title
from tui.widgets.ladder_cases import of_state
from tui.widgets.pane import Words
from tui.widgets.sheet import Lines
from tui.widgets.sheet_pane import SheetPane
from tui.widgets.states_diagram import DIAGRAM_CELLS, DIAGRAM_LINES, NAME_CELLS, diagram, listed
from tui.widgets.states_path import Path, polled, walk
from tui.widgets.states_words import difference_words, kernel_words, step_words

GAP_CELLS: Final = 1
"""Between the two diagrams."""
WIDE_CELLS: Final = 2 * DIAGRAM_CELLS + GAP_CELLS


class StatesPane(SheetPane):
    """Questions out by Asked, steps in by `take`."""

    NAME = "States"
    HELP = """
    ## States
    The state machine of RFC 9293 for both ends: thick is the path that was walked, lit is the state of now, with the
    time spent in each. Below stand the kernel's own state, what a difference means, and what caused the last step.
    """
    BINDING_GROUP_TITLE = "States"

    class Asked(Message):
        """The pane needs the steps of this conversation."""

        def __init__(self, pane: StatesPane, stream: int) -> None:
            super().__init__()
            self.pane = pane
            self.stream = stream

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._snapshot: Snapshot | None = None
        self._items: tuple[LadderItem, ...] = ()
        self._polled: tuple[Path, Path] = ((), ())

    def show(self, conversation: Conversation, snapshot: Snapshot) -> None:
        """Show this conversation; asks for its steps."""
        if self.paused:
            return
        known = self._conversation
        if known is None or known.subject.ends != conversation.subject.ends:
            self._items, self._polled, self._failure = (), ((), ()), ""
        elif known.subject.stream != conversation.subject.stream:
            self._items = ()
        self._conversation = conversation
        self._snapshot = snapshot
        ends = (conversation.joined.first, conversation.joined.second)
        first, second = (
            polled(path, end.live.state if end.live else None, snapshot.ts_ns) if end.entry else path
            for path, end in zip(self._polled, ends, strict=True)
        )
        self._polled = first, second
        if conversation.subject.stream != NO_STREAM:
            self.post_message(self.Asked(self, conversation.subject.stream))
        self.draw()

    def on_walk_fetched(self, event: WalkFetched) -> None:
        event.stop()
        shown = self._conversation
        if shown is None or event.stream != shown.subject.stream:
            return
        self._failure = ""
        self._items = event.items
        self.draw()

    # --- drawing ----------------------------------------------------------------------------------------------------

    @property
    def paths(self) -> tuple[Path, Path]:
        """What both ends have walked: by the segments, or where none was captured by the socket table."""
        shown, snapshot = self._conversation, self._snapshot
        if shown is None or snapshot is None:
            return ((), ())
        if shown.flow is None:
            return self._polled
        joined = shown.joined
        calls = (
            calls_of(joined.first, shown.subject.ends, snapshot.actors),
            calls_of(joined.second, shown.subject.turned, snapshot.actors),
        )
        return walk(shown.flow, self._items, calls)

    def draw(self) -> None:
        shown, snapshot = self._conversation, self._snapshot
        if shown is None or snapshot is None or not self._sheet.is_attached:
            return
        paths = self.paths
        room, height = self._sheet.room, self._sheet.size.height
        names = [printable(name) for name in shown.names]
        if room >= WIDE_CELLS and height >= DIAGRAM_LINES:
            lines = side_by_side(names, paths, snapshot.ts_ns)
            half, lead = DIAGRAM_CELLS + GAP_CELLS, 0
        else:
            half, lead = max(8, (room - NAME_CELLS - 2) // 2), NAME_CELLS
            head: list[Words] = [(" " * lead, ""), *((fitted(name, half), "bold") for name in names)]
            lines = [head, *listed(paths, room, snapshot.ts_ns)]
        lines.append([])
        ends = (shown.joined.first, shown.joined.second)
        said = zip(names, paths, ends, strict=True)
        for name, path, end in said:
            lines.append([(f"{name}  ", "bold"), *step_words(path)])
            lines.append([("  ", ""), *kernel_words(path, end, snapshot.ts_ns)])
            difference = difference_words(path, end)
            lines += [[(f"  {line}", "$text-warning")] for line in textwrap.wrap(difference, max(20, room - 2))]
        if shown.flow is None:
            lines.append(
                [("No segment was captured: the states are the kernel's, looked up once a refresh.", "italic")]
            )
        self._sheet.draw(lines)
        self.set_title(conversation_title(shown, snapshot.ts_ns))
        self.set_totals(self.failure_words())

    def cases(self) -> Sequence[Case]:
        """The state of each end."""
        shown, snapshot = self._conversation, self._snapshot
        if shown is None or snapshot is None:
            return ()
        ends = (shown.joined.first, shown.joined.second)
        return tuple(
            case
            for name, path, end in zip(shown.names, self.paths, ends, strict=True)
            for case in of_state(name, path, snapshot.ts_ns, end.live.state if end.live else None)
        )


def side_by_side(names: Sequence[str], paths: tuple[Path, Path], now_ns: int) -> Lines:
    """Both diagrams, each under its name."""
    width = DIAGRAM_CELLS + GAP_CELLS
    head: list[Words] = [(centred(name, width), "bold") for name in names]
    left, right = (diagram(path, now_ns) for path in paths)
    return [head, *([*one, (" " * GAP_CELLS, ""), *other] for one, other in zip(left, right, strict=True))]


def fitted(text: str, cells: int) -> str:
    return set_cell_size(text, cells)


def centred(text: str, cells: int) -> str:
    """The text in the middle of so many cells."""
    before = max(0, (cells - cell_len(text)) // 2)
    return set_cell_size(" " * before + text, cells)
