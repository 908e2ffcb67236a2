"""The ladder of one conversation: its segments in order, long runs of plain data and ACKs folded into one rung each.

Rules of folding. A segment is plain if it carries neither SYN, FIN, RST nor URG, leaves both states as they were and
has nothing found in it but a window that grew or was filled. A run of plain ones ends with a segment that is not, or
with a pause of PAUSE_NS. A window that closes suspends the run: if it opens again within STALL_NS, as it does all the
time while a fast sender waits for a scheduler, the run goes on, and the stall is counted; if not, the run has ended
where the window closed.

Of a run of at least HEAD + FOLDED_MIN + TAIL, all but the first HEAD and the last TAIL are folded. The last ones stay
outside while the run grows, so that a ladder that is watched moves by one rung a segment. A segment inside a fold that
later turns out to be lost is taken out of it.

A rung is known by its position, counted from the conversation's first frame that was fed; nothing here knows a frame's
bytes, so what is shown of a rung is looked up when it is seen.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

from engine.flow.findings import WINDOW_FULL, WINDOW_UPDATE, ZERO_WINDOW
from engine.flow.ladder_losses import Losses
from engine.flow.ladder_rungs import BACKWARD, BARE_SYN, SYN_OR_FIN, Rungs

HEAD: Final = 2
TAIL: Final = 2
"""Rungs of a run that stay open at its two ends: how it begins and how it ends is what a reader looks for."""
FOLDED_MIN: Final = 4
"""Fewer than this are no shorter folded."""
PAUSE_NS: Final = 1_000_000_000
"""A second without a segment is an event of its own."""

STALL_NS: Final = 10_000_000
"""Shorter than any timer of TCP: the delayed ACK waits 40 ms, the first probe of a closed window 200 ms."""

TRIM_STEP: Final = 16_384
"""Rungs of evicted frames are taken out of memory when so many have gathered."""

_FIN, _SYN, _ACK = 0x001, 0x002, 0x010
_ALWAYS_SHOWN: Final = 0x027  # FIN, SYN, RST, URG
_OF_THE_WINDOW: Final = WINDOW_UPDATE | WINDOW_FULL | ZERO_WINDOW


@dataclass(slots=True)
class Run:
    """A folded part of a run: rungs from position `start` to before `stop`."""

    start: int
    stop: int
    first_number: int
    """The frame that names it, and its time."""
    first_ns: int
    counted: int
    """The position up to which the sums below go; those of an entry that was handed out go to its end."""
    acks: int = 0
    """Segments without data."""
    forward_bytes: int = 0
    """Sent by the sender of the conversation's first frame."""
    backward_bytes: int = 0

    @property
    def segments(self) -> int:
        """Segments with data."""
        return self.counted - self.start - self.acks


Entry = int | Run
"""A rung by its position, or a fold."""


class Ladder:
    """The rungs of one conversation, fed in the order of capture."""

    def __init__(self) -> None:
        self.rungs = Rungs()
        self._losses = Losses(self.rungs)
        self._changes = 0
        self._first = 0  # the position of the first rung that is still kept
        self._entries: list[Entry] = []  # but for the rungs behind an open fold
        self._run_start = 0
        self._open: Run | None = None
        self._closed = [False, False]  # the window that each side told last is zero
        self._stalled = False  # the run is suspended since `_stall_at`, in position and time
        self._stall_at = (0, 0)
        self._stalls = array("Q")  # positions at which a window closed for a moment
        self._watchful = False  # a window is closed, or losses are looked for: no segment goes the short way

    @property
    def lost(self) -> set[int]:
        """Frames whose bytes were sent again before anything acknowledged them."""
        return self._losses.lost

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._changes + self.rungs.end

    def __len__(self) -> int:
        """Rungs that are known, of which some may be kept no more."""
        return len(self.rungs.numbers)

    def feed(
        self,
        number: int,
        ts_ns: int,
        forward: bool,
        flags: int,
        seq: int,
        window: int,
        length: int,
        findings: int,
        states: int,
    ) -> None:
        """The next segment; `forward` if it comes from the sender of the first frame, `states` after it."""
        rungs, run = self.rungs, self._open
        if (
            run is not None
            and not findings
            and window
            and length >= 0
            and states == rungs.states
            and not flags & _ALWAYS_SHOWN
            and ts_ns - rungs.last_ns < PAUSE_NS
            and not self._watchful
        ):
            rungs.add(number, ts_ns, not forward, seq, length, states)
            run.stop += 1
            return
        kind = (0 if forward else BACKWARD) | (SYN_OR_FIN if flags & (_SYN | _FIN) else 0)
        if flags & _SYN and not flags & _ACK:
            kind |= BARE_SYN
        me = 0 if forward else 1
        was_closed, self._closed[me] = self._closed[me], not window
        ordinary = states == rungs.states and not flags & _ALWAYS_SHOWN and not findings & ~_OF_THE_WINDOW
        if findings or self._losses.active:
            lost = self._losses.sent(number, kind, seq, length, findings)
            if lost:
                self._lose(lost)
        self._watchful = self._losses.active or any(self._closed)
        plain = ordinary and self._goes_on(ts_ns, was_closed, not window)
        self._add(number, ts_ns, kind, seq, max(length, 0), states, plain)

    def note(self, number: int, ts_ns: int) -> None:
        """A frame that is no segment of the conversation but belongs on its ladder: a loss, an ICMP error."""
        self._stalled = False
        self._add(number, ts_ns, 0, 0, 0, max(self.rungs.states, 0), False)

    def forget_before(self, oldest: int) -> None:
        """Leave out what happened before frame `oldest`. A fold stays as long as one of its frames does."""
        rungs = self.rungs
        first = rungs.first_from(oldest)
        if first == self._first:
            return
        self._first = first
        self._changes += 1
        if self._open is not None:
            self._count(self._open)
            if self._open.stop <= first:
                self._close_run()
        gone = 0
        for entry in self._entries:
            if (entry.stop if isinstance(entry, Run) else entry + 1) > first:
                break
            gone += 1
        del self._entries[:gone]
        if self._open is None:
            self._run_start = max(self._run_start, first)
        if first - rungs.base >= TRIM_STEP:
            del self._stalls[: bisect_left(self._stalls, first)]
            rungs.forget_before(first)
            self._losses.forget_before(oldest)

    def entries(self, unfolded: frozenset[int] = frozenset(), folded: bool = True) -> list[Entry] | range:
        """All rungs in order; folds named in `unfolded` (by their first frame) as the rungs that are in them and still
        kept, or without `folded` all of them."""
        if not folded:
            return range(self._first, self.rungs.end)
        if self._open is not None:
            self._count(self._open)
        shown: list[Entry] = []
        if not unfolded:
            shown += self._entries
        else:
            for entry in self._entries:
                if isinstance(entry, Run) and entry.first_number in unfolded:
                    shown += range(max(entry.start, self._first), entry.stop)
                else:
                    shown.append(entry)
        if self._open is not None:
            shown += range(self._open.stop, self.rungs.end)
        return shown

    def wanted(self) -> set[int]:
        """The frames that are shown now, or will be if they turn out to be lost."""
        shown = {self.rungs.number(entry) for entry in self.entries() if not isinstance(entry, Run)}
        return shown | self._losses.candidates()

    def forward(self, position: int) -> bool:
        """Whether the sender of the conversation's first frame sent the segment at a position."""
        return not self.rungs.kind(position) & BACKWARD

    def states(self, position: int) -> int:
        """Both ends' states after the segment at a position, the sender of the first frame in the upper bits. One that
        was lost has not moved its receiver yet."""
        rungs = self.rungs
        states, number = rungs.states_at(position), rungs.number(position)
        origin = rungs.position(self._losses.first_sending(number) or number) if number in self.lost else None
        if origin is None or origin == rungs.base:
            return states
        receiver = 0x0F if self.forward(position) else 0xF0
        if (states ^ rungs.states_at(origin)) & receiver:
            return states  # it was moved by something else meanwhile
        return states & ~receiver | rungs.states_at(origin - 1) & receiver

    def moved(self, position: int) -> tuple[bool, bool]:
        """Whether the segment at a position brought each end, the sender of the first frame first, into its state.

        One that was lost moves its sender only, as far as the other end can know; that one is moved by the segment that
        carries the same again and arrives.
        """
        first, second = self.rungs.changed(position)
        number, forward = self.rungs.number(position), self.forward(position)
        origin = self.rungs.position(self._losses.first_sending(number))
        if origin is not None:
            there = self.rungs.changed(origin)
            first, second = (first, second or there[1]) if forward else (first or there[0], second)
        if number in self.lost:
            first, second = (first, False) if forward else (False, second)
        return first, second

    def first_of(self, entry: Entry) -> int:
        """The frame that an entry begins with."""
        return entry.first_number if isinstance(entry, Run) else self.rungs.number(entry)

    def stalls(self, run: Run) -> int:
        """How often a window was closed for a moment in a fold, as far as its beginning is not long gone."""
        return bisect_left(self._stalls, run.stop) - bisect_left(self._stalls, run.start)

    def _goes_on(self, ts_ns: int, was_closed: bool, closed: bool) -> bool:
        """Whether a segment that is no event goes on with the run: by what its sender's window was and is now."""
        if self._stalled:
            since, since_ns = self._stall_at
            if ts_ns - since_ns < STALL_NS:
                if not any(self._closed):
                    self._stalled = False
                    self._stalls.append(since)
                return True
            self._stalled = False
            self._close_run()
            self._run_start = self.rungs.end
        if closed and not was_closed:
            self._stalled = True
            self._stall_at = self.rungs.end, ts_ns
            return True
        return not closed and not was_closed

    def _add(self, number: int, ts_ns: int, kind: int, seq: int, length: int, states: int, plain: bool) -> None:
        rungs = self.rungs
        position = rungs.end
        if not plain or ts_ns - rungs.last_ns >= PAUSE_NS:
            self._close_run()
            self._run_start = position if plain else position + 1
            self._stalled = self._stalled and plain
        rungs.add(number, ts_ns, kind, seq, length, states)
        if self._open is None:
            self._entries.append(position)
        if self._stalled:
            return  # what there is now may be folded later
        if self._open is not None:
            self._open.stop = rungs.end - TAIL
        elif plain and rungs.end - self._run_start >= HEAD + FOLDED_MIN + TAIL:
            start = self._run_start + HEAD
            self._open = self._run(start, rungs.end - TAIL)
            self._entries[start - rungs.end :] = [self._open]

    def _close_run(self) -> None:
        """The run is over: what stays outside its fold are entries like any other."""
        run = self._open
        if run is not None:
            self._count(run)
            self._entries += range(run.stop, self.rungs.end)
            self._open = None

    def _run(self, start: int, stop: int) -> Run:
        run = Run(start, stop, self.rungs.number(start), self.rungs.time_ns(start), start)
        self._count(run)
        return run

    def _count(self, run: Run) -> None:
        """Bring the sums of a run up to its end."""
        if run.counted == run.stop:
            return
        acks, there, back = self.rungs.totals(run.counted, run.stop)
        run.acks += acks
        run.forward_bytes += there
        run.backward_bytes += back
        run.counted = run.stop

    def _lose(self, number: int) -> None:
        """A frame was sent in vain: show it, if it lies in a fold."""
        position = self.rungs.position(number)
        self._changes += 1
        at = bisect_right(self._entries, position or 0, key=_start) - 1
        run = self._entries[at] if at >= 0 else None
        if position is None or not isinstance(run, Run) or not self.rungs.base <= run.start <= position < run.stop:
            return
        parts = [*self._part(run.start, position), position, *self._part(position + 1, run.stop)]
        self._entries[at : at + 1] = parts
        if run is self._open:
            last = parts[-1]
            self._open = last if isinstance(last, Run) else None
            if self._open is None:
                self._run_start = position + 1
                self._entries += range(run.stop, self.rungs.end)

    def _part(self, start: int, stop: int) -> list[Entry]:
        return [self._run(start, stop)] if stop - start >= FOLDED_MIN else list(range(start, stop))


def _start(entry: Entry) -> int:
    return entry.start if isinstance(entry, Run) else entry
