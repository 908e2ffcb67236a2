"""A table of any number of rows with a cursor that is held by its row's key.

`tui.widgets.rows.follow` says where cursor and view belong after the rows changed; what is drawn, and how little of it,
is `tui.widgets.lines_view`'s.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var

from tui.widgets.columns import Row
from tui.widgets.line_painter import GUTTER
from tui.widgets.lines_view import HEADER_LINES, LinesView, Marks
from tui.widgets.rows import Rows, Stand, follow, restored


class LineTable(LinesView[Row], can_focus=True, inherit_bindings=False):
    """Rows in, messages out: RowHighlighted, RowSelected, HeaderSelected, ViewMoved, FollowChanged."""

    BINDING_GROUP_TITLE = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "details", id="table.select"),
        Binding("down,j", "cursor_down", "Next row", show=False, id="table.down"),
        Binding("up,k", "cursor_up", "Row above", show=False, id="table.up"),
        Binding("pagedown,ctrl+f", "page_down", "Page down", show=False, id="table.page_down"),
        Binding("pageup,ctrl+b", "page_up", "Page up", show=False, id="table.page_up"),
        Binding("ctrl+d", "half_page_down", "Half a page down", show=False, id="table.half_page_down"),
        Binding("ctrl+u", "half_page_up", "Half a page up", show=False, id="table.half_page_up"),
        Binding("home,g", "first", "First row", show=False, id="table.first"),
        Binding("end,G", "last", "Last row", show=False, id="table.last"),
    ]
    following: var[bool] = var(False, init=False)
    """The cursor stays on the last row as rows arrive."""

    class Happened(Message):
        """Something happened in a table."""

        def __init__(self, table: LineTable[Any]) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> LineTable[Any]:
            return self.table

    class RowHighlighted(Happened):
        """Another row came under the cursor; `row` is None if it is not here yet or the table is empty."""

        def __init__(self, table: LineTable[Any], key: Hashable | None, row: Any) -> None:
            super().__init__(table)
            self.key = key
            self.row = row

    class RowSelected(RowHighlighted):
        """The user asked for the details of a row."""

    class HeaderSelected(Happened):
        """The user clicked on the head of a column."""

        def __init__(self, table: LineTable[Any], column: str) -> None:
            super().__init__(table)
            self.column = column

    class ViewMoved(Happened):
        """Rows `first` to `first + count` are in view now."""

        def __init__(self, table: LineTable[Any], first: int, count: int) -> None:
            super().__init__(table)
            self.first = first
            self.count = count

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LineTable.ViewMoved)

    class FollowChanged(Happened):
        """The table began or ceased to follow the newest row."""

        def __init__(self, table: LineTable[Any], following: bool) -> None:
            super().__init__(table)
            self.following = following

    _stand = Stand(0, None, 0, held=False)
    _chosen: Hashable | None = None
    """The key of the row that the user put the cursor on; it may be out of the table now."""

    # --- rows in ----------------------------------------------------------------------------------------------------

    def show(self, rows: Sequence[Row], marks: Marks | None = None, stamp: object = None) -> None:
        """Show these rows, which nobody changes afterwards."""
        self.show_rows(self._listed(rows), marks, stamp)

    def show_rows(self, rows: Rows[Row], marks: Marks | None = None, stamp: object = None) -> None:
        """Show these rows; the cursor stays on its row, and its row on its line.

        `marks` colours rows by key. `stamp` stands for all that cells show besides their own row (the time, what is
        known elsewhere): where it differs from the last one, lines are formatted anew.
        """
        self._painter.stamp = stamp
        old, before, top = self._rows, self._stand, self._top
        self._rows = rows
        if bool(len(old)) is not bool(len(rows)):
            self.refresh_bindings()
        self._marks = marks or {}
        if self.virtual_size.height != len(rows) + HEADER_LINES:
            self._measure(Size(0, len(rows) + HEADER_LINES))
        if self.following and len(rows):
            last = len(rows) - 1
            self._stand = Stand(last, rows.key(last), self._top_max, held=True)
        else:
            stand = follow(old, rows, Stand(before.cursor, before.key, top, before.held), self.page)
            self._stand = restored(rows, stand, self._chosen, self.page)
        self._scroll(self._stand.top)
        self._refresh_changed()
        if self._stand.key != before.key:
            self._post_highlighted()

    def _measure(self, size: Size) -> None:
        """Tell the scrollbar how many lines there are. The screen is laid out anew, which takes some 20 ms, only where
        the bar comes or goes."""
        bar = size.height > self.container_size.height
        if self.is_attached and bar is self.show_vertical_scrollbar:
            self.set_reactive(LineTable.virtual_size, size)
            self._scroll_update(size)
        else:
            self.virtual_size = size

    # --- what stands where ------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """Index of the row under the cursor."""
        return self._stand.cursor

    @property
    def cursor_key(self) -> Hashable | None:
        return self._stand.key

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor; None in an empty table or before it arrived."""
        return self._rows.row(self._stand.cursor) if len(self._rows) else None

    @property
    def page(self) -> int:
        """Rows that fit into the view."""
        return max(1, self.scrollable_content_region.height - HEADER_LINES)

    @property
    def _top_max(self) -> int:
        return max(0, len(self._rows) - self.page)

    def _is_lit(self, index: int) -> bool:
        return index == self._stand.cursor

    # --- moving -----------------------------------------------------------------------------------------------------

    def select_key(self, key: Hashable) -> bool:
        """Put the cursor on the row of this key; False if it is not here."""
        index = self._rows.index(key)
        if index is None:
            return False
        self.move_to(index)
        return True

    def move_to(self, index: int) -> None:
        """Put the cursor on this row, at most at the ends, and bring it into view."""
        if not len(self._rows):
            return
        before = self._stand
        index = max(0, min(index, len(self._rows) - 1))
        top = max(min(self._top, index), index - self.page + 1)
        self._stand = Stand(index, self._rows.key(index), top, held=True)
        self._chosen = self._stand.key
        self._scroll(top)
        for line in (before.cursor, index):
            self.refresh_line(line + HEADER_LINES)
        if self._stand.key != before.key or index != before.cursor:
            self._post_highlighted()
        if self.following and index < len(self._rows) - 1:
            self.following = False

    def _move_page(self, lines: int) -> None:
        """Cursor and view move together, so the cursor keeps its line."""
        self._scroll(self._top + lines)
        self.move_to(self.cursor + lines)

    def _scroll(self, top: int) -> None:
        top = max(0, min(top, self._top_max))
        if top != self._top:
            self.scroll_to(y=top, animate=False, force=True)

    def _post_highlighted(self) -> None:
        self.post_message(self.RowHighlighted(self, self._stand.key, self.cursor_row))

    def _post_view(self) -> None:
        self.post_message(self.ViewMoved(self, self._top, self.page))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(len(self._rows)) if action == "select" else True

    def action_cursor_down(self) -> None:
        self.move_to(self.cursor + 1)

    def action_cursor_up(self) -> None:
        self.move_to(self.cursor - 1)

    def action_page_down(self) -> None:
        self._move_page(self.page)

    def action_page_up(self) -> None:
        self._move_page(-self.page)

    def action_half_page_down(self) -> None:
        self._move_page(max(1, self.page // 2))

    def action_half_page_up(self) -> None:
        self._move_page(-max(1, self.page // 2))

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self._rows) - 1)

    def action_select(self) -> None:
        if len(self._rows):
            self.post_message(self.RowSelected(self, self._stand.key, self.cursor_row))

    def watch_following(self, following: bool) -> None:
        if following:
            self.action_last()
        self.post_message(self.FollowChanged(self, following))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._painted.clear()
            self._post_view()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < HEADER_LINES:
            self._click_header(offset.x - GUTTER)
            return
        index = self._top + offset.y - HEADER_LINES
        if index < len(self._rows):
            self.move_to(index)
            if event.chain > 1:
                self.action_select()

    def _click_header(self, x: int) -> None:
        under = [place for place in self.places if place.start <= x]
        if under:
            self.post_message(self.HeaderSelected(self, under[-1].column.id))

    def on_resize(self) -> None:
        self._lay_out()
        if self.following:
            self._scroll(self._top_max)
        elif self._stand.held:
            self.move_to(self.cursor)
        self._post_view()
