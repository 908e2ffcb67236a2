"""Which interfaces a capture hears: one, several, or `any`; and whether they are still there."""

from __future__ import annotations

import errno
import socket

from engine.capture.libpcap import HARDWARE
from engine.capture.packet_socket import (
    ANY,
    ARPHRD_ETHER,
    Interface,
    InterfaceState,
    bind,
    find_interface,
    interface_state,
)
from engine.model.errors import CaptureError

INTERFACES_MAX = 32
"""Names in one list: each is a test that the filter makes for every frame."""

_ALL = Interface(ANY, 0, ARPHRD_ETHER, False)


class Selection:
    """The interfaces of one capture. More than one are heard through a socket for all and told apart by the filter."""

    def __init__(self, names: tuple[str, ...], sock: socket.socket) -> None:
        """Find the interfaces in the network namespace of `sock`. Raises CaptureError."""
        if len(names) > INTERFACES_MAX:
            raise CaptureError(f"capture on {len(names)} interfaces", errno.EINVAL, f"at most {INTERFACES_MAX}, or any")
        self.names = (ANY,) if ANY in names else names
        self._found = {name: find_interface(sock, name) for name in self.names}

    @property
    def indexes(self) -> tuple[int, ...]:
        """What the filter has to limit the socket to; empty if the socket hears only what it should."""
        return tuple(found.index for found in self._found.values()) if len(self._found) > 1 else ()

    @property
    def several(self) -> bool:
        """More than one interface may be heard, so that one segment may be seen on each."""
        return len(self._found) > 1 or ANY in self._found

    @property
    def loopback_only(self) -> bool:
        return all(found.loopback for found in self._found.values())

    @property
    def hardware_types(self) -> tuple[int, ...]:
        """ARPHRD_ numbers of what may come; for `any` all that libpcap can be asked about."""
        if ANY in self._found:
            return tuple(kind for kinds in HARDWARE.values() for kind in kinds)
        return tuple({found.hardware_type for found in self._found.values()})

    def bind(self, sock: socket.socket) -> None:
        """Start to hear. Raises CaptureError."""
        bind(sock, _ALL if len(self._found) > 1 else next(iter(self._found.values())))

    def states(self, sock: socket.socket) -> dict[str, InterfaceState]:
        return {name: interface_state(sock, found) for name, found in self._found.items()}

    def renew(self, sock: socket.socket) -> bool:
        """Look for interfaces that are gone; bind anew to one that has come back under its name.

        True if one has, so that the filter must be compiled anew. Raises CaptureError.
        """
        renewed = False
        for name, found in self._found.items():
            if interface_state(sock, found) is InterfaceState.GONE:
                try:
                    self._found[name] = find_interface(sock, name)
                except CaptureError as error:
                    if error.errno != errno.ENODEV:
                        raise
                else:
                    renewed = True
        if renewed:
            self.bind(sock)
        return renewed


def interface_names(text: str) -> tuple[str, ...]:
    """The names in a list such as `lo,eth0`, without repetition. Raises CaptureError for an empty one."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise CaptureError("capture on no interface", None, "name one, such as lo, or any")
    return names
