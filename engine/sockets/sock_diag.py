"""NETLINK_SOCK_DIAG for Internet sockets (linux/inet_diag.h): requests as bytes, dumps as entries. No I/O.

A request is `struct inet_diag_req_v2`; a row is `struct inet_diag_msg` followed by attributes, which the kernel puts in
the same order and sizes for all sockets of one kind. So the walk over the attributes of a message yields a `_Layout`,
and the next message of that length is taken apart by one call of `struct`, its attribute headers checked against the
layout; only where they differ is it walked again.

In a steady table almost no message differs from the one of the dump before but for the four `last_*` times of tcp_info,
which count up by themselves. `InetMemory` keeps a hash of all the rest by cookie: where it is the same, the caller's
earlier entry stands and nothing is decoded.
"""

from __future__ import annotations

import socket
import struct
import sys
from array import array
from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from engine.model.errors import MalformedMessage
from engine.model.sockets import SkMem, SocketEntry, Timer
from engine.model.tcp import KERNEL_STATES, SocketState
from engine.sockets import tcp_info
from engine.sockets.addresses import ANY6, WILDCARD, ipv4_text, ipv6_text
from engine.sockets.netlink import NLM_F_ACK, NLM_F_DUMP, NLM_F_MULTI, NLM_F_REQUEST, Dump, attributes, message

SOCK_DIAG_BY_FAMILY: Final = 20
SOCK_DESTROY: Final = 21

IPPROTO_UDPLITE: Final = 136

PROTOCOLS: Final[dict[str, int]] = {
    "tcp": socket.IPPROTO_TCP,
    "udp": socket.IPPROTO_UDP,
    "udpl": IPPROTO_UDPLITE,
    "raw": socket.IPPROTO_RAW,
}
"""netid to sdiag_protocol. IPPROTO_RAW stands for all raw sockets."""

ALL_STATES: Final = 0xFFF
"""The states that ss asks for by `-a`: kernel numbers 0 to 11. Number 12 comes as SYN-RECEIVED."""
BOUND_INACTIVE: Final = 1 << 13
"""Bound, neither listening nor connected (Linux 6.8): holds a port, though ss lists it only with `bound-inactive`."""

# idiag_ext has 8 bits; bit N - 1 asks for attribute N.
INET_DIAG_INFO: Final = 2
INET_DIAG_CONG: Final = 4
INET_DIAG_TOS: Final = 5
INET_DIAG_TCLASS: Final = 6
INET_DIAG_SKMEMINFO: Final = 7
INET_DIAG_SHUTDOWN: Final = 8
INET_DIAG_PROTOCOL: Final = 10
INET_DIAG_SKV6ONLY: Final = 11
INET_DIAG_MARK: Final = 15
INET_DIAG_CGROUP_ID: Final = 21

INET_DIAG_REQ_BYTECODE: Final = 1

EXTENSIONS: Final = sum(
    1 << (kind - 1) for kind in (INET_DIAG_INFO, INET_DIAG_CONG, INET_DIAG_TOS, INET_DIAG_TCLASS, INET_DIAG_SKMEMINFO)
)
"""idiag_ext for all that SocketEntry holds. Shutdown, v6only, mark and cgroup come unasked."""

NO_COOKIE: Final = 0xFFFFFFFF_FFFFFFFF
"""INET_DIAG_NOCOOKIE in both halves: any socket with these addresses will do."""

_REQUEST: Final = struct.Struct("=BBBxI")
_SOCKID: Final = struct.Struct("=2s2s16s16sIQ")
_PORTS: Final = struct.Struct(">HH")

AF_INET: Final = 2
AF_INET6: Final = 10

# Past the nlmsghdr, inet_diag_msg without its family and state. Ports are in network order, the rest is not.
_HEADS: Final = {
    AF_INET: "=16x" + "2xBB" + "HH" + "4s12x4s12x" + "IQ" + "IIIII",
    AF_INET6: "=16x" + "2xBB" + "HH" + "16s16s" + "IQ" + "IIIII",
}
_PEEK: Final = struct.Struct("=IHHI4x" + "H2x36x4xQ")
"""Length, type, flags, sequence, family and state in one, cookie."""
PORTS: Final = array("H", range(65536))
"""The port whose two bytes in network order read as this number here: a look-up costs half of two shifts."""
if sys.byteorder == "little":
    PORTS.byteswap()

HEADER_SIZE: Final = 16
MESSAGE_SIZE: Final = HEADER_SIZE + 72
_HEAD_VALUES: Final = 13

TIMER_NAMES: Final = ("", "on", "keepalive", "timewait", "persist")
"""idiag_timer to ss's word; what is above is `unknown`."""

_ABSENT: Final = (None, b"")
_NONE: Final = -2
_EMPTY: Final = -1

_ATTRIBUTES: Final[dict[int, tuple[str, int, int]]] = {
    INET_DIAG_SKMEMINFO: ("", 4, _EMPTY),
    INET_DIAG_INFO: ("", 8, _EMPTY),
    INET_DIAG_CONG: ("", 1, _EMPTY),
    INET_DIAG_MARK: ("I", 4, _NONE),
    INET_DIAG_CGROUP_ID: ("Q", 8, _NONE),
    INET_DIAG_SKV6ONLY: ("B", 1, _NONE),
    INET_DIAG_SHUTDOWN: ("B", 1, _NONE),
    INET_DIAG_TOS: ("B", 1, _NONE),
    INET_DIAG_TCLASS: ("B", 1, _NONE),
}
"""For each attribute that an entry shows: its format, where empty all of its bytes; its size (for bytes the least:
structs grow with the kernel); what stands in its place when a message does not have it."""

TCP_STATES: Final = tuple(KERNEL_STATES.get(number, SocketState.UNKNOWN) for number in range(256))
DATAGRAM_STATES: Final = (*TCP_STATES[:7], SocketState.UNCONN, *TCP_STATES[8:])
"""Sockets without a connection stand in TCP_CLOSE (7) until connect()."""

LAYOUTS_MAX: Final = 256
"""Layouts remembered by a memory: a kernel produces about a dozen; a stream of nonsense may not fill memory."""

CONGESTION_NAMES_MAX: Final = 64
"""Names of congestion controls remembered; a kernel has about twenty modules."""


@lru_cache(CONGESTION_NAMES_MAX)
def _congestion(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "backslashreplace")


_SKMEM: Final = struct.Struct("=9I")

SKMEM_REMEMBERED: Final = 1024
"""Idle sockets with the same buffers share one SkMem, which saves 190 bytes each."""


@lru_cache(SKMEM_REMEMBERED)
def skmem(payload: bytes) -> SkMem | None:
    """*_DIAG_SKMEMINFO of any family; None from a kernel so old (before 4.7) that it sends fewer than nine numbers."""
    return SkMem(*_SKMEM.unpack_from(payload)) if len(payload) >= _SKMEM.size else None


def sockid(
    sport: int = 0,
    dport: int = 0,
    source: bytes = b"",
    destination: bytes = b"",
    interface: int = 0,
    cookie: int = NO_COOKIE,
) -> bytes:
    """`struct inet_diag_sockid`; addresses are packed, 4 or 16 bytes."""
    ports = _PORTS.pack(sport, dport)
    return _SOCKID.pack(ports[:2], ports[2:], source, destination, interface, cookie)


def dump_request(
    sequence: int,
    family: int,
    protocol: int,
    states: int = ALL_STATES,
    extensions: int = EXTENSIONS,
    attached: bytes = b"",
) -> bytes:
    """Ask for every socket of a family and protocol in one of `states` (bits by kernel number). `attached` holds
    request attributes (a filter)."""
    body = _REQUEST.pack(family, protocol, extensions, states) + bytes(48) + attached
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence, body)


def get_request(sequence: int, family: int, protocol: int, identity: bytes, extensions: int = EXTENSIONS) -> bytes:
    """Ask for the one socket that `sockid()` names. The kernel answers with one row or an error (ENOENT: none).

    `source` and `sport` in the identity are those of the socket's own end, as in a row of a dump.
    """
    body = _REQUEST.pack(family, protocol, extensions, 0xFFFFFFFF) + identity
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, sequence, body)


def destroy_request(sequence: int, family: int, protocol: int, identity: bytes) -> bytes:
    """Ask the kernel to close the socket that `sockid()` names (SOCK_DESTROY, CAP_NET_ADMIN)."""
    body = _REQUEST.pack(family, protocol, 0, 0xFFFFFFFF) + identity
    return message(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, sequence, body)


class _Layout:
    """Where the parts of messages of one length, family and state lie. `unpack` takes the whole message; its values are
    those of the head, then in turn an attribute's header and its payload. `pick` puts them in the order that
    `InetDump._entry` wants, absent attributes included."""

    __slots__ = ("family", "headers", "pick", "state", "times_end", "times_start", "unpack")

    def __init__(self, buffer: bytes, start: int, end: int) -> None:
        """Walk `buffer[start:end]`, a whole message. Raises MalformedMessage."""
        self.family, self.state = buffer[start + HEADER_SIZE], buffer[start + HEADER_SIZE + 1]
        if self.family not in _HEADS:
            raise MalformedMessage(f"read an Internet socket of family {self.family}", start + HEADER_SIZE)
        formats = [_HEADS[self.family]]
        headers: list[bytes] = []
        positions: dict[int, int] = {}
        self.times_start = 0
        for number, (kind, first, last) in enumerate(attributes(buffer, start + MESSAGE_SIZE, end)):
            size = last - first
            form, least, _ = _ATTRIBUTES.get(kind, ("", 0, 0))
            if size < least or (form and size != least):
                raise MalformedMessage(f"read attribute {kind} of a socket in {size} bytes", first)
            formats.append(f"4s{form or f'{size}s'}")
            if last < end:
                formats.append(f"{-size % 4}x")
            headers.append(buffer[first - 4 : first])
            positions[kind] = _HEAD_VALUES + 2 * number + 1
            if kind == INET_DIAG_INFO and size >= tcp_info.TIMES_END:
                self.times_start = first - start + tcp_info.TIMES_START
        self.times_end = self.times_start + tcp_info.TIMES_END - tcp_info.TIMES_START
        self.headers = tuple(headers)
        wanted = (positions.get(kind, absent) for kind, (_, _, absent) in _ATTRIBUTES.items())
        self.pick = itemgetter(*range(_HEAD_VALUES), *wanted)
        self.unpack = struct.Struct("".join(formats)).unpack_from


class InetMemory:
    """What is kept from one dump to the next of the same family and protocol: layouts, and a hash of each message."""

    def __init__(self) -> None:
        self.layouts: dict[int, _Layout] = {}
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
        self._layouts: dict[int, _Layout] = memory.layouts if memory else {}
        self._before: Mapping[int, int] = memory.hashes if memory else {}
        self._previous = previous
        self._hashes: dict[int, int] = {}  # of the messages that changed
        self._states = TCP_STATES if netid == "tcp" else DATAGRAM_STATES

    def feed(self, buffer: bytes) -> None:
        """Take one buffer as recv() returned it.

        The loop takes whole, well-formed rows of known layout, which is nearly all; anything else goes to Dump.feed.
        """
        layouts, previous, before = self._layouts, self._previous, self._before
        entries, fresh, hashes, wanted = self.entries, self.fresh, self._hashes, self.sequence
        peek, remembers, entry_of = _PEEK.unpack_from, self._memory is not None, self._entry
        offset, end = 0, len(buffer)
        last_whole = end - MESSAGE_SIZE
        while offset <= last_whole:
            length, kind, flags, sequence, family_state, cookie = peek(buffer, offset)
            stop = offset + length
            if kind != SOCK_DIAG_BY_FAMILY or flags != NLM_F_MULTI or sequence != wanted or stop > end:
                break
            layout = layouts.get(length << 16 | family_state)
            if layout is None:
                if length < MESSAGE_SIZE:
                    break
                self.take(buffer, kind, flags, offset, stop)
                offset = (stop + 3) & ~3
                continue
            if remembers:
                times = layout.times_start
                if times:
                    digest = hash((buffer[offset + 16 : offset + times], buffer[offset + layout.times_end : stop]))
                else:
                    digest = hash(buffer[offset + 16 : stop])
                if before.get(cookie) == digest:
                    known = previous.get(cookie)
                    if known is not None:
                        entries[cookie] = known
                        offset = (stop + 3) & ~3
                        continue
                hashes[cookie] = digest
            values = layout.unpack(buffer, offset)
            if values[_HEAD_VALUES::2] == layout.headers:
                entries[cookie] = entry_of(layout, layout.pick(values + _ABSENT))
                fresh.append(cookie)
            else:
                self.take(buffer, kind, flags, offset, stop)
            offset = (stop + 3) & ~3
        if offset < end:
            super().feed(buffer[offset:] if offset else buffer)

    def remember(self) -> None:
        """The dump is complete: let the memory know its messages."""
        if self._memory is not None:
            hashes = self._memory.hashes
            hashes |= self._hashes
            if len(hashes) > 2 * len(self.entries):
                self._memory.hashes = {cookie: hashes[cookie] for cookie in self.entries if cookie in hashes}

    def row(self, buffer: bytes, start: int, end: int) -> None:
        """Decode one row. Raises MalformedMessage."""
        entry, layout = self._decode(buffer, start, end)
        self.entries[entry.key] = entry
        self.fresh.append(entry.key)
        if self._memory is not None:
            start -= HEADER_SIZE
            times = layout.times_start
            if times:
                digest = hash((buffer[start + 16 : start + times], buffer[start + layout.times_end : end]))
            else:
                digest = hash(buffer[start + 16 : end])
            self._hashes[entry.key] = digest

    def decode(self, buffer: bytes, start: int, end: int) -> SocketEntry:
        """The row in `buffer[start:end]`, netlink header excluded, kept nowhere. Raises MalformedMessage."""
        return self._decode(buffer, start, end)[0]

    def _decode(self, buffer: bytes, start: int, end: int) -> tuple[SocketEntry, _Layout]:
        start -= HEADER_SIZE
        length = end - start
        if length < MESSAGE_SIZE:
            raise MalformedMessage(f"read a socket in {length - HEADER_SIZE} bytes where its struct has 72", start)
        key = length << 16 | _PEEK.unpack_from(buffer, start)[4]
        layout = self._layouts.get(key)
        values: tuple[Any, ...] = ()
        if layout is not None:
            values = layout.unpack(buffer, start)
            if values[_HEAD_VALUES::2] != layout.headers:
                layout = None
        if layout is None:
            layout = _Layout(buffer, start, end)
            if len(self._layouts) < LAYOUTS_MAX or key in self._layouts:
                self._layouts[key] = layout
            values = layout.unpack(buffer, start)
        return self._entry(layout, layout.pick(values + _ABSENT)), layout

    def _entry(self, layout: _Layout, picked: tuple[Any, ...]) -> SocketEntry:
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
            PORTS[sport],
            peer,
            PORTS[dport],
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
