"""The pane of captured packets: a window of rows out of the capture worker's store, following the newest.

The pane asks for the rows in view and two pages on either side, by the message Asked; whoever has a bridge answers with
`take`. The worker's store holds the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.export.times import TimeFormat, following
from engine.model.messages import PacketsAnswer
from engine.model.packets import PacketRow
from engine.model.snapshot import Snapshot
from engine.query.packets import explain_packets
from tui.conversations import Wanted
from tui.conversations import of_packet as conversation_of
from tui.messages import EngineFailed, PacketLocated, PacketQuestion, PacketsFetched
from tui.widgets.capture_pane import CapturePane
from tui.widgets.columns import Ink
from tui.widgets.filter_box import FilterBox
from tui.widgets.line_table import LineTable
from tui.widgets.packet_columns import packet_columns, row_ink, time_text
from tui.widgets.packet_marks import Marks
from tui.widgets.packet_words import NO_PACKETS, capture_totals, list_words
from tui.widgets.pane import COPY_KEY, EXPLAIN_KEY, FLOW_KEY, Words
from tui.widgets.topics import Topic, of_packet_row
from tui.widgets.window_table import WindowTable

PACKETS_NEEDED: Final = ("filter", "all", "follow", "mark", "to_mark", "time_format", "stream", "export")
"""Actions that make no sense while nothing was ever captured."""


class PacketsPane(CapturePane):
    """Questions out by Asked, rows in by `take`; Opened for a frame's dissection."""

    NAME = "Packets"
    HELP = """
    ## Packets
    What the wire carried, one line a frame in Wireshark's words. Numbers and sequence numbers are relative. By default
    only segments with SYN, FIN or RST are listed; **a** lists all.

    **Enter** takes the frame apart: a tree of its fields beside its bytes. **f** follows the newest. **o** opens the
    frame's conversation, **F** reads what it carried, **e** explains flags, findings, numbers and columns.
    """
    BINDING_GROUP_TITLE = "Packets"
    BINDINGS: ClassVar[list[BindingType]] = [
        FLOW_KEY,
        EXPLAIN_KEY,
        Binding("slash", "filter", "filter", key_display="/", id="packets.filter", priority=True),
        Binding("a", "all", "all / handshakes", id="packets.all"),
        Binding("f", "follow", "follow newest", id="packets.follow"),
        Binding("T", "time_format", "time format", show=False, id="packets.time"),
        Binding("m", "mark", "mark", show=False, id="packets.mark"),
        Binding("left_square_bracket", "to_mark(-1)", "Mark before", key_display="[", show=False, id="packets.mark_up"),
        Binding("right_square_bracket", "to_mark(1)", "Next mark", key_display="]", show=False, id="packets.mark_down"),
        Binding("F", "stream", "follow stream", show=False, id="packets.stream"),
        COPY_KEY,
        Binding("E", "export", "save the list", show=False, id="packets.export"),
    ]

    class Asked(Message):
        """The pane needs these rows."""

        def __init__(self, pane: PacketsPane, question: PacketQuestion) -> None:
            super().__init__()
            self.pane = pane
            self.question = question

    class Sought(Message):
        """The pane wants to know where a frame stands in its list."""

        def __init__(self, pane: PacketsPane, question: PacketQuestion, number: int) -> None:
            super().__init__()
            self.pane = pane
            self.question = question
            self.number = number

    class Highlighted(Message):
        """Another frame came under the cursor."""

        def __init__(self, pane: PacketsPane, row: PacketRow | None) -> None:
            super().__init__()
            self.pane = pane
            self.row = row

    class Opened(Message):
        """The user asked for a frame's dissection."""

        def __init__(self, row: PacketRow) -> None:
            super().__init__()
            self.row = row

    class ExportWanted(Message):
        """The user wants the packets that are listed in a file."""

        def __init__(self, question: PacketQuestion) -> None:
            super().__init__()
            self.question = question

    class StreamWanted(Message):
        """The user wants to read what a conversation carried."""

        def __init__(self, row: PacketRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.paused = False
        self.handshakes = True
        self.display_filter = ""
        self._start_ns = 0
        self._failure = ""
        self._time_format = TimeFormat.RELATIVE
        self._marks = Marks()
        self._opens = False
        """The user asked for the details of a row that is not here yet."""
        self._table: LineTable[PacketRow] = LineTable(
            packet_columns(self._time), _number, row_style=row_ink, empty=NO_PACKETS[True]
        )
        self._window = WindowTable(self._table, _number)
        self._box = FilterBox(
            explain_packets, "a word, tcp.flags.reset == 1, tcp.port == 65432, tcp.analysis.flags …", dom_id="display"
        )

    def compose(self) -> ComposeResult:
        yield self._table
        yield self._box
        yield from self.compose_capture()

    def on_mount(self) -> None:
        self._table.following = True
        self._retitle()

    @property
    def following(self) -> bool:
        """The newest row is selected as rows arrive."""
        return self._table.following and not self.paused

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    # --- rows in ----------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Take in how the capture stands, and ask for the rows of now."""
        if self.show_capture(snapshot) and not self.paused:
            self._ask()
        self._retitle()

    def take(self, question: PacketQuestion, answer: PacketsAnswer) -> None:
        """Show the rows of an answer, unless the list is another one by now."""
        if not question.same_list(self._question(0, 0)):
            return
        self._failure = ""
        self.status = answer.status
        start_ns = answer.status.first_ts_ns or min((row.ts_ns for row in answer.rows[:1]), default=self._start_ns)
        if not self._start_ns or answer.status.first_ts_ns:
            self._start_ns = start_ns
        self._window.take(answer.first, answer.total, answer.rows, standing=self.paused)
        self._table.empty = NO_PACKETS[self.handshakes]
        self._draw_rows()
        if self._window.missed((question.first, question.count), standing=self.paused):
            self._ask()
        row = self._table.cursor_row
        if self._opens and row is not None:
            self._opens = False
            self.post_message(self.Opened(row))

    def _draw_rows(self) -> None:
        marks = dict.fromkeys(self._marks.numbers, Ink.MARKED)
        delta = self._window.rows.first if self._time_format is TimeFormat.DELTA else 0
        self._table.show_rows(self._window.rows, marks, stamp=(self._start_ns, self._time_format, delta))
        self._retitle()

    def _time(self, row: PacketRow) -> str:
        index = self._window.rows.index(row.number)
        before = self._window.rows.row(index - 1) if index else None
        return time_text(row, self._time_format, self._start_ns, before.ts_ns if before is not None else None)

    def fail(self, sentence: str) -> None:
        """Say why there are no rows."""
        self._failure = sentence
        self._retitle()

    def pause(self, paused: bool) -> None:
        """Ask for no new rows, or go on."""
        self.paused = paused
        self._retitle()

    def _question(self, first: int, count: int) -> PacketQuestion:
        return PacketQuestion(first, count, self.display_filter, self.handshakes)

    def _ask(self) -> None:
        """Ask for the rows in view and those around them."""
        self.post_message(self.Asked(self, self._question(*self._window.span(standing=self.paused))))

    def _ask_anew(self) -> None:
        """Another list: forget the rows of the old one, and look where the frame under the cursor stands in it."""
        frame = self._table.cursor_key
        self._window.forget()
        if self.status is not None:
            self._ask()
            if isinstance(frame, int) and not self._table.following:
                self._seek(frame)
        self._retitle()

    def _seek(self, number: int) -> None:
        """Put the cursor on the first frame with at least this number."""
        self.post_message(self.Sought(self, self._question(0, 1), number))

    def on_packet_located(self, event: PacketLocated) -> None:
        event.stop()
        if event.question.same_list(self._question(0, 0)):
            self._table.move_to(event.index)

    def on_line_table_view_moved(self, event: LineTable.ViewMoved) -> None:
        event.stop()
        if self.status is not None and not self._window.holds_view(event.first, event.count):
            self._ask()

    def on_packets_fetched(self, event: PacketsFetched) -> None:
        event.stop()
        self.take(event.question, event.answer)

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self.fail(event.sentence)

    # --- words ------------------------------------------------------------------------------------------------------

    def _retitle(self) -> None:
        rows = f"{len(self._window.rows):,}"
        left: list[Words | str] = []
        right: list[Words | str] = []
        totals: list[Words | str] = []
        if self.status is not None:
            following = self.following
            left += list_words(
                self.status, self.handshakes, self.display_filter, self._time_format, following=following
            )
            right.append((f"{rows} of {self.status.trust.kept:,}", "$foreground 70%"))
            totals = capture_totals(self.status)
        if self.paused:
            left.append(("PAUSED", "bold reverse $text-warning"))
        self.set_title(left, right, short=f"{self.NAME} {rows}")
        self.set_totals([(self._failure, "$text-error")] if self._failure else totals)

    # --- keys -------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("filter", "capture_filter", "interface") and self.typing:
            return False
        return self.status is not None or action not in PACKETS_NEEDED

    def action_all(self) -> None:
        self.handshakes = not self.handshakes
        self._ask_anew()

    def stop_following(self) -> None:
        """Stay at the row under the cursor."""
        self._table.following = False

    def action_follow(self) -> None:
        self._table.following = not self._table.following

    def action_filter(self) -> None:
        self._box.open(self.display_filter)

    def action_time_format(self) -> None:
        self._time_format = following(self._time_format)
        self._draw_rows()

    def action_mark(self) -> None:
        number = self._table.cursor_key
        if isinstance(number, int):
            self._marks = self._marks.toggled(number)
            self._draw_rows()

    def action_to_mark(self, step: int) -> None:
        """To the next mark, or the one before; round the ends."""
        here = self._table.cursor_key
        target = self._marks.next(here, step) if isinstance(here, int) else None
        if target is None:
            return
        rows = self._window.rows
        if rows.row(rows.index(target) or 0) is None or not self._table.select_key(target):
            self._seek(target)

    def action_stream(self) -> None:
        row = self._table.cursor_row
        if row is not None:
            self.post_message(self.StreamWanted(row))

    def action_export(self) -> None:
        self.post_message(self.ExportWanted(self._question(0, 0)))

    def wanted(self) -> Wanted | None:
        row = self._table.cursor_row
        return conversation_of(row) if row is not None else None

    def copied(self) -> Sequence[str]:
        """The row as tshark prints it."""
        row = self._table.cursor_row
        if row is None:
            return ()
        ends = f"{row.source} → {row.destination}" if row.source or row.destination else ""
        parts = (str(row.number), self._time(row), ends, row.protocol, str(row.length), row.info)
        return [" ".join(part for part in parts if part)]

    def topics(self) -> Sequence[Topic]:
        row = self._table.cursor_row
        return of_packet_row(row, self._table.places) if row is not None else ()

    def on_line_table_follow_changed(self, event: LineTable.FollowChanged) -> None:
        event.stop()
        if self.status is not None:
            self._ask()
        self.post_message(self.Highlighted(self, self._table.cursor_row))
        self._retitle()

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        self._opens = event.row is None
        if event.row is not None:
            self.post_message(self.Opened(event.row))

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        self.post_message(self.Highlighted(self, event.row))

    def on_filter_box_changed(self, event: FilterBox.Changed) -> None:
        event.stop()
        if event.box is self._box:
            self.display_filter = event.text
            self._ask_anew()


def _number(row: PacketRow) -> int:
    return row.number
