"""A view of one conversation that is drawn whole, on a page that scrolls: what the states, the bytes and the verdict
have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui.conversations import Conversation
from tui.messages import EngineFailed
from tui.widgets.pane import COPY_KEY, EXPLAIN_KEY, Pane, Words
from tui.widgets.sheet import Sheet


class SheetPane(Pane):
    """Holds the page; `draw` draws it anew from what the pane knows."""

    BINDINGS: ClassVar[list[BindingType]] = [EXPLAIN_KEY, COPY_KEY]

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.paused = False
        self._conversation: Conversation | None = None
        self._failure = ""
        """Why the last question was not answered."""
        self._sheet = Sheet()

    def compose(self) -> ComposeResult:
        yield self._sheet

    def focus_inside(self) -> None:
        self.screen.set_focus(self._sheet, scroll_visible=False)

    def draw(self) -> None:
        """Draw what is known; nothing before there is a conversation, or room."""
        raise NotImplementedError

    def failure_words(self) -> Sequence[Words]:
        """For the lower border."""
        return [(self._failure, "$text-error")] if self._failure else []

    def pause(self, paused: bool) -> None:
        """Stand still, or go on."""
        self.paused = paused

    def copied(self) -> Sequence[str]:
        return self._sheet.texts

    def on_resize(self) -> None:
        self.draw()

    def on_engine_failed(self, event: EngineFailed) -> None:
        event.stop()
        self._failure = event.sentence
        self.draw()
