"""The window of `C`: which columns the table has, in which order, how wide."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.text.columns import COLUMNS
from tui.screens.details import DetailScreen
from tui.widgets.choices import Choices as ChoiceList
from tui.widgets.column_choice import Choices, ColumnChoice, moved, shown_of, toggled, widened
from tui.widgets.columns import Align, cell

TITLE_CELLS = 22
NAME_CELLS = 14


class ColumnList(ChoiceList):
    """The columns; its own keys change the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "screen.show", "show or hide", id="columns.toggle"),
        Binding("shift+up,K", "screen.move(-1)", "up", key_display="K", id="columns.up"),
        Binding("shift+down,J", "screen.move(1)", "down", key_display="J", id="columns.down"),
        Binding("plus,right", "screen.widen(1)", "wider", key_display="+", id="columns.wider"),
        Binding("minus,left", "screen.widen(-1)", "narrower", key_display="-", id="columns.narrower"),
        Binding("down,j", "cursor_down", "next", show=False, id="choices.next"),
        Binding("up,k", "cursor_up", "before", show=False, id="choices.before"),
        Binding("enter", "select", "take them", id="choices.do"),
    ]


class ColumnsScreen(DetailScreen):
    """Changes a list of columns; Enter takes it, Esc leaves the table as it was."""

    BINDING_GROUP_TITLE = "Columns"
    DEFAULT_CSS = """
    ColumnsScreen DetailPane { height: 80%; max-width: 64; }
    """

    class Chosen(Message):
        """These columns, with their widths, in this order."""

        def __init__(self, columns: tuple[tuple[str, int], ...]) -> None:
            super().__init__()
            self.columns = columns

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self._choices = choices

    def compose_inside(self) -> ComposeResult:
        yield ColumnList(*(Option(_prompt(choice)) for choice in self._choices))

    def on_mount(self) -> None:
        self._title()
        listed = self.query_one(ColumnList)
        listed.highlighted = 0
        listed.focus()

    def _title(self) -> None:
        self.title_window("Columns", [f"{len(shown_of(self._choices))} of {len(self._choices)}"])

    @property
    def _place(self) -> int:
        return self.query_one(ColumnList).highlighted or 0

    def _show(self, choices: Choices, place: int) -> None:
        listed = self.query_one(ColumnList)
        for number, (before, now) in enumerate(zip(self._choices, choices, strict=True)):
            if before is not now:
                listed.replace_option_prompt_at_index(number, _prompt(now))
        self._choices = choices
        listed.highlighted = place
        self._title()

    def action_show(self) -> None:
        self._show(toggled(self._choices, self._place), self._place)

    def action_move(self, step: int) -> None:
        self._show(*moved(self._choices, self._place, step))

    def action_widen(self, step: int) -> None:
        self._show(widened(self._choices, self._place, step), self._place)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.app.post_message(self.Chosen(shown_of(self._choices)))
        self.dismiss(None)


def _prompt(choice: ColumnChoice) -> Content:
    mark = ("[x] ", "$text-success") if choice.shown else ("[ ] ", "$foreground 45%")
    return Content.assemble(
        mark,
        (cell(COLUMNS[choice.name].title, TITLE_CELLS), "bold" if choice.shown else "$foreground 70%"),
        (cell(choice.name, NAME_CELLS), "$foreground 55%"),
        (cell(f"{choice.width} cells", 9, Align.RIGHT), "$foreground 70%"),
    )
