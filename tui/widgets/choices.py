"""A list in a window to choose one line from."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import OptionList


class Choices(OptionList):
    """The lines; the keys are OptionList's own, named for the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor_down", "choose", id="choices.next"),
        Binding("enter", "select", "do it", id="choices.do"),
    ]
    DEFAULT_CSS = """
    Choices, Choices:focus {
        height: auto; max-height: 100%; border: none; background: $background; padding: 0 1;
    }
    Choices > .option-list--option-highlighted, Choices:focus > .option-list--option-highlighted {
        background: $primary 38%; color: $foreground; text-style: none;
    }
    Choices:nocolor > .option-list--option-highlighted { text-style: reverse; }
    """
