"""The line of tabs that stands for the panes where there is room for one of them only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.text.sanitize import printable
from tui.widgets.pane import Pane


class PaneTabs(Widget):
    """Shows the short titles of the panes; the active one stands out by colour and brackets."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pane-tabs--tab", "pane-tabs--active"}
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PaneTabs { height: 1; display: none; background: $background; }
    PaneTabs > .pane-tabs--tab { color: $foreground 65%; }
    PaneTabs > .pane-tabs--active { color: $primary; text-style: bold reverse; }
    """

    class Chosen(Message):
        """The user clicked on a pane's tab."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self) -> None:
        super().__init__()
        self._tabs: tuple[tuple[Pane, str, bool], ...] = ()
        self._places: list[tuple[int, int, Pane]] = []

    def show_panes(self, panes: Sequence[Pane]) -> None:
        """Show these panes' tabs."""
        tabs = tuple((pane, printable(pane.short_title), pane.has_class("-active")) for pane in panes)
        if tabs != self._tabs:
            self._tabs = tabs
            self.refresh()

    def render_line(self, y: int) -> Strip:
        plain = self.rich_style
        self._places = []
        segments: list[Segment] = []
        position = 0
        for pane, title, active in self._tabs:
            name = "pane-tabs--active" if active else "pane-tabs--tab"
            text = f" {title} "
            segments += [Segment(text, plain + self.get_component_rich_style(name, partial=True)), Segment(" ", plain)]
            self._places.append((position, position + cell_len(text), pane))
            position += cell_len(text) + 1
        return Strip(segments).adjust_cell_length(self.size.width, plain)

    def on_click(self, event: events.Click) -> None:
        for start, end, pane in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(pane))
                return
