"""The socket table over time: generations, and what changed or went since one of them. Pure.

An entry that did not change stays the same object, so whoever draws it may keep what it made of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from engine.model.sockets import SocketEntry

GENERATIONS_KEPT: Final = 16
"""Differences remembered: a screen asks once a refresh and is at most a few behind; who is further behind gets all."""


class Difference(NamedTuple):
    """What one update changed."""

    changed: list[int]
    """Keys of new and changed rows."""
    gone: list[SocketEntry]
    """Rows as they were last."""


class Delta(NamedTuple):
    """From one generation to the present one."""

    generation: int
    full: bool
    """`changed` is the whole table and `gone` is empty."""
    changed: list[SocketEntry]
    gone: list[int]


class SocketTable:
    """The rows by key, and the differences of the last `GENERATIONS_KEPT` generations."""

    def __init__(self) -> None:
        self.generation = 0
        """0 until the first update, then one more with each."""
        self.entries: dict[int, SocketEntry] = {}
        self._log: deque[tuple[int, list[int], list[int]]] = deque(maxlen=GENERATIONS_KEPT)

    def gone(self, entries: Mapping[int, SocketEntry], fresh: Iterable[int]) -> list[SocketEntry]:
        """The present rows that the next reading does not have any more."""
        added = sum(key not in self.entries for key in fresh)
        if len(entries) - added == len(self.entries):
            return []
        return [self.entries[key] for key in self.entries.keys() - entries.keys()]

    def update(
        self, entries: dict[int, SocketEntry], fresh: Iterable[int], gone: list[SocketEntry] | None = None
    ) -> Difference:
        """Take the next reading: all rows by key, of which those not in `fresh` are the present objects.

        `entries` becomes the table's own. A fresh entry that equals the present one gives way to it. `gone` may be
        given by who has asked for it already.
        """
        before = self.entries
        changed: list[int] = []
        if gone is None:
            gone = self.gone(entries, fresh)
        for key in fresh:
            earlier = before.get(key)
            if earlier is not None and (earlier is entries[key] or earlier == entries[key]):
                entries[key] = earlier
                continue
            changed.append(key)
        self.entries = entries
        self.generation += 1
        self._log.append((self.generation, changed, [entry.key for entry in gone]))
        return Difference(changed, gone)

    def since(self, generation: int) -> Delta:
        """All that changed after `generation`; the whole table for 0 or one no longer remembered."""
        if generation == self.generation and generation:
            return Delta(self.generation, False, [], [])
        oldest = self._log[0][0] if self._log else self.generation + 1
        if generation > self.generation or generation + 1 < oldest or not generation:
            return Delta(self.generation, True, list(self.entries.values()), [])
        touched: dict[int, None] = {}
        for number, changed, gone in self._log:
            if number > generation:
                touched |= dict.fromkeys(changed)
                touched |= dict.fromkeys(gone)
        entries = self.entries
        return Delta(
            self.generation,
            False,
            [entries[key] for key in touched if key in entries],
            [key for key in touched if key not in entries],
        )
