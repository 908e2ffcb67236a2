"""Closed sockets of the last half minute, bounded in time and number. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from engine.model.messages import ClosedSocket

HISTORY_S: Final = 30.0
"""How long a closed socket stays unless told otherwise."""

HISTORY_MAX: Final = 20_000
"""Closed sockets kept, about 1 KB each; the oldest go first, counted in `forgotten`."""


class History:
    """Sockets in the order in which their end was reported."""

    def __init__(self, keep_s: float = HISTORY_S, limit: int = HISTORY_MAX) -> None:
        self._keep_ns = int(keep_s * 1e9)
        self._limit = limit
        self._closed: deque[ClosedSocket] = deque()
        self.forgotten = 0
        """Sockets that went before their time, for want of room."""

    def add(self, closed: Iterable[ClosedSocket]) -> None:
        """Keep these too."""
        self._closed.extend(closed)
        while len(self._closed) > self._limit:
            self._closed.popleft()
            self.forgotten += 1

    def at(self, now_ns: int) -> list[ClosedSocket]:
        """Those that closed within the time kept, oldest first."""
        oldest_ns = now_ns - self._keep_ns
        while self._closed and self._closed[0].ts_ns < oldest_ns:
            self._closed.popleft()
        return [closed for closed in self._closed if closed.ts_ns >= oldest_ns]
