"""The messages between the front (the screen or a command) and the launcher."""

from __future__ import annotations

import msgspec

from engine.model.health import Role
from engine.model.messages.failed import Failed


class StartProcess(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Start a worker or an actor; `name` tells several actors apart and is shown by `ps`."""

    role: Role
    name: str = ""


class ProcessStarted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One descriptor: our end of the new process's channel."""

    role: Role
    pid: int


class OpenPacketSocket(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Open an AF_PACKET socket of protocol 0 (it hears nothing until bound)."""


class PacketSocketOpened(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One descriptor, or none and the `errno` that says why."""

    errno: int = 0


class OpenIcmpSockets(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Open raw sockets for ICMP and ICMPv6 that let only echo replies in: for ping, where no unprivileged ICMP socket
    may be had."""


class IcmpSocketsOpened(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A descriptor each, or none and the `errno` that says why."""

    families: tuple[int, ...] = ()
    """AF_INET, AF_INET6, in the order of the descriptors."""
    errno: int = 0


class OpenStateTrace(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Open the kernel's tracepoint of TCP's state changes (engine.sockets.perf_open), which names the process of every
    connection, however short."""


class StateTraceOpened(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One descriptor a processor, or none and the sentence that says what is missing."""

    refused: str = ""


class ProcessEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Sent unasked. `how` in words: `killed by SIGKILL`, `exit code 1`; `last_words` is the end of its stderr."""

    role: Role
    pid: int
    how: str
    last_words: str = ""


class EndProcess(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Kill a process that the launcher started (one that no longer answers)."""

    pid: int


LauncherRequest = StartProcess | OpenPacketSocket | OpenIcmpSockets | OpenStateTrace | EndProcess
LauncherReply = ProcessStarted | PacketSocketOpened | IcmpSocketsOpened | StateTraceOpened | ProcessEnded | Failed
