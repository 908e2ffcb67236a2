"""The window that shows an actor as a command and as a plain Python program, to be copied."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.lab.as_command import as_command
from engine.lab.as_python import as_python
from engine.model.lab import ActorSpec
from engine.text.sanitize import printable
from tui.screens.details import DetailScreen


class ProgramScreen(DetailScreen):
    """An actor as the command that starts the same, and as a plain Python program that does the same."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy('command')", "copy the command", id="program.command"),
        Binding("p", "copy('program')", "copy the program", id="program.python"),
    ]
    DEFAULT_CSS = """
    ProgramScreen VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    class Copied(Message):
        """The user wants this text in the clipboard."""

        def __init__(self, what: str, text: str) -> None:
            super().__init__()
            self.what = what
            self.text = text

    def __init__(self, spec: ActorSpec) -> None:
        super().__init__()
        self._kind = spec.kind
        self.texts = {"command": as_command(spec), "program": as_python(spec)}

    def compose_inside(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._shown())

    def _shown(self) -> Content:
        heading = "bold $text-primary"
        return Content("\n").join(
            [
                Content.styled("As a command", heading),
                Content(printable(self.texts["command"])),
                Content(""),
                Content.styled("As a Python program", heading),
                *(Content(printable(line)) for line in self.texts["program"].splitlines()),
            ]
        )

    def on_mount(self) -> None:
        lines = self.texts["program"].count("\n")
        self.title_window(f"{self._kind} as a program", [f"{lines} lines"])
        self.query_one(VerticalScroll).focus()

    def action_copy(self, what: str) -> None:
        self.post_message(self.Copied(what, self.texts[what]))
