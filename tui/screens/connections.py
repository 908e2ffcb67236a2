"""Screen 2: the socket table with every column, and all that is known of the selected socket below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from engine.model.sockets import SocketEntry
from tui.messages import Moment
from tui.screens.base import MonitorScreen
from tui.tracks import Tracks
from tui.widgets.pane import EXPLAIN_KEY, Pane, Words
from tui.widgets.socket_detail import SocketDetail
from tui.widgets.socket_lines import Pair, SocketLine, entry_of
from tui.widgets.socket_view import Arranged, arrange
from tui.widgets.sockets import SocketsPane
from tui.widgets.topics import Topic

if TYPE_CHECKING:
    from tui.app import SockmonApp


class SocketDetailPane(Pane):
    """The selected socket; of a folded connection both ends, the client first."""

    NAME = "Detail"
    HELP = """
    ## Detail
    Every figure in its fixed place, in the kernel's names. Times of `RTT` and `RTO` are milliseconds; `cwnd` and
    `ssthresh` count segments. The bars show the last two minutes, the newest at the right. **e** explains each figure.
    """
    BINDING_GROUP_TITLE = "Detail"
    BINDINGS: ClassVar[list[BindingType]] = [EXPLAIN_KEY]

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield SocketDetail(dom_id="first")
            yield SocketDetail(dom_id="second")

    def show(self, line: SocketLine | None, moment: Moment, tracks: Tracks) -> None:
        """Show this line's socket, or both of them."""
        entry = entry_of(line) if line is not None else None
        other = line.server if isinstance(line, Pair) else None
        self.set_title(_title(entry, other))
        for dom_id, one in (("first", entry), ("second", other)):
            detail = self.query_one(f"#{dom_id}", SocketDetail)
            detail.display = one is not None or dom_id == "first"
            detail.show_socket(one, moment, tracks)

    def topics(self) -> Sequence[Topic]:
        """The figures of the socket; of a folded connection those of the client and then of the server."""
        return [topic for detail in self.query(SocketDetail) if detail.display for topic in detail.topics()]


def _title(entry: SocketEntry | None, other: SocketEntry | None) -> list[Words | str]:
    if entry is None:
        return []
    return ["client, then server" if other is not None else "", (entry.state, "bold")]


class ConnectionsScreen(MonitorScreen):
    """The table above, the detail of its cursor below."""

    TITLE = "Connections"

    app: SockmonApp

    def compose_body(self) -> ComposeResult:
        yield SocketsPane(dom_id="sockets")
        yield SocketDetailPane(dom_id="socket-detail")

    def prepare(self, moment: Moment) -> Arranged:
        return arrange(self.query_one(SocketsPane).view, moment, kernel=True)

    def show(self, moment: Moment, work: object) -> None:
        super().show(moment, work)
        self.query_one(SocketsPane).show(moment, work if isinstance(work, Arranged) else None)

    def pause(self, paused: bool) -> None:
        super().pause(paused)
        self.query_one(SocketsPane).pause(paused)

    def on_sockets_pane_highlighted(self, event: SocketsPane.Highlighted) -> None:
        self.query_one(SocketDetailPane).show(event.line, event.moment, self.app.tracks)
