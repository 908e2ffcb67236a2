"""The window in which a kind of actor is chosen, by a part of its name or of what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from engine.lab.catalogue import KINDS, ActorKind
from tui.screens.details import DetailScreen
from tui.widgets.columns import Column, Ink
from tui.widgets.field import Field
from tui.widgets.line_table import LineTable

WORD_CHARACTERS_MAX: Final = 60


class KindField(Field):
    """The field above the list; up and down move in the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.choose", "choose", id="kinds.choose"),
        Binding("down", "screen.move(1)", "next", show=False, id="kinds.down"),
        Binding("up", "screen.move(-1)", "above", show=False, id="kinds.up"),
        Binding("pagedown", "screen.move(10)", "Page down", show=False, id="kinds.page_down"),
        Binding("pageup", "screen.move(-10)", "Page up", show=False, id="kinds.page_up"),
    ]


class KindScreen(DetailScreen):
    """Every kind of actor; what is typed leaves those that have it in name or line."""

    DEFAULT_CSS = """
    KindScreen KindField { height: 1; border: none; padding: 0 1; background: $field; }
    KindScreen KindField:focus { border: none; }
    """

    def __init__(self, chosen: Callable[[str], object]) -> None:
        super().__init__()
        self._chosen = chosen
        self._typed: str | None = None
        """What the list is of."""
        self._table: LineTable[ActorKind] = LineTable(
            (
                Column("kind", "Actor", 18, lambda kind: kind.kind, lambda kind: Ink.STRONG, ideal=20),
                Column("group", "Group", 8, lambda kind: kind.group.value, lambda kind: Ink.MUTED, priority=1),
                Column("line", "What it does", 20, lambda kind: kind.line, flexible=True),
            ),
            lambda kind: kind.kind,
            empty="No kind has that in its name or its line.",
        )

    def compose_inside(self) -> ComposeResult:
        yield KindField(placeholder="type a part of its name, or of what it does", characters_max=WORD_CHARACTERS_MAX)
        yield self._table

    def on_mount(self) -> None:
        self._list("")
        self.query_one(KindField).focus()

    def _list(self, typed: str) -> None:
        if typed == self._typed:
            return
        self._typed = typed
        word = typed.strip().casefold()
        kinds = [kind for kind in KINDS.values() if word in f"{kind.kind} {kind.title} {kind.line}".casefold()]
        # Names that begin so come first: `echo` means the echo server before a client that mentions an echo.
        kinds.sort(key=lambda kind: not kind.kind.startswith(word))
        self._table.show(kinds)
        self.title_window("New actor", [f"{len(kinds)} of {len(KINDS)} kinds"])

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._list(event.value)

    def action_move(self, step: int) -> None:
        self._table.move_to(self._table.cursor + step)

    def action_choose(self) -> None:
        self._list(self.query_one(KindField).value)  # typed ahead, the news of it are still on their way
        self._choose(self._table.cursor_row)

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        self._choose(event.row)

    def _choose(self, kind: ActorKind | None) -> None:
        if kind is not None:
            self.dismiss(None)
            self._chosen(kind.kind)
