"""What every AF_PACKET socket of ours has in common: constants, filter, interface, what the kernel dropped.

packet(7); numbers from include/uapi/linux/if_packet.h, if_arp.h, sockios.h. Interfaces are asked about through the
packet socket itself, never by name through the process: the socket may live in another network namespace than the
process that holds its descriptor.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from enum import Enum, auto

import msgspec

from engine.capture.bpf_code import Program
from engine.model.errors import CaptureError

ETH_P_ALL = 0x0003
SOL_PACKET = 263
PACKET_RX_RING = 5
PACKET_STATISTICS = 6
PACKET_VERSION = 10
PACKET_IGNORE_OUTGOING = 23
"""Since Linux 4.20."""
SO_ATTACH_FILTER = 26

PACKET_OUTGOING = 4
"""sll_pkttype of a frame that this machine sends."""

SIOCGIFNAME = 0x8910
SIOCGIFFLAGS = 0x8913
SIOCGIFHWADDR = 0x8927
SIOCGIFINDEX = 0x8933

IFF_UP = 0x1
IFF_LOOPBACK = 0x8

ARPHRD_ETHER = 1
ARPHRD_LOOPBACK = 772
ETHERNET_LIKE = (ARPHRD_LOOPBACK, ARPHRD_ETHER)
"""Hardware whose frames begin with an Ethernet header; that of `lo` is all zeros but for the EtherType."""

ANY = "any"
"""The name that stands for all interfaces at once."""

IFNAMSIZ = 16

_SOCKADDR_LL = struct.Struct("=HHi12x")  # family, protocol in network order, index; the rest is not for bind
_libc = ctypes.CDLL(None, use_errno=True)
_STATISTICS_V3 = struct.Struct("=III")
_IFREQ_NAME = struct.Struct(f"={IFNAMSIZ}s24x")


class InterfaceState(Enum):
    """How an interface that we capture on stands now."""

    UP = auto()
    DOWN = auto()
    GONE = auto()
    RENAMED = auto()


class Losses(msgspec.Struct, frozen=True, gc=False):
    """What the kernel counted for a socket since it was opened."""

    passed: int = 0
    """Frames that passed the filter, whether or not there was room for them."""
    dropped: int = 0
    freezes: int = 0
    """Times a ring was full; always 0 for a socket without one."""


class Interface(msgspec.Struct, frozen=True, gc=False):
    """An interface as the kernel names it. `index` 0 is `any`."""

    name: str
    index: int
    hardware_type: int
    """ARPHRD_ number, as in sockaddr_ll.sll_hatype."""
    loopback: bool


def find_interface(sock: socket.socket, name: str) -> Interface:
    """The interface called `name` in the socket's own network namespace.

    Raises CaptureError if there is none.
    """
    if name == ANY:
        return Interface(ANY, 0, ARPHRD_ETHER, False)
    index = struct.unpack_from("=i", _ask(sock, SIOCGIFINDEX, name), IFNAMSIZ)[0]
    hardware_type = struct.unpack_from("=H", _ask(sock, SIOCGIFHWADDR, name), IFNAMSIZ)[0]
    return Interface(name, index, hardware_type, bool(_flags(sock, name) & IFF_LOOPBACK))


def interface_name(sock: socket.socket, index: int) -> str | None:
    """The name that interface `index` has now; None if there is none with that index."""
    try:
        answer = fcntl.ioctl(sock, SIOCGIFNAME, struct.pack("=16si20x", b"", index))
    except OSError as error:
        if error.errno in (errno.ENODEV, errno.ENXIO):
            return None
        raise CaptureError(f"ask for the name of interface {index}", error.errno) from error
    return answer[:IFNAMSIZ].split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def interface_state(sock: socket.socket, interface: Interface) -> InterfaceState:
    """Whether the interface we bound to is still there, up, and called what it was. `any` is always up."""
    if interface.index == 0:
        return InterfaceState.UP
    name = interface_name(sock, interface.index)
    if name is None:
        return InterfaceState.GONE
    if name != interface.name:
        return InterfaceState.RENAMED
    try:
        return InterfaceState.UP if _flags(sock, name) & IFF_UP else InterfaceState.DOWN
    except CaptureError:
        return InterfaceState.GONE


def attach_filter(sock: socket.socket, program: Program) -> None:
    """Let the kernel hand over only what `program` accepts, cut to the length that it returns.

    Put in place of an earlier filter this loses no frame (SO_ATTACH_FILTER swaps the program under RCU).
    """
    code = ctypes.create_string_buffer(program.packed(), len(program.instructions) * 8)
    # struct sock_fprog: unsigned short len; struct sock_filter *filter, in the machine's own alignment.
    try:
        sock.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(program.instructions), ctypes.addressof(code))
        )
    except OSError as error:
        raise CaptureError("attach the capture filter", error.errno) from error


def bind(sock: socket.socket, interface: Interface) -> None:
    """Start to hear `interface`. On a loopback interface frames that go out are left out, since each comes in again.

    Elsewhere that option would hide all that this machine sends.
    """
    tried = f"bind a packet socket to {interface.name}"
    try:
        sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, int(interface.loopback))
    except OSError as error:
        if error.errno != errno.ENOPROTOOPT:  # before Linux 4.20; the filter leaves the copies out as well
            raise CaptureError(tried, error.errno) from error
    # Python's own bind() looks every interface up by its name, and `any` has none.
    address = _SOCKADDR_LL.pack(socket.AF_PACKET, socket.htons(ETH_P_ALL), interface.index)
    if _libc.bind(sock.fileno(), address, len(address)) != 0:
        raise CaptureError(tried, ctypes.get_errno())


def take_error(sock: socket.socket) -> int:
    """The error that waits on the socket, 0 for none; reading clears it. ENETDOWN: the interface went down or away."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


class LossCounter:
    """The kernel's counters of one socket, summed: the kernel sets them to 0 when they are read."""

    def __init__(self) -> None:
        self.total = Losses()

    def add(self, sock: socket.socket) -> int:
        """Read the counters; the frames dropped since the last call."""
        answer = sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, _STATISTICS_V3.size)
        passed, dropped, freezes = _STATISTICS_V3.unpack(answer.ljust(_STATISTICS_V3.size, b"\0"))
        total = self.total
        if passed or dropped or freezes:
            self.total = Losses(total.passed + passed, total.dropped + dropped, total.freezes + freezes)
        return int(dropped)


def _flags(sock: socket.socket, name: str) -> int:
    return int(struct.unpack_from("=H", _ask(sock, SIOCGIFFLAGS, name), IFNAMSIZ)[0])


def _ask(sock: socket.socket, request: int, name: str) -> bytes:
    encoded = os.fsencode(name)
    if not 0 < len(encoded) < IFNAMSIZ or b"\0" in encoded:
        raise CaptureError(f"capture on {name!r}", errno.ENODEV, "an interface name has 1 to 15 bytes")
    try:
        return fcntl.ioctl(sock, request, _IFREQ_NAME.pack(encoded))
    except OSError as error:
        hint = "`sockmon capture -D` lists the interfaces" if error.errno == errno.ENODEV else ""
        raise CaptureError(f"capture on {name}", error.errno, hint) from error
