"""A page of styled lines that scrolls: for views that are drawn whole, a screen or two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.text.sanitize import printable
from tui.widgets.pane import Words

Lines = list[list[Words]]


class Sheet(VerticalScroll):
    """Lines in by `draw`; `room` is what a line may take."""

    BINDING_GROUP_TITLE = "Page"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Line below", show=False, id="sheet.down"),
        Binding("up,k", "scroll_up", "Line above", show=False, id="sheet.up"),
    ]
    DEFAULT_CSS = """
    Sheet { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; padding: 0 1; }
    Sheet > Static { height: auto; }
    """

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self._text = Static()
        self._lines: Sequence[Sequence[Words]] = ()

    def compose(self) -> ComposeResult:
        yield self._text

    @property
    def room(self) -> int:
        """Cells of a line."""
        return max(1, self.scrollable_content_region.width)

    @property
    def texts(self) -> list[str]:
        """The lines that stand there, without their styles."""
        return ["".join(text for text, _ in line).rstrip() for line in self._lines]

    def draw(self, lines: Sequence[Sequence[Words]]) -> None:
        """Show these lines; nothing is painted if they are what stands there."""
        if lines == self._lines:
            return
        self._lines = lines
        parts = [Content.assemble(*((printable(text), style) for text, style in line)) for line in lines]
        self._text.update(Content("\n").join(parts))
