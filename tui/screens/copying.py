"""The window of `y`: what of a socket goes to the clipboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.text.sanitize import printable
from tui.screens.details import DetailScreen
from tui.widgets.choices import Choices

CopyText = tuple[str, str]
"""What it is, and the text."""


class CopyScreen(DetailScreen):
    """Asks which text; `y` again takes the one under the cursor, at first the row."""

    BINDING_GROUP_TITLE = "Copy"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "take", "copy", id="copying.take")]
    DEFAULT_CSS = """
    CopyScreen DetailPane { height: auto; max-height: 90%; max-width: 120; }
    """

    class Copied(Message):
        """The user wants this text in the clipboard."""

        def __init__(self, what: str, text: str) -> None:
            super().__init__()
            self.what = what
            self.text = text

    def __init__(self, texts: Sequence[CopyText]) -> None:
        super().__init__()
        self._texts = tuple(texts)

    def compose_inside(self) -> ComposeResult:
        yield Choices(*(Option(_prompt(what, text), str(place)) for place, (what, text) in enumerate(self._texts)))

    def on_mount(self) -> None:
        self.title_window("Copy", [])
        choices = self.query_one(Choices)
        choices.highlighted = 0
        choices.focus()

    def action_take(self) -> None:
        self.query_one(Choices).action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.app.post_message(self.Copied(*self._texts[int(event.option_id or 0)]))
        self.dismiss(None)


def _prompt(what: str, text: str) -> Content:
    return Content.assemble((what, "bold"), "\n  ", (printable(text), "$foreground 75%"))
