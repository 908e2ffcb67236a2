"""A dissected frame as a tree, and the field that a byte belongs to."""

from __future__ import annotations

from engine.model.packets import Dissection, Field, Layer
from tests.tui.fakes import dissection
from tui.widgets.layer_lines import LAYER, layer_lines, line_of_byte


def names(folded: frozenset[int]) -> list[str]:
    return [line.name for line in layer_lines(dissection(1), folded)]


def test_layers_are_unfolded_and_fold() -> None:
    assert names(frozenset())[:5] == ["Ethernet", "dst", "src", "type", "IP"]
    assert names(frozenset((0, 1)))[:3] == ["Ethernet", "IP", "TCP"]


def test_a_byte_belongs_to_the_smallest_field_that_holds_it() -> None:
    assert line_of_byte(dissection(1), 0) == (0, 0)
    assert line_of_byte(dissection(1), 36) == (2, 1)
    assert line_of_byte(dissection(1), 53) == (2, LAYER), "no field of TCP is there"
    assert line_of_byte(dissection(1), 4_000) is None


def test_a_field_whose_place_is_unknown_lights_nothing() -> None:
    made = Dissection(1, (Layer("Raw", (Field("load", "x"),), 0, 0),), b"x")
    assert list(layer_lines(made, frozenset())[1].bytes) == []
    assert line_of_byte(made, 0) is None
