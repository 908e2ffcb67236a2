"""The window that asks before traffic may leave the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from engine.lab.catalogue import KINDS
from engine.model.lab import ActorSpec
from engine.text.sanitize import printable
from engine.text.units import endpoint
from tui.screens.details import DetailScreen


class RemoteScreen(DetailScreen):
    """Asks before traffic may leave the machine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "start it", id="remote.confirm"),
        Binding("n,escape", "dismiss_window", "do not", id="remote.refuse"),
    ]
    DEFAULT_CSS = """
    RemoteScreen DetailPane { height: auto; max-height: 60%; max-width: 90; }
    RemoteScreen Static { padding: 1 2; }
    """

    def __init__(self, specs: Sequence[ActorSpec], confirmed: Callable[[], object]) -> None:
        super().__init__()
        self._specs = tuple(specs)
        self._confirmed = confirmed

    def compose_inside(self) -> ComposeResult:
        yield Static(self._words())

    def _words(self) -> Content:
        lines = [Content.styled("Traffic may leave this machine.", "bold $text-warning"), Content("")]
        for spec in self._specs:
            host, port = spec.knobs.host, spec.knobs.port
            where = endpoint(host, port) if "port" in KINDS[spec.kind].knobs else host
            lines.append(Content(printable(f"{spec.kind} is told to go to {where}, wherever that is.")))
        lines += [Content(""), Content("Do that to machines only whose owners know of it.   y starts it, n does not.")]
        return Content("\n").join(lines)

    def on_mount(self) -> None:
        self.title_window("Another machine", [])

    def action_confirm(self) -> None:
        self.dismiss(None)
        self._confirmed()
