"""The pane of captured packets: a window of rows out of the capture worker's store, following the newest.

The pane asks for the rows in view and two pages on either side, by the message Asked; whoever has a bridge answers with
`take`. The worker's store holds the rest.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.model.messages import PacketsAnswer
from engine.model.packets import CaptureStatus, PacketRow
from engine.model.snapshot import Snapshot
from engine.query.packets import explain_packets
from engine.text.sanitize import printable
from tui.messages import EngineFailed, PacketQuestion, PacketsFetched
from tui.widgets.filter_box import FilterBox
from tui.widgets.line_table import LineTable
from tui.widgets.packet_columns import packet_columns, row_ink
from tui.widgets.pane import Pane, Words
from tui.widgets.window_rows import PAGES_AHEAD, WindowRows

NEWEST: Final = -1
"""As `first` of a question: the last rows."""

WHY_NO_PACKETS: Final = ("NO_CAP_NET_RAW", "NO_PACKET_SOCKET")
"""Degradations that leave the pane without packets."""


class PacketsPane(Pane):
    """Questions out by Asked, rows in by `take`; Opened for a frame's dissection."""

    NAME = "Packets"
    HELP = """
    ## Packets
    What the wire carried, one line a frame in Wireshark's words. Numbers and sequence numbers are relative. By default
    only segments with SYN, FIN or RST are listed; **a** lists all.

    **Enter** takes the frame apart: a tree of its fields beside its bytes. **f** follows the newest.
    """
    BINDING_GROUP_TITLE = "Packets"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="packets.filter", priority=True),
        Binding("a", "all", "all / handshakes", id="packets.all"),
        Binding("f", "follow", "follow newest", id="packets.follow"),
    ]
    DEFAULT_CSS = """
    PacketsPane > #no-packets { display: none; height: 1fr; padding: 1 2; }
    PacketsPane.-without > #no-packets { display: block; }
    PacketsPane.-without > LineTable { display: none; }
    """

    class Asked(Message):
        """The pane needs these rows."""

        def __init__(self, pane: PacketsPane, question: PacketQuestion) -> None:
            super().__init__()
            self.pane = pane
            self.question = question

    class Opened(Message):
        """The user asked for a frame's dissection."""

        def __init__(self, row: PacketRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.paused = False
        self.handshakes = True
        self.display_filter = ""
        self._status: CaptureStatus | None = None
        self._start_ns = 0
        self._failure = ""
        self._window = self._nothing()
        self._table: LineTable[PacketRow] = LineTable(
            packet_columns(lambda: self._start_ns), _number, row_style=row_ink, empty=NO_PACKETS[True]
        )
        self._box = FilterBox(explain_packets, "a word, tcp.flags.reset == 1, tcp.port == 65432, tcp.analysis.flags …")

    def compose(self) -> ComposeResult:
        yield self._table
        yield Static(id="no-packets")
        yield self._box

    def on_mount(self) -> None:
        self._table.following = True
        self._retitle()

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    # --- rows in ----------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Take in how the capture stands, and ask for the rows of now."""
        self._status = snapshot.capture
        if self._status is None:
            self._show_why_not(snapshot)
        else:
            self.remove_class("-without")
            if not self.paused:
                self._ask()
        self._retitle()

    def take(self, question: PacketQuestion, answer: PacketsAnswer) -> None:
        """Show the rows of an answer, unless the list is another one by now."""
        if not question.same_list(self._question(0, 0)):
            return
        self._failure = ""
        self._status = answer.status
        start_ns = answer.status.first_ts_ns or min((row.ts_ns for row in answer.rows[:1]), default=self._start_ns)
        if not self._start_ns or answer.status.first_ts_ns:
            self._start_ns = start_ns
        total = len(self._window) if self.paused and len(self._window) else answer.total
        window = WindowRows(answer.first, total, answer.rows, _number)
        self._window = window.after(self._window, self._table.cursor_key, self._table.cursor)
        self._table.empty = NO_PACKETS[self.handshakes]
        self._table.show_rows(self._window, stamp=self._start_ns)
        self._retitle()

    def fail(self, sentence: str) -> None:
        """Say why there are no rows."""
        self._failure = sentence
        self._retitle()

    def pause(self, paused: bool) -> None:
        """Ask for no new rows, or go on."""
        self.paused = paused
        self._retitle()

    def _nothing(self) -> WindowRows[PacketRow]:
        none: tuple[PacketRow, ...] = ()
        return WindowRows(0, 0, none, _number)

    def _question(self, first: int, count: int) -> PacketQuestion:
        return PacketQuestion(first, count, self.display_filter, self.handshakes)

    def _ask(self) -> None:
        """Ask for the rows in view and those around them."""
        page = self._table.page
        count = page * (1 + 2 * PAGES_AHEAD)
        if self._table.following and not self.paused:
            self.post_message(self.Asked(self, self._question(NEWEST, count)))
        else:
            top = self._table.scroll_offset.y
            self.post_message(self.Asked(self, self._question(max(0, top - page * PAGES_AHEAD), count)))

    def _ask_anew(self) -> None:
        """Another list: forget the rows of the old one."""
        self._window = self._nothing()
        if self._status is not None:
            self._ask()
        self._retitle()

    def on_line_table_view_moved(self, event: LineTable.ViewMoved) -> None:
        event.stop()
        if self._status is not None and not self._window.holds(event.first, event.count):
            self._ask()

    def on_packets_fetched(self, event: PacketsFetched) -> None:
        event.stop()
        self.take(event.question, event.answer)

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self.fail(event.sentence)

    # --- words ------------------------------------------------------------------------------------------------------

    def _show_why_not(self, snapshot: Snapshot) -> None:
        self.add_class("-without")
        reason = next((d for d in snapshot.degradations if d.code in WHY_NO_PACKETS), None)
        lines = [Content.styled("No packets are captured.", "bold")]
        if reason is not None:
            lines = [Content.styled(_sentence(reason.sentence), "bold")]
            if reason.cure:
                lines += [
                    Content(""),
                    Content("The right comes with"),
                    Content.styled(f"  {printable(reason.cure)}", "bold $text-warning"),
                ]
            lines += [Content(""), Content.styled("Everything else works without it.", "$foreground 65%")]
        self.query_one("#no-packets", Static).update(Content("\n").join(lines))

    def _retitle(self) -> None:
        left: list[Words | str] = []
        right: list[Words | str] = []
        if self._status is not None:
            left.append("handshakes, FIN, RST" if self.handshakes else "all")
            if self.display_filter:
                left.append((self.display_filter, "$text-primary"))
            if self._table.following and not self.paused:
                left.append(("following", "$text-success"))
            if not self._status.running:
                left.append(("capture off", "$text-warning"))
            right.append((f"{len(self._window):,} of {self._status.trust.kept:,}", "$foreground 70%"))
        if self.paused:
            left.append(("PAUSED", "bold reverse $text-warning"))
        self.set_title(left, right, short=f"{self.NAME} {len(self._window):,}")
        if self._failure:
            self.set_totals([(self._failure, "$text-error")])
        elif self._status is not None:
            self.set_totals(_totals(self._status))
        else:
            self.set_totals([])

    # --- keys -------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self._status is None and action in ("filter", "all", "follow"):
            return False
        return not (action == "filter" and self._box.is_open)

    def action_all(self) -> None:
        self.handshakes = not self.handshakes
        self._ask_anew()

    def action_follow(self) -> None:
        self._table.following = not self._table.following

    def action_filter(self) -> None:
        self._box.open(self.display_filter)

    def on_line_table_follow_changed(self, event: LineTable.FollowChanged) -> None:
        event.stop()
        if self._status is not None:
            self._ask()
        self._retitle()

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        if event.row is not None:
            self.post_message(self.Opened(event.row))

    def on_filter_box_changed(self, event: FilterBox.Changed) -> None:
        event.stop()
        self.display_filter = event.text
        self._ask_anew()

    def on_filter_box_closed(self, event: FilterBox.Closed) -> None:
        event.stop()
        self.focus_inside()


NO_PACKETS: Final = {
    True: "No handshake, FIN or RST yet. a lists all packets.",
    False: "No packet yet.",
}


def _totals(status: CaptureStatus) -> list[Words | str]:
    trust = status.trust
    said: list[Words | str] = [f"{status.interface} by {status.source}"]
    if status.capture_filter:
        said.append(f"capture filter {status.capture_filter}")
    if trust.evicted:
        said.append((f"{trust.evicted:,} given up for room", "$text-warning"))
    if trust.undecodable:
        said.append((f"{trust.undecodable:,} undecodable", "$text-warning"))
    return said


def _sentence(words: str) -> str:
    text = printable(words)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _number(row: PacketRow) -> int:
    return row.number
