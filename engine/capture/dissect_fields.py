"""Where the fields of a dissected layer lie, found by reading them a second time.

scapy does not keep offsets. But a layer's fields take their bytes off the front one after the other
(`Field.getfield(packet, rest) -> (rest, value)`), so what is left after each tells where it began and ended; bit fields
hand on a pair of the rest and the bits already taken of its first byte. A layer that reads itself in another way has
fields without a place.

scapy's objects are untyped here: this module imports nothing of it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from engine.capture.dissect_tcp import control_bits, option_fields
from engine.model.packets import Field
from engine.text.sanitize import printable_within

VALUE_MAX: Final = 1_000
"""Characters of one value: a payload has its own pane in hexadecimal."""
FIELDS_MAX: Final = 512
"""Fields of one layer; real ones have some tens."""

PORTS: Final = ("sport", "dport")
"""Numbers, as in the line of the packet; scapy would name those that it has in its own list of services."""


class Place(NamedTuple):
    """Bytes of a layer, from its start."""

    offset: int
    size: int


def header_places(layer: Any, packet_class: Any) -> tuple[dict[str, Place], int]:
    """Where each field of `layer` lies, and how many bytes the layer's own header takes.

    A layer that does not read itself as scapy's `packet_class` (scapy.packet.Packet) does has no places, and what is
    not its payload for a header.
    """
    original = layer.original
    rest: Any = layer.pre_dissect(original)
    if type(layer).do_dissect is not packet_class.do_dissect or not original.endswith(rest):
        payload = layer.payload.original
        return {}, len(original) - (len(payload) if original.endswith(payload) else 0)
    total = len(original)
    places: dict[str, Place] = {}
    for field in layer.fields_desc[:FIELDS_MAX]:
        start, _ = _taken(rest, total)
        rest, value = field.getfield(layer, rest)
        end, bits = _taken(rest, total)
        if field.isconditional and value is None:
            continue
        places[field.name] = Place(start, max(0, end + (1 if bits else 0) - start))
        if not rest:
            break
    return places, _taken(rest, total)[0]


def _taken(rest: Any, total: int) -> tuple[int, int]:
    """Whole bytes taken so far, and bits of the next one."""
    if isinstance(rest, tuple):
        return total - len(rest[0]), rest[1]
    return total - len(rest), 0


def layer_fields(layer: Any, places: dict[str, Place], offset: int) -> tuple[Field, ...]:
    """The fields that `layer` has, with values as text; `offset` is where the layer starts in the frame."""
    fields: list[Field] = []
    for field in layer.fields_desc[:FIELDS_MAX]:
        if field.isconditional and not field._evalcond(layer):
            continue
        place = places.get(field.name)
        value = layer.getfieldval(field.name)
        if (place is not None and not place.size) or (isinstance(value, list) and not value):
            continue  # a list with nothing in it
        at = Place(offset + place.offset, place.size) if place else Place(0, 0)
        if place is not None and (layer.name, field.name) == ("TCP", "options"):
            options = option_fields(layer.original[place.offset : place.offset + place.size], at.offset)
            fields += [Field(field.name, ", ".join(option.name.strip() for option in options), *at), *options]
        else:
            fields.append(Field(printable_within(field.name, VALUE_MAX), _text(layer, field, value), *at))
    return tuple(fields)


def _text(layer: Any, field: Any, value: Any) -> str:
    if (layer.name, field.name) == ("TCP", "flags"):
        return control_bits(int(value))
    if field.name in PORTS and isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return printable_within(repr(value[:VALUE_MAX]), VALUE_MAX)
    return printable_within(str(field.i2repr(layer, value)), VALUE_MAX)
