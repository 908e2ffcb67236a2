"""What a host typed for an actor means: the addresses it has, whether they are this machine's, who can reach them."""

from __future__ import annotations

import ipaddress
import socket

import msgspec

from engine.lab.addresses import is_this_machine, resolve
from engine.lab.calls import CallLog
from engine.lab.kinds.kind import ActorKind
from engine.model.errors import LabError
from engine.model.lab import Knobs

SERVES = frozenset(("reuseaddr", "backlog"))
"""A kind with one of these knobs binds to its host; the others connect or send to it."""


class HostFacts(msgspec.Struct, frozen=True):
    """What a look-up told of one host."""

    host: str
    family: str
    addresses: tuple[str, ...] = ()
    """In getaddrinfo's order; the first is used."""
    own: bool = True
    """The first is one of this machine's."""
    error: str = ""


def host_facts(host: str, family: str) -> HostFacts:
    """Look a host up. Waits for a name server as long as the resolver does."""
    try:
        found = resolve(CallLog(keep_calls=False), host, 0, family, socket.SOCK_STREAM, passive=True)
    except LabError as error:
        return HostFacts(host, family, error=str(error))
    addresses = tuple(dict.fromkeys(str(one.address[0]) for one in found))
    return HostFacts(host, family, addresses, is_this_machine(found[0].family, addresses[0]))


def serves(kind: ActorKind) -> bool:
    """Whether an actor of this kind binds to its host."""
    return bool(SERVES & set(kind.knobs))


def host_hint(kind: ActorKind, knobs: Knobs, facts: HostFacts) -> tuple[str, bool]:
    """What a person should know of the host before the start, and whether it deserves a warning."""
    if facts.error:
        return facts.error, True
    first = facts.addresses[0]
    reach, warns = _reach(kind, knobs, facts, ipaddress.ip_address(first.partition("%")[0]))
    if len(facts.addresses) > 1:
        return f"this name has {len(facts.addresses)} addresses, {first} is used; a number is certain; {reach}", warns
    if facts.host and facts.host != first:
        return f"this name has the address {first}; a number is certain; {reach}", warns
    return reach, warns


def _reach(
    kind: ActorKind, knobs: Knobs, facts: HostFacts, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> tuple[str, bool]:
    if serves(kind):
        if address.is_loopback:
            return "only this machine can reach it", False
        if address.is_unspecified:
            return "everyone on the network can reach this", True
        if address.is_multicast:
            return "a group: whoever joined it gets the same", False
        if facts.own:
            return "whoever reaches this address can reach this", True
        return "no address of this machine: bind() will be refused", True
    if facts.own:
        return "this machine", False
    if knobs.allow_remote:
        return "traffic leaves this machine", True
    return "not this machine: refused unless allow_remote is on", True
