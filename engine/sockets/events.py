"""The kernel's word that a socket was destroyed: sock_diag's multicast groups (linux/sock_diag.h), for any user.

An event is a row as in a dump, with the cookie, the addresses and the last tcp_info, sent once the last descriptor and
the last packet are gone. It has no inode and no uid, its queues mean nothing, and a socket that was reset or refused
has lost its peer and perhaps its counts. For the end that closed first it comes when the connection enters FIN-WAIT-2
or TIME-WAIT, whose rest lives on under another cookie and ends without an event.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections import deque
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from engine.model.errors import MalformedMessage
from engine.model.sockets import SocketEntry
from engine.sockets.attribution import GONE
from engine.sockets.closing import DestroyEvent
from engine.sockets.inet_dump import InetDump
from engine.sockets.inet_layout import HEADER_SIZE, MESSAGE_SIZE
from engine.sockets.netlink import Dump, attributes
from engine.sockets.netlink_source import AF_NETLINK, NETLINK_SOCK_DIAG
from engine.sockets.proc_source import PROC_NET
from engine.sockets.sock_diag import INET_DIAG_PROTOCOL, IPPROTO_UDPLITE
from engine.sockets.source import SourceError

DESTROY_GROUPS: Final = 0b1111
"""SKNLGRP_INET_TCP_DESTROY, INET_UDP, INET6_TCP, INET6_UDP: groups 1 to 4 as bits."""

EVENT_BUFFER: Final = 16 * 1024 * 1024
"""Bytes asked for. An event takes about 1.3 KB of it, so 12,000 fit; the default holds 166."""

SO_RCVBUFFORCE: Final = 33
"""include/uapi/asm-generic/socket.h; over rmem_max, with CAP_NET_ADMIN."""

RECV_SIZE: Final = 8192
"""One event a message, about 450 bytes."""

EVENTS_PER_TURN: Final = 4096
"""Events taken before other work has its turn: 25 ms."""

EVENTS_KEPT: Final = 50_000
"""Events that wait for the next question, about 1 KB each; beyond that the oldest go, counted."""

_NETIDS: Final = {socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp", IPPROTO_UDPLITE: "udpl"}


class EventDump(Dump):
    """Decodes event messages. `entries` holds those of the buffers fed so far."""

    def __init__(self) -> None:
        super().__init__(sequence=0)
        self.entries: list[SocketEntry] = []
        self._decoders = {protocol: InetDump(netid, 0) for protocol, netid in _NETIDS.items()}

    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Decode one event; one of a protocol without a netid here is left out. Raises MalformedMessage."""
        first = start + MESSAGE_SIZE - HEADER_SIZE
        protocol = None
        for kind, at, after in attributes(buffer, first, end):
            if kind == INET_DIAG_PROTOCOL and at < after:
                protocol = buffer[at]
        if protocol is None:
            raise MalformedMessage("read a destroy event without a protocol", start)
        decoder = self._decoders.get(protocol)
        if decoder is not None:
            entry = decoder.decode(buffer, start, end)
            self.entries.append(replace(entry, recv_q=None, send_q=None, uid=None, owner_unknown=GONE))


class DestroyEvents:
    """The socket that hears the events, and those that nobody has taken yet."""

    def __init__(self) -> None:
        """Raises SourceError where the kernel sends no such events."""
        self.received = 0
        self.dropped_by_us = 0
        """Events given up because nobody asked for them in time."""
        self.events: deque[DestroyEvent] = deque()
        self._dump = EventDump()
        try:
            self.socket = socket.socket(AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        except OSError as error:
            raise SourceError("listen to destroy events of sockets", error.errno) from error
        try:
            self.socket.setblocking(False)
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, EVENT_BUFFER)
            except PermissionError:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, EVENT_BUFFER)
            self.socket.bind((0, DESTROY_GROUPS))
        except OSError as error:
            self.socket.close()
            raise SourceError("listen to destroy events of sockets", error.errno) from error
        self._inode = str(os.fstat(self.socket.fileno()).st_ino)

    @property
    def malformed(self) -> int:
        """Events that did not decode."""
        return self._dump.malformed

    def drain(self) -> bool:
        """Take what waits, at most `EVENTS_PER_TURN`. True if more may wait."""
        for _ in range(EVENTS_PER_TURN):
            try:
                buffer = self.socket.recv(RECV_SIZE)
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    continue  # some were lost; /proc/net/netlink says how many
                raise SourceError("listen to destroy events of sockets", error.errno) from error
            self._dump.feed(buffer)
            if self._dump.entries:
                now_ns = time.time_ns()
                self.received += len(self._dump.entries)
                self.events.extend(DestroyEvent(entry, now_ns) for entry in self._dump.entries)
                self._dump.entries.clear()
                while len(self.events) > EVENTS_KEPT:
                    self.events.popleft()
                    self.dropped_by_us += 1
        return True

    def take(self) -> list[DestroyEvent]:
        """The events since the last call, oldest first."""
        taken = list(self.events)
        self.events.clear()
        return taken

    def lost(self, net: Path = PROC_NET) -> int:
        """Events that the kernel dropped for want of buffer since the socket was opened."""
        try:
            return drops((net / "netlink").read_text("ascii", "replace"), self._inode)
        except OSError:
            return 0

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


def drops(table: str, inode: str) -> int:
    """The Drops of one netlink socket in the text of /proc/net/netlink; 0 if it is not there."""
    # sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
    for line in table.splitlines():
        fields = line.split()
        if len(fields) >= 10 and fields[9] == inode and fields[8].isdecimal():
            return int(fields[8])
    return 0
