"""Every kind of actor: what it is called, what it does in a line, which knobs it reads, and where its class is.

The classes are imported when an actor is made, so that forms and commands can list them without.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module
from typing import Final

import msgspec

from engine.lab.actor import Actor
from engine.lab.knobs import KNOBS, check_knobs, set_knobs
from engine.lab.options import SOCKET_KNOBS
from engine.model.errors import BadInput
from engine.model.lab import ActorCommand, ActorSpec, Knobs


class Group(StrEnum):
    """Where a list of actors puts a kind."""

    SERVER = "servers"
    CLIENT = "clients"
    MESSAGE = "messages"
    FLOOD = "flood"


class ActorKind(msgspec.Struct, frozen=True):
    """One kind of actor."""

    kind: str
    group: Group
    title: str
    line: str
    where: str
    """`module:Class`."""
    knobs: tuple[str, ...]
    """The knobs that it reads, in the order of a form."""
    defaults: Mapping[str, str | int | float | bool | None] = {}
    """Where its default differs from that of `Knobs`."""
    commands: tuple[ActorCommand, ...] = ()
    """What it understands while it runs, besides STOP."""

    def default_knobs(self) -> Knobs:
        """The knobs of an actor of this kind that nobody has changed."""
        return set_knobs(Knobs(), self.defaults)


_WHERE: Final = ("host", "port", "family")
_OWN: Final = ("bind_host", "bind_port", "port_range")
_COMMON: Final = ("duration_s", "descriptors")
_TCP: Final = tuple(name for name in SOCKET_KNOBS if name not in ("reuseaddr", "v6only", "broadcast", "port_range"))
_LISTENER: Final = (*_WHERE, "backlog", "reuseaddr", "v6only", *_TCP, *_COMMON)
_CONNECTOR: Final = (*_WHERE, *_OWN, "allow_remote", *_TCP, *_COMMON)

_KINDS: Final = (
    ActorKind(
        "echo-server",
        Group.SERVER,
        "TCP echo server",
        "sends back to each of many clients what it sent; one thread, selectors",
        "engine.lab.servers.echo_selectors:EchoSelectors",
        (*_LISTENER, "recv_size"),
    ),
    ActorKind(
        "echo-client",
        Group.CLIENT,
        "TCP echo client",
        "sends a text and shows what comes back",
        "engine.lab.clients.echo:EchoClient",
        (*_CONNECTOR, "text", "file", "size", "repeat", "interval_s", "recv_size", "timeout_s", "hold_s"),
    ),
    ActorKind(
        "sink",
        Group.FLOOD,
        "Server that never reads",
        "accepts everybody and leaves what they send in Recv-Q",
        "engine.lab.servers.sink:Sink",
        (*_LISTENER, "bytes_per_s"),
        {"bytes_per_s": 0},
        (ActorCommand.DRAIN, ActorCommand.SLOW_DRAIN, ActorCommand.CLOSE),
    ),
    ActorKind(
        "flood-client",
        Group.FLOOD,
        "Flood",
        "sends until both buffers are full, and keeps trying",
        "engine.lab.clients.flood:FloodClient",
        (*_CONNECTOR, "chunk", "connections", "ramp_s", "retry_s", "bytes_per_s"),
        {},
        (ActorCommand.CLOSE,),
    ),
)

KINDS: Final[dict[str, ActorKind]] = {kind.kind: kind for kind in _KINDS}
"""Every kind by name, in the order of a list."""


def actor_kind(name: str) -> ActorKind:
    """The kind of this name. Raises BadInput, naming those that are like it."""
    try:
        return KINDS[name]
    except KeyError:
        like = [kind for kind in KINDS if name and (name in kind or kind in name)]
        hint = f"did you mean {', '.join(like)}?" if like else "`sockmon lab list` shows all"
        raise BadInput(f"there is no actor {name!r}", hint=hint) from None


def make_actor(spec: ActorSpec) -> Actor:
    """The actor that a spec describes, not yet running. Raises BadInput for an unknown kind or a bad knob."""
    kind = actor_kind(spec.kind)
    check_knobs(spec.knobs, KNOBS)
    module, _, name = kind.where.partition(":")
    actor_class: type[Actor] = getattr(import_module(module), name)
    return actor_class(spec)
