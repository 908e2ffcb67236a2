"""The portable source: scapy's sniffing socket, read a frame a call, for where there is no ring.

scapy's own `sniff()` loses most of a fast capture and sees each loopback frame twice. Of scapy we use the socket and
its reading of VLAN tags and kernel times, without its dissection; in front of it stands a filter in the kernel, around
it a larger buffer, and behind it the kernel's own count of what it dropped. Times are floats in scapy, exact to about a
quarter of a microsecond.
"""

from __future__ import annotations

import errno
import socket
import struct
from typing import Any, Final

from engine.capture.bpf_code import Program
from engine.capture.packet_socket import (
    ETHERNET_LIKE,
    InterfaceState,
    LossCounter,
    Losses,
    attach_filter,
    find_interface,
)
from engine.capture.selection import Selection
from engine.capture.source import GAP, LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, Frame
from engine.model.errors import CaptureError
from engine.model.packets import FULL_SNAP_LENGTH

BUFFER_BYTES: Final = 16 * 1024 * 1024
"""Receive buffer asked for. scapy's default of 64 KB is one full loopback segment; the kernel may allow less
(net.core.rmem_max), and counts what does not fit."""
BATCH_FRAMES: Final = 256
INDEXES_MAX: Final = 1024
"""Interface names whose index is remembered; containers come and go."""

SO_RCVBUFFORCE: Final = 33
SO_TIMESTAMPNS: Final = 35
SOL_PACKET: Final = 263
PACKET_AUXDATA: Final = 8

_SLL = struct.Struct("!HHH8sH")


class ScapySource:
    """Frames of one socket, read by scapy. Owns the socket. See FrameSource."""

    name = "scapy"

    def __init__(self, sock: socket.socket, selection: Selection, program: Program) -> None:
        """Start to hear. `sock` is an AF_PACKET socket of type SOCK_RAW, unbound, of protocol 0.

        Raises CaptureError; the socket is then closed.
        """
        self._sock = sock
        self._selection = selection
        self._counter = LossCounter()
        self._indexes: dict[str, int] = {}
        try:
            self._listening = _listening(sock)
            attach_filter(sock, program)
            _enlarge(sock)
            sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            sock.setblocking(False)
            selection.bind(sock)
        except OSError as error:
            sock.close()
            raise CaptureError("set up scapy's socket", error.errno) from error
        except CaptureError:
            sock.close()
            raise

    def fileno(self) -> int:
        return self._sock.fileno()

    def read(self) -> list[Frame]:
        """What waits, at most BATCH_FRAMES; a GAP behind it if the kernel dropped frames meanwhile."""
        frames: list[Frame] = []
        receive, sock = self._listening._recv_raw, self._sock
        while len(frames) < BATCH_FRAMES:
            try:
                data, address, seconds = receive(sock, FULL_SNAP_LENGTH)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno not in (errno.ENETDOWN, errno.ENODEV):
                    raise CaptureError("receive from scapy's socket", error.errno) from error
                break  # the interface went down or away: `states` tells
            frames.append(self._frame(data, address, seconds))
        if dropped := self._counter.add(self._sock):
            frames.append((0, dropped, b"", 0, GAP, LINKTYPE_ETHERNET))
        return frames

    def losses(self) -> Losses:
        return self._counter.total

    def set_filter(self, program: Program) -> None:
        attach_filter(self._sock, program)

    def states(self) -> dict[str, InterfaceState]:
        return self._selection.states(self._sock)

    def renew(self) -> bool:
        return self._selection.renew(self._sock)

    def close(self) -> None:
        self._listening.close()

    def _frame(self, data: bytes, address: tuple[str, int, int, int, bytes], seconds: float | None) -> Frame:
        name, protocol, kind, hardware, link_address = address
        ts_ns = round(seconds * 1_000_000_000) if seconds else 0
        link_type = LINKTYPE_ETHERNET
        if hardware not in ETHERNET_LIKE:
            data = _SLL.pack(kind, hardware, len(link_address), link_address[:8], protocol & 0xFFFF) + data
            link_type = LINKTYPE_LINUX_SLL
        return ts_ns, len(data), data, self._index(name), kind, link_type

    def _index(self, name: str) -> int:
        index = self._indexes.get(name)
        if index is None:
            if len(self._indexes) >= INDEXES_MAX:
                self._indexes.clear()
            try:
                index = find_interface(self._sock, name).index
            except CaptureError:
                index = 0  # gone since
            self._indexes[name] = index
        return index


def _listening(sock: socket.socket) -> Any:
    """scapy's listening socket around `sock`: its own constructor would open one, which takes a right."""
    try:
        from scapy.config import conf

        conf.route_autoload = False
        conf.route6_autoload = False
        from scapy.arch.linux import L2ListenSocket
    except ImportError as error:
        raise CaptureError(
            "capture with scapy: it cannot be imported", None, "use the ring, or install scapy"
        ) from error
    listening = L2ListenSocket.__new__(L2ListenSocket)
    listening.ins = sock
    listening.outs = None
    listening.promisc = False
    listening.auxdata_available = True
    return listening


def _enlarge(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
