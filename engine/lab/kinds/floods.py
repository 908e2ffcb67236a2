"""The kinds that make and resist floods, those worked by hand, and the one that makes errors."""

from __future__ import annotations

from typing import Final

from engine.lab.kinds.kind import (
    BLOCKING_LISTENER,
    BUFFERS,
    COMMON,
    CONNECTOR,
    DATAGRAMS,
    EXCLUSIVE,
    LISTENER,
    OWN,
    WHERE,
    ActorKind,
    Group,
)
from engine.model.lab import ActorCommand as C

FLOODS: Final = (
    ActorKind(
        "sink",
        Group.FLOOD,
        "Server that never reads",
        "accepts everybody and leaves what they send in Recv-Q",
        "engine.lab.servers.sink:Sink",
        (*(name for name in LISTENER if name != "recv_size"), "bytes_per_s"),
        {"bytes_per_s": 0},
        (C.DRAIN, C.SLOW_DRAIN, C.CLOSE),
    ),
    ActorKind(
        "slow-reader",
        Group.FLOOD,
        "Slow reader",
        "reads so many bytes a second and no more",
        "engine.lab.servers.sink:Sink",
        (*(name for name in LISTENER if name != "recv_size"), "bytes_per_s"),
        {"bytes_per_s": 10_000},
        (C.DRAIN, C.SLOW_DRAIN, C.CLOSE),
    ),
    ActorKind(
        "flood-client",
        Group.FLOOD,
        "Flood",
        "sends until both buffers are full, and keeps trying",
        "engine.lab.clients.flood:FloodClient",
        (
            *(name for name in CONNECTOR if name not in ("timeout_s", "hold_s")),
            "chunk",
            "connections",
            "ramp_s",
            "retry_s",
            "bytes_per_s",
        ),
        {},
        (C.CLOSE,),
    ),
    ActorKind(
        "udp-sink",
        Group.FLOOD,
        "UDP receiver that never reads",
        "its buffer fills, then every datagram is dropped (RcvbufErrors)",
        "engine.lab.servers.udp:UdpSink",
        DATAGRAMS,
        EXCLUSIVE,
    ),
    ActorKind(
        "udp-flood",
        Group.FLOOD,
        "UDP flood",
        "sends datagrams at a rate; nobody holds it back",
        "engine.lab.clients.datagrams:UdpFlood",
        (*WHERE, *OWN, "allow_remote", "chunk", "bytes_per_s", *BUFFERS, *COMMON),
        {"chunk": 1_024, "bytes_per_s": 1_000_000},
    ),
)

BY_HAND: Final = (
    ActorKind(
        "server-by-hand",
        Group.HAND,
        "Server by hand",
        "accept(), recv(), send(), shutdown(), close(), each at a command",
        "engine.lab.by_hand:ServerByHand",
        (*BLOCKING_LISTENER, "text"),
        {},
        (C.ACCEPT, C.SEND, C.RECV, C.DRAIN, C.SHUTDOWN, C.CLOSE, C.TIMEOUT, C.DUP, C.FORK),
    ),
    ActorKind(
        "client-by-hand",
        Group.HAND,
        "Client by hand",
        "connect(), send(), recv(), shutdown(), close(), each at a command",
        "engine.lab.by_hand:ClientByHand",
        (*(name for name in CONNECTOR if name != "hold_s"), "text", "recv_size", "delay_s"),
        {},
        (C.CONNECT, C.SEND, C.RECV, C.DRAIN, C.SHUTDOWN, C.CLOSE, C.TIMEOUT, C.DUP, C.FORK),
    ),
)

ERRORS: Final = (
    ActorKind(
        "error-maker",
        Group.ERROR,
        "An error, made on purpose",
        "makes one of the errors of socket programs and says what it means",
        "engine.lab.errors:ErrorMaker",
        ("error", "own_network", "hold_s", *COMMON),
    ),
)
