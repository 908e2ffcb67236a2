"""The ladder of one conversation: its segments in order, long runs of plain data and ACKs folded into one rung each.

Rules of folding. A segment is plain if it carries neither SYN, FIN, RST nor URG, leaves both states as they were and
has nothing found in it but a window that grew. A run of plain ones ends with a segment that is not, or with a pause of
PAUSE_NS. Of a run of at least HEAD + FOLDED_MIN + TAIL, all but the first HEAD and the last TAIL are folded. The last
ones stay outside while the run grows, so that a ladder that is watched moves by one rung a segment. A segment inside a
fold that later turns out to be lost is taken out of it.

A rung is known by its position, counted from the conversation's first frame that was fed; nothing here knows a frame's
bytes, so what is shown of a rung is looked up when it is seen.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from engine.flow.findings import WINDOW_UPDATE
from engine.flow.ladder_losses import Waiting
from engine.flow.states import LISTEN, UNKNOWN

HEAD: Final = 2
TAIL: Final = 2
"""Rungs of a run that stay open at its two ends: how it begins and how it ends is what a reader looks for."""
FOLDED_MIN: Final = 4
"""Fewer than this are no shorter folded."""
PAUSE_NS: Final = 1_000_000_000
"""A second without a segment is an event of its own."""

TRIM_STEP: Final = 16_384
"""Rungs of evicted frames are taken out of memory when so many have gathered."""

_ALWAYS_SHOWN: Final = 0x027  # FIN, SYN, RST, URG
_ACK: Final = 0x010
_BY_SECOND: Final = 1 << 63
_LENGTH: Final = _BY_SECOND - 1


@dataclass(slots=True)
class Run:
    """A folded part of a run: rungs from position `start` to before `stop`."""

    start: int
    stop: int
    first_number: int
    """The frame that names it, and its time."""
    first_ns: int
    segments: int = 0
    """With data."""
    acks: int = 0
    forward_bytes: int = 0
    """Sent by the sender of the conversation's first frame."""
    backward_bytes: int = 0


Entry = int | Run
"""A rung by its position, or a fold."""


class Ladder:
    """The rungs of one conversation, fed in the order of capture."""

    def __init__(self) -> None:
        self.lost: set[int] = set()
        """Frames whose bytes were sent again before anything acknowledged them."""
        self._again: dict[int, int] = {}  # frames that carry again what was lost, and the frame that first did
        self.version = 0
        """Grows with every change."""
        self._base = 0  # the position that the arrays begin with
        self._first = 0  # the position of the first rung that is still kept
        self._numbers = array("Q")
        self._times = array("q")
        self._lengths = array("Q")
        self._states = array("B")
        self._entries: list[Entry] = []
        self._keys: list[int] = []  # where each entry starts
        self._run_start = 0
        self._open: Run | None = None
        self._waiting = (Waiting(), Waiting())
        self._closed = [False, False]  # the window that each side told last is zero

    def __len__(self) -> int:
        return len(self._numbers)

    def feed(
        self,
        number: int,
        ts_ns: int,
        forward: bool,
        flags: int,
        seq: int,
        ack: int,
        window: int,
        length: int,
        findings: int,
        states: int,
    ) -> None:
        """The next segment; `forward` if it comes from the sender of the first frame, `states` after it."""
        me, you = (0, 1) if forward else (1, 0)
        plain = (
            not flags & _ALWAYS_SHOWN
            and (not findings or (findings == WINDOW_UPDATE and not self._closed[me]))
            and len(self._states) > 0
            and states == self._states[-1]
        )
        self._closed[me] = not window
        if length > 0 or flags & 3:
            lost = self._waiting[me].sent(number, seq, flags, length, findings)
            if lost:
                self._again[number] = self._again.get(lost, lost)
                self._lose(lost)
        if flags & _ACK:
            self._waiting[you].acknowledged(ack)
        self._add(number, ts_ns, max(length, 0) if forward else max(length, 0) | _BY_SECOND, states, plain)

    def note(self, number: int, ts_ns: int) -> None:
        """A frame that is no segment of the conversation but belongs on its ladder: a loss, an ICMP error."""
        self._add(number, ts_ns, 0, self._states[-1] if self._states else 0, False)

    def forget_before(self, oldest: int) -> None:
        """Leave out what happened before frame `oldest`. A fold stays as long as one of its frames does."""
        first = self._base + bisect_left(self._numbers, oldest)
        if first == self._first:
            return
        self._first = first
        self.version += 1
        gone = 0
        for entry in self._entries:
            if (entry.stop if isinstance(entry, Run) else entry + 1) > first:
                break
            gone += 1
        del self._entries[:gone], self._keys[:gone]
        if self._open is None or self._open.stop <= first:
            self._open = None
            self._run_start = max(self._run_start, first)
        if first - self._base >= TRIM_STEP:
            count = first - self._base
            for values in (self._numbers, self._times, self._lengths, self._states):
                del values[:count]
            self._base = first
            self.lost = {number for number in self.lost if number >= oldest}
            self._again = {number: first for number, first in self._again.items() if first >= oldest}

    def entries(self, unfolded: frozenset[int] = frozenset(), folded: bool = True) -> list[Entry] | range:
        """All rungs in order; folds named in `unfolded` (by their first frame) as the rungs that are in them and still
        kept, or without `folded` all of them."""
        if not folded:
            return range(self._first, self._base + len(self._numbers))
        if not unfolded:
            return self._entries
        shown: list[Entry] = []
        for entry in self._entries:
            if isinstance(entry, Run) and entry.first_number in unfolded:
                shown += range(max(entry.start, self._first), entry.stop)
            else:
                shown.append(entry)
        return shown

    def wanted(self) -> set[int]:
        """The frames that are shown now, or will be if they turn out to be lost."""
        shown = {self.number(entry) for entry in self._entries if not isinstance(entry, Run)}
        return shown.union(*(waiting.numbers for waiting in self._waiting))

    def number(self, position: int) -> int:
        """The frame at a position."""
        return self._numbers[position - self._base]

    def time_ns(self, position: int) -> int:
        return self._times[position - self._base]

    def forward(self, position: int) -> bool:
        """Whether the sender of the conversation's first frame sent the segment at a position."""
        return not self._lengths[position - self._base] & _BY_SECOND

    def moved(self, position: int) -> tuple[bool, bool]:
        """Whether the segment at a position brought each end, the sender of the first frame first, into its state.

        One that was lost moves its sender only, as far as the other end can know; that one is moved by the segment that
        carries the same again and arrives.
        """
        first, second = self._changed(position)
        number, forward = self.number(position), self.forward(position)
        origin = self._position(self._again.get(number, 0))
        if origin is not None:
            there = self._changed(origin)
            first, second = (first, second or there[1]) if forward else (first or there[0], second)
        if number in self.lost:
            first, second = (first, False) if forward else (False, second)
        return first, second

    def _changed(self, position: int) -> tuple[bool, bool]:
        """Which of the two states are others than before the segment at a position."""
        index = position - self._base
        after = self._states[index]
        if index:
            before = self._states[index - 1]
            return before >> 4 != after >> 4, before & 15 != after & 15
        # of a first segment a SYN is known to have moved its sender alone; of any other nothing was known before
        return after >> 4 != UNKNOWN, after & 15 not in (LISTEN, UNKNOWN)

    def _position(self, number: int) -> int | None:
        """Where a frame is, None if it is not there."""
        index = bisect_left(self._numbers, number)
        return self._base + index if index < len(self._numbers) and self._numbers[index] == number else None

    def first_of(self, entry: Entry) -> int:
        """The frame that an entry begins with."""
        return entry.first_number if isinstance(entry, Run) else self.number(entry)

    def _add(self, number: int, ts_ns: int, length: int, states: int, plain: bool) -> None:
        position = self._base + len(self._numbers)
        pause = len(self._times) > 0 and ts_ns - self._times[-1] >= PAUSE_NS
        self._numbers.append(number)
        self._times.append(ts_ns)
        self._lengths.append(length)
        self._states.append(states)
        self._entries.append(position)
        self._keys.append(position)
        self.version += 1
        if not plain:
            self._run_start, self._open = position + 1, None
            return
        if pause:
            self._run_start, self._open = position, None
        if self._open is not None:
            del self._entries[-TAIL - 1], self._keys[-TAIL - 1]
            self._count(self._open, self._open.stop)
            self._open.stop += 1
        elif position + 1 - self._run_start >= HEAD + FOLDED_MIN + TAIL:
            self._open = self._run(self._run_start + HEAD, position + 1 - TAIL)
            first, last = len(self._entries) - TAIL - FOLDED_MIN, len(self._entries) - TAIL
            self._entries[first:last] = [self._open]
            self._keys[first:last] = [self._open.start]

    def _run(self, start: int, stop: int) -> Run:
        run = Run(start, stop, self.number(start), self.time_ns(start))
        for position in range(start, stop):
            self._count(run, position)
        return run

    def _count(self, run: Run, position: int) -> None:
        length = self._lengths[position - self._base]
        size = length & _LENGTH
        if not size:
            run.acks += 1
            return
        run.segments += 1
        if length & _BY_SECOND:
            run.backward_bytes += size
        else:
            run.forward_bytes += size

    def _lose(self, number: int) -> None:
        """A frame was sent in vain: show it, if it lies in a fold."""
        position = self._position(number)
        if position is None:
            return
        self.lost.add(number)
        self.version += 1
        at = bisect_left(self._keys, position + 1) - 1
        run = self._entries[at] if at >= 0 else position
        if not isinstance(run, Run) or not run.start <= position < run.stop or run.start < self._base:
            return
        parts = [*self._part(run.start, position), position, *self._part(position + 1, run.stop)]
        self._entries[at : at + 1] = parts
        self._keys[at : at + 1] = [part.start if isinstance(part, Run) else part for part in parts]
        if run is self._open:
            last = parts[-1]
            if isinstance(last, Run):
                self._open = last
            else:
                self._run_start, self._open = position + 1, None

    def _part(self, start: int, stop: int) -> list[Entry]:
        return [self._run(start, stop)] if stop - start >= FOLDED_MIN else list(range(start, stop))
