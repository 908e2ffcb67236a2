"""Decodes dumps of Internet sockets (linux/inet_diag.h) into entries. No I/O.

In a steady table almost no message differs from the one of the dump before but for the four `last_*` times of tcp_info,
which count up by themselves. `InetMemory` keeps a hash of all the rest by cookie: where it is the same, the caller's
earlier entry stands and nothing is decoded. Otherwise the message is taken apart by its `Layout`; only where it differs
from that is it walked again.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from engine.model.errors import MalformedMessage
from engine.model.sockets import SocketEntry, Timer
from engine.sockets.addresses import ANY6, WILDCARD, ipv4_text, ipv6_text
from engine.sockets.inet_layout import ABSENT, HEAD_VALUES, HEADER_SIZE, MESSAGE_SIZE, Layout
from engine.sockets.netlink import NLM_F_MULTI, Dump
from engine.sockets.sock_diag import (
    AF_INET,
    DATAGRAM_STATES,
    SOCK_DIAG_BY_FAMILY,
    TCP_STATES,
    TIMER_NAMES,
    skmem,
)

_PEEK: Final = struct.Struct("=IHHI4xH")
"""Length, type, flags, sequence; family and state in one."""
PORTS: Final = [0] * 65536
"""The port whose two bytes in network order read as this number here; 0 where no row has had it yet. So each port is
one object, however many rows have it, and a look-up costs half of two shifts."""

LAYOUTS_MAX: Final = 256
"""Layouts remembered by a memory: a kernel produces about a dozen; a stream of nonsense may not fill memory."""

CONGESTION_NAMES_MAX: Final = 64
"""Names of congestion controls remembered; a kernel has about twenty modules."""


@lru_cache(CONGESTION_NAMES_MAX)
def _congestion(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "backslashreplace")


def _port(swapped: int) -> int:
    PORTS[swapped] = port = socket.ntohs(swapped)
    return port


class InetMemory:
    """What is kept from one dump to the next of the same family and protocol: layouts, and a hash of each message."""

    def __init__(self) -> None:
        self.layouts: dict[int, Layout] = {}
        """By length, family and state of the message: what decides which attributes follow."""
        self.hashes: dict[int, int] = {}
        """By cookie. Hashes are keyed by the interpreter's secret, 64 bits: an unseen change has odds of 2**-64."""


NO_ENTRIES: Final[Mapping[int, SocketEntry]] = {}


class InetDump(Dump):
    """One dump of TCP, UDP, UDP-Lite or raw sockets. `entries` holds what was decoded so far, by cookie.

    With a `memory`, entries of `previous` (those that the memory's last dump led to, perhaps with owners added since)
    are handed on as they are where the kernel's message did not change; `fresh` lists the cookies decoded anew.
    """

    def __init__(
        self,
        netid: str,
        sequence: int,
        memory: InetMemory | None = None,
        previous: Mapping[int, SocketEntry] = NO_ENTRIES,
    ) -> None:
        super().__init__(sequence)
        self.netid = netid
        self.entries: dict[int, SocketEntry] = {}
        self.fresh: list[int] = []
        self._memory = memory
        self._layouts: dict[int, Layout] = memory.layouts if memory else {}
        self._before: Mapping[int, int] = memory.hashes if memory else {}
        self._previous = previous
        self._hashes: dict[int, int] = {}  # of the messages that changed
        self._states = TCP_STATES if netid == "tcp" else DATAGRAM_STATES

    def feed(self, buffer: bytes) -> None:
        """Take one buffer as recv() returned it.

        The loop takes runs of whole, well-formed rows of one known layout, which are nearly all; anything else goes to
        Dump.feed.
        """
        view, offset, end = memoryview(buffer), 0, len(buffer)
        while offset <= end - MESSAGE_SIZE:
            length, kind, flags, sequence, family_state = _PEEK.unpack_from(buffer, offset)
            stop = offset + length
            if kind != SOCK_DIAG_BY_FAMILY or flags != NLM_F_MULTI or sequence != self.sequence or stop > end:
                break
            layout = self._layouts.get(length << 16 | family_state)
            if layout is not None and offset + layout.step <= end:
                offset = self._run(buffer, view, offset, layout, length, family_state)
            elif length >= MESSAGE_SIZE:
                self.take(buffer, kind, flags, offset, stop)
                offset = (stop + 3) & ~3
            else:
                break
        if offset < end:
            super().feed(buffer[offset:] if offset else buffer)

    def _run(self, buffer: bytes, view: memoryview, offset: int, layout: Layout, length: int, family_state: int) -> int:
        """Take the messages from `offset` on that have the header and the layout of the first; where they end."""
        entries, previous, before, hashes = self.entries, self._previous, self._before, self._hashes
        step, header = layout.step, buffer[offset : offset + HEADER_SIZE]
        whole = (len(buffer) - offset) // step * step
        for head, kind, first, cookie, second, third in layout.compare(view[offset : offset + whole]):
            if head != header or kind != family_state:
                break
            digest = hash((first, second, third))
            if before.get(cookie) == digest and (known := previous.get(cookie)) is not None:
                entries[known.key] = known  # its own number, and not one more for each socket
            else:
                values = layout.unpack(buffer, offset)
                if values[HEAD_VALUES::2] == layout.headers:
                    entry = self._entry(layout, layout.pick(values + ABSENT))
                    hashes[entry.key] = digest
                    entries[entry.key] = entry
                    self.fresh.append(entry.key)
                else:
                    self.take(buffer, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, offset, offset + length)
            offset += step
        return offset

    def remember(self) -> None:
        """The dump is complete: let the memory know its messages."""
        memory, hashes = self._memory, self._hashes
        if memory is None:
            return
        if self._previous:
            # A socket that came twice, changed and then as before, stands as before.
            again = [cookie for cookie in hashes if self._previous.get(cookie) is self.entries[cookie]]
            for cookie in again:
                del hashes[cookie]
        if memory.hashes:
            memory.hashes |= hashes
        else:
            memory.hashes = hashes
        if len(memory.hashes) > 2 * len(self.entries):
            kept = memory.hashes
            memory.hashes = {cookie: kept[cookie] for cookie in self.entries if cookie in kept}

    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Decode one row. Raises MalformedMessage."""
        entry, layout = self._decode(buffer, start, end)
        self.entries[entry.key] = entry
        self.fresh.append(entry.key)
        message = buffer[start - HEADER_SIZE : end].ljust(layout.step, b"\0")
        ((_, _, first, _, second, third),) = layout.compare(message)
        self._hashes[entry.key] = hash((first, second, third))

    def decode(self, buffer: bytes, start: int, end: int) -> SocketEntry:
        """The row in `buffer[start:end]`, netlink header excluded, kept nowhere. Raises MalformedMessage."""
        return self._decode(buffer, start, end)[0]

    def _decode(self, buffer: bytes, start: int, end: int) -> tuple[SocketEntry, Layout]:
        start -= HEADER_SIZE
        length = end - start
        if length < MESSAGE_SIZE:
            raise MalformedMessage(f"read a socket in {length - HEADER_SIZE} bytes where its struct has 72", start)
        key = length << 16 | _PEEK.unpack_from(buffer, start)[4]
        layout = self._layouts.get(key)
        values: tuple[Any, ...] = ()
        if layout is not None:
            values = layout.unpack(buffer, start)
            if values[HEAD_VALUES::2] != layout.headers:
                layout = None
        if layout is None:
            layout = Layout(buffer, start, end)
            if len(self._layouts) < LAYOUTS_MAX or key in self._layouts:
                self._layouts[key] = layout
            values = layout.unpack(buffer, start)
        return self._entry(layout, layout.pick(values + ABSENT)), layout

    def _entry(self, layout: Layout, picked: tuple[Any, ...]) -> SocketEntry:
        (
            timer,
            retransmits,
            sport,
            dport,
            source,
            destination,
            interface,
            cookie,
            expires_ms,
            recv_q,
            send_q,
            uid,
            inode,
            memory,
            info,
            congestion,
            mark,
            cgroup,
            v6only,
            shutdown,
            tos,
            tclass,
        ) = picked
        family = layout.family
        if family == AF_INET:
            local, peer = ipv4_text(source), ipv4_text(destination)
        else:
            if v6only is not None:
                v6only = v6only != 0
            local = WILDCARD if source == ANY6 and not v6only else ipv6_text(source)
            peer = WILDCARD if destination == ANY6 and not v6only else ipv6_text(destination)
        return SocketEntry(
            cookie,
            self.netid,
            family,
            self._states[layout.state],
            recv_q,
            send_q,
            local,
            PORTS[sport] or _port(sport),
            peer,
            PORTS[dport] or _port(dport),
            interface,
            uid,
            inode,
            cookie,
            Timer(TIMER_NAMES[timer] if timer < 5 else "unknown", expires_ms, retransmits) if timer else None,
            (),
            "",
            info,
            skmem(memory) if memory else None,
            _congestion(congestion) if congestion else "",
            mark,
            cgroup,
            v6only,
            shutdown,
            tos,
            tclass,
        )
