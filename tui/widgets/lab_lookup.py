"""The look-up panel: a name, an address, a port, a service or a number, and all that a socket program makes of it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from engine.text.sanitize import printable
from tui.lab_messages import LookedUp, LookupWanted
from tui.widgets.columns import cell
from tui.widgets.field import Field
from tui.widgets.pane import Pane

TEXT_CHARACTERS_MAX: Final = 300
"""Above a name's limit, so that the sentence about it can be read."""

LABEL_CELLS: Final = 13
TEXT_CELLS_MIN: Final = 20

MARGIN_CELLS: Final = 3
"""Of the results: a cell on either side, and the scroll bar."""

PLACEHOLDER: Final = "name, address, port, service or number; empty: this machine"


class LookupField(Field):
    """The field; Enter is Input's own, named for the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "look up", id="lookup.go"),
        Binding("down", "results", "Scroll what was found", show=False, id="lookup.results"),
        Binding("ctrl+u", "delete_left_all", "clear", id="lookup.clear"),
    ]

    def action_results(self) -> None:
        if self.screen is not None:
            self.screen.set_focus(self.screen.query_one("#lookup-results"))


class LookupPane(Pane):
    """A text out by LookupWanted, what it means in by LookedUp."""

    NAME = "Look up"
    HELP = """
    ## Look up
    What a name, an address, a port, a service or a number is to a socket program: getaddrinfo's tuples in their order,
    names back, packed bytes, both byte orders with the codes of `struct`. Names are asked of this machine's resolver
    when Enter is pressed, and not before. Nothing typed: this machine's names and interfaces.
    """
    BINDING_GROUP_TITLE = "Look up"
    DEFAULT_CSS = """
    LookupPane > Field { height: 1; border: none; padding: 0 1; background: $field; }
    LookupPane > Field:focus { border: none; background: $primary 38%; }
    LookupPane > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; padding: 0 1; }
    """

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._asked = ""
        self._found: LookedUp | None = None

    def compose(self) -> ComposeResult:
        yield LookupField(placeholder=PLACEHOLDER, characters_max=TEXT_CHARACTERS_MAX, dom_id="lookup-text")
        with VerticalScroll(id="lookup-results"):
            yield Static(id="lookup-says")

    def focus_step(self, step: int) -> bool:
        """Tab goes from the field to what was found, then on."""
        results = self.query_one("#lookup-results")
        field = self.query_one(LookupField)
        if step == 1 and field.has_focus and self._asked:
            self.screen.set_focus(results)
            return True
        if step == -1 and results.has_focus:
            self.screen.set_focus(field)
            return True
        return False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._asked = event.value.strip()
        self.query_one("#lookup-says", Static).update(Content.styled("looking up …", "$foreground 60%"))
        self.post_message(LookupWanted(self._asked, self))

    def on_looked_up(self, event: LookedUp) -> None:
        event.stop()
        if event.text != self._asked:
            return
        self._found = event
        self._show()
        self.query_one("#lookup-results", VerticalScroll).scroll_home(animate=False)

    def on_resize(self) -> None:
        super().on_resize()
        self._show()

    def _show(self) -> None:
        if self._found is None:
            return
        says = self.query_one("#lookup-says", Static)
        if self._found.failure:
            says.update(Content.styled(printable(self._found.failure), "bold $text-error"))
        else:
            says.update(found(self._found.paragraphs, self.size.width - MARGIN_CELLS))


def found(paragraphs: Sequence[tuple[str, Sequence[tuple[str, str]]]], width: int) -> Content:
    """The paragraphs: a heading each, then label and text; a text that is too long goes on below itself."""
    lines: list[Content] = []
    for title, pairs in paragraphs:
        if lines:
            lines.append(Content(""))
        lines.append(Content.styled(printable(title), "bold $text-primary"))
        for label, text in pairs:
            pieces = textwrap.wrap(printable(text), max(TEXT_CELLS_MIN, width - LABEL_CELLS)) or [""]
            for number, piece in enumerate(pieces):
                head = cell("" if number else label, LABEL_CELLS)
                lines.append(Content.assemble((head, "$foreground 60%"), piece))
    return Content("\n").join(lines)
