"""What a field of a dissected frame means, with its value in this very frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from engine.model.packets import Dissection, Field, Layer, PacketRow
from engine.model.tcp import TcpFlags
from engine.text.explain.case import Case
from engine.text.explain.entry import Kind
from engine.text.explain.table import explained
from engine.text.services import service_name
from engine.text.units import count

WORD_BYTES: Final = 4
"""In which TCP and IP count the length of their headers."""
FRAGMENT_BYTES: Final = 8
"""In which IPv4 counts a fragment's offset."""
TCP_FIXED_BYTES: Final = 20
FIRST_TTLS: Final = (64, 128, 255)
"""What systems send packets with."""
ECN_CE: Final = 3
"""RFC 3168 section 5: a router met congestion."""

_QUOTED: Final = re.compile(r" in ICMP(v6)?$")
"""What scapy adds to the name of a layer that an ICMP message quotes."""


class Seen(NamedTuple):
    """A field where it stands."""

    layer: Layer
    field: Field
    data: bytes
    """Its bytes; empty where their place is not known."""
    row: PacketRow | None
    """The line of the packet list, where the field is of the frame's own segment."""

    @property
    def number(self) -> int:
        return int.from_bytes(self.data, "big")


def protocol_of(layer: Layer) -> str:
    """The protocol's name as a field's name begins with: `IP in ICMP` is IP, `ICMPv6 Echo Request` ICMPv6."""
    name = _QUOTED.sub("", layer.name)
    return "ICMPv6" if name.startswith("ICMPv6") else name


def of_layer(dissection: Dissection, layer: Layer) -> tuple[Case, ...]:
    """What a layer is; of ICMP first what the message says."""
    here = f"Here its header lies in bytes {layer.offset} to {layer.offset + layer.size - 1}." if layer.size else ""
    told = tuple(Case(one, here) for one in explained(protocol_of(layer), Kind.PROTOCOL))
    return (*_message(dissection, layer), *told)


def of_field(dissection: Dissection, layer: Layer, field: Field, row: PacketRow | None = None) -> tuple[Case, ...]:
    """What a field of this layer is, with its value here; empty where nothing is written of it.

    `row` is the frame's line of the packet list: it tells relative numbers and the scaled window.
    """
    protocol = protocol_of(layer)
    name = f"{protocol}.{field.name.strip()}"  # a part of a field is set in under it
    found = explained(name, Kind.FIELD)
    data = dissection.data[field.offset : field.offset + field.size]
    own = row if row is not None and layer.name == row.protocol == "TCP" else None
    seen = Seen(layer, field, data, own)
    read = _READ.get(name)
    parts = [_value(seen), read(seen) if read is not None else ""]
    cases = tuple(Case(one, " ".join(part for part in parts if part)) for one in found)
    if protocol == "TCP" and field.name == "flags":
        return cases + tuple(
            Case(one, "Set here.")
            for flag in TcpFlags if seen.number & flag
            for one in explained(flag.name or "", Kind.FLAG)
        )  # fmt: skip
    if protocol in ("ICMP", "ICMPv6") and field.name in ("type", "code"):
        return cases + _message(dissection, layer)
    return cases


def _value(seen: Seen) -> str:
    """The value; beside a name the number that it stands for."""
    text = seen.field.value
    if f"{protocol_of(seen.layer)}.{seen.field.name}" in _NAMED and seen.data:
        port = seen.field.name in ("sport", "dport")
        name = service_name(protocol_of(seen.layer).casefold(), seen.number) if port else ""
        named = name or ("" if port or text == str(seen.number) else text)
        text = f"{seen.number} ({named})" if named else str(seen.number)
    if not text:
        return "Here none is set." if seen.field.name == "flags" else ""
    return f"Here it is {text}."


_NAMED: Final = frozenset(
    f"{protocol}.{name}"
    for protocol, names in {
        "TCP": ("sport", "dport"),
        "UDP": ("sport", "dport"),
        "IP": ("proto",),
        "IPv6": ("nh",),
        "ICMP": ("type", "code"),
        "ICMPv6": ("type", "code"),
        "ARP": ("op",),
    }.items()
    for name in names
)
"""Fields that scapy writes by a name where it knows one."""


def _relative(number: int | None) -> str:
    return f"The list shows it as {count(number)}, relative to the first." if number is not None else ""


def _window(seen: Seen) -> str:
    scaled = seen.row.window if seen.row is not None else None
    return f"Scaled that is {count(scaled)} B." if scaled is not None and scaled != seen.number else ""


def _header_words(seen: Seen) -> str:
    words = int(seen.field.value) if seen.field.value.isdecimal() else 0
    size = words * WORD_BYTES
    return f"So the header has {size} B, {size - TCP_FIXED_BYTES} B of them options." if size >= TCP_FIXED_BYTES else ""


def _hops(seen: Seen) -> str:
    first = next((ttl for ttl in FIRST_TTLS if seen.number <= ttl), None)
    if first is None or not seen.data:
        return ""
    passed = first - seen.number
    return f"If it began at {first} it has passed {passed or 'no'} router{'s' * (passed != 1)}."


def _fragment(seen: Seen) -> str:
    offset = int(seen.field.value) if seen.field.value.isdecimal() else 0
    return f"That is byte {count(offset * FRAGMENT_BYTES)} of the whole packet." if offset else ""


def _service_class(seen: Seen) -> str:
    return f"DSCP {seen.number >> 2}, ECN {seen.number & ECN_CE}." if len(seen.data) == 1 else ""


_READ: Final[Mapping[str, Callable[[Seen], str]]] = {
    "TCP.seq": lambda seen: _relative(seen.row.seq if seen.row is not None else None),
    "TCP.ack": lambda seen: _relative(seen.row.ack if seen.row is not None else None),
    "TCP.window": _window,
    "TCP.dataofs": _header_words,
    "IP.ihl": _header_words,
    "IP.ttl": _hops,
    "IPv6.hlim": _hops,
    "IP.frag": _fragment,
    "IP.tos": _service_class,
}
"""What the bare value does not say."""


def _message(dissection: Dissection, layer: Layer) -> tuple[Case, ...]:
    """The ICMP message of this layer by its type and code; empty for other protocols."""
    protocol = protocol_of(layer)
    places = {field.name: field.offset for field in layer.fields if field.size == 1}
    if protocol not in ("ICMP", "ICMPv6") or not {"type", "code"} <= places.keys():
        return ()
    numbers = [dissection.data[places[name] : places[name] + 1] for name in ("type", "code")]
    word = f"{protocol} {'/'.join(str(int.from_bytes(number, 'big')) for number in numbers)}"
    return tuple(Case(one, "This is the message here.") for one in explained(word, Kind.ICMP))
