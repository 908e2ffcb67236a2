"""A line below a table in which one value of it is typed: what it means, or why it cannot be, stands under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from engine.text.sanitize import printable
from tui.widgets.field import Field

EDIT_CHARACTERS_MAX: Final = 4_096
"""A text to send may be long; a paste of megabytes is no typing."""

Judgement = tuple[str, bool, bool]
"""A sentence; whether the value can be had; whether the sentence is a warning."""

Judge = Callable[[str], Judgement]

Accepted = Callable[[str, int], None]
"""The value, and where the cursor should go: to the line below (1), above (-1), nowhere (0)."""


class EditField(Field):
    """The field. Its keys are carried out at once, so that what is typed ahead reaches the line that comes next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave(0)", "accept", id="edit.accept"),
        Binding("up", "leave(-1)", "Accept, then the line above", show=False, id="edit.up"),
        Binding("down,tab", "leave(1)", "accept, next", priority=True, id="edit.down"),
    ]

    def __init__(self, leave: Callable[[int], None]) -> None:
        super().__init__(characters_max=EDIT_CHARACTERS_MAX)
        self._leave = leave

    def action_leave(self, step: int) -> None:
        self._leave(step)


class EditLine(Vertical):
    """Changed at each key; what comes of it is told to whoever opened it, at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "as it was", id="edit.cancel"),
    ]
    DEFAULT_CSS = """
    EditLine { height: 2; display: none; background: $panel; }
    EditLine.-open { display: block; }
    EditLine > Horizontal { height: 1; }
    EditLine #edit-label { width: auto; color: $text-primary; text-style: bold; padding: 0 1; }
    EditLine Input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    EditLine Input:focus { border: none; }
    EditLine #edit-says { height: 1; color: $foreground 65%; padding: 0 1; }
    EditLine.-warn #edit-says { color: $text-warning; }
    EditLine.-invalid Input { color: $text-error; }
    EditLine.-invalid #edit-says { color: $text-error; text-style: bold; }
    """

    class Changed(Message):
        """The user typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self._judge: Judge = lambda text: ("", True, False)
        self._accepted: Accepted = lambda text, step: None
        self._cancelled: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(id="edit-label")
            yield EditField(self._accept)
        yield Static(id="edit-says")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, label: str, text: str, judge: Judge, accepted: Accepted, cancelled: Callable[[], None]) -> None:
        """Show the line with this value, judged at each key; closed when it is accepted or given up."""
        self._judge, self._accepted, self._cancelled = judge, accepted, cancelled
        self.add_class("-open")
        self.query_one("#edit-label", Static).update(Content(printable(label)))
        field = self.query_one(EditField)
        field.value = text
        field.cursor_position = len(text)
        self.screen.set_focus(field)
        self.judge()

    def close(self) -> None:
        self.remove_class("-open")

    def judge(self) -> bool:
        """Say what the value means, which may have changed without a key; whether it can be had."""
        sentence, valid, warns = self._judge(self.query_one(EditField).value)
        self.set_class(not valid, "-invalid")
        self.set_class(warns, "-warn")
        self.query_one("#edit-says", Static).update(Content(printable(sentence if valid else f"✕ {sentence}")))
        return valid

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.judge()
            self.post_message(self.Changed(event.value))

    def _accept(self, step: int) -> None:
        if self.is_open and self.judge():
            self.close()
            self._accepted(self.query_one(EditField).value, step)

    def action_cancel(self) -> None:
        if self.is_open:
            self.close()
            self._cancelled()

    def on_descendant_blur(self) -> None:
        """Who clicks elsewhere gives the value up."""
        self.call_after_refresh(self._give_up)

    def _give_up(self) -> None:
        if self.is_open and not self.has_focus_within:
            self.close()
            self._cancelled()
