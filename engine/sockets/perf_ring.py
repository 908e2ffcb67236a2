"""The rings that an opened tracepoint fills, one a processor: mapped and read (perf_event_open(2), MMAP layout)."""

from __future__ import annotations

import errno
import mmap
import os
import struct
from typing import Final

from engine.model.errors import MalformedMessage, NetlinkError
from engine.sockets.perf_records import Lost, Record, records

RING_PAGES: Final = 128
"""512 KB a processor, about 5,000 records: what perf_event_mlock_kb lets any process map."""

RING_PAGES_LEAST: Final = 32
"""Twice what makes a descriptor readable (perf_open.WAKEUP_BYTES): a smaller ring would lose records before."""

_HEAD: Final = 1024
_TAIL: Final = 1032
"""data_head and data_tail in perf_event_mmap_page."""
_POSITION: Final = struct.Struct("=Q")

MAP_REFUSALS: Final = frozenset((errno.EPERM, errno.ENOMEM))
"""Over what the user may lock in memory, for all of its perf rings together: a smaller ring may still fit."""


class PerfRing:
    """The ring of one opened descriptor, which it owns from then on. Raises NetlinkError if it cannot be mapped."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.lost = 0
        """Records for which there was no room."""
        self.malformed = 0
        """Pieces of the ring that were given up."""
        try:
            self._map = _mapped(descriptor)
        except (OSError, ValueError) as error:
            os.close(descriptor)
            raise NetlinkError("map a perf ring", error.errno if isinstance(error, OSError) else None) from error
        self._size = len(self._map) - mmap.PAGESIZE

    def drain(self) -> list[Record]:
        """Everything recorded since the last call."""
        (head,) = _POSITION.unpack_from(self._map, _HEAD)
        (tail,) = _POSITION.unpack_from(self._map, _TAIL)
        if head == tail:
            return []
        first, length = tail % self._size, head - tail
        start = mmap.PAGESIZE + first
        data = self._map[start : start + min(length, self._size - first)]
        if len(data) < length:
            data += self._map[mmap.PAGESIZE : mmap.PAGESIZE + length - len(data)]
        _POSITION.pack_into(self._map, _TAIL, head)
        found: list[Record] = []
        try:
            for record in records(data):
                if isinstance(record, Lost):
                    self.lost += record.records
                else:
                    found.append(record)
        except MalformedMessage:
            self.malformed += 1
        return found

    def close(self) -> None:
        """Stop recording on this processor."""
        self._map.close()
        os.close(self.descriptor)


def _mapped(descriptor: int) -> mmap.mmap:
    """The ring as large as may be, its page of positions before it."""
    pages = RING_PAGES
    while True:
        try:
            return mmap.mmap(descriptor, (pages + 1) * mmap.PAGESIZE)
        except OSError as error:
            if error.errno not in MAP_REFUSALS or pages <= RING_PAGES_LEAST:
                raise
            pages //= 2
