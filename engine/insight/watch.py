"""What the judge remembers of each socket: since when something is so, and the last few readings. Pure and bounded.

A row that did not change is the same object as before (engine.model.snapshot), so it costs one comparison. Only rows
with something in their queues, a timer or an unusual state keep readings; of the others only times are kept.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from engine.insight.ledger import Ends, ends_of
from engine.insight.readings import Reading, reading
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState

READINGS_KEPT: Final = 12
"""Readings of one socket: twelve seconds at one a second, six at the shortest spacing."""

SPACING_NS: Final = 500_000_000
"""Whoever looks more often than this (a lesson, a command) still has seconds to compare: the newest reading replaces
the one before it until it is so far from the last that is kept."""

_QUIET_STATES: Final = frozenset((SocketState.ESTABLISHED, SocketState.LISTEN, SocketState.UNCONN))
"""States in which a socket may stay for ever."""


class Track:
    """One socket over time. Times are wall clock in nanoseconds since the epoch; 0 where something is not so."""

    __slots__ = (
        "_last", "acked_ns", "alone_ns", "busy", "drops_ns", "entry", "entry_ns", "first_ns", "full_ns", "moved_ns",
        "opened", "read_ns", "readings", "state_exact", "state_ns", "widowed", "window_exact", "window_ns",
    )  # fmt: skip

    def __init__(self, entry: SocketEntry, now_ns: int, opened: bool) -> None:
        self.entry = entry
        self.entry_ns = now_ns
        """When this very row was first read: the times in its tcp_info count from here."""
        self.first_ns = now_ns
        self.opened = opened
        """It was not there one refresh earlier."""
        self.state_ns = now_ns
        self.state_exact = opened
        """The state was seen to begin."""
        self.busy = is_busy(entry)
        self._last: Reading | None = reading(entry, now_ns) if self.busy else None
        self.moved_ns = now_ns
        """The last time that bytes were seen to move."""
        self.read_ns = now_ns
        """The last time that Recv-Q was empty or recv() took something."""
        self.acked_ns = now_ns
        """The last time that Send-Q was empty or the peer acknowledged something."""
        self.window_ns = now_ns if self._last is not None and self._last.snd_wnd == 0 else 0
        """Since when the peer's window is 0."""
        self.window_exact = False
        self.full_ns = now_ns if is_full(entry) else 0
        """Since when a listener's accept queue is full."""
        self.drops_ns = 0
        """The last time that datagrams were seen to be dropped."""
        self.alone_ns = 0
        """Since when a connection between two addresses of this machine lacks its other end."""
        self.widowed = False
        """It had one, which went."""
        self.readings: deque[Reading] | None = deque((self._last,), READINGS_KEPT) if self._last else None

    @property
    def last(self) -> Reading:
        """The row's figures. Of a row that nobody looks at they are read when somebody does."""
        if self._last is None:
            self._last = reading(self.entry, self.entry_ns)
        return self._last

    def take(self, entry: SocketEntry, now_ns: int) -> None:
        """The row changed."""
        before, known = self.last, self.entry
        now = reading(entry, now_ns)
        self.entry, self.entry_ns, self._last = entry, now_ns, now
        if entry.state is not known.state:
            self.state_ns, self.state_exact = now_ns, True
            self.read_ns = self.acked_ns = now_ns
        if now.progress != before.progress:
            self.moved_ns = now_ns
        if not now.recv_q or (now.read != before.read if now.read is not None else now.recv_q != before.recv_q):
            self.read_ns = now_ns
        if not now.send_q or now.bytes_acked != before.bytes_acked:
            self.acked_ns = now_ns
        if now.snd_wnd != 0:
            self.window_ns = 0
        elif not self.window_ns:
            self.window_ns, self.window_exact = now_ns, before.snd_wnd != 0
        if not is_full(entry):
            self.full_ns = 0
        elif not self.full_ns:
            self.full_ns = now_ns
        if now.drops is not None and before.drops is not None and now.drops > before.drops:
            self.drops_ns = now_ns
        self.busy = is_busy(entry)
        if self.busy or now.progress != before.progress:
            if self.readings is None:
                self.readings = deque((before,), READINGS_KEPT)
            if len(self.readings) > 1 and now_ns - self.readings[-2].ts_ns < SPACING_NS:
                self.readings.pop()
            self.readings.append(now)
        elif self.readings is not None and now_ns - self.moved_ns > FORGET_NS:
            self.readings = None

    def over(self, span_ns: int, now_ns: int) -> tuple[Reading, int]:
        """The figures as they were `span_ns` ago, or as long ago as they are known, and how long ago that is. Between
        two readings that are kept nothing changed."""
        wanted = now_ns - span_ns
        found = self.last
        for one in reversed(self.readings or ()):
            found = one
            if one.ts_ns <= wanted:
                break
        return found, now_ns - max(found.ts_ns, wanted)


FORGET_NS: Final = 60_000_000_000
"""Readings of a socket that rests are kept for so long."""


def is_full(entry: SocketEntry) -> bool:
    """A listener that takes no further connection: the kernel lets one more in than the limit says
    (sk_acceptq_is_full in include/net/sock.h: more than, not as many as)."""
    return (
        entry.state is SocketState.LISTEN
        and entry.recv_q is not None
        and entry.send_q is not None
        and entry.recv_q > entry.send_q
    )


def is_busy(entry: SocketEntry) -> bool:
    """Something about the row may be worth a sentence."""
    if entry.state is SocketState.LISTEN:
        return bool(entry.recv_q)
    return (
        entry.state not in _QUIET_STATES
        or bool(entry.recv_q)
        or bool(entry.send_q)
        or (entry.timer is not None and entry.timer.retransmits > 0)
        or (entry.skmem is not None and entry.skmem.drops > 0)
    )


class Watch:
    """The tracks of all sockets that are open, by key; connections also by their ends."""

    def __init__(self) -> None:
        self.tracks: dict[int, Track] = {}
        self.by_ends: dict[Ends, Track] = {}

    def add(self, entry: SocketEntry, now_ns: int, opened: bool) -> Track:
        """A socket that was not there before."""
        track = self.tracks[entry.key] = Track(entry, now_ns, opened)
        if entry.netid == "tcp" and entry.peer_port:
            address, port, peer, peer_port = ends_of(entry)
            self.by_ends[address, port, peer, peer_port] = track
            other = self.by_ends.get((peer, peer_port, address, port))
            if other is not None:
                other.alone_ns, other.widowed = 0, False
            elif peer == address or peer.startswith("127.") or peer == "::1":
                track.alone_ns = now_ns
        return track

    def drop(self, key: int, now_ns: int) -> None:
        """A socket that is there no more."""
        track = self.tracks.pop(key)
        entry = track.entry
        if entry.netid != "tcp":
            return
        if self.by_ends.get(ends := ends_of(entry)) is track:
            del self.by_ends[ends]
            other = self.other_end(entry)
            if other is not None:
                other.alone_ns, other.widowed = now_ns, True

    def other_end(self, entry: SocketEntry) -> Track | None:
        """The track of the other end of a connection, if it is on this machine and open."""
        local_address, local_port, peer_address, peer_port = ends_of(entry)
        return self.by_ends.get((peer_address, peer_port, local_address, local_port))
