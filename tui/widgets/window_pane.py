"""A list whose rows stay in a worker and that follows the newest: what conversations and ladder have in common."""

from __future__ import annotations

from typing import Any

from tui.messages import EngineFailed
from tui.widgets.line_table import LineTable
from tui.widgets.pane import Pane


class WindowPane(Pane):
    """Holds a table, which its class gives it; `_retitle` says in the border how it stands."""

    _table: LineTable[Any]

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.paused = False
        self._failure = ""
        """Why the last question was not answered."""

    def on_mount(self) -> None:
        self._table.following = True
        self._retitle()

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    def _retitle(self) -> None:
        """Write the border anew."""
        raise NotImplementedError

    def pause(self, paused: bool) -> None:
        """Ask for no newer rows, or go on."""
        self.paused = paused
        self._retitle()

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self._failure = event.sentence
        self._retitle()

    def action_follow(self) -> None:
        self._table.following = not self._table.following
