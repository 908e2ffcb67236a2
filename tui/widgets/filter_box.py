"""The box in which a filter is typed: it says at each key whether the filter is valid, what it means, or where it is
not, and closes to a chip in its pane's title."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from engine.model.errors import FilterError
from engine.text.sanitize import printable
from tui.widgets.field import Field
from tui.widgets.pane import Pane

Check = Callable[[str], str]
"""Reads a filter; answers what it understood, in words; raises FilterError."""

PROMPT: Final = "/ "

FILTER_CHARACTERS_MAX: Final = 10_000
"""More than anybody types; a bound on what a paste can cost at every key."""


class FilterField(Field):
    """The line; its keys are those of Input, named for the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep", id="filter.keep"),
        Binding("ctrl+u", "delete_left_all", "clear", id="filter.clear"),
    ]

    def __init__(self, placeholder: str, submit: Callable[[], None]) -> None:
        super().__init__(placeholder=placeholder, characters_max=FILTER_CHARACTERS_MAX)
        self._submit = submit

    async def action_submit(self) -> None:
        """Call instead of posting a message: the next key may have been typed already."""
        self._submit()


class FilterBox(Vertical):
    """Asks for a filter: Changed at each valid key, Closed when done; Esc brings back what was before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "as it was", id="filter.cancel"),
    ]
    DEFAULT_CSS = """
    FilterBox { height: 2; display: none; background: $panel; }
    FilterBox.-open { display: block; }
    FilterBox > #filter-line { height: 1; layout: horizontal; }
    FilterBox Input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    FilterBox Input:focus { border: none; }
    FilterBox #filter-prompt { width: 2; color: $text-primary; text-style: bold; }
    FilterBox #filter-says { height: 1; color: $foreground 65%; padding-left: 2; }
    FilterBox.-valid Input { color: $text-success; }
    FilterBox.-invalid Input { color: $text-error; }
    FilterBox.-invalid #filter-says { color: $text-error; }
    """

    class Changed(Message):
        """The box holds another valid filter; empty for none."""

        def __init__(self, box: FilterBox, text: str) -> None:
            super().__init__()
            self.box = box
            self.text = text

        @property
        def control(self) -> FilterBox:
            return self.box

    class Closed(Message):
        """The box closed; `accepted` if by Enter, with what is valid in it."""

        def __init__(self, box: FilterBox, text: str, accepted: bool) -> None:
            super().__init__()
            self.box = box
            self.text = text
            self.accepted = accepted

        @property
        def control(self) -> FilterBox:
            return self.box

    def __init__(self, check: Check, placeholder: str, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self._check = check
        self._placeholder = placeholder
        self._before = ""
        self._valid = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="filter-line"):
            yield Static(PROMPT, id="filter-prompt")
            yield FilterField(self._placeholder, self._keep)
        yield Static(id="filter-says")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    @property
    def text(self) -> str:
        """What is valid in the box."""
        return self._valid

    def empty(self) -> None:
        """Forget what was typed."""
        self._before = self._valid = ""

    def open(self, text: str) -> None:
        """Show the box with this filter in it."""
        self._before = self._valid = text
        self.add_class("-open")
        box = self.query_one(Input)
        box.value = text
        self.screen.set_focus(box)
        self._say(text)

    def close(self, *, accepted: bool) -> None:
        """Hide the box, and give the focus back to the pane at once."""
        self.remove_class("-open")
        self.post_message(self.Closed(self, self._valid, accepted))
        for pane in self.ancestors:
            if isinstance(pane, Pane):
                pane.focus_inside()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self._take(event.value)

    def _take(self, text: str) -> None:
        """Say what the text means; a valid one takes effect."""
        if self._say(text) and text.strip() != self._valid:
            self._valid = text.strip()
            self.post_message(self.Changed(self, self._valid))

    def _keep(self) -> None:
        """Keep what is valid, of a text too whose last change has not been told yet."""
        self._take(self.query_one(Input).value)
        self.close(accepted=True)

    def action_cancel(self) -> None:
        if self._valid != self._before:
            self._valid = self._before
            self.post_message(self.Changed(self, self._before))
        self.close(accepted=False)

    def _say(self, text: str) -> bool:
        """Write under the box what it means or where it is wrong; whether it is valid."""
        says = self.query_one("#filter-says", Static)
        self.remove_class("-valid", "-invalid")
        if not text.strip():
            says.update(Content(""))
            return True
        try:
            meaning = self._check(text)
        except FilterError as error:
            self.add_class("-invalid")
            says.update(Content(f"{' ' * error.position}^ {printable(str(error))}"))
            return False
        self.add_class("-valid")
        says.update(Content(printable(meaning)))
        return True
