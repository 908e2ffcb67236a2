"""What of a filter the kernel can apply itself, so that rows nobody wants are never dumped.

The result lets pass at least every row that the filter does: what it cannot express it leaves to the matcher. `not` is
carried down to the comparisons, where only states and kinds of socket have an exact opposite.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from engine.model.tcp import KERNEL_STATES, SocketState
from engine.query.syntax import And, Compare, Host, Node, Not, Op, Or, Ports, States, Text

T = TypeVar("T")

PORTS_MAX: Final = 64
"""Ports that are worth a comparison each in the kernel's filter program; a wider range is left to the matcher."""

ALL_STATES: Final = frozenset(SocketState)
ALL_STATE_BITS: Final = 0xFFF
"""Kernel numbers 0 to 11; 12 is dumped with 3, and 13 (bound, inactive) only on its own request."""

_CLOSED_NUMBER: Final = 7
"""TCP_CLOSE, in which datagram sockets without a peer stand too."""


class KernelFilter(msgspec.Struct, frozen=True):
    """Conditions that all hold for every row that passes; None is no condition."""

    states: frozenset[SocketState] | None = None
    netids: frozenset[str] | None = None
    local_ports: frozenset[int] | None = None
    peer_ports: frozenset[int] | None = None
    ports: frozenset[int] | None = None
    """Either port is one of these."""

    def state_bits(self) -> int:
        """`idiag_states`: a bit for each kernel state number."""
        if self.states is None or SocketState.UNKNOWN in self.states:
            return ALL_STATE_BITS
        bits = sum(1 << number for number, state in KERNEL_STATES.items() if state in self.states)
        if SocketState.UNCONN in self.states:
            bits |= 1 << _CLOSED_NUMBER
        return bits & ALL_STATE_BITS


ANYTHING: Final = KernelFilter()

_NETIDS: Final = frozenset(
    ("tcp", "udp", "udpl", "raw", "icmp", "u_str", "u_dgr", "u_seq", "p_raw", "p_dgr", "nl")
)  # fmt: skip


def kernel_filter(node: Node) -> KernelFilter:
    """The conditions of a filter's tree that the kernel can apply."""
    return _pushed(node, False)


def _pushed(node: Node, negated: bool) -> KernelFilter:
    match node:
        case Not(inner):
            return _pushed(inner, not negated)
        case And(nodes) | Or(nodes):
            parts = [_pushed(one, negated) for one in nodes]
            combine = _both if isinstance(node, And) is not negated else _either
            whole = parts[0]
            for part in parts[1:]:
                whole = combine(whole, part)
            return whole
        case Compare("state", Op.EQ | Op.NE as op, values):
            return _states(values, negated is not (op is Op.NE))
        case Compare("netid", Op.EQ | Op.NE as op, values):
            named = frozenset(value.text.lower() for value in values if isinstance(value, Text))
            return KernelFilter(netids=(_NETIDS - named) if negated is not (op is Op.NE) else named)
        case Compare(name, Op.EQ, values) if not negated:
            return _ports(name, values)
    return ANYTHING


def _states(values: tuple[object, ...], negated: bool) -> KernelFilter:
    named = frozenset(SocketState(state) for value in values if isinstance(value, States) for state in value.states)
    return KernelFilter(states=ALL_STATES - named if negated else named)


_LOCAL: Final = frozenset(("sport", "local"))
_PEER: Final = frozenset(("dport", "peer"))
_BOTH: Final = frozenset(("port", "addr", "tcp.port", "udp.port"))


def _ports(name: str, values: tuple[object, ...]) -> KernelFilter:
    """The condition on ports of a comparison; Unix sockets and their kin have none, and a host may have none."""
    spans = [value.ports if isinstance(value, Host) else value for value in values]
    numbers: set[int] = set()
    for span in spans:
        if not isinstance(span, Ports) or span.high - span.low >= PORTS_MAX:
            return ANYTHING
        numbers.update(range(span.low, span.high + 1))
    if len(numbers) > PORTS_MAX:
        return ANYTHING
    ports = frozenset(numbers)
    if name in _LOCAL:
        return KernelFilter(local_ports=ports)
    if name in _PEER:
        return KernelFilter(peer_ports=ports)
    return KernelFilter(ports=ports) if name in _BOTH else ANYTHING


def _intersection(left: frozenset[T] | None, right: frozenset[T] | None) -> frozenset[T] | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right


def _union(left: frozenset[T] | None, right: frozenset[T] | None) -> frozenset[T] | None:
    return None if left is None or right is None else left | right


def _both(left: KernelFilter, right: KernelFilter) -> KernelFilter:
    return KernelFilter(
        _intersection(left.states, right.states),
        _intersection(left.netids, right.netids),
        _intersection(left.local_ports, right.local_ports),
        _intersection(left.peer_ports, right.peer_ports),
        # "either is a" and "either is b" may hold by different ports: one of the two conditions has to do.
        left.ports if left.ports is not None else right.ports,
    )


def _either(left: KernelFilter, right: KernelFilter) -> KernelFilter:
    local, peer = _union(left.local_ports, right.local_ports), _union(left.peer_ports, right.peer_ports)
    ports = None if local is not None or peer is not None else _union(_loosest(left), _loosest(right))
    return KernelFilter(_union(left.states, right.states), _union(left.netids, right.netids), local, peer, ports)


def _loosest(conditions: KernelFilter) -> frozenset[int] | None:
    """One of these is either port, if the conditions say as much."""
    for ports in (conditions.ports, conditions.local_ports, conditions.peer_ports):
        if ports is not None:
            return ports
    return None
