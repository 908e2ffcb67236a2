"""A line to type in: one cell high, and deaf to control characters, typed or pasted."""

from __future__ import annotations

from textual.widgets import Input


class Field(Input):
    """An Input without a border."""

    def __init__(
        self, value: str = "", *, dom_id: str | None = None, placeholder: str = "", characters_max: int = 0
    ) -> None:
        super().__init__(
            value, id=dom_id, placeholder=placeholder, compact=True, max_length=characters_max, select_on_focus=False
        )

    def replace(self, text: str, start: int, end: int) -> None:
        """Every insertion passes here; what cannot be drawn is left out."""
        super().replace("".join(filter(str.isprintable, text)), start, end)
