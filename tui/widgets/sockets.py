"""The pane of the connections screen: the sockets with all columns, folded, grouped, with their recent past."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.text.presets import PRESETS
from tui.messages import Moment
from tui.widgets.columns import Column
from tui.widgets.connections import ConnectionsPane
from tui.widgets.kernel_line import KernelLine, kernel_words
from tui.widgets.line_table import LineTable
from tui.widgets.socket_columns import preset_columns
from tui.widgets.socket_lines import Heading, SocketLine, entry_of
from tui.widgets.socket_view import SORTS, Arranged, SocketView


class SocketsPane(ConnectionsPane):
    """Besides what the dashboard's pane says: Highlighted for the line under the cursor, Copied for the clipboard."""

    HELP = """
    ## Connections
    Every socket with what the kernel says of it. **d** folds the two ends of a local connection into one line:
    `client ━━ Send-Q ▶ Recv-Q ━━▶ server`. **v** groups by process, state and listener; Enter folds a group.
    **H** shows what closed in the last 30 seconds. **c** goes through sets of columns: ours, and those of ss, netstat,
    TCPView and lsof. **n** writes service names in place of ports.

    `-` is unknown. Totals count data bytes: the kernel's counts less SYN and FIN.
    """
    BINDING_GROUP_TITLE = "Sockets"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "fold", "fold ends", id="connections.fold"),
        Binding("v", "group", "group", id="connections.group"),
        Binding("H", "history", "history", id="connections.history"),
        Binding("c", "columns", "columns", id="connections.columns"),
        Binding("n", "services", "port names", id="connections.services"),
        Binding("y", "copy", "copy", id="connections.copy"),
    ]

    class Highlighted(Message):
        """Another line came under the cursor, or its figures are those of another moment."""

        def __init__(self, moment: Moment, line: SocketLine | None) -> None:
            super().__init__()
            self.moment = moment
            self.line = line

    class Copied(Message):
        """The user wants this text in the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield KernelLine()

    def _columns(self) -> tuple[Column[SocketLine], ...]:
        return preset_columns(self.view.preset, lambda: self._look, self._is_leaking, self._narrow, self.view.history)

    def _stamp(self, moment: Moment) -> object:
        """Ages and rates change at every refresh."""
        return self._leaking, moment.snapshot.ts_ns, self.view.services

    def _apply(self, arranged: Arranged) -> None:
        super()._apply(arranged)
        below = self.query_one(KernelLine)
        if arranged.kernel or not below.parts:
            below.parts = arranged.kernel or kernel_words(arranged.moment.snapshot)
        self.post_message(self.Highlighted(arranged.moment, self._table.cursor_row))

    def _look_at(self, view: SocketView) -> None:
        columns = (view.preset, view.history) != (self.view.preset, self.view.history)
        super()._look_at(view)
        if columns:
            self._table.set_columns(self._columns())

    def action_sort(self) -> None:
        """The next of the columns that are shown."""
        shown = [place.column.id for place in self._table.places]
        self._look_at(self.view.sort_next(shown or SORTS))

    def action_fold(self) -> None:
        self._look_at(replace(self.view, folds=not self.view.folds))

    def action_group(self) -> None:
        self._look_at(self.view.next_grouping())

    def action_history(self) -> None:
        self._look_at(replace(self.view, history=not self.view.history))

    def action_columns(self) -> None:
        self._look_at(self.view.next_preset())

    def action_services(self) -> None:
        self._look_at(replace(self.view, services=not self.view.services))

    def action_copy(self) -> None:
        """The socket's line as ss prints it."""
        line = self._table.cursor_row
        entry = entry_of(line) if line is not None else None
        if entry is not None:
            columns = PRESETS["ss"].columns
            self.post_message(self.Copied("  ".join(column.cell(entry, self._look) for column in columns)))

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        if self._arranged is not None:
            self.post_message(self.Highlighted(self._arranged.moment, event.row))

    def _open(self, line: SocketLine | None) -> None:
        if isinstance(line, Heading):
            self._look_at(replace(self.view, folded_groups=self.view.folded_groups ^ {line.name}))
        else:
            super()._open(line)
