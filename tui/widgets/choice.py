"""A field of a form that holds one of a few words; left, right and Space go through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.widgets.columns import cell


class Choice(Widget, can_focus=True):
    """Shows `‹ word ›`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", "next choice", id="choice.next"),
        Binding("left", "step(-1)", "choice before", show=False, id="choice.previous"),
    ]
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Choice { width: auto; height: 1; padding: 0 1; background: $field; color: $foreground; }
    Choice:focus { background: $primary 38%; text-style: bold; }
    Choice:nocolor:focus { text-style: reverse; }
    """

    value: reactive[str] = reactive("", layout=True)

    class Changed(Message):
        """Another word is chosen."""

        def __init__(self, choice: Choice, value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, words: Sequence[str], value: str, *, cells: int, dom_id: str | None = None) -> None:
        """`cells` is the room for a word."""
        super().__init__(id=dom_id)
        self._words = tuple(words)
        self._cells = cells
        self.set_reactive(Choice.value, value)

    def render(self) -> Content:
        return Content(f"‹ {cell(self.value, self._cells)} ›")

    def action_step(self, step: int) -> None:
        self.value = self._words[(self._words.index(self.value) + step) % len(self._words)]

    def watch_value(self, value: str) -> None:
        self.post_message(self.Changed(self, value))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_step(-1 if event.x == 0 else 1)
