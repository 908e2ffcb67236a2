"""The window that follows a stream: what a conversation carried, each side in its colour, growing while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.flow_messages import StreamFetched
from tui.messages import EngineFailed, Moment
from tui.screens.details import DetailScreen
from tui.widgets.columns import Column, Ink
from tui.widgets.filter_box import FilterBox
from tui.widgets.line_table import LineTable
from tui.widgets.pane import Words
from tui.widgets.stream_book import STREAM_BYTES_MAX, StreamBook, StreamLine, StreamMode, wanted_bytes

SIDES: Final = (frozenset((True, False)), frozenset((True,)), frozenset((False,)))
"""In the order of the key."""

MARK_CELLS: Final = 4
"""The cursor's glyphs and the sign of the side."""


def find_words(text: str) -> str:
    return f"finds {text}; n and N go to the next and the one before. 0x0d0a looks for bytes"


class StreamTable(LineTable[StreamLine]):
    """Lines to read; there is nothing behind one."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "select" and super().check_action(action, parameters)


class StreamScreen(DetailScreen):
    """Questions out by Asked, pieces in by StreamFetched."""

    BINDING_GROUP_TITLE = "Stream"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "mode", "text / hex / both", id="stream.mode"),
        Binding("d", "side", "side", id="stream.side"),
        Binding("slash", "find", "find", key_display="/", id="stream.find", priority=True),
        Binding("n", "next(1)", "next", id="stream.next"),
        Binding("N", "next(-1)", "Match before", show=False, id="stream.before"),
        Binding("f", "follow", "follow newest", id="stream.follow"),
        Binding("E", "export", "save", id="stream.export"),
    ]
    DEFAULT_CSS = """
    StreamScreen LineTable > .line-table--accent { color: $text-primary; }
    StreamScreen LineTable > .line-table--datagram { color: $text-warning; }
    """

    class Asked(Message):
        """The window needs what came after this frame."""

        def __init__(self, window: StreamScreen, stream: int, after: int) -> None:
            super().__init__()
            self.window = window
            self.stream = stream
            self.after = after

    class ExportWanted(Message):
        """The user wants the stream in a file."""

        def __init__(self, stream: int, sides: frozenset[bool]) -> None:
            super().__init__()
            self.stream = stream
            self.sides = sides

    class Ended(Message):
        """The window is closed: the conversation's frames need not be whole any more."""

    def __init__(self, stream: int, names: tuple[str, str]) -> None:
        super().__init__()
        self._stream = stream
        self._names = names
        self._book = StreamBook()
        self._after = 0
        self._side = 0
        self._wanted = b""
        self._failure = ""
        self._waits = False
        self._changes = 0
        self._table = StreamTable(
            (Column("line", "", 1, lambda line: line.text, flexible=True),), lambda line: line.number,
            spanning=self._spans, empty="Nothing was sent yet.",
        )  # fmt: skip
        self._box = FilterBox(find_words, "a word, 0x0d0a …")

    def compose_inside(self) -> ComposeResult:
        yield self._table
        yield self._box

    def on_mount(self) -> None:
        self._table.focus()
        self._ask()

    def on_unmount(self) -> None:
        self.app.post_message(self.Ended())

    def on_resize(self) -> None:
        self.call_after_refresh(self._arrange)

    def show(self, moment: Moment) -> None:
        self._ask()

    def _ask(self) -> None:
        if not self._waits:
            self._waits = True
            self.post_message(self.Asked(self, self._stream, self._after))

    def on_stream_fetched(self, event: StreamFetched) -> None:
        event.stop()
        self._waits = False
        if event.after != self._after:
            return
        self._failure = ""
        self._after = event.answer.last
        if event.answer.pieces:
            self._book.add(event.answer.pieces)
            self._changes += 1
            self._draw_lines()
        if event.answer.more:
            self._ask()
        self._retitle()

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self._waits = False
        self._failure = event.sentence
        self._retitle()

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Cut the lines anew: width, mode or sides are others."""
        room = self._table.scrollable_content_region.width - MARK_CELLS
        self._book.arrange(self._book.mode, room, SIDES[self._side])
        self._changes += 1
        self._draw_lines()
        self._retitle()

    def _draw_lines(self) -> None:
        self._table.show_rows(self._book, stamp=(self._changes, self._wanted))

    def _spans(self, line: StreamLine) -> Sequence[tuple[str, Ink]]:
        sign = "▶ " if line.forward else "◀ "
        ink = Ink.WARN if line.notice else Ink.ACCENT if line.forward else Ink.DATAGRAM
        return [(sign, ink), *_marked(line.text, self._wanted, ink)]

    def _retitle(self) -> None:
        first, second = self._names
        sent = self._book.bytes
        parts: list[Words | str] = [
            (f"▶ {first} {sent[0]:,} B", "$text-primary"),
            (f"◀ {second} {sent[1]:,} B", "$text-warning"),
            (self._book.mode, "bold"),
        ]
        if len(SIDES[self._side]) == 1:
            parts.append((f"{self._names[self._side - 1]} only", "bold"))
        if self._wanted:
            parts.append((f"find {self._wanted!r}", "$text-primary"))
        if self._table.following:
            parts.append(("following", "$text-success"))
        if self._book.left_out:
            shown = STREAM_BYTES_MAX // 2**20
            parts.append((f"the first {shown} MiB; {self._book.left_out:,} B more: E saves all", "$text-warning"))
        if self._failure:
            parts.append((self._failure, "$text-error"))
        self.title_window("Stream", parts)

    # --- keys -------------------------------------------------------------------------------------------------------

    def action_mode(self) -> None:
        order = list(StreamMode)
        self._book.mode = order[(order.index(self._book.mode) + 1) % len(order)]
        self._arrange()

    def action_side(self) -> None:
        self._side = (self._side + 1) % len(SIDES)
        self._arrange()

    def action_find(self) -> None:
        self._box.open(self._wanted.decode("utf-8", "replace"))

    def action_follow(self) -> None:
        self._table.following = not self._table.following
        self._retitle()

    def action_next(self, step: int) -> None:
        line = self._book.find(self._wanted, self._table.cursor, step)
        if line is not None:
            self._table.move_to(line)
        elif self._wanted:
            self.app.bell()

    def action_export(self) -> None:
        self.post_message(self.ExportWanted(self._stream, SIDES[self._side]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "find" and self._box.is_open)

    def on_filter_box_changed(self, event: FilterBox.Changed) -> None:
        event.stop()
        self._wanted = wanted_bytes(event.text)
        self._draw_lines()
        line = self._book.find(self._wanted, self._table.cursor - 1, 1)
        if line is not None:
            self._table.move_to(line)
        self._retitle()

    def on_filter_box_closed(self, event: FilterBox.Closed) -> None:
        event.stop()
        self._table.focus()

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()

    def on_line_table_follow_changed(self, event: LineTable.FollowChanged) -> None:
        event.stop()
        self._retitle()


def _marked(text: str, wanted: bytes, ink: Ink) -> list[tuple[str, Ink]]:
    """The text with what is looked for marked, where it stands as text within the line."""
    word = wanted.decode("utf-8", "replace").casefold()
    folded = text.casefold()
    if not word or len(folded) != len(text):
        return [(text, ink)]
    spans: list[tuple[str, Ink]] = []
    start = 0
    while (at := folded.find(word, start)) >= 0:
        spans += [(text[start:at], ink), (text[at : at + len(word)], Ink.MARKED)]
        start = at + len(word)
    return [*spans, (text[start:], ink)]
