"""What of a filter goes into the kernel: state bits, families, and a program for the ports. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from engine.query.kernel import KernelFilter
from engine.sockets.bytecode import End, Program, both, either, port_in, request_attribute
from engine.sockets.sock_diag import ALL_STATES

FAMILY_NETIDS: Final[Mapping[str, frozenset[str]]] = {
    "tcp": frozenset(("tcp",)),
    "udp": frozenset(("udp",)),
    "udpl": frozenset(("udpl",)),
    "raw": frozenset(("raw",)),
    "icmp": frozenset(("icmp",)),
    "unix": frozenset(("u_str", "u_dgr", "u_seq")),
    "packet": frozenset(("p_raw", "p_dgr")),
    "netlink": frozenset(("nl",)),
}
"""Family of SocketsOptions to the netids of its rows."""


class Pushed(msgspec.Struct, frozen=True):
    """What a dump of Internet sockets is asked with."""

    states: int = ALL_STATES
    attached: bytes = b""
    """Request attributes."""
    nothing: bool = False
    """No socket can pass."""


EVERYTHING: Final = Pushed()


def pushed(conditions: KernelFilter) -> Pushed:
    """The request's part of the conditions."""
    programs: list[Program] = []
    for end, ports in ((End.LOCAL, conditions.local_ports), (End.PEER, conditions.peer_ports)):
        if ports is not None:
            if not ports:
                return Pushed(nothing=True)
            programs.append(port_in(end, sorted(ports)))
    if conditions.ports is not None:
        if not conditions.ports:
            return Pushed(nothing=True)
        either_end = sorted(conditions.ports)
        programs.append(either(port_in(End.LOCAL, either_end), port_in(End.PEER, either_end)))
    states = conditions.state_bits()
    return Pushed(states, request_attribute(both(*programs)) if programs else b"", nothing=states == 0)


def families_for(families: Sequence[str], conditions: KernelFilter) -> tuple[str, ...]:
    """Those of the families that can have rows that pass."""
    netids = conditions.netids
    if netids is None:
        return tuple(families)
    return tuple(family for family in families if FAMILY_NETIDS[family] & netids)
