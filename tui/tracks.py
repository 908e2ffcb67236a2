"""What only watching tells: since when a socket is known, how fast its bytes go, how its queues went, what has closed.

One `Tracks` sees every snapshot once, in the bridge's thread, and hands out a frozen `Watched`; the trail of one socket
is asked for by the screen. It holds what the screen shows and no more: bounded in time and in number, and what was
given up for room is counted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from engine.insight.counts import SenderCounts, sender_counts
from engine.model.messages import ClosedSocket
from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry, SocketFigures
from engine.model.tcp import SocketState
from engine.text.socket_values import data_recv_q, data_send_q, in_bytes, out_bytes, tcp_field

NS_PER_S: Final = 1_000_000_000

TRAIL_POINTS: Final = 120
"""Points of a trail: two minutes at one a second, twice what the widest sparkline shows."""

TRAILS_MAX: Final = 2_000
"""Sockets with a trail, about 30 KB each at the worst; a machine with more is watched in figures only."""

HISTORY_S: Final = 30.0
"""How long a closed socket stays in the history, unless told otherwise."""

HISTORY_MAX: Final = 5_000
"""Closed sockets in the history: a flood of short connections must not fill the memory."""

_rtt = tcp_field("rtt")


_Total = tuple[SocketEntry, int | None, int | None]
"""A row, and its data bytes in and out."""


@dataclass(frozen=True)
class Point:
    """One refresh of one socket; None is unknown."""

    recv_q: int | None
    send_q: int | None
    rtt_us: int | None
    in_per_s: float | None
    out_per_s: float | None
    ts_ns: int = 0
    sender: SenderCounts | None = None
    """Where the bytes of its own sending were; None where the source has no tcp_info."""


@dataclass(frozen=True)
class Watched:
    """What watching told up to one snapshot."""

    figures: Mapping[int, SocketFigures] = field(default_factory=dict)
    """By key."""
    closed: tuple[ClosedSocket, ...] = ()
    """Sockets that closed a short while ago, the oldest first."""
    forgotten: int = 0
    """Closed sockets that went before their time, for want of room."""
    opened_per_s: float | None = None
    """Sockets opened a second since the snapshot before, those that have closed again among them; None at first."""

    @cached_property
    def closed_by_key(self) -> Mapping[int, ClosedSocket]:
        """The same, by the key of their rows."""
        return {closed.entry.key: closed for closed in self.closed}


NOTHING_WATCHED: Final = Watched()
"""Before the first snapshot."""


class Tracks:
    """Sees snapshots in their order. `take` belongs to one thread; `trail` may be called from another."""

    def __init__(self, history_s: float = HISTORY_S) -> None:
        """`history_s` is how long a closed socket is kept; HISTORY_MAX holds all the same."""
        self._history_ns = int(history_s * NS_PER_S)
        self._last_ns = 0
        self._figures: dict[int, SocketFigures] = {}
        self._bytes: dict[int, _Total] = {}
        self._trails: dict[int, deque[Point]] = {}
        self._senders: dict[int, tuple[SocketEntry, SenderCounts]] = {}
        """What was worked out of a row: for as long as it is the same object nothing needs to be decoded again."""
        self._closed: deque[ClosedSocket] = deque()
        self._forgotten = 0
        self._lock = threading.Lock()

    def take(self, snapshot: Snapshot) -> Watched:
        """Take in a snapshot."""
        elapsed_ns = snapshot.ts_ns - self._last_ns if self._last_ns else 0
        first = not self._last_ns
        self._last_ns = snapshot.ts_ns
        figures: dict[int, SocketFigures] = {}
        totals: dict[int, _Total] = {}
        before, changes = self._bytes, snapshot.changes
        opened = sum(closed.by_event and closed.entry.key not in self._figures for closed in snapshot.closed)
        for entry in snapshot.entries:
            key = entry.key
            if changes and changes.get(key) is RowChange.CLOSED:
                continue
            total = before.get(key)
            if total is None or total[0] is not entry:
                # What did not change is the same object, and its tcp_info need not be decoded again.
                total = entry, in_bytes(entry), out_bytes(entry)
            totals[key] = total
            new = not first and changes.get(key) is RowChange.NEW
            opened += new and entry.state is not SocketState.TIME_WAIT  # what is left of one that closed
            figures[key] = self._figure(key, total, snapshot.ts_ns, elapsed_ns, new)
        self._figures, self._bytes = figures, totals
        self._extend_trails(snapshot)
        self._keep_closed(snapshot)
        rate = opened * NS_PER_S / elapsed_ns if elapsed_ns > 0 else None
        return Watched(figures, tuple(self._closed), self._forgotten, rate)

    def trail(self, key: int) -> tuple[Point, ...]:
        """The last points of a socket, the oldest first."""
        with self._lock:
            return tuple(self._trails.get(key, ()))

    def _figure(self, key: int, total: _Total, now_ns: int, elapsed_ns: int, opened: bool) -> SocketFigures:
        known, before = self._figures.get(key), self._bytes.get(key)
        if known is None or before is None:
            return SocketFigures(now_ns, opened)
        in_per_s, out_per_s = _rate(total[1], before[1], elapsed_ns), _rate(total[2], before[2], elapsed_ns)
        if known.in_per_s == in_per_s and known.out_per_s == out_per_s:
            return known
        return SocketFigures(known.since_ns, known.opened, in_per_s, out_per_s)

    def _extend_trails(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._trails = {key: trail for key, trail in self._trails.items() if key in self._figures}
            self._senders = {key: known for key, known in self._senders.items() if key in self._trails}
            for entry in snapshot.entries:
                figures = self._figures.get(entry.key)
                if figures is None or not (entry.tcp_info or entry.recv_q or entry.send_q):
                    continue
                trail = self._trails.get(entry.key)
                if trail is None:
                    if len(self._trails) >= TRAILS_MAX:
                        continue
                    trail = self._trails[entry.key] = deque(maxlen=TRAIL_POINTS)
                trail.append(
                    Point(
                        data_recv_q(entry), data_send_q(entry), _rtt(entry), figures.in_per_s, figures.out_per_s,
                        snapshot.ts_ns, self._sender(entry),
                    )
                )  # fmt: skip

    def _sender(self, entry: SocketEntry) -> SenderCounts | None:
        if not entry.tcp_info:
            return None
        known = self._senders.get(entry.key)
        if known is None or known[0] is not entry:
            known = self._senders[entry.key] = entry, sender_counts(entry)
        return known[1]

    def _keep_closed(self, snapshot: Snapshot) -> None:
        self._closed.extend(snapshot.closed)
        while self._closed and self._closed[0].ts_ns < snapshot.ts_ns - self._history_ns:
            self._closed.popleft()
        while len(self._closed) > HISTORY_MAX:
            self._closed.popleft()
            self._forgotten += 1


def _rate(new: int | None, old: int | None, elapsed_ns: int) -> float | None:
    if new is None or old is None or elapsed_ns <= 0:
        return None
    return max(0, new - old) * NS_PER_S / elapsed_ns
