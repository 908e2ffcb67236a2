"""Builders of rows with defaults, so that a test names only what it is about."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from engine.model.sockets import Owner, SkMem, SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import TCP_INFO_FIELDS

TCP_INFO_LENGTH = 248


def entry(**given: Any) -> SocketEntry:
    """An ESTABLISHED TCP socket over IPv4 loopback, changed by what is given."""
    fields: dict[str, Any] = {
        "key": 1,
        "netid": "tcp",
        "family": 2,
        "state": SocketState.ESTABLISHED,
        "recv_q": 0,
        "send_q": 0,
        "local_address": "127.0.0.1",
        "local_port": 65432,
        "peer_address": "127.0.0.1",
        "peer_port": 53225,
    }
    return SocketEntry(**(fields | given))


def listener(**given: Any) -> SocketEntry:
    """A LISTEN socket with three of 128 places of its accept queue taken."""
    fields: dict[str, Any] = {
        "state": SocketState.LISTEN,
        "recv_q": 3,
        "send_q": 128,
        "peer_address": "0.0.0.0",
        "peer_port": 0,
    }
    return entry(**(fields | given))


def owner(name: str = "sink", pid: int = 41210, fd: int = 7, **given: Any) -> Owner:
    """A process that holds the socket."""
    return Owner(pid, fd, name, **given)


def tcp_info(length: int = TCP_INFO_LENGTH, **fields: int) -> bytes:
    """The kernel's bytes with these fields set and all others 0."""
    raw = bytearray(TCP_INFO_LENGTH)
    for name, value in fields.items():
        offset, kind = TCP_INFO_FIELDS[name]
        struct.pack_into(kind.format, raw, offset, value)
    return bytes(raw[:length])


def with_info(row: SocketEntry, **fields: int) -> SocketEntry:
    """The row with more fields of its tcp_info set."""
    raw = bytearray(row.tcp_info)
    for name, value in fields.items():
        offset, kind = TCP_INFO_FIELDS[name]
        struct.pack_into(kind.format, raw, offset, value)
    return msgspec.structs.replace(row, tcp_info=bytes(raw))


def skmem(**fields: int) -> SkMem:
    """Socket memory, 0 where not given."""
    names = SkMem.__struct_fields__
    return SkMem(**(dict.fromkeys(names, 0) | fields))
