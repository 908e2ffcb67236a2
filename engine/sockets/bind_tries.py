"""Proves whether a port can be bound by binding it, and gives it back at once.

No socket listens or sends, so nothing is left of a try. Another program that binds the same port in those microseconds
is refused, as it would be by any program. A UDP socket that shared a held port by SO_REUSEADDR could be given the
holder's datagrams, so that is not tried.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator
from typing import Final

from engine.model.ports import BindOption, BindTry

KINDS: Final = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}

WILDCARDS: Final[tuple[tuple[str, bool | None], ...]] = (
    ("0.0.0.0", None),
    ("127.0.0.1", None),
    ("::", False),
    ("::", True),
    ("::1", True),
)
"""What programs bind: an address, and IPV6_V6ONLY, None for IPv4."""

ABSENT: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""What bind() and socket() say of an address, or a family, that is switched off (ip(7), ipv6(7))."""

TAKES_DATAGRAMS: Final = "not tried: it could be given the datagrams of the socket that holds the port"

OPTIONS: Final = {
    BindOption.REUSEADDR: getattr(socket, "SO_REUSEADDR", None),
    BindOption.REUSEPORT: getattr(socket, "SO_REUSEPORT", None),
}


def places(address: str, versions: Iterable[int] = (4, 6)) -> list[tuple[str, bool | None]]:
    """What to try for one address, or for none (empty) what this machine has of those that programs bind: an address
    with IPV6_V6ONLY, None for IPv4."""
    if not address:
        named = [(one, v6only) for one, v6only in WILDCARDS if (4 if v6only is None else 6) in versions]
        return [place for place in named if tried("udp", place[0], 0, BindOption.PLAIN, place[1]).errno not in ABSENT]
    if ":" not in address:
        return [(address, None)]
    return [(address, False), (address, True)] if address == "::" else [(address, True)]


def tries(port: int, netids: Iterable[str], where: Iterable[tuple[str, bool | None]]) -> Iterator[BindTry]:
    """Bind each of `places` plainly and with the options that let a port be shared."""
    for netid in netids:
        for address, v6only in where:
            plain = tried(netid, address, port, BindOption.PLAIN, v6only)
            yield plain
            for option, number in OPTIONS.items():
                if number is None or (netid == "udp" and option is BindOption.REUSEPORT):
                    continue
                if netid == "udp" and plain.refused:
                    yield BindTry(netid, address, option, v6only, skipped=TAKES_DATAGRAMS)
                else:
                    yield tried(netid, address, port, option, v6only)


def tried(netid: str, address: str, port: int, option: BindOption, v6only: bool | None) -> BindTry:
    """One bind(), with the errno of whatever failed."""
    family = socket.AF_INET if v6only is None else socket.AF_INET6
    try:
        with socket.socket(family, KINDS[netid]) as sock:
            number = OPTIONS.get(option)
            if number is not None:
                sock.setsockopt(socket.SOL_SOCKET, number, 1)
            if v6only is not None:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
            sock.bind((address, port))
    except OSError as error:
        return BindTry(netid, address, option, v6only, errno=error.errno or -1)
    return BindTry(netid, address, option, v6only)
