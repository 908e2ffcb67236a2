"""The frames that were kept: bytes and what is known of each, in one piece of memory of a fixed size, oldest out first.

Entries lie behind one another, each a fixed record and then the captured bytes, and go round: at the end of the memory
the next entry starts at its beginning again. An entry that would be overwritten is evicted and counted. A second ring
holds where each entry starts, by number.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from engine.capture.bpf_words import FIN_SYN_RST
from engine.flow.placed import Placed
from engine.model.errors import BadInput

BYTES_MIN: Final = 1024 * 1024
"""Room for a few of the largest frames; a smaller store would hold fewer than a screen shows."""
BYTES_MAX: Final = 1 << 30
"""A gigabyte; offsets have 32 bits."""

ROOM_SHARE: Final = 512
"""Entries are evicted until one part in so many is free, so that most frames are kept without a look at the oldest."""

TCP: Final = 0
OTHER: Final = 1
UNDECODABLE: Final = 2
LOST: Final = 3
"""Kinds of entry. LOST is no frame but the place where the kernel dropped as many as its wire length says."""

# time, wire length, captured length, interface, link type, kind, TCP flags; then of Placed: stream, relative seq and
# ack, window, findings, how many frames ago the repeated ACK first came and how often, the peer's base, marks, states,
# completeness, scale
_RECORD = struct.Struct("<qIIIHBHqIIIIIIIBBBb")
RECORD_BYTES: Final = _RECORD.size
_KIND_AND_FLAGS = struct.Struct("<BH")
_KIND_FLAGS_STREAM = struct.Struct("<BHq")
_KIND_OFFSET: Final = 22
_GLANCE = struct.Struct("<q4xI4xHBHqIIII12xBB")
_U32: Final = 0xFFFFFFFF


class Kept(msgspec.Struct, frozen=True):
    """One entry, read back."""

    number: int
    ts_ns: int
    wire_length: int
    interface: int
    link_type: int
    """LINKTYPE_ number as in pcap."""
    kind: int
    flags: int
    """TcpFlags, 0 if it is no TCP segment."""
    placed: Placed
    """For a segment; of an ICMP error that quotes one, and of nothing else, `stream` is meant."""
    data: bytes


Glance = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
"""Of an entry: time, captured length, link type, kind, flags, stream, relative seq and ack, window, findings, marks,
states."""


class PacketStore:
    """Frames by number, from 1 in the order of capture, within `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        """Raises BadInput for a size out of bounds. Memory is used as it fills."""
        if not BYTES_MIN <= max_bytes <= BYTES_MAX:
            raise BadInput(f"keep packets in {max_bytes} bytes", hint=f"from {BYTES_MIN} to {BYTES_MAX}")
        self.max_bytes = max_bytes
        self.oldest = 1
        """The number of the oldest entry still there."""
        self.newest = 0
        """The number of the newest entry; below `oldest` when there is none."""
        self._arena = bytearray(self.max_bytes)
        self._slots = self.max_bytes // RECORD_BYTES
        self._offsets = array("I", bytes(4 * self._slots))  # of entry n at n % slots
        self._at = 0
        self._free_until = self.max_bytes

    def __len__(self) -> int:
        return self.newest - self.oldest + 1

    def add_segment(
        self, ts_ns: int, wire_length: int, data: bytes, interface: int, link_type: int, flags: int, placed: Placed
    ) -> None:
        """Keep the next frame, a TCP segment."""
        captured = len(data)
        at = self._at
        end = at + RECORD_BYTES + captured
        if end > self._free_until:
            at, end = self._make_room(RECORD_BYTES + captured)
        dup_frame = placed.dup_ack_frame
        _RECORD.pack_into(
            self._arena, at, ts_ns, wire_length, captured, interface, link_type, TCP, flags & 0xFFFF, placed.stream,
            placed.seq, placed.ack, placed.window, placed.findings,
            min(placed.number - dup_frame, _U32) if dup_frame else 0, placed.dup_ack_number & _U32, placed.peer_base,
            placed.marks, placed.states, placed.completeness, placed.scale,
        )  # fmt: skip
        self._arena[at + RECORD_BYTES : end] = data
        self.newest = newest = self.newest + 1
        self._offsets[newest % self._slots] = at
        self._at = end

    def add_other(
        self, ts_ns: int, wire_length: int, data: bytes, interface: int, link_type: int, kind: int, stream: int = -1
    ) -> None:
        """Keep the next frame, which is no TCP segment, or the place of a loss."""
        captured = len(data)
        at = self._at
        end = at + RECORD_BYTES + captured
        if end > self._free_until:
            at, end = self._make_room(RECORD_BYTES + captured)
        _RECORD.pack_into(
            self._arena, at, ts_ns, wire_length, captured, interface, link_type, kind, 0, stream,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        )  # fmt: skip
        self._arena[at + RECORD_BYTES : end] = data
        self.newest = newest = self.newest + 1
        self._offsets[newest % self._slots] = at
        self._at = end

    def kept(self, number: int) -> Kept | None:
        """Entry `number`; None if it was evicted or never was."""
        if not self.oldest <= number <= self.newest:
            return None
        at = self._offsets[number % self._slots]
        (
            ts_ns, wire_length, captured, interface, link_type, kind, flags, stream, seq, ack, window, findings,
            dup_back, dup_number, peer_base, marks, states, completeness, scale,
        ) = _RECORD.unpack_from(self._arena, at)  # fmt: skip
        placed = Placed(
            number, stream, seq, ack, window, findings, number - dup_back if dup_back else 0, dup_number, peer_base,
            marks, states, completeness, scale,
        )  # fmt: skip
        start = at + RECORD_BYTES
        data = bytes(self._arena[start : start + captured])
        return Kept(number, ts_ns, wire_length, interface, link_type, kind, flags, placed, data)

    def turning(self, number: int) -> bool:
        """Whether entry `number`, which must be there, is a segment with SYN, FIN or RST, or the place of a loss."""
        kind, flags = _KIND_AND_FLAGS.unpack_from(self._arena, self._offsets[number % self._slots] + _KIND_OFFSET)
        return kind == LOST or bool(flags & FIN_SYN_RST)

    def belonging(self, first: int, last: int, streams: frozenset[int]) -> list[int]:
        """Which of the entries from `first` to `last`, all of which must be there, are of one of these streams or the
        place of a loss."""
        arena, offsets, slots, unpack = self._arena, self._offsets, self._slots, _KIND_FLAGS_STREAM.unpack_from
        found = []
        for number in range(first, last + 1):
            kind, _, stream = unpack(arena, offsets[number % slots] + _KIND_OFFSET)
            if stream in streams or kind == LOST:
                found.append(number)
        return found

    def glances(self, numbers: Iterable[int], head: struct.Struct) -> Iterator[tuple[int, Glance, tuple[Any, ...]]]:
        """The little of entries, which must be there, that can be had without decoding them, and `head` unpacked from
        the beginning of each frame; empty for one that has fewer bytes."""
        arena, offsets, slots = self._arena, self._offsets, self._slots
        unpack, unpack_head, least = _GLANCE.unpack_from, head.unpack_from, head.size
        for number in numbers:
            at = offsets[number % slots]
            fields = unpack(arena, at)
            yield number, fields, unpack_head(arena, at + RECORD_BYTES) if fields[1] >= least else ()

    def _make_room(self, size: int) -> tuple[int, int]:
        """Evict the oldest entries until `size` bytes are free in a row; where they begin and end."""
        if self._at + size > self.max_bytes:
            self._evict(self._at, self.max_bytes)
            self._at = 0
        at = self._at
        goal = min(at + size + self.max_bytes // ROOM_SHARE, self.max_bytes)
        self._evict(at, goal)
        oldest_at = self._offsets[self.oldest % self._slots]
        self._free_until = oldest_at if len(self) and oldest_at >= at else self.max_bytes
        return at, at + size

    def _evict(self, start: int, end: int) -> None:
        """Evict the oldest entry for as long as it begins within these bytes."""
        while len(self) and start <= self._offsets[self.oldest % self._slots] < end:
            self.oldest += 1
