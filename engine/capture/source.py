"""The seam between what captures frames (a ring, scapy's socket) and what reads them."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from engine.capture.bpf_code import Program
from engine.capture.packet_socket import InterfaceState, Losses

Frame: TypeAlias = tuple[int, int, bytes, int, int, int]
"""A captured frame: (time in ns since the epoch, bytes on the wire, captured bytes, interface index, packet type,
LINKTYPE_ number). A plain tuple, since 100,000 of them are made a second.

A hole in the capture is a Frame whose packet type is GAP and whose bytes on the wire are the number of frames lost.
"""

GAP = -1
"""Packet type of the Frame that stands for frames which the kernel dropped at this place."""

LINKTYPE_ETHERNET = 1
LINKTYPE_LINUX_SLL = 113
"""For every hardware that is not Ethernet: the kernel's account of the link layer (sockaddr_ll), then the packet."""


class FrameSource(Protocol):
    """Where frames come from while they are captured. Not thread-safe; closed by its owner."""

    name: str
    """`ring` or `scapy`."""

    def fileno(self) -> int:
        """A descriptor that is readable when `read` has something."""
        ...

    def read(self) -> list[Frame]:
        """The next batch, in order of capture; empty if there is none now. Never waits."""
        ...

    def losses(self) -> Losses:
        """The kernel's counters, summed since the source was opened."""
        ...

    def set_filter(self, program: Program) -> None:
        """Use another filter from now on, without losing a frame that passes both."""
        ...

    def states(self) -> dict[str, InterfaceState]:
        """How each interface stands, by the name it was asked for."""
        ...

    def renew(self) -> bool:
        """Hear an interface again that has come back; True if one has, so that the filter must be set anew."""
        ...

    def close(self) -> None: ...
