"""The table that a ladder is drawn in: one column, which its lines span, and a head that names both ends."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from engine.model.flows import LadderItem
from tui.widgets.columns import Column
from tui.widgets.line_table import LineTable


class LadderTable(LineTable[LadderItem]):
    """The lines; the head names the two ends."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "open", id="table.select"),
    ]
    DEFAULT_CSS = """
    LadderTable > .line-table--accent { color: $text-primary; }
    """


def line_column(head: str) -> Column[LadderItem]:
    """The one column of the table: lines span it, and its title names both ends."""
    return Column("line", head, 1, lambda _item: "", flexible=True)
