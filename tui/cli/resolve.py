"""Questions to this machine's resolver and its lists of services, protocols and interfaces, within a time limit."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from engine.model.errors import BadInput

T = TypeVar("T")

RESOLVER_LIMIT_S: Final = 10.0
"""resolv.conf(5) asks each of three servers for 5 s, twice; whoever waits longer than this has no name server."""

EAI_NAMES: Final = {
    getattr(socket, name): name for name in sorted(dir(socket), reverse=True) if name.startswith("EAI_")
}
"""getaddrinfo's error numbers to their names."""


class Endpoint(msgspec.Struct, frozen=True):
    """One of getaddrinfo's 5-tuples."""

    family: str
    type: str
    protocol: str
    canonical: str
    address: str
    port: int
    scope: int = 0


class Interface(msgspec.Struct, frozen=True):
    """A network interface."""

    index: int
    name: str
    addresses: tuple[str, ...]


class Unanswered(BadInput):
    """The resolver has no answer; `name` is the error's own name (`EAI_NONAME`)."""

    def __init__(self, tried: str, name: str = "", hint: str = "") -> None:
        super().__init__(tried, hint=hint)
        self.name = name


def answered(question: Callable[[], T], what: str, limit_s: float = RESOLVER_LIMIT_S) -> T:
    """The answer to a question that may take long. Raises Unanswered; the question is left to end by itself."""
    answers: list[T] = []
    errors: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            answers.append(question())
        except (OSError, UnicodeError) as error:
            errors.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(limit_s)
    if answers:
        return answers[0]
    if not errors:
        raise Unanswered(f"{what}: no answer within {limit_s:.0f} s", "EAI_AGAIN", "is a name server reachable?")
    raise _unanswered(errors[0], what)


def _unanswered(error: OSError | UnicodeError, what: str) -> Unanswered:
    if isinstance(error, UnicodeError):
        return Unanswered(f"{what}: that is no name of a host")
    if isinstance(error, socket.gaierror):
        name = EAI_NAMES.get(error.errno or 0, str(error.errno))
        return Unanswered(f"{what}: {error.strerror} ({name})", name, f"`sockmon explain {name}` says more")
    if isinstance(error, socket.herror):
        return Unanswered(f"{what}: {error.strerror} (herror {error.errno})", "HOST_NOT_FOUND")
    return Unanswered(f"{what}: {error.strerror}")


def _constant(value: Any) -> str:
    return str(getattr(value, "name", value))


def endpoints(
    name: str,
    service: str | int | None,
    family: int = socket.AF_UNSPEC,
    kind: int = 0,
    limit_s: float = RESOLVER_LIMIT_S,
) -> list[Endpoint]:
    """getaddrinfo's list for a name, in its order. Raises Unanswered."""
    found = answered(
        lambda: socket.getaddrinfo(name, service, family, kind, 0, socket.AI_CANONNAME), f"look {name!r} up", limit_s
    )
    return [
        Endpoint(
            _constant(one_family), _constant(one_kind), protocol_name(protocol) or str(protocol), canonical,
            str(address[0]), int(address[1]), int(address[3]) if len(address) == 4 else 0,
        )
        for one_family, one_kind, protocol, canonical, address in found
    ]  # fmt: skip


def names_of(address: str, limit_s: float = RESOLVER_LIMIT_S) -> tuple[str, ...]:
    """The names that a reverse look-up has for an address, the first its own. Raises Unanswered."""
    name, aliases, _ = answered(lambda: socket.gethostbyaddr(address), f"look the name of {address} up", limit_s)
    return (name, *aliases)


def machine_names(limit_s: float = RESOLVER_LIMIT_S) -> tuple[str, str]:
    """gethostname() and getfqdn(). Raises Unanswered."""
    return socket.gethostname(), answered(socket.getfqdn, "look this machine's full name up", limit_s)


TRANSPORTS: Final = ("tcp", "udp")


def services_on(port: int) -> dict[str, str]:
    """Transport to the name of the service that /etc/services has on a port."""
    found: dict[str, str] = {}
    for transport in TRANSPORTS:
        try:
            found[transport] = socket.getservbyport(port, transport)
        except OSError:
            continue
    return found


def ports_of(service: str) -> dict[str, int]:
    """Transport to the port that /etc/services has for a service."""
    found: dict[str, int] = {}
    for transport in TRANSPORTS:
        try:
            found[transport] = socket.getservbyname(service, transport)
        except (OSError, UnicodeError):
            continue
    return found


_PROTOCOLS: Final = {
    int(getattr(socket, name)): name.removeprefix("IPPROTO_").lower()
    for name in sorted(dir(socket))
    if name.startswith("IPPROTO_")
}


def protocol_name(number: int) -> str:
    """`tcp` for 6; empty for a number without a name."""
    return _PROTOCOLS.get(number, "")


def protocol_number(name: str) -> int | None:
    """6 for `tcp`, from /etc/protocols or else the socket module; None if it is no protocol."""
    try:
        return socket.getprotobyname(name)
    except (OSError, UnicodeError):
        return {known: number for number, known in _PROTOCOLS.items()}.get(name.lower())


def interfaces() -> list[Interface]:
    """The machine's interfaces with their IP addresses."""
    import psutil  # 20 ms that only this question needs

    addresses = psutil.net_if_addrs()
    return [
        Interface(
            index,
            name,
            tuple(
                one.address for one in addresses.get(name, ()) if one.family in (socket.AF_INET, socket.AF_INET6)
            ),
        )
        for index, name in socket.if_nameindex()
    ]  # fmt: skip
