"""From a host, a port and a family to the addresses that a socket can use, and whether they are this machine's own."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Final

import msgspec

from engine.lab.calls import CallLog
from engine.lab.shown import error_name, shown_address
from engine.model.errors import LabError

FAMILIES: Final = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}

ANY_PORT: Final = 9
"""To connect to; discard's, where hardly anybody listens."""

ADDRESSES_NOTED: Final = 8
"""Addresses of one name that a note lists; the rest are counted."""


class Resolved(msgspec.Struct, frozen=True):
    """One of getaddrinfo's 5-tuples, without the canonical name."""

    family: int
    type: int
    proto: int
    address: Any


class UnresolvedError(LabError):
    """getaddrinfo had no address. `eai` is its own, negative number; errno has no name for those."""

    def __init__(self, tried: str, eai: int, hint: str = "") -> None:
        super().__init__(tried, None, hint)
        self.eai = eai


_EAI_HINTS: Final = {
    socket.EAI_NONAME: "check the spelling; a number such as 127.0.0.1 is certain",
    socket.EAI_AGAIN: "the name server did not answer; a number such as 127.0.0.1 is certain",
    socket.EAI_FAMILY: "this machine does not have that family",
    getattr(socket, "EAI_ADDRFAMILY", -9): "the name has no address of that family: try family any",
}


def resolve(log: CallLog, host: str, port: int, family: str, kind: int, *, passive: bool = False) -> list[Resolved]:
    """Every address of a host, in getaddrinfo's order; with `passive` an empty host is the wildcard address.

    Raises UnresolvedError. May wait for a name server as long as the resolver does.
    """
    wanted = FAMILIES[family]
    flags = socket.AI_PASSIVE if passive else 0
    arguments = f"{host!r}, {port}, {wanted.name}, {socket.SocketKind(kind).name}"
    try:
        found = log.made(
            "getaddrinfo",
            arguments,
            lambda: socket.getaddrinfo(host or None, port, wanted, kind, 0, flags),
            lambda entries: ", ".join(shown_address(entry[4]) for entry in entries[:ADDRESSES_NOTED]),
        )
    except socket.gaierror as error:
        eai = error.errno or 0
        sentence = f"look up {host!r}: {error.strerror} ({error_name(eai)})"
        raise UnresolvedError(sentence, eai, _EAI_HINTS.get(eai, "")) from error
    except UnicodeError as error:  # the IDNA codec refuses labels that are empty or longer than 63 bytes
        raise UnresolvedError(f"look up {host!r}: no valid host name", socket.EAI_NONAME) from error
    resolved = [Resolved(family, kind, proto, address) for family, kind, proto, _, address in found]
    if len(resolved) > 1:
        listed = ", ".join(shown_address(one.address) for one in resolved[:ADDRESSES_NOTED])
        log.note(f"{host!r} has {len(resolved)} addresses: {listed}; the first is used")
    return resolved


def is_this_machine(family: int, host: str) -> bool:
    """Whether an address is one of this machine's own: the kernel lets a socket be bound to it, and it is not the
    broadcast address of a network, which it lets sockets be bound to as well."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_loopback or address.is_unspecified:  # connecting to the unspecified address reaches this machine
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_this_machine(socket.AF_INET, str(address.ipv4_mapped))
    if address.is_multicast:
        return False
    try:
        numeric = socket.getaddrinfo(host, ANY_PORT, family, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)[0][4]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((numeric[0], 0, *numeric[2:]))
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(numeric)  # sends nothing; refused where SO_BROADCAST is needed (ip(7))
    except OSError:
        return False
    return True


def check_target(resolved: Resolved, allow_remote: bool) -> None:
    """Raise LabError for a target that is not this machine, unless that is allowed."""
    if allow_remote or is_this_machine(resolved.family, resolved.address[0]):
        return
    raise LabError(f"{shown_address(resolved.address)} is not this machine", hint="--allow-remote allows it")
