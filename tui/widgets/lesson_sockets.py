"""The sockets of a lesson's actors, under the names that the lesson gives them."""

from __future__ import annotations

from textual.app import ComposeResult

from engine.lessons.run import RunView
from engine.model.snapshot import Snapshot
from tui.widgets.lesson_lines import socket_lines
from tui.widgets.pane import Pane
from tui.widgets.sheet import Sheet


class LessonSocketsPane(Pane):
    """A run and a snapshot in."""

    NAME = "Sockets"
    HELP = """
    ## Sockets of the lesson
    What the kernel holds of each socket that the lesson's actors have or had. **c** shows them in the table of
    connections.
    """
    BINDING_GROUP_TITLE = "Sockets"

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._sheet = Sheet(dom_id="lesson-sockets-sheet")
        self._count = 0

    def compose(self) -> ComposeResult:
        yield self._sheet

    def focus_inside(self) -> None:
        self.screen.set_focus(self._sheet, scroll_visible=False)

    def show(self, view: RunView | None, snapshot: Snapshot) -> None:
        """Show the sockets as of this snapshot."""
        lines = socket_lines(view, snapshot)
        self._sheet.draw(lines or [[("None yet.", "$foreground 60%")]])
        found = max(0, len(lines) - 1)
        if found != self._count:  # those of the step that runs are the last
            self._count = found
            self.call_after_refresh(self._sheet.scroll_end, animate=False)
        self.set_title([f"{found}"] if found else [], short=f"Sockets {found}" if found else "Sockets")
