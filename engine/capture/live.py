"""One running capture: its source, the filter that the kernel runs for it, and how its interfaces stand."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Final

import msgspec

from engine.capture.bpf import compile_filter, takes_parts
from engine.capture.bpf_code import Program
from engine.capture.bpf_words import Conversation
from engine.capture.packet_socket import InterfaceState, Losses
from engine.capture.ring import RingSource
from engine.capture.selection import Selection, interface_names
from engine.capture.source import Frame, FrameSource
from engine.model.errors import CaptureError
from engine.model.health import Degradation
from engine.model.packets import FULL_SNAP_LENGTH, CaptureOptions

SNAP_LENGTH_MIN: Final = 96
"""Ethernet, IPv4 and TCP with all their options take 94: less would cut what the analysis needs."""

HANDSHAKES_TEXT: Final = "tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0"


def _open_ring(sock: socket.socket, selection: Selection, program: Program) -> FrameSource:
    return RingSource(sock, selection, program)


def _open_scapy(sock: socket.socket, selection: Selection, program: Program) -> FrameSource:
    from engine.capture.scapy_source import ScapySource

    return ScapySource(sock, selection, program)


SOURCES: Final[dict[str, Callable[[socket.socket, Selection, Program], FrameSource]]] = {
    "ring": _open_ring,
    "scapy": _open_scapy,
}
"""By CaptureOptions.source. An opener owns the socket, and closes it if it raises."""


class LiveCapture:
    """A source that hears what `options` ask for. Owns its socket."""

    def __init__(self, sock: socket.socket, options: CaptureOptions, ssh: Conversation | None) -> None:
        """`sock` is an AF_PACKET socket of protocol 0, unbound. `ssh` is the session that may have to be left out.

        Raises CaptureError or FilterError; the socket is then closed.
        """
        try:
            opener = SOURCES.get(options.source)
            if opener is None:
                raise CaptureError(f"capture with {options.source!r}", None, f"known are {', '.join(SOURCES)}")
            self._selection = Selection(interface_names(options.interface), sock)
            self._options = effective(options)
            self._left_out = (ssh,) if ssh and options.leave_out_ssh and self._may_hear(ssh) else ()
            self._followed: Conversation | None = None
            program = self._compiled(self._options, None)
        except BaseException:
            sock.close()
            raise
        self._source = opener(sock, self._selection, program)
        self._states: dict[str, InterfaceState] = {}
        self.tick()

    @property
    def options(self) -> CaptureOptions:
        """What is done, where it differs from what was asked."""
        return self._options

    @property
    def in_parts(self) -> bool:
        """Only some segments of a conversation may be handed over."""
        return self._options.handshakes_only or takes_parts(self._options.capture_filter)

    @property
    def by_interface(self) -> bool:
        return self._selection.several

    def fileno(self) -> int:
        return self._source.fileno()

    def read(self) -> list[Frame]:
        return self._source.read()

    def losses(self) -> Losses:
        return self._source.losses()

    def adopt(self, options: CaptureOptions) -> None:
        """Go on with another filter or snap length, without losing a frame. Raises FilterError and then changes
        nothing."""
        options = effective(options)
        self._source.set_filter(self._compiled(options, self._followed))
        self._options = options

    def follow(self, followed: Conversation | None) -> None:
        """Have this conversation whole from now on, and no other."""
        self._source.set_filter(self._compiled(self._options, followed))
        self._followed = followed

    def tick(self) -> None:
        """Look how the interfaces stand; hear those again that have come back. Due about once a second."""
        if self._source.renew():
            self._source.set_filter(self._compiled(self._options, self._followed))
        self._states = self._source.states()

    def degradations(self) -> tuple[Degradation, ...]:
        """What limits this capture, in words."""
        told = [STATES[state](name) for name, state in self._states.items() if state in STATES]
        told += [_left_out(ends) for ends in self._left_out]
        return tuple(told)

    def close(self) -> None:
        self._source.close()

    def _may_hear(self, ssh: Conversation) -> bool:
        """A session from another machine never crosses `lo`."""
        return not self._selection.loopback_only or ipaddress.ip_address(ssh.address_a).is_loopback

    def _compiled(self, options: CaptureOptions, followed: Conversation | None) -> Program:
        return compile_filter(
            options.capture_filter,
            hardware_types=self._selection.hardware_types,
            snap_length=options.snap_length,
            handshakes_only=options.handshakes_only,
            interfaces=self._selection.indexes,
            left_out=self._left_out,
            followed=followed,
        )


def effective(options: CaptureOptions) -> CaptureOptions:
    """What is done for `options`. scapy's socket hears handshakes only unless a filter is given, since it is too slow
    for all; and it takes frames whole, since it would not tell how long a cut one was. A snap length never cuts what
    the analysis needs."""
    if options.source == "scapy":
        only = options.handshakes_only or not options.capture_filter.strip()
        return msgspec.structs.replace(options, handshakes_only=only, snap_length=FULL_SNAP_LENGTH)
    return msgspec.structs.replace(options, snap_length=max(options.snap_length, SNAP_LENGTH_MIN))


def filter_text(options: CaptureOptions) -> str:
    """The capture filter as a person would have to type it."""
    text = options.capture_filter.strip()
    if not options.handshakes_only:
        return text
    return f"({text}) and {HANDSHAKES_TEXT}" if text else HANDSHAKES_TEXT


def _down(name: str) -> Degradation:
    return Degradation("INTERFACE_DOWN", f"{name} is down: nothing is captured on it", f"ip link set {name} up")


def _gone(name: str) -> Degradation:
    return Degradation("INTERFACE_GONE", f"{name} is gone: it is heard again when an interface of that name comes back")


def _renamed(name: str) -> Degradation:
    return Degradation("INTERFACE_RENAMED", f"{name} has another name now: it is still captured on")


STATES: Final[dict[InterfaceState, Callable[[str], Degradation]]] = {
    InterfaceState.DOWN: _down,
    InterfaceState.GONE: _gone,
    InterfaceState.RENAMED: _renamed,
}


def _left_out(ends: Conversation) -> Degradation:
    client = ipaddress.ip_address(ends.address_a)
    return Degradation(
        "SSH_LEFT_OUT", f"the SSH session that this runs over, from {client} port {ends.port_a}, is not captured"
    )
