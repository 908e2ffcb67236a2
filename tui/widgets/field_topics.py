"""What can be asked about in a frame that is taken apart: its layers and fields, by their lines in the tree. Pure."""

from __future__ import annotations

from engine.model.packets import Dissection, PacketRow
from engine.text.explain.case import of_packet
from engine.text.explain.field_case import of_field, of_layer
from tui.widgets.layer_lines import LAYER
from tui.widgets.topics import Topic, Topics, of_numbers

Key = tuple[int, int]
"""Layer and field of a line in the tree."""


def of_frame(dissection: Dissection | None, row: PacketRow | None, key: Key | None) -> tuple[Topics, int]:
    """Everything of a frame that has an explanation, and which of it the line of this key is: the frame itself where
    nothing is written of that line."""
    whole = [Topic(f"frame {row.number}", "", of_packet(row)), *of_numbers(row)] if row is not None else []
    lines = _lines(dissection, row) if dissection is not None else {}
    at = len(whole) + list(lines).index(key) if key in lines else 0
    return (*whole, *lines.values()), at


def _lines(dissection: Dissection, row: PacketRow | None) -> dict[Key, Topic]:
    lines: dict[Key, Topic] = {}
    for number, layer in enumerate(dissection.layers):
        cases = of_layer(dissection, layer)
        if cases:
            lines[number, LAYER] = Topic(layer.name, f"{layer.size} bytes" if layer.size else "", cases)
        for place, field in enumerate(layer.fields):
            cases = of_field(dissection, layer, field, row)
            if cases:
                lines[number, place] = Topic(f"  {field.name}", field.value, cases)
    return lines
