"""How the items of a ladder are drawn: the names of its ends, its times, the calls that stand beside it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.export.ladder_text import LadderLook, ladder_line
from engine.export.times import TimeFormat, following
from engine.model.flows import FlowSummary, LadderItem, LadderStep
from engine.model.snapshot import Snapshot
from tui.conversations import Conversation, calls_of, of_flow
from tui.widgets.ladder_calls import calls_beside
from tui.widgets.ladder_lines import head_text, item_key, line_spans, named_flows
from tui.widgets.line_painter import Spans
from tui.widgets.window_rows import WindowRows

NO_WIDTH = 80
"""Cells of a line before there is a place for it."""


class LadderPicture:
    """What a line is drawn with; `arrange` brings it up to a moment."""

    def __init__(self) -> None:
        self.look = LadderLook(NO_WIDTH)
        self.times = TimeFormat.RELATIVE
        self._flows: dict[int, FlowSummary] = {}
        self._rows: WindowRows[LadderItem] = WindowRows(0, 0, (), item_key)
        self._calls: dict[int, str] = {}
        self._start_ns = 0
        self._beside: dict[int, tuple[str, str]] = {}
        """Names of the ends of the other conversations, by stream."""

    def forget(self) -> None:
        """Another ladder begins."""
        self._start_ns = 0
        self._beside = {}

    def have(self, flows: Sequence[FlowSummary]) -> None:
        """Take in the conversations of an answer."""
        self._flows = {flow.stream: flow for flow in flows}
        if flows:
            self._start_ns = min(flow.first_ns for flow in flows)

    def flow(self, stream: int) -> FlowSummary | None:
        return self._flows.get(stream)

    def next_times(self) -> None:
        """What `T` does."""
        self.times = following(self.times)

    def arrange(
        self,
        rows: WindowRows[LadderItem],
        shown: Conversation | None,
        streams: tuple[int, ...],
        snapshot: Snapshot | None,
        width: int,
    ) -> None:
        """These rows, of this conversation and the others of `streams`, in lines of so many cells."""
        self._rows = rows
        names: dict[int, tuple[str, str]] = {}
        if shown is not None:
            names = {**self._names_beside(streams, snapshot), shown.subject.stream: shown.names}
        if shown is not None and snapshot is not None:
            here = [row for index in range(rows.first, rows.end) if (row := rows.row(index)) is not None]
            calls = (
                calls_of(shown.joined.first, shown.subject.ends, snapshot.actors),
                calls_of(shown.joined.second, shown.subject.turned, snapshot.actors),
            )
            self._calls = calls_beside(here, shown.subject.stream, calls)
        self.look = LadderLook(max(width, 0), self._start_ns, names, streams, self.times)

    @property
    def stamp(self) -> object:
        """What lines depend on besides their item."""
        return self.look, tuple(self._calls.items()), self._rows.first

    @property
    def head(self) -> str:
        """What stands above the lifelines; nothing above no line."""
        return head_text(self._listed(self.look.streams), self.look) if len(self._rows) else ""

    @property
    def named(self) -> list[str]:
        """Each of several conversations."""
        return named_flows(self._listed(self.look.streams), self.look)

    def spans(self, item: LadderItem) -> Spans:
        """The line of an item; called for lines in view only."""
        before = None
        if self.times is TimeFormat.DELTA:
            index = self._rows.index(item_key(item))
            before = self._rows.row(index - 1) if index else None
        call = self._calls.get(item.number, "") if isinstance(item, LadderStep) else ""
        return line_spans(ladder_line(item, self.look, call, before))

    def _listed(self, streams: Sequence[int]) -> list[FlowSummary]:
        return [self._flows[stream] for stream in streams if stream in self._flows]

    def _names_beside(self, streams: Sequence[int], snapshot: Snapshot | None) -> dict[int, tuple[str, str]]:
        """What the ends of the other conversations are called, looked up once for each."""
        for flow in self._listed(streams)[1:]:
            if flow.stream not in self._beside and snapshot is not None:
                self._beside[flow.stream] = Conversation(of_flow(flow), flow).at(snapshot).names
        return self._beside
