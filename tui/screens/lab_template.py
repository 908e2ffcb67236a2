"""The window that asks before a saved template is deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from engine.lab.templates import Template
from engine.text.sanitize import printable
from tui.screens.details import DetailScreen


class DeleteTemplateScreen(DetailScreen):
    """Asks whether a template is to go, naming every kind of actor that it says something of."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "delete it", id="template.confirm"),
        Binding("n,escape", "dismiss_window", "keep it", id="template.keep"),
    ]
    DEFAULT_CSS = """
    DeleteTemplateScreen DetailPane { height: auto; max-height: 60%; max-width: 90; }
    DeleteTemplateScreen Static { padding: 1 2; }
    """

    def __init__(self, template: Template, confirmed: Callable[[], object]) -> None:
        super().__init__()
        self._template = template
        self._confirmed = confirmed

    def compose_inside(self) -> ComposeResult:
        yield Static(self._words())

    def _words(self) -> Content:
        name, kinds = printable(self._template.name), ", ".join(self._template.settings)
        return Content("\n").join(
            [
                Content.styled(f"Delete the template {name}?", "bold $text-warning"),
                Content(""),
                Content(printable(f"It was saved for {kinds}. What stands in the form stays as it is.")),
                Content(""),
                Content("y deletes it for good, n keeps it."),
            ]
        )

    def on_mount(self) -> None:
        self.title_window("Template", [])

    def action_confirm(self) -> None:
        self.dismiss(None)
        self._confirmed()
