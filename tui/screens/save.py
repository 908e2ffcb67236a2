"""The window that asks for the name of a file: one that exists is replaced only when Enter is pressed once more."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.text.sanitize import printable
from tui.screens.details import DetailPane
from tui.widgets.field import Field
from tui.widgets.footer import KeyBar

PATH_CHARACTERS_MAX = 4096
"""PATH_MAX of linux/limits.h."""


class PathField(Field):
    """The line; its keys are those of Input, named for the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "save", id="save.save"),
        Binding("ctrl+u", "delete_left_all", "clear", id="save.clear"),
    ]


class SaveScreen(ModalScreen[Path | None]):
    """Answers the path to write to, None if it was left; `says` tells what the ending decides."""

    BINDING_GROUP_TITLE = "Window"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="window.back"),
    ]
    DEFAULT_CSS = """
    SaveScreen { align: center middle; background: $background 55%; }
    SaveScreen KeyBar { dock: bottom; }
    SaveScreen DetailPane { width: 90%; max-width: 100; height: auto; padding: 1 2; background: $background; }
    SaveScreen Static { height: auto; color: $foreground 70%; }
    SaveScreen Input { background: $panel; margin: 1 0; }
    SaveScreen #save-warns { color: $text-error; text-style: bold; }
    """

    def __init__(self, what: str, name: str, says: str) -> None:
        """`what` is saved, under `name` unless the user types another."""
        super().__init__()
        self._what = what
        self._proposed = name
        self._says = says
        self._confirmed = ""
        """The path that the user was told exists."""

    def compose(self) -> ComposeResult:
        with DetailPane():
            yield Static(Content(self._says))
            yield PathField(self._proposed, characters_max=PATH_CHARACTERS_MAX)
            yield Static(id="save-warns")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(DetailPane).set_title([(self._what, "bold")])
        field = self.query_one(PathField)
        field.focus()
        field.cursor_position = len(field.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._warn("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        path = Path(text).expanduser()
        if not text:
            self._warn("Type a file's name.")
        elif path.is_dir():
            self._warn("That is a folder.")
        elif not path.parent.is_dir():
            self._warn(f"There is no folder {path.parent}.")
        elif path.exists() and self._confirmed != text:
            self._warn("That file exists. Enter replaces it, Esc leaves it as it is.")
            self._confirmed = text
        else:
            self.dismiss(path)

    def _warn(self, words: str) -> None:
        self._confirmed = ""
        self.query_one("#save-warns", Static).update(Content(printable(words)))

    def action_leave(self) -> None:
        self.dismiss(None)
