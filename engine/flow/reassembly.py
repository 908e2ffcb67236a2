"""One direction of a conversation put together: every byte once, in order, holes told.

Segments come in the order of capture with what was captured of their payload. What was there before is dropped, what
comes too early is held until the hole before it is filled. A hole is given up, and told as missing, when the other side
acknowledges what lies behind it (it arrived and was not captured), when too much is held, or at the end.

Sequence numbers are 32 bits wide and may wrap; each is taken for the nearest to the one expected.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

HELD_BYTES_MAX: Final = 4 * 1024 * 1024
"""Held behind a hole at most: a full window of the default buffers (net.ipv4.tcp_rmem goes to 6 MB, half for data)."""
HELD_COST: Final = 200
"""What a held segment counts beside its bytes, so that many small ones are bounded too."""

_WRAP: Final = 1 << 32
_HALF: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of the stream in order, which frame `number` brought at `ts_ns`, after `missing` that nobody has."""

    number: int
    ts_ns: int
    data: bytes
    missing: int = 0
    cut: int = 0
    """How many of the missing were on the wire but not kept: the snap length cut them off."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A segment's payload; `data` is shorter than from `start` to `end` where the rest was not captured."""

    start: int
    end: int
    number: int
    ts_ns: int
    data: bytes


class Reassembly:
    """Put segments in with `add`, tell of acknowledgements with `acknowledged`, end with `finish`; each returns the
    pieces that are complete by it."""

    def __init__(self, expected: int, missing: int = 0) -> None:
        """`expected` is the sequence number of the first byte that is of interest; `missing` how many bytes before it
        are known to be missing."""
        self.held_bytes = 0
        """What is held behind a hole now, each segment with its HELD_COST."""
        self._next = expected
        self._missing = missing
        self._cut = 0
        self._number = self._ts_ns = 0  # of the latest segment taken
        self._held: list[_Placed] = []

    def add(self, seq: int, length: int, data: bytes, number: int, ts_ns: int) -> list[Piece]:
        """A segment of `length` payload bytes, of which `data` was captured from its beginning on."""
        if length <= 0:
            return []
        start = self._unwrapped(seq)
        placed = _Placed(start, start + length, number, ts_ns, data[:length])
        if placed.end <= self._next:
            return []
        if start > self._next:
            self._hold(placed)
            return self._give_up(None) if self.held_bytes > HELD_BYTES_MAX else []
        return [*self._take(placed), *self._give_up(self._next)]

    def acknowledged(self, ack: int) -> list[Piece]:
        """The other side has everything before `ack`: no hole before that will be filled any more."""
        return self._give_up(self._unwrapped(ack) - 1) if self._held else []

    def cut_off(self) -> list[Piece]:
        """What the snap length cut off the end so far, as a piece without bytes; else it is told with the next one."""
        cut, self._cut = self._cut, 0
        return [Piece(self._number, self._ts_ns, b"", cut, cut)] if cut else []

    def finish(self, ack: int | None = None) -> list[Piece]:
        """Nothing more comes: what is held, and as missing what the other side has beyond that, which is everything
        before `ack`."""
        pieces = self._give_up(None)
        end = self._next if ack is None else self._unwrapped(ack)
        if end > self._next:
            missing = self._missing + end - self._next + self._cut
            pieces.append(Piece(self._number, self._ts_ns, b"", missing, self._cut))
            self._next, self._missing, self._cut = end, 0, 0
        return pieces

    def _unwrapped(self, seq: int) -> int:
        return self._next + (seq - self._next + _HALF) % _WRAP - _HALF

    def _hold(self, placed: _Placed) -> None:
        at = bisect_right(self._held, placed.start, key=_start)
        if at and self._held[at - 1].start == placed.start and self._held[at - 1].end >= placed.end:
            return
        self._held.insert(at, placed)
        self.held_bytes += len(placed.data) + HELD_COST

    def _give_up(self, until: int | None) -> list[Piece]:
        """Take what is held and starts at or before `until`, or before the end of what was taken; None for all."""
        pieces: list[Piece] = []
        while self._held and (until is None or self._held[0].start <= max(until, self._next)):
            placed = self._held.pop(0)
            self.held_bytes -= len(placed.data) + HELD_COST
            pieces += self._take(placed)
        return pieces

    def _take(self, placed: _Placed) -> list[Piece]:
        """Move on to the end of a segment, over the hole before it if there is one."""
        if placed.end <= self._next:
            return []
        start = max(placed.start, self._next)
        data = placed.data[start - placed.start :]
        missing = self._missing + start - self._next
        self._next, self._number, self._ts_ns = placed.end, placed.number, placed.ts_ns
        pieces = []
        if data or missing:
            pieces.append(Piece(placed.number, placed.ts_ns, data, missing + self._cut, self._cut))
            self._cut = self._missing = 0
        self._cut += placed.end - start - len(data)
        return pieces


def _start(placed: _Placed) -> int:
    return placed.start
