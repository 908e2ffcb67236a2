"""NETLINK_SOCK_DIAG for Unix sockets (linux/unix_diag.h): the request as bytes, dumps as entries. No I/O."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from engine.model.sockets import SocketEntry
from engine.sockets.addresses import WILDCARD
from engine.sockets.netlink import NLM_F_DUMP, NLM_F_REQUEST, message
from engine.sockets.other_dump import OtherDump, memory, number
from engine.sockets.sock_diag import DATAGRAM_STATES, SOCK_DIAG_BY_FAMILY
from engine.text.sanitize import printable_bytes_within

AF_UNIX: Final = 1

NETIDS: Final = {1: "u_str", 2: "u_dgr", 5: "u_seq"}
"""SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET to ss's netid; another type is `u_` and its number."""

NAME_CHARACTERS_MAX: Final = 432
"""sun_path holds 108 bytes; each may take four characters as an escape."""

_REQUEST: Final = struct.Struct("=BBHIIIQ")
_PAIR: Final = struct.Struct("=II")

_SHOW: Final = 0x01 | 0x04 | 0x10 | 0x20 | 0x40
"""UDIAG_SHOW_NAME, PEER, RQLEN, MEMINFO, UID."""

_NAME, _PEER, _RQLEN, _MEMINFO, _SHUTDOWN, _UID = 0, 2, 4, 5, 6, 7


def dump_request(sequence: int) -> bytes:
    """Ask for every Unix socket in every state."""
    body = _REQUEST.pack(AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW, 0)
    return message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, sequence, body)


def name_text(raw: bytes) -> str:
    """A path, or `@name` for an abstract one, as ss prints it: each NUL of an abstract name is `@`; `*` for none."""
    if not raw:
        return WILDCARD
    whole = raw.replace(b"\0", b"@") if raw[0] == 0 else raw.split(b"\0", 1)[0]
    return printable_bytes_within(whole, NAME_CHARACTERS_MAX)


class UnixDump(OtherDump):
    """One dump of Unix sockets."""

    what = "a Unix socket"
    family = AF_UNIX
    fields = struct.Struct("=BBBxIQ")
    least: ClassVar = {_NAME: 0, _PEER: 4, _RQLEN: 8, _MEMINFO: 4, _SHUTDOWN: 1, _UID: 4}

    def entry(self, values: tuple[Any, ...], found: Mapping[int, bytes]) -> SocketEntry:
        """The row as an entry; a peer has its inode alone (`with_peer_names`)."""
        _, kind, state, inode, cookie = values
        recv_q, send_q = _PAIR.unpack_from(found[_RQLEN]) if _RQLEN in found else (None, None)
        return SocketEntry(
            key=cookie,
            netid=NETIDS.get(kind, f"u_{kind}"),
            family=AF_UNIX,
            state=DATAGRAM_STATES[state],
            recv_q=recv_q,
            send_q=send_q,
            local_address=name_text(found.get(_NAME, b"")),
            local_port=0,
            peer_address=WILDCARD,
            peer_port=0,
            uid=number(found, _UID),
            inode=inode,
            cookie=cookie,
            skmem=memory(found, _MEMINFO),
            shutdown=found[_SHUTDOWN][0] if _SHUTDOWN in found else None,
            peer_inode=number(found, _PEER) or 0,
        )


def with_peer_names(entries: dict[int, SocketEntry]) -> dict[int, SocketEntry]:
    """The rows of a whole dump, each with the name of its peer where that has one."""
    names = {entry.inode: entry.local_address for entry in entries.values() if entry.local_address != WILDCARD}
    return {
        key: replace(entry, peer_address=names[entry.peer_inode]) if entry.peer_inode in names else entry
        for key, entry in entries.items()
    }
