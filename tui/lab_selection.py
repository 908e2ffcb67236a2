"""Puts the other screens on an actor that was just started: the tables on its socket, the flow screen on its flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from weakref import WeakKeyDictionary

from textual.screen import Screen

from engine.model.lab import ActorReport
from engine.model.snapshot import ActorView
from tui.conversations import of_actor
from tui.screens.flow import FlowScreen
from tui.widgets.connections import ConnectionsPane
from tui.widgets.line_table import LineTable
from tui.widgets.socket_lines import Pair, SocketLine, entry_of


def keys_of(report: ActorReport) -> tuple[int, ...]:
    """The cookies of an actor's sockets, connections before listeners."""
    held = sorted(report.sockets, key=lambda sock: not sock.peer)
    return tuple(sock.cookie for sock in held if sock.cookie)


def keys_in(line: SocketLine) -> set[int]:
    """The sockets that a line of the table stands for."""
    entry = entry_of(line)
    keys = {entry.key} if entry is not None else set()
    return keys | ({line.server.key} if isinstance(line, Pair) else set())


class Selection:
    """The actor started last, and the panes that have shown it."""

    def __init__(self, screens: Callable[[], Iterable[Screen[object]]]) -> None:
        """`screens` answers all screens there are, those of other modes too."""
        self._screens = screens
        self._number = 0
        self._done: WeakKeyDictionary[ConnectionsPane | FlowScreen, int] = WeakKeyDictionary()
        self._before: WeakKeyDictionary[FlowScreen, object] = WeakKeyDictionary()
        """The conversation that was open at the start: one that was chosen since stays."""

    def expect(self, actors: Sequence[ActorView]) -> None:
        """These were started."""
        if actors:
            self._number = actors[-1].number
            for screen in self._screens():
                if isinstance(screen, FlowScreen):
                    self._before[screen] = screen.conversation

    def apply(self, actors: Sequence[ActorView]) -> None:
        """Show the actor on every screen that has not shown it yet, where its rows are here."""
        actor = next((one for one in actors if one.number == self._number), None)
        if actor is None:
            return
        keys = keys_of(actor.report)
        for screen in self._screens():
            for pane in screen.query(ConnectionsPane).results():
                if self._done.get(pane) != self._number and _select(pane, keys):
                    self._done[pane] = self._number
            if isinstance(screen, FlowScreen) and self._done.get(screen) != self._number:
                wanted = of_actor(actor)
                if wanted is not None and screen.conversation is self._before.get(screen):
                    screen.open(wanted)
                    self._done[screen] = self._number


def _select(pane: ConnectionsPane, keys: Sequence[int]) -> bool:
    """Put the cursor on the first of these sockets that is listed."""
    table: LineTable[SocketLine] = pane.query_one(LineTable)
    lines = [line for index in range(len(table.rows)) if (line := table.rows.row(index)) is not None]
    for key in keys:
        for index, line in enumerate(lines):
            if key in keys_in(line):
                table.move_to(index)
                return True
    return False
