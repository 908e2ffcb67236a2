"""The ladder: a conversation as arrows between two lifelines, a line a segment, growing while it happens.

The items stay in the capture worker: the pane asks for those in view and two pages on either side, and formats only
the lines that are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.export.times import TimeFormat
from engine.model.flows import LadderFold, LadderItem, LadderStep
from engine.model.messages import LadderAnswer
from engine.model.packets import PacketRow
from engine.model.snapshot import Snapshot
from tui.conversations import Conversation
from tui.flow_messages import LadderFetched, LadderQuestion
from tui.widgets.flow_words import conversation_title, why_no_segments
from tui.widgets.ladder_cases import row_of, topics_of
from tui.widgets.ladder_folding import Folding
from tui.widgets.ladder_lines import fold_key, item_key
from tui.widgets.ladder_picture import LadderPicture
from tui.widgets.ladder_table import LadderTable, line_column
from tui.widgets.line_painter import GUTTER
from tui.widgets.line_table import LineTable
from tui.widgets.pane import COPY_KEY, EXPLAIN_KEY, Words
from tui.widgets.topics import Topic
from tui.widgets.window_pane import WindowPane
from tui.widgets.window_table import WindowTable

PENDING_S: Final = 0.02
"""After so long it asks again where the worker has not looked at all frames yet."""

NO_SEGMENTS: Final = "Asking for the segments …"


class LadderPane(WindowPane):
    """Questions out by Asked, items in by `take`; FrameOpened for a segment's frame."""

    NAME = "Ladder"
    HELP = """
    ## Ladder
    Each segment is an arrow from its sender to its receiver; `═` carries data. The state of each end stands beside its
    lifeline where it changes. Runs of plain data are folded: **Enter** opens one, **←** folds it again, **a** opens or
    folds all. Enter on a segment takes its frame apart. **Space** goes to the list to put another conversation beside
    it. At the right stand the socket calls of our own actors. **T** writes the times since the first segment, since
    the line before or by the clock; **e** explains a segment, its numbers and both states.
    """
    BINDING_GROUP_TITLE = "Ladder"
    BINDINGS: ClassVar[list[BindingType]] = [
        EXPLAIN_KEY,
        Binding("space", "add", "add conversation", id="ladder.add"),
        Binding("a", "all", "folded / all", id="ladder.all"),
        Binding("f", "follow", "follow newest", id="ladder.follow"),
        Binding("left", "fold", "Fold again", show=False, id="ladder.fold"),
        Binding("right", "unfold", "Open the fold", show=False, id="ladder.unfold"),
        Binding("T", "time_format", "time", id="ladder.time"),
        Binding("F", "stream", "follow stream", id="ladder.stream"),
        Binding("E", "export", "export", id="ladder.export"),
        COPY_KEY,
    ]

    class Asked(Message):
        """The pane needs these items."""

        def __init__(self, pane: LadderPane, question: LadderQuestion) -> None:
            super().__init__()
            self.pane = pane
            self.question = question

    class FrameOpened(Message):
        """The user asked for a frame's dissection."""

        def __init__(self, row: PacketRow) -> None:
            super().__init__()
            self.row = row

    class MoreWanted(Message):
        """The user wants to choose another conversation for the same ladder."""

    class StreamWanted(Message):
        """The user wants to read what the conversation carried."""

    class ExportWanted(Message):
        """The user wants the ladder in a file."""

        def __init__(self, question: LadderQuestion, names: dict[int, tuple[str, str]]) -> None:
            super().__init__()
            self.question = question
            self.names = names

    DEFAULT_CSS = """
    LadderPane > #ladder-names { height: auto; max-height: 4; display: none; padding: 0 2; color: $foreground 80%; }
    """

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._conversation: Conversation | None = None
        self._streams: tuple[int, ...] = ()
        self._folding = Folding()
        self._evicted = 0
        self._snapshot: Snapshot | None = None
        self._names = Static(id="ladder-names")
        self._head = ""
        """What the head of the table says."""
        self._picture = LadderPicture()
        self._table = LadderTable((line_column(""),), item_key, spanning=self._picture.spans, empty=NO_SEGMENTS)
        self._window: WindowTable[LadderItem] = WindowTable(self._table, item_key)

    def compose(self) -> ComposeResult:
        yield self._names
        yield self._table

    def on_resize(self) -> None:
        self._draw_items()

    # --- items in ---------------------------------------------------------------------------------------------------

    def show(
        self, conversation: Conversation, streams: tuple[int, ...], snapshot: Snapshot, answered: bool = True
    ) -> None:
        """Show this conversation, with the others of `streams`; asks for its items of now. Without a stream `answered`
        says that it was looked for and not found."""
        self._conversation = conversation
        self._snapshot = snapshot
        if streams != self._streams:
            self._streams = streams
            self._folding = replace(self._folding, opened=())
            self._failure = ""
            self._picture.forget()
            self._window.forget()
            self._table.following = True
        if not streams:
            self._table.empty = why_no_segments(snapshot) if answered else NO_SEGMENTS
            self._table.refresh()
        elif not self.paused:
            self._ask()
        self._draw_items()

    def take(self, question: LadderQuestion, answer: LadderAnswer) -> None:
        """Show the items of an answer, unless the ladder is another one by now."""
        if not question.same_list(self._question(0, 0)):
            return
        self._failure = ""
        self._evicted = answer.evicted
        self._picture.have(answer.flows)
        self._window.take(answer.first, answer.total, answer.items, standing=self.paused)
        self._table.empty = NO_SEGMENTS if answer.pending else "No segment of it is kept any more."
        if answer.pending and not self.paused:
            self.set_timer(PENDING_S, self._ask)
        self._draw_items()
        if self._window.missed((question.first, question.count), standing=self.paused):
            self._ask()

    def _question(self, first: int, count: int) -> LadderQuestion:
        return LadderQuestion(self._streams, first, count, self._folding.opened, self._folding.folded)

    def _ask(self) -> None:
        if self._streams:
            self.post_message(self.Asked(self, self._question(*self._window.span(standing=self.paused))))

    def _ask_anew(self) -> None:
        """The same segments folded in another way."""
        self._table.following = False
        self._ask()
        self._retitle()

    def _draw_items(self) -> None:
        if not self._table.is_attached:
            return
        rows, picture = self._window.rows, self._picture
        width = self._table.scrollable_content_region.width - GUTTER
        picture.arrange(rows, self._conversation, self._streams, self._snapshot, width)
        self._table.show_rows(rows, stamp=picture.stamp)
        if picture.head != self._head:
            self._head = picture.head
            self._table.set_columns((line_column(self._head),))
        told = picture.named
        self._names.display = bool(told)
        self._names.update(Content("\n").join(Content(line) for line in told))
        self._retitle()

    def _retitle(self) -> None:
        left: list[Words | str] = []
        if self._conversation is not None:
            left += conversation_title(self._conversation)
        if len(self._streams) > 1:
            left.append((f"and {len(self._streams) - 1} more", "$text-primary"))
        if not self._folding.folded:
            left.append(("all segments", "$text-primary"))
        if self._picture.times is not TimeFormat.RELATIVE:
            left.append((f"time: {self._picture.times}", "$text-primary"))
        if self._table.following and not self.paused and self._streams:
            left.append(("following", "$text-success"))
        if self.paused:
            left.append(("PAUSED", "bold reverse $text-warning"))
        self.set_title(left, [(f"{len(self._window.rows):,} lines", "$foreground 70%")])
        if self._failure:
            self.set_totals([(self._failure, "$text-error")])
        else:
            evicted = [(f"{self._evicted:,} frames given up before it", "$text-warning")] if self._evicted else []
            self.set_totals([*evicted, *self._under_cursor()])

    def _under_cursor(self) -> list[Words | str]:
        """The states at the cursor, in words."""
        item = self._table.cursor_row
        if not isinstance(item, LadderStep) or self._conversation is None or len(self._streams) > 1:
            return []
        first, second = self._conversation.names
        return [f"frame {item.number}", f"{first}: {item.first_state}", f"{second}: {item.second_state}", "e: more"]

    # --- messages ---------------------------------------------------------------------------------------------------

    def on_ladder_fetched(self, event: LadderFetched) -> None:
        event.stop()
        self.take(event.question, event.answer)

    def on_line_table_view_moved(self, event: LineTable.ViewMoved) -> None:
        event.stop()
        if not self._window.holds_view(event.first, event.count):
            self._ask()

    def on_line_table_follow_changed(self, event: LineTable.FollowChanged) -> None:
        event.stop()
        self._ask()
        self._retitle()

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        self._retitle()

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        if isinstance(event.row, LadderFold):
            self._open(event.row)
        elif isinstance(event.row, LadderStep):
            self.post_message(self.FrameOpened(row_of(event.row, self._picture.flow(event.row.stream))))

    # --- keys -------------------------------------------------------------------------------------------------------

    def _open(self, fold: LadderFold) -> None:
        self._folding = self._folding.with_open(fold.first_number)
        self._ask_anew()

    def action_unfold(self) -> None:
        item = self._table.cursor_row
        if isinstance(item, LadderFold):
            self._open(item)

    def action_fold(self) -> None:
        """Fold what was opened last above the cursor."""
        item = self._table.cursor_row
        number = item.number if isinstance(item, LadderStep) else 0
        last = self._folding.nearest(number)
        if last is not None:
            self._folding = self._folding.without(last)
            self._ask_anew()
            index = self._window.rows.index(fold_key(last))
            if index is not None:
                self._table.move_to(index)

    def action_all(self) -> None:
        self._folding = self._folding.other()
        self._ask_anew()

    def action_add(self) -> None:
        self.post_message(self.MoreWanted())

    def action_stream(self) -> None:
        self.post_message(self.StreamWanted())

    def action_export(self) -> None:
        self.post_message(self.ExportWanted(self._question(0, 0), self._picture.look.names))

    def action_time_format(self) -> None:
        self._picture.next_times()
        self._draw_items()

    def copied(self) -> Sequence[str]:
        item = self._table.cursor_row
        return ["".join(text for text, _ in self._picture.spans(item)).strip()] if item is not None else ()

    def topics(self) -> Sequence[Topic]:
        item = self._table.cursor_row
        return topics_of(item, self._conversation) if item is not None and self._conversation is not None else ()
