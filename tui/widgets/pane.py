"""A bordered part of a screen whose border says what is in it: name, counts, filter and sort above, totals below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.style import Style

from engine.text.explain.case import Case
from engine.text.sanitize import printable
from tui.conversations import Wanted
from tui.flow_messages import ExplanationWanted, FlowWanted, TextCopied
from tui.widgets.topics import Topic

Words = tuple[str, str]
"""A text and its style in Textual's words (`bold $text-warning`); the text is data and never markup."""

RULES: Final = {"round": "─", "heavy": "━"}
"""What the edge of each border is drawn with, to carry it on between two titles."""

EDGES: Final = 6
"""Cells of a border line that a title cannot have: two corners, a line and a space on either side."""


FLOW_KEY: Final = Binding("o", "open_flow", "flow", id="pane.flow")
"""For a pane whose `wanted` answers."""
EXPLAIN_KEY: Final = Binding("e", "explain", "explain", id="pane.explain")
"""For a pane whose `cases` answers."""
COPY_KEY: Final = Binding("y", "copy_text", "copy", id="pane.copy")
"""For a pane whose `copied` answers."""


def words(parts: Sequence[Words | str], gap: str = "  ") -> Content:
    """The parts side by side, each made printable; empty ones are left out."""
    pieces: list[Content] = []
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        if text:
            if pieces:
                pieces.append(Content(gap))
            pieces.append(Content.styled(printable(text), style))
    return Content.assemble(*pieces)


class Pane(Vertical):
    """A pane: it becomes the active one of its screen when something in it gets the focus."""

    NAME: ClassVar[str] = ""
    """What stands first in the title and on the pane's tab."""

    class Activated(Message):
        """Something in the pane got the focus."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

        @property
        def control(self) -> Pane:
            return self.pane

    class Retitled(Message):
        """The pane's short title, for a tab, changed."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

        @property
        def control(self) -> Pane:
            return self.pane

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self.short_title = self.NAME
        self._left = Content(self.NAME)
        self._right = Content("")
        self._totals = Content("")
        self._drawn: tuple[object, object] = (None, None)
        """What stands on the border, so that a refresh which changes nothing repaints nothing."""

    def set_title(self, left: Sequence[Words | str], right: Sequence[Words | str] = (), short: str = "") -> None:
        """Name and state of the pane: `left` and `right` in the upper border, `short` for a tab."""
        self._left = words([(self.NAME, "bold"), *left])
        self._right = words(right)
        if short and short != self.short_title:
            self.short_title = short
            self.post_message(self.Retitled(self))
        self._draw()

    def set_totals(self, parts: Sequence[Words | str]) -> None:
        """What stands at the right of the lower border."""
        self._totals = words(parts)
        self._draw()

    def focus_inside(self) -> None:
        """Give the focus to the widget that the pane is about, at once: the next key may have been typed already."""
        for widget in self.query("*").results():
            if widget.focusable and widget.display:
                self.screen.set_focus(widget, scroll_visible=False)
                return

    def focus_step(self, step: int) -> bool:
        """Move the focus on (1) or back (-1) inside the pane; False where Tab should leave it."""
        return False

    def wanted(self) -> Wanted | None:
        """The conversation under the cursor, or the filter that leaves those it may be; None where there is none."""
        return None

    def cases(self) -> Sequence[Case]:
        """What is under the cursor, explained."""
        return ()

    def topics(self) -> Sequence[Topic]:
        """What is under the cursor, and each part of it that can be asked about by itself."""
        return (Topic("", "", tuple(self.cases())),)

    def copied(self) -> Sequence[str]:
        """What is under the cursor, as lines of text."""
        return ()

    def action_copy_text(self) -> None:
        self.post_message(TextCopied(self.copied()))

    def action_open_flow(self) -> None:
        self.post_message(FlowWanted(self.wanted() or Wanted()))

    def action_explain(self) -> None:
        self.post_message(ExplanationWanted(self.topics()))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_attached:
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.post_message(self.Activated(self))

    def _draw(self) -> None:
        """Lay the titles on the border; the border's own line fills what is between the two of the upper one."""
        room = self.size.width + 2 - EDGES
        if room <= 0:
            return
        edge, colour = self.styles.border_top
        left = self._left.truncate(room, ellipsis=True)
        filled = room - left.cell_length - self._right.cell_length - 2
        if self._right.cell_length and filled > 0:
            line = Content.styled(RULES.get(edge, " ") * filled, Style(foreground=colour))
            left = Content.assemble(left, " ", line, " ", self._right)
        totals = self._totals.truncate(room, ellipsis=True)
        drawn = (left.plain, tuple(left.spans)), (totals.plain, tuple(totals.spans))
        before, self._drawn = self._drawn, drawn
        # Setting `border_title` paints the whole pane anew, border and all: forty lines for a figure in one of them.
        if drawn[0] != before[0]:
            self._border_title = left
            self._refresh_line(-1)
        if drawn[1] != before[1]:
            self._border_subtitle = totals if totals else None
            self._refresh_line(self.size.height)

    def _refresh_line(self, y: int) -> None:
        """Paint one line of the border anew: -1 the upper one."""
        self.refresh(Region(-1, y, self.size.width + 2, 1))
