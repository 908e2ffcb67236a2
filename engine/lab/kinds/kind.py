"""What a kind of actor is: name, title, one line, knobs, defaults, commands; and the knobs that many share."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from engine.lab.knobs import KNOBS, set_knobs
from engine.lab.options import SOCKET_KNOBS
from engine.model.lab import ActorCommand, Knobs


class Group(StrEnum):
    """Where a list of actors puts a kind."""

    SERVER = "servers"
    CLIENT = "clients"
    MESSAGE = "messages"
    FLOOD = "flood"
    HAND = "by hand"
    ERROR = "errors"


class ActorKind(msgspec.Struct, frozen=True):
    """One kind of actor."""

    kind: str
    group: Group
    title: str
    line: str
    where: str
    """`module:Class`."""
    knobs: tuple[str, ...]
    """The knobs that it reads."""
    defaults: Mapping[str, str | int | float | bool | None] = {}
    """Where its default differs from that of `Knobs`."""
    commands: tuple[ActorCommand, ...] = ()
    """What it understands while it runs, besides STOP."""
    wants: str = ""
    """What it may not open itself and is handed where somebody may: `packet` or `icmp` (Actor.handed)."""

    @property
    def in_order(self) -> tuple[str, ...]:
        """Its knobs as a form shows them: where, what, how fast, and the socket options after those."""
        return tuple(name for name in KNOBS if name in self.knobs)

    def default_knobs(self) -> Knobs:
        """The knobs of an actor of this kind that nobody has changed."""
        return set_knobs(Knobs(), self.defaults)


WHERE: Final = ("host", "port", "family")
OWN: Final = ("bind_host", "bind_port", "port_range")
COMMON: Final = ("duration_s", "descriptors")
TCP: Final = tuple(name for name in SOCKET_KNOBS if name not in ("reuseaddr", "v6only", "broadcast", "port_range"))
BUFFERS: Final = ("sndbuf", "rcvbuf")
LISTENER: Final = (*WHERE, "backlog", "recv_size", "reuseaddr", "v6only", *TCP, *COMMON)
BLOCKING_LISTENER: Final = (*LISTENER, "timeout_s")
CONNECTOR: Final = (*WHERE, *OWN, "timeout_s", "hold_s", "allow_remote", *TCP, *COMMON)
PAYLOAD: Final = ("text", "file", "size")
TALKER: Final = (*CONNECTOR, *PAYLOAD, "repeat", "interval_s", "recv_size")
DATAGRAMS: Final = (*WHERE, "reuseaddr", "reuseport", "v6only", *BUFFERS, "interface", *COMMON)
DATAGRAM_CLIENT: Final = (
    *WHERE,
    *OWN,
    "allow_remote",
    *PAYLOAD,
    "repeat",
    "interval_s",
    "timeout_s",
    "hold_s",
    *BUFFERS,
    "ttl",
    *COMMON,
)
UNIX_PATH: Final = "@sockmon-echo"

UNTIL_STOPPED: Final = {"hold_s": None}

EXCLUSIVE: Final = {"reuseaddr": False}
"""On UDP SO_REUSEADDR lets a second socket take the port, and the datagrams, of the first (socket(7))."""
