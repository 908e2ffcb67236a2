"""Turns the tree of a filter into a function that says of a row whether it passes.

A comparison with a field that a row does not have is false, whatever its sign, so that `not rtt > 5ms` and `rtt <= 5ms`
differ exactly by the rows without a round trip time. Where a row has several values (two ports), `=` asks for any and
`!=` for none of them, as Wireshark 4 does.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable
from typing import Any, Final

from engine.query.fields import Field, FieldKind, Vocabulary
from engine.query.regex import LinearRegex
from engine.query.syntax import (
    And,
    Compare,
    Everything,
    Exists,
    Host,
    Node,
    Not,
    Number,
    Op,
    Or,
    Ports,
    Regex,
    States,
    Text,
    Value,
    Word,
)
from engine.text.cells import Look
from engine.text.socket_values import parsed_address

Matches = Callable[[Any, Look], bool]
Passes = Callable[[Any], bool]
"""Whether one value of a row passes."""

_ORDER: Final[dict[Op, Callable[[Any, Any], bool]]] = {
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}


def matcher(node: Node, vocabulary: Vocabulary[Any]) -> Matches:
    """The function for `node`. Its arguments are a row and the facts that a row alone does not have."""
    match node:
        case Everything():
            return lambda row, look: True
        case Word(value):
            return _word(value, vocabulary)
        case Exists(name):
            return _exists(vocabulary.fields[name])
        case Not(inner):
            refused = matcher(inner, vocabulary)
            return lambda row, look: not refused(row, look)
        case And(nodes):
            return _all_of([matcher(one, vocabulary) for one in nodes])
        case Or(nodes):
            return _any_of([matcher(one, vocabulary) for one in nodes])
        case Compare(name, op, values):
            return _compare(vocabulary.fields[name], op, values)


def _all_of(parts: list[Matches]) -> Matches:
    """Halves of halves: pairs of calls cost less than a loop, and a long filter does not nest deep."""
    if len(parts) == 1:
        return parts[0]
    first, second = _all_of(parts[: len(parts) // 2]), _all_of(parts[len(parts) // 2 :])
    return lambda row, look: first(row, look) and second(row, look)


def _any_of(parts: list[Matches]) -> Matches:
    if len(parts) == 1:
        return parts[0]
    first, second = _any_of(parts[: len(parts) // 2]), _any_of(parts[len(parts) // 2 :])
    return lambda row, look: first(row, look) or second(row, look)


def _word(value: Text | Regex, vocabulary: Vocabulary[Any]) -> Matches:
    passes, texts = _text_passes(value, Op.HAS), vocabulary.texts
    return lambda row, look: any(map(passes, texts(row, look)))


def _exists(field: Field) -> Matches:
    read = field.read
    if field.kind is FieldKind.FLAG:
        return lambda row, look: 1 in read(row, look)
    return lambda row, look: bool(read(row, look))


def _compare(field: Field, op: Op, values: tuple[Value, ...]) -> Matches:
    read = field.read
    if op in _ORDER:
        order, bound = _ORDER[op], _bound(values[0])
        return lambda row, look: any(order(value, bound) for value in read(row, look))
    tests = [_passes(value, Op.HAS if op is Op.HAS else Op.EQ) for value in values]
    passes = tests[0] if len(tests) == 1 else _either(tests)
    if op is Op.NE:

        def differs(row: Any, look: Look) -> bool:
            seen = read(row, look)
            return bool(seen) and not any(map(passes, seen))

        return differs
    return lambda row, look: any(map(passes, read(row, look)))


def _either(tests: list[Passes]) -> Passes:
    return lambda value: any(test(value) for test in tests)


def _bound(value: Value) -> float:
    if isinstance(value, Ports):
        return value.low
    assert isinstance(value, Number)
    return value.value


def _passes(value: Value, op: Op) -> Passes:
    match value:
        case Number(number, _):
            return lambda seen: bool(seen == number)
        case Ports(low, high):
            return lambda seen: low <= seen <= high
        case States(states, _):
            return lambda seen: seen in states
        case Host():
            return _host_passes(value)
        case Text() | Regex():
            return _text_passes(value, op)


def _text_passes(value: Text | Regex, op: Op) -> Passes:
    """On a text, or on the address of an end."""
    if isinstance(value, Regex):
        search = LinearRegex(value.pattern).search
        return lambda seen: search(seen if isinstance(seen, str) else seen[0])
    wanted = value.text.casefold()
    if op is Op.HAS:
        return lambda seen: wanted in seen.casefold()
    return lambda seen: bool(wanted == seen.casefold())


def _host_passes(host: Host) -> Passes:
    """On a pair of address and port."""
    networks = [ipaddress.ip_network(network) for network in host.networks]
    # An exact address is the common case, and a parsed address is its own key.
    exact = {network.network_address for network in networks if network.num_addresses == 1}
    wide = [network for network in networks if network.num_addresses > 1]
    ports, part = host.ports, host.part

    def passes(end: tuple[str, int]) -> bool:
        address, port = end
        if ports is not None and not ports.low <= port <= ports.high:
            return False
        if part:
            return part in address.lower()
        if not networks:
            return True
        parsed = parsed_address(address)
        if parsed is None:
            return False
        return parsed in exact or any(parsed.version == network.version and parsed in network for network in wide)

    return passes
