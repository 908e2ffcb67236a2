"""The lab's values: what an actor is told to do, and what it says of itself."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Knobs(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Everything that an actor can be told. It reads those that concern it; `None` leaves the kernel's default."""

    host: str = "127.0.0.1"
    port: int = 65432
    """0 lets the kernel choose."""
    text: str = "Hello, world"
    backlog: int = 128
    chunk: int = 65_536
    """Bytes given to one send()."""
    recv_size: int = 1024
    """Bytes asked of one recv()."""
    repeat: int = 1
    timeout_s: float | None = None
    sndbuf: int | None = None
    rcvbuf: int | None = None
    nodelay: bool | None = None
    reuseaddr: bool = True
    congestion: str | None = None
    connections: int = 1


class ActorSpec(msgspec.Struct, frozen=True, gc=False):
    """An actor to start: its kind (`echo-server`, `echo-client`, `sink`, `flood-client` …) and its knobs."""

    kind: str
    knobs: Knobs
    calls: bool = True
    """Keep the log of socket calls."""


class ActorState(StrEnum):
    """Where an actor stands."""

    STARTING = "starting"
    RUNNING = "running"
    """A server that listens, a client that is at work."""
    STALLED = "stalled"
    """send() said BlockingIOError: the buffers are full; the actor keeps trying."""
    DONE = "done"
    """Did all it was told and holds nothing."""
    FAILED = "failed"
    STOPPED = "stopped"


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One socket call of an actor's program."""

    number: int
    ts_ns: int
    name: str
    arguments: str
    result: str
    """What it returned, or `BlockingIOError EAGAIN (11)`."""
    errno: int = 0
    duration_ns: int = 0


class ActorSocket(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A socket that an actor holds. `cookie` (SO_COOKIE) is the key of its row in the socket table; 0 if unknown."""

    fd: int
    cookie: int
    local: str
    """`127.0.0.1:65432` or `[::1]:65432`."""
    peer: str
    """Empty for a listener."""
    sent: int = 0
    """Bytes that send() accepted on this socket."""
    received: int = 0
    """Bytes that recv() returned on this socket."""


class OptionReading(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A socket option as it was asked for and as getsockopt read it back (the kernel doubles buffers and clamps)."""

    name: str
    asked: str
    got: str


class ActorReport(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an actor says of itself when asked."""

    kind: str
    pid: int
    state: ActorState
    local: str = ""
    """The address it listens on or was given, once known."""
    connections: int = 0
    sent: int = 0
    """Bytes accepted by send() in all."""
    received: int = 0
    """Bytes returned by recv() in all."""
    full: int = 0
    """send() calls that took the whole chunk."""
    partial: int = 0
    """send() calls that took a part."""
    refused: int = 0
    """send() calls that raised BlockingIOError."""
    reply: str = ""
    """Text that a client got back (raw; sanitize before display)."""
    error: str = ""
    """The sentence for FAILED."""
    errno: int = 0
    sockets: tuple[ActorSocket, ...] = ()
    options: tuple[OptionReading, ...] = ()
    calls: tuple[Call, ...] = ()
    """Calls after the number that was asked for, oldest first, bounded."""
    calls_total: int = 0
    calls_forgotten: int = 0
    """Calls no longer in the log."""


class ActorCommand(StrEnum):
    """What can be asked of a running actor."""

    STOP = "stop"
    DRAIN = "drain"
    """Read all that waits."""
    SEND = "send"
    """Send the text once more (an interactive client)."""
