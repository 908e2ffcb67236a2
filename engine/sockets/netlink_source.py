"""Reads the socket table through NETLINK_SOCK_DIAG: every column the kernel has, for any user."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from engine.model.sockets import SocketEntry
from engine.sockets import netlink_diag, packet_diag, unix_diag
from engine.sockets.inet_dump import InetDump, InetMemory
from engine.sockets.netlink import Dump
from engine.sockets.netlink_diag import NetlinkDump
from engine.sockets.packet_diag import PacketDump
from engine.sockets.pushed import EVERYTHING, Pushed
from engine.sockets.sock_diag import (
    AF_INET,
    AF_INET6,
    EXTENSIONS,
    PROTOCOLS,
    dump_request,
)
from engine.sockets.source import NoSuchTable, Rows, SourceError
from engine.sockets.unix_diag import UnixDump, with_peer_names

AF_NETLINK: Final = 16
"""As a number: Python has the name on Linux only, and elsewhere the socket is refused."""
NETLINK_SOCK_DIAG: Final = 4

RECV_SIZE: Final = 65_536
"""The kernel fills at most 32 KB a buffer of a dump (netlink_dump in net/netlink/af_netlink.c)."""

RECEIVE_BUFFER: Final = 4 * 1024 * 1024
"""Asked of SO_RCVBUF; a dump waits for its reader, so this only saves turns."""

ANSWER_TIME_S: Final = 5
"""The kernel answers a dump from within recv(); what takes longer will not come."""

DIAG_MODULES: Final[dict[str, str]] = {
    "tcp": "tcp_diag",
    "udp": "udp_diag",
    "udpl": "udp_diag",
    "raw": "raw_diag",
    "unix": "unix_diag",
    "packet": "af_packet_diag",
    "netlink": "netlink_diag",
}
"""The kernel module that answers for a family."""

MODULES: Final = Path("/proc/modules")
"""Not there where the kernel loads no modules."""


OTHER_FAMILIES: Final[
    Mapping[str, tuple[Callable[[int], bytes], Callable[[int], UnixDump | PacketDump | NetlinkDump]]]
] = {
    "unix": (unix_diag.dump_request, UnixDump),
    "packet": (packet_diag.dump_request, PacketDump),
    "netlink": (netlink_diag.dump_request, NetlinkDump),
}
"""Families that are not the Internet's: their request and their decoder, by sequence number."""


def open_sock_diag() -> socket.socket:
    """A NETLINK_SOCK_DIAG socket. Raises SourceError where the kernel has none."""
    try:
        opened = socket.socket(AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
    except OSError as error:
        raise SourceError("open a NETLINK_SOCK_DIAG socket", error.errno) from error
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", ANSWER_TIME_S, 0))
    return opened


class Conversation:
    """Requests and answers on one sock_diag socket, one at a time."""

    def __init__(self, diag: socket.socket | None = None) -> None:
        self.socket = diag if diag is not None else open_sock_diag()
        self._sequence = 0

    def next_sequence(self) -> int:
        """The number of the next request, so that the rest of a broken dump is not taken for its answer."""
        self._sequence = self._sequence % 0xFFFF_FFFF + 1
        return self._sequence

    def ask(self, request: bytes, answer: Dump, between: Callable[[], None], what: str) -> None:
        """Send `request` and feed `answer` until it is done. Raises SourceError where the socket fails; an errno that
        the kernel sends is left in `answer`."""
        try:
            self.socket.send(request)
            while not answer.done:
                answer.feed(self.socket.recv(RECV_SIZE))
                between()
        except OSError as error:
            raise SourceError(f"read {what} by sock_diag", error.errno) from error

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class NetlinkSource:
    """sock_diag dumps; `diag` may be a socket opened elsewhere: in another network namespace, or by the launcher.

    `details` asks for tcp_info, memory, congestion control and TOS too, at half the cost again. Of `conditions` those
    on states and ports go into the dumps of Internet sockets; of other families all rows come.
    """

    name = "netlink"

    def __init__(
        self, diag: socket.socket | None = None, details: bool = True, conditions: Pushed = EVERYTHING
    ) -> None:
        self.conversation = Conversation(diag)
        self._extensions = EXTENSIONS if details else 0
        self._conditions = conditions
        self._memories: dict[tuple[str, int], InetMemory] = {}

    def read(self, family: str, previous: Mapping[int, SocketEntry], between: Callable[[], None]) -> Rows:
        """All sockets of one family, IPv4 and IPv6 alike."""
        if family in PROTOCOLS:
            return self._read_inet(family, previous, between)
        if family in OTHER_FAMILIES:
            return self._read_other(family, between)
        raise NoSuchTable(f"read {family} sockets by sock_diag")

    def _read_inet(self, family: str, previous: Mapping[int, SocketEntry], between: Callable[[], None]) -> Rows:
        rows = Rows({}, [])
        asked = self._conditions
        if asked.nothing:
            return rows
        for number in (AF_INET, AF_INET6):
            memory = self._memories.setdefault((family, number), InetMemory())
            sequence = self.conversation.next_sequence()
            request = dump_request(sequence, number, PROTOCOLS[family], asked.states, self._extensions, asked.attached)
            dump = InetDump(family, sequence, memory, previous)
            self._complete(request, dump, between, family)
            dump.remember()
            rows.add(Rows(dump.entries, dump.fresh, int(dump.interrupted), dump.malformed))
        return rows

    def _read_other(self, family: str, between: Callable[[], None]) -> Rows:
        request, make = OTHER_FAMILIES[family]
        sequence = self.conversation.next_sequence()
        dump = make(sequence)
        self._complete(request(sequence), dump, between, family)
        entries = with_peer_names(dump.entries) if family == "unix" else dump.entries
        return Rows(entries, list(entries), int(dump.interrupted), dump.malformed)

    def _complete(self, request: bytes, dump: Dump, between: Callable[[], None], family: str) -> None:
        self.conversation.ask(request, dump, between, f"{family} sockets")
        if dump.errno:
            hint = f"sudo modprobe {DIAG_MODULES[family]}" if MODULES.exists() else ""
            raise SourceError(f"read {family} sockets by sock_diag", dump.errno, hint)

    def close(self) -> None:
        """Close the netlink socket."""
        self.conversation.close()
