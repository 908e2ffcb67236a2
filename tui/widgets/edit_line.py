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


class EditField(Field):
    """The field; Enter is Input's own, named for the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "accept", id="edit.accept"),
        Binding("up", "leave(-1)", "Accept, then the line above", show=False, id="edit.up"),
        Binding("down,tab", "leave(1)", "accept, next", priority=True, id="edit.down"),
    ]

    class Left(Message):
        """The user accepts and goes to another line."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def action_leave(self, step: int) -> None:
        self.post_message(self.Left(step))


class EditLine(Vertical):
    """Changed at each key, Accepted with a value that can be had, Closed when it is left."""

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

    class Accepted(Message):
        """The user accepts this value; `step` is where the cursor goes: the line below (1), above (-1), stay (0)."""

        def __init__(self, text: str, step: int) -> None:
            super().__init__()
            self.text = text
            self.step = step

    class Closed(Message):
        """The line is hidden again, nothing accepted."""

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self._judge: Judge = lambda text: ("", True, False)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(id="edit-label")
            yield EditField(characters_max=EDIT_CHARACTERS_MAX)
        yield Static(id="edit-says")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, label: str, text: str, judge: Judge) -> None:
        """Show the line with this value, judged at each key."""
        self._judge = judge
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

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._accept(0)

    def on_edit_field_left(self, event: EditField.Left) -> None:
        event.stop()
        self._accept(event.step)

    def _accept(self, step: int) -> None:
        if self.judge():
            text = self.query_one(EditField).value
            self.close()
            self.post_message(self.Accepted(text, step))

    def action_cancel(self) -> None:
        self.close()
        self.post_message(self.Closed())
