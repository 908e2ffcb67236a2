"""The pane of the connections screen: the sockets with all columns, folded, grouped, with their recent past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.model.sockets import SocketEntry
from engine.text.cells import Look
from engine.text.columns import COLUMNS
from engine.text.presets import PRESETS
from engine.text.socket_values import AF_UNIX
from engine.text.ss_command import ss_command
from tui.messages import Moment
from tui.widgets.column_choice import Choices, choices_of
from tui.widgets.columns import Column
from tui.widgets.connections import ConnectionsPane
from tui.widgets.kernel_line import KernelLine, kernel_words
from tui.widgets.line_table import LineTable
from tui.widgets.socket_columns import chosen_columns, preset_columns
from tui.widgets.socket_lines import Heading, SocketLine, entry_of
from tui.widgets.socket_view import CHOSEN, SORTS, Arranged, SocketView

NAMES: Final = Binding.Group("names")
COLUMN_KEYS: Final = Binding.Group("columns")


def copy_texts(entry: SocketEntry, look: Look) -> list[tuple[str, str]]:
    """What may be copied of a socket: what it is, and the text."""
    row = "  ".join(column.cell(entry, look) for column in PRESETS["ss"].columns)
    plain = Look(separators=False)
    texts = [("the row", row), ("the local address", COLUMNS["local"].cell(entry, plain))]
    if entry.peer_port or entry.family == AF_UNIX:
        texts.append(("the peer address", COLUMNS["peer"].cell(entry, plain)))
    texts.append(("the ss command that shows it", ss_command(entry)))
    if entry.owners:
        texts.append(("the PIDs", " ".join(dict.fromkeys(str(owner.pid) for owner in entry.owners))))
    return texts


class SocketsPane(ConnectionsPane):
    """Besides what the dashboard's pane says: Highlighted for the line under the cursor, CopyWanted for a copy."""

    HELP = """
    ## Connections
    Every socket with what the kernel says of it. **d** folds the two ends of a local connection into one line:
    `client ━━ Send-Q ▶ Recv-Q ━━▶ server`. **v** groups by process, state and listener; Enter folds a group.
    **H** shows what closed in the last 30 seconds (`--history`). **c** goes through sets of columns: ours, and those of
    ss, netstat, TCPView and lsof; **C** chooses them one by one. **n** writes service names in place of ports, **N**
    host names in place of addresses as the resolver tells them. The line below the sockets has the kernel's counters
    since the start.

    **y** copies the row, an address or the `ss` command that shows it. **K** closes the socket or ends a process that
    holds it, once you have read what goes with it.

    `-` is unknown. Totals count data bytes: the kernel's counts less SYN and FIN.
    """
    BINDING_GROUP_TITLE = "Sockets"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "fold", "fold ends", id="connections.fold"),
        Binding("v", "group", "group", id="connections.group"),
        Binding("H", "history", "history", id="connections.history"),
        Binding("c", "columns", "columns", id="connections.columns", group=COLUMN_KEYS),
        Binding("C", "choose_columns", "choose columns", id="connections.choose_columns", group=COLUMN_KEYS),
        Binding("n", "services", "port names", id="connections.services", group=NAMES),
        Binding("N", "hosts", "host names", id="connections.hosts", group=NAMES),
        Binding("y", "copy", "copy", id="connections.copy"),
    ]

    class Highlighted(Message):
        """Another line came under the cursor, or its figures are those of another moment."""

        def __init__(self, moment: Moment, line: SocketLine | None) -> None:
            super().__init__()
            self.moment = moment
            self.line = line

    class ColumnsWanted(Message):
        """The user wants to choose among these columns."""

        def __init__(self, choices: Choices) -> None:
            super().__init__()
            self.choices = choices

    class CopyWanted(Message):
        """The user wants one of these texts in the clipboard: what each is, and the text."""

        def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
            super().__init__()
            self.texts = tuple(texts)

    def compose(self) -> ComposeResult:
        self.view = replace(self.view, history_s=self.app.history_s)
        yield from super().compose()
        yield KernelLine()

    def _columns(self) -> tuple[Column[SocketLine], ...]:
        if self.view.preset == CHOSEN:
            return chosen_columns(self.view.columns, lambda: self._look, self._is_leaking, self._narrow)
        return preset_columns(self.view.preset, lambda: self._look, self._is_leaking, self._narrow, self.view.history)

    def _stamp(self, moment: Moment) -> object:
        """Ages and rates change at every refresh."""
        view, names = self.view, self.app.host_names.version
        return self._leaking, moment.snapshot.ts_ns, view.services, view.host_name is not None and names

    def _apply(self, arranged: Arranged) -> None:
        super()._apply(arranged)
        below = self.query_one(KernelLine)
        if arranged.kernel or not below.parts:
            moment = arranged.moment
            below.parts = arranged.kernel or kernel_words(moment.snapshot, moment.watched.forgotten)
        self.post_message(self.Highlighted(arranged.moment, self._table.cursor_row))

    def _look_at(self, view: SocketView) -> None:
        before = self.view
        columns = (view.preset, view.history, view.columns) != (before.preset, before.history, before.columns)
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

    def action_choose_columns(self) -> None:
        shown = [(place.column.id, place.width) for place in self._table.places]
        if self.view.preset == CHOSEN:
            shown = list(self.view.columns)
        self.post_message(self.ColumnsWanted(choices_of(shown)))

    def choose_columns(self, columns: tuple[tuple[str, int], ...]) -> None:
        """Show these columns, with their widths."""
        self._look_at(self.view.with_columns(columns))

    def action_services(self) -> None:
        self._look_at(replace(self.view, services=not self.view.services))

    def action_hosts(self) -> None:
        ask = None if self.view.host_name is not None else self.app.host_names.known
        self._look_at(replace(self.view, host_name=ask))

    def action_copy(self) -> None:
        """The socket's line, an address, or the command that shows it."""
        line = self._table.cursor_row
        entry = entry_of(line) if line is not None else None
        if entry is not None:
            self.post_message(self.CopyWanted(copy_texts(entry, self._look)))

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        if self._arranged is not None:
            self.post_message(self.Highlighted(self._arranged.moment, event.row))

    def _open(self, line: SocketLine | None) -> None:
        if isinstance(line, Heading):
            self._look_at(replace(self.view, folded_groups=self.view.folded_groups ^ {line.name}))
        else:
            super()._open(line)
