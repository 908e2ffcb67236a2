"""How the cells of a socket's row are written: the shared formats behind the columns, the same on screen and in `ls`.

A `Look` holds the choices of the caller and the facts that a row alone does not have (the time, names of numbers).
Everything that a process or a path brought in goes through the sanitizer here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from engine.model.messages import ClosedSocket
from engine.model.sockets import Owner, SocketEntry, SocketFigures
from engine.model.tcp import SocketState
from engine.text import units
from engine.text.sanitize import printable, printable_within
from engine.text.services import service_name
from engine.text.socket_values import AF_INET, AF_INET6, transport
from engine.text.units import UNKNOWN

NAME_CHARACTERS_MAX: Final = 64
"""Of a process's name: Linux keeps 15 bytes, other systems more."""
COMMAND_CHARACTERS_MAX: Final = 256
"""Of a command line: more would push everything else off a line."""
PIDS_SHOWN: Final = 3
"""Processes of one socket named in a cell; the others are counted."""


SHOWN_MAX: Final = 16_384
"""Addresses and names whose printable form is kept: a table names the same ones on most of its rows."""


class AcceptQueue(StrEnum):
    """How the queues of a LISTEN socket are written."""

    SS = "ss"
    """Recv-Q the accept queue now, Send-Q its limit."""
    GAUGE = "gauge"
    """`now/limit` under Recv-Q, nothing under Send-Q."""
    NETSTAT = "netstat"
    """`0` and `0`, as netstat of BSD and macOS prints."""


def _number_only(number: int) -> str:
    return str(number)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """The choices and the facts that cells are written with."""

    now_ns: int = 0
    """Wall clock, nanoseconds since the epoch."""
    figures: Mapping[int, SocketFigures] = {}
    """By key."""
    closed: Mapping[int, ClosedSocket] = {}
    """Sockets that closed a short while ago, by key: when, and how their owners are known."""
    separators: bool = True
    """Thousands separators: for people; not in what a program reads."""
    short_loopback: bool = False
    """`lo:65432` for `127.0.0.1:65432`."""
    accept_queue: AcceptQueue = AcceptQueue.GAUGE
    services: bool = False
    """Service names in place of ports."""
    user_name: Callable[[int], str] = _number_only
    """uid to name."""
    interface_name: Callable[[int], str] = _number_only
    """Interface index to name."""
    host_name: Callable[[str], str] | None = None
    """Address to name, from what is known already; it may not wait for a resolver."""
    checked: Mapping[int, int] = {}
    """By PID, when each process that holds a socket was last looked at, wall clock in ns."""


def number(value: int | None, look: Look) -> str:
    """A whole number, separated or not as the look says."""
    return units.count(value) if look.separators else units.plain(value)


def recv_q(entry: SocketEntry, look: Look) -> str:
    """Recv-Q: bytes not yet read, or on LISTEN what the look says."""
    if entry.state is SocketState.LISTEN:
        if look.accept_queue is AcceptQueue.NETSTAT:
            return "0"
        if look.accept_queue is AcceptQueue.GAUGE:
            return f"{number(entry.recv_q, look)}/{number(entry.send_q, look)}"
    return number(entry.recv_q, look)


def send_q(entry: SocketEntry, look: Look) -> str:
    """Send-Q: bytes not yet acknowledged, or on LISTEN what the look says."""
    if entry.state is SocketState.LISTEN:
        if look.accept_queue is AcceptQueue.NETSTAT:
            return "0"
        if look.accept_queue is AcceptQueue.GAUGE:
            return ""
    return number(entry.send_q, look)


@lru_cache(SHOWN_MAX)
def _shown(text: str) -> str:
    return printable_within(text, COMMAND_CHARACTERS_MAX)


def host(entry: SocketEntry, address: str, look: Look, *, scoped: bool) -> str:
    """An address, or its name if one is known; `scoped` appends the interface that the socket is bound to."""
    name = look.host_name(address) if look.host_name is not None else ""
    text = _shown(name or address)
    if scoped and entry.interface and "%" not in text:
        text += "%" + printable(look.interface_name(entry.interface))
    return text


def port(entry: SocketEntry, number_: int, look: Look) -> int | str:
    """A port, or its service's name."""
    return (look.services and service_name(transport(entry), number_)) or number_


def endpoint(entry: SocketEntry, address: str, port_: int, look: Look, *, scoped: bool = False) -> str:
    """An end of a socket as one word; Unix sockets and their kin have a name and no port."""
    text = host(entry, address, look, scoped=scoped)
    if entry.family in (AF_INET, AF_INET6):
        return units.endpoint(text, port(entry, port_, look), short_loopback=look.short_loopback)
    return f"{text or '*'}:{port_}" if port_ else text or "*"


def local(entry: SocketEntry, look: Look) -> str:
    """Local Address:Port, with the interface the socket is bound to, as ss prints it."""
    return endpoint(entry, entry.local_address, entry.local_port, look, scoped=True)


def peer(entry: SocketEntry, look: Look) -> str:
    """Peer Address:Port; of a Unix socket the peer's name and process, or its inode as ss prints it."""
    shown = endpoint(entry, entry.peer_address, entry.peer_port, look)
    if not entry.peer_inode:
        return shown
    holders = ",".join(dict.fromkeys(f"{process_name(owner)} {owner.pid}" for owner in entry.peer_owners))
    if holders and shown == "*":
        return holders
    return f"{shown} {holders or entry.peer_inode}"


@lru_cache(SHOWN_MAX)
def _process_name(name: str, ours: str) -> str:
    shown = printable_within(name, NAME_CHARACTERS_MAX) or UNKNOWN
    return f"{shown} ({printable(ours)})" if ours and ours != name else shown


def process_name(owner: Owner) -> str:
    """A process by name, and in brackets what it is to us if it is one of ours."""
    return _process_name(owner.name, owner.ours)


def processes(entry: SocketEntry, look: Look) -> str:
    """`nginx 812, 813`: every process that holds the socket, each PID once; or `-` and why it is not known."""
    if not entry.owners:
        return f"{UNKNOWN} {printable(entry.owner_unknown)}".rstrip()
    if look.closed and is_inferred(entry, look):
        return f"{INFERRED}{process_name(entry.owners[0])} {entry.owners[0].pid}"
    if len(entry.owners) == 1:
        return f"{process_name(entry.owners[0])} {entry.owners[0].pid}"
    pids: dict[str, list[int]] = {}
    for owner in entry.owners:
        of_name = pids.setdefault(process_name(owner), [])
        if owner.pid not in of_name:
            of_name.append(owner.pid)
    total = sum(map(len, pids.values()))
    shown: list[str] = []
    room = PIDS_SHOWN
    for name, of_name in pids.items():
        if room <= 0:
            break
        shown.append(f"{name} " + ", ".join(map(str, of_name[:room])))
        room -= len(of_name)
    return ", ".join(shown) + (f" +{total - PIDS_SHOWN}" if total > PIDS_SHOWN else "")


INFERRED: Final = "~"
"""Before a process that is likely, not known: the one that listens on the port."""

KNOWN_BY: Final[Mapping[str, tuple[str, str]]] = {
    "traced": ("traced", "the kernel's tracepoint named the process: certain"),
    "lookup": ("SYN seen", "looked up when its SYN was seen"),
    "polled": ("table", "the table had shown it while it was open"),
    "listener": (f"{INFERRED}listener", "inferred: the process that listens on its port"),
}
"""ClosedSocket.tier: how the process of a closed socket is known, in a word or two and in a sentence."""

BY_EVENT: Final = ("event", "a destroy event told of it; its process is not known")
BY_ABSENCE: Final = ("absence", "it was missing from the table; its process is not known")


def is_inferred(entry: SocketEntry, look: Look) -> bool:
    """Its process is a guess."""
    closed = look.closed.get(entry.key)
    return closed is not None and closed.tier == "listener"


def known_by(entry: SocketEntry, look: Look) -> tuple[str, str]:
    """How the process of a socket is known, in a word and in a sentence; of an open one, how long ago it was seen to
    hold the socket. Dashes where it is not known."""
    closed = look.closed.get(entry.key)
    if closed is None:
        seen = [look.checked[owner.pid] for owner in entry.owners if owner.pid in look.checked]
        if not seen:
            return UNKNOWN, UNKNOWN
        ago_ms = max(0, look.now_ns - min(seen)) // 100_000_000 * 100
        when = f"{units.duration_ms(ago_ms)} ago" if ago_ms else "just now"
        return "table", f"the table shows it; its descriptors were all read {when}"
    return KNOWN_BY.get(closed.tier) or (BY_EVENT if closed.by_event else BY_ABSENCE)


def closed_ago(entry: SocketEntry, look: Look) -> str:
    """How long ago a socket closed."""
    closed = look.closed.get(entry.key)
    if closed is None:
        return UNKNOWN
    return units.duration_ms(max(0, look.now_ns - closed.ts_ns) // 100_000_000 * 100)


def first(values: list[str]) -> str:
    """The different values, each once, in order; `-` for none."""
    return ",".join(dict.fromkeys(values)) or UNKNOWN


def milliseconds(microseconds: int | None) -> str:
    """Microseconds as milliseconds with three decimals, so that a column of them lines up: `0.023`."""
    return UNKNOWN if microseconds is None else f"{microseconds / 1000:.3f}"


def timer(entry: SocketEntry, look: Look) -> str:
    """The running timer, when it fires, and how often it has fired: `on 204 ms ×3`."""
    if entry.timer is None:
        return UNKNOWN
    times = f" ×{entry.timer.retransmits}" if entry.timer.retransmits else ""
    return f"{entry.timer.name} {units.duration_ms(entry.timer.expires_ms)}{times}"


def rate(value: float | None) -> str:
    """Bytes a second."""
    return units.byte_rate(value)
