"""Says in words what was understood of a filter, shown under the box while it is typed."""

from __future__ import annotations

from typing import Any, Final

from engine.model.tcp import SocketState
from engine.query import syntax
from engine.query.fields import Field, FieldKind, Vocabulary
from engine.text.sanitize import printable_within
from engine.text.services import service_name
from engine.text.units import count, duration_ns

VALUE_CHARACTERS_MAX: Final = 60
"""Of one value: the rest of the sentence has to be seen too."""

_VERBS: Final = {
    syntax.Op.HAS: "contains", syntax.Op.EQ: "is", syntax.Op.NE: "is not", syntax.Op.LT: "is below",
    syntax.Op.LE: "is at most", syntax.Op.GT: "is above", syntax.Op.GE: "is at least", syntax.Op.MATCHES: "matches",
}  # fmt: skip


def worded(node: syntax.Node, vocabulary: Vocabulary[Any]) -> str:
    """The filter as a sentence without a full stop; printable."""
    match node:
        case syntax.Everything():
            return f"every {vocabulary.what}"
        case syntax.Word(syntax.Text(text)):
            return f"any text contains {_shown(text)}"
        case syntax.Word(syntax.Regex(pattern)):
            return f"any text matches /{printable_within(pattern, VALUE_CHARACTERS_MAX)}/"
        case syntax.Exists(name):
            field = vocabulary.fields[name]
            return f"{field.words} is set" if field.kind is FieldKind.FLAG else f"{field.words} is there"
        case syntax.Not(inner):
            return f"not ({worded(inner, vocabulary)})"
        case syntax.And(nodes):
            return " and ".join(_grouped(one, vocabulary) for one in nodes)
        case syntax.Or(nodes):
            return " or ".join(_grouped(one, vocabulary) for one in nodes)
        case syntax.Compare(name, op, values):
            field = vocabulary.fields[name]
            joint = " nor " if op is syntax.Op.NE else " or "
            return f"{field.words} {_VERBS[op]} {joint.join(_value(field, one) for one in values)}"
    raise AssertionError(node)


def _grouped(node: syntax.Node, vocabulary: Vocabulary[Any]) -> str:
    said = worded(node, vocabulary)
    return f"({said})" if isinstance(node, syntax.And | syntax.Or) else said


def _shown(text: str) -> str:
    return f"“{printable_within(text, VALUE_CHARACTERS_MAX)}”"


def _value(field: Field, value: syntax.Value) -> str:
    match value:
        case syntax.Number(number, text):
            return _number(field, number, text)
        case syntax.Ports(low, high) if low == high:
            service = service_name("tcp", low) or service_name("udp", low)
            return f"{low} ({service})" if service else str(low)
        case syntax.Ports(low, high):
            return f"{low} to {high}"
        case syntax.States(states, text):
            return _states(states, text)
        case syntax.Regex(pattern):
            return f"/{printable_within(pattern, VALUE_CHARACTERS_MAX)}/"
        case syntax.Text(text):
            return _shown(text)
        case syntax.Host():
            return _host(value)


def _states(states: frozenset[str], text: str) -> str:
    """One state by its name, several by the name of their group and by themselves or by what is missing."""
    if len(states) == 1:
        return next(iter(states))
    missing = [state for state in SocketState if state not in states and state is not SocketState.UNKNOWN]
    if not missing:
        return text
    listed = [state for state in SocketState if state in states]
    members = ", ".join(listed) if len(listed) <= len(missing) else "all but " + ", ".join(missing)
    return f"{text} ({members})"


def _number(field: Field, number: float, text: str) -> str:
    if field.kind is FieldKind.FLAG:
        return "set" if number else "not set"
    if field.kind is FieldKind.TIME:
        return duration_ns(round(number))
    if field.kind is FieldKind.ID:
        return str(int(number))
    if field.kind is FieldKind.HEX:
        return f"{int(number):#x}"
    whole = count(int(number)) if number == int(number) else f"{number:,}"
    return f"{whole} B" if field.kind is FieldKind.BYTES else whole


def _host(host: syntax.Host) -> str:
    address = " or ".join(network.removesuffix("/32").removesuffix("/128") for network in host.networks)
    if host.part:
        address = f"like {_shown(host.part)}"
    if host.ports is None:
        return address or "any"
    return f"{address or 'any'} with port {host.ports}"
