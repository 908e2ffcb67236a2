"""Records of a perf ring as values (linux/perf_event.h): TCP state changes with their process, and names. Pure.

The tracepoint `sock:inet_sock_set_state` (include/trace/events/sock.h) fires in whatever context changes the state: in
the program's own call for connect(), close() and shutdown(), in the network's for what arrives. Only the former name
the process, so only those are asked for, and SYN-SENT's end, where an opener's port is known at last.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from engine.model.errors import MalformedMessage
from engine.text.sanitize import printable_bytes_within

PERF_RECORD_LOST: Final = 2
PERF_RECORD_COMM: Final = 3
PERF_RECORD_FORK: Final = 7
PERF_RECORD_SAMPLE: Final = 9

_HEADER: Final = struct.Struct("=IHH")
"""perf_event_header: type, misc, size."""
_SAMPLE: Final = struct.Struct("=IIQI")
"""PERF_SAMPLE_TID, TIME and RAW: pid, tid, time, size of the raw data that follows."""
_PAIR: Final = struct.Struct("=II")
_LOST: Final = struct.Struct("=QQ")

_CHANGE: Final = struct.Struct("=8xQiiHHH2x4s4s16s16s")
"""skaddr, oldstate, newstate, sport, dport, family, saddr, daddr, saddr_v6, daddr_v6."""

FORMAT: Final[dict[str, tuple[int, int]]] = {
    "skaddr": (8, 8),
    "oldstate": (16, 4),
    "newstate": (20, 4),
    "sport": (24, 2),
    "dport": (26, 2),
    "family": (28, 2),
    "saddr": (32, 4),
    "daddr": (36, 4),
    "saddr_v6": (40, 16),
    "daddr_v6": (56, 16),
}
"""Offset and size of each field that `_CHANGE` reads. Linux has had them so since 4.16; `matches_format` checks."""

SYN_SENT: Final = 2
FIN_WAIT_1: Final = 4
LAST_ACK: Final = 9

FILTER: Final = (
    f"newstate == {SYN_SENT} || oldstate == {SYN_SENT} || newstate == {FIN_WAIT_1} || newstate == {LAST_ACK}"
)
"""What the kernel is asked to record: see the module's docstring."""

COMM_CHARACTERS_MAX: Final = 64


class StateChange(NamedTuple):
    """A socket changed its state. `pid` is the process in whose context that was. Ports are 0 while unknown."""

    time_ns: int
    """The kernel's clock, the same on all processors."""
    pid: int
    socket: int
    """The kernel's address of the socket: the same for as long as it lives."""
    old: int
    new: int
    local: tuple[str, int]
    peer: tuple[str, int]


class Named(NamedTuple):
    """A process has this name from now on (exec, prctl)."""

    pid: int
    name: str


class Forked(NamedTuple):
    """A process was made by another, whose name it has."""

    pid: int
    parent: int


class Lost(NamedTuple):
    """Records that the ring had no room for."""

    records: int


Record = StateChange | Named | Forked | Lost


def matches_format(text: str) -> bool:
    """Whether the tracepoint's `format` file in tracefs puts the fields where this module reads them."""
    found: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        # field:__u16 sport;	offset:24;	size:2;	signed:0;
        parts = [part.strip() for part in line.strip().split(";")]
        if len(parts) < 3 or not parts[0].startswith("field:"):
            continue
        name = parts[0].split()[-1].partition("[")[0]
        offset, size = parts[1].partition(":")[2], parts[2].partition(":")[2]
        if offset.isdecimal() and size.isdecimal():
            found[name] = (int(offset), int(size))
    return all(found.get(name) == place for name, place in FORMAT.items())


def records(data: bytes) -> Iterator[Record]:
    """The records in a piece of the ring that begins and ends with whole ones; others than those above are left out.

    Raises MalformedMessage where a record's length cannot be.
    """
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < _HEADER.size:
            raise MalformedMessage(f"read a perf record in {end - offset} bytes", offset)
        kind, _, size = _HEADER.unpack_from(data, offset)
        if size < _HEADER.size or offset + size > end:
            raise MalformedMessage(f"read a perf record of {size} bytes where {end - offset} remain", offset)
        body = data[offset + _HEADER.size : offset + size]
        if kind == PERF_RECORD_SAMPLE and len(body) >= _SAMPLE.size + _CHANGE.size:
            yield _change(body)
        elif kind == PERF_RECORD_COMM and len(body) > _PAIR.size:
            name = body[_PAIR.size :].split(b"\0", 1)[0]
            yield Named(_PAIR.unpack_from(body)[0], printable_bytes_within(name, COMM_CHARACTERS_MAX))
        elif kind == PERF_RECORD_FORK and len(body) >= _PAIR.size:
            yield Forked(*_PAIR.unpack_from(body))
        elif kind == PERF_RECORD_LOST and len(body) >= _LOST.size:
            yield Lost(_LOST.unpack_from(body)[1])
        offset += size


def _change(body: bytes) -> StateChange:
    pid, _, time_ns, _ = _SAMPLE.unpack_from(body)
    sock, old, new, sport, dport, family, source, destination, source6, destination6 = _CHANGE.unpack_from(
        body, _SAMPLE.size
    )
    if family == socket.AF_INET6:
        local, peer = (socket.inet_ntop(socket.AF_INET6, raw) for raw in (source6, destination6))
    else:
        local, peer = (socket.inet_ntop(socket.AF_INET, raw) for raw in (source, destination))
    return StateChange(time_ns, pid, sock, old, new, (local, sport), (peer, dport))
