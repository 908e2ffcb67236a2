"""A dissected frame as lines of a tree, and which line a byte belongs to: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.model.packets import Dissection
from tui.widgets.columns import Column, Ink

OPEN: Final = "▾"
FOLDED: Final = "▸"

LAYER: Final = -1
"""In the place of a field's number: the line of the layer itself."""


@dataclass(frozen=True)
class LayerLine:
    """A line of the tree: a layer (`field` is LAYER) or one of its fields."""

    layer: int
    field: int
    name: str
    value: str
    bytes: range
    """Bytes of the frame; empty if unknown."""
    layer_bytes: range
    folded: bool = False

    @property
    def key(self) -> tuple[int, int]:
        return self.layer, self.field


def layer_lines(dissection: Dissection, folded: frozenset[int]) -> list[LayerLine]:
    """The lines of the tree, without the fields of folded layers."""
    lines: list[LayerLine] = []
    for number, layer in enumerate(dissection.layers):
        whole = range(layer.offset, layer.offset + layer.size)
        count = f"{layer.size} bytes" if layer.size else ""
        lines.append(LayerLine(number, LAYER, layer.name, count, whole, whole, number in folded))
        if number not in folded:
            lines += [
                LayerLine(number, place, field.name, field.value, range(field.offset, field.offset + field.size), whole)
                for place, field in enumerate(layer.fields)
            ]
    return lines


def line_of_byte(dissection: Dissection, offset: int) -> tuple[int, int] | None:
    """The key of the smallest field that holds the byte, of the innermost layer; else of that layer; else None."""
    best: tuple[int, tuple[int, int]] | None = None
    for number, layer in enumerate(dissection.layers):
        spans: Sequence[tuple[int, int, int]] = [
            (LAYER, layer.offset, layer.size),
            *((place, field.offset, field.size) for place, field in enumerate(layer.fields)),
        ]
        for place, start, size in spans:
            if start <= offset < start + size and (best is None or size <= best[0]):
                best = (size, (number, place))
    return best[1] if best else None


def tree_columns() -> tuple[Column[LayerLine], ...]:
    """Name, indented by depth, and value."""
    return (
        Column("field", "Field", 14, _name, _ink, ideal=24),
        Column("value", "Value", 10, lambda line: line.value, _value_ink, flexible=True),
    )


def _name(line: LayerLine) -> str:
    if line.field == LAYER:
        return f"{FOLDED if line.folded else OPEN} {line.name}"
    return f"    {line.name}"


def _ink(line: LayerLine) -> Ink:
    return Ink.ACCENT if line.field == LAYER else Ink.PLAIN


def _value_ink(line: LayerLine) -> Ink:
    return Ink.MUTED if line.field == LAYER else Ink.PLAIN
