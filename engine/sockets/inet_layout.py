"""Where the parts of an inet_diag message lie, worked out once for all messages of one kind. No I/O.

A row is `struct inet_diag_msg` followed by attributes, which the kernel puts in the same order and sizes for all
sockets of one kind. So the walk over the attributes of a message yields a Layout, and the next message of that length
is taken apart by one call of `struct`, its attribute headers checked against the layout.
"""

from __future__ import annotations

import struct
from operator import itemgetter
from typing import Final

from engine.model.errors import MalformedMessage
from engine.sockets import tcp_info
from engine.sockets.netlink import attributes
from engine.sockets.sock_diag import (
    AF_INET,
    AF_INET6,
    INET_DIAG_CGROUP_ID,
    INET_DIAG_CONG,
    INET_DIAG_INFO,
    INET_DIAG_MARK,
    INET_DIAG_SHUTDOWN,
    INET_DIAG_SKMEMINFO,
    INET_DIAG_SKV6ONLY,
    INET_DIAG_TCLASS,
    INET_DIAG_TOS,
)

# Past the nlmsghdr, inet_diag_msg without its family and state. Ports are in network order, the rest is not.
_HEADS: Final = {
    AF_INET: "=16x" + "2xBB" + "HH" + "4s12x4s12x" + "IQ" + "IIIII",
    AF_INET6: "=16x" + "2xBB" + "HH" + "16s16s" + "IQ" + "IIIII",
}
HEADER_SIZE: Final = 16
MESSAGE_SIZE: Final = HEADER_SIZE + 72
HEAD_VALUES: Final = 13
_COOKIE_END: Final = HEADER_SIZE + 52

ABSENT: Final = (None, b"")
"""What is put behind the values of a message, to be picked for the attributes that it does not have."""
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


class Layout:
    """Where the parts of messages of one length, family and state lie.

    `unpack` takes the whole message; its values are those of the head, then in turn an attribute's header and its
    payload. `pick` puts them in the order that `InetDump._entry` wants, absent attributes included. `compare` tells of
    each message in a run of such the netlink header, family and state in one, what lies before the cookie, the cookie,
    and what lies behind it in two parts, between which are the times of tcp_info that count up by themselves; `step`
    is from one message to the next.
    """

    __slots__ = ("compare", "family", "headers", "pick", "state", "step", "unpack")

    def __init__(self, buffer: bytes, start: int, end: int) -> None:
        """Walk `buffer[start:end]`, a whole message. Raises MalformedMessage."""
        self.family, self.state = buffer[start + HEADER_SIZE], buffer[start + HEADER_SIZE + 1]
        if self.family not in _HEADS:
            raise MalformedMessage(f"read an Internet socket of family {self.family}", start + HEADER_SIZE)
        formats = [_HEADS[self.family]]
        headers: list[bytes] = []
        positions: dict[int, int] = {}
        times_start = times_end = end - start
        for number, (kind, first, last) in enumerate(attributes(buffer, start + MESSAGE_SIZE, end)):
            size = last - first
            form, least, _ = _ATTRIBUTES.get(kind, ("", 0, 0))
            if size < least or (form and size != least):
                raise MalformedMessage(f"read attribute {kind} of a socket in {size} bytes", first)
            formats.append(f"4s{form or f'{size}s'}")
            if last < end:
                formats.append(f"{-size % 4}x")
            headers.append(buffer[first - 4 : first])
            positions[kind] = HEAD_VALUES + 2 * number + 1
            if kind == INET_DIAG_INFO and size >= tcp_info.TIMES_END:
                times_start = first - start + tcp_info.TIMES_START
                times_end = first - start + tcp_info.TIMES_END
        self.headers = tuple(headers)
        wanted = (positions.get(kind, absent) for kind, (_, _, absent) in _ATTRIBUTES.items())
        self.pick = itemgetter(*range(HEAD_VALUES), *wanted)
        self.unpack = struct.Struct("".join(formats)).unpack_from
        changing = f"{times_start - _COOKIE_END}s{times_end - times_start}x{end - start - times_end}s{start - end & 3}x"
        parts = struct.Struct(f"={HEADER_SIZE}sH42sQ{changing}")
        self.compare, self.step = parts.iter_unpack, parts.size
