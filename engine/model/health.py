"""What limits sockmon right now: missing rights, losses, dead workers. Shown, never raised."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Degradation(msgspec.Struct, frozen=True, gc=False):
    """Something that cannot be had on this machine as this user, and the one command or step that cures it."""

    code: str
    """Stable name: NO_CAP_NET_RAW, OWNERS_HIDDEN, NO_SOCK_DIAG, NO_SCAPY, INTERFACE_GONE …"""
    sentence: str
    """What is missing and what follows from it."""
    cure: str = ""
    """A command, or a step in words; empty when there is none."""


class Trust(msgspec.Struct, frozen=True, gc=False):
    """What became of every frame: separate numbers, since they have separate causes.

    received = kept + evicted + dropped_by_us. What a filter left out is in none of them: the kernel keeps it.
    """

    received: int = 0
    """Frames handed to us by the kernel or read from a file."""
    kept: int = 0
    """Frames in the store now."""
    dropped_by_kernel: int = 0
    """PACKET_STATISTICS tp_drops, summed."""
    dropped_by_us: int = 0
    undecodable: int = 0
    """Frames, of those received, that are not what their own headers say; their bytes are kept like any other's."""
    evicted: int = 0
    """Frames kept once and given up to stay within the memory limit."""
    freezes: int = 0
    """Times the ring was full (tp_freeze_q_cnt)."""


class Role(StrEnum):
    """The kinds of process that the launcher starts."""

    SCREEN = "screen"
    SOCKETS = "sockets"
    CAPTURE = "capture"
    DISSECTOR = "dissector"
    ACTOR = "actor"


class WorkerState(msgspec.Struct, frozen=True, gc=False):
    """A worker as the screen should show it."""

    role: Role
    pid: int
    alive: bool
    ended: str = ""
    """How it ended (`killed by SIGKILL`, `exit code 1: …`), empty while alive."""
    lost: str = ""
    """What was lost with it."""
