"""The rows that a LineTable shows, and where its cursor and its view belong after they changed: pure.

Rules: the cursor is a key, not an index. While its row lives it keeps its place on the screen, however many rows come
and go above it. When its row goes, the nearest row that is left takes over both the cursor and the place; if
the row comes back, as when a filter is typed on, it gets the cursor back.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Generic, Protocol, TypeVar

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


class Rows(Protocol[Row_co]):
    """Rows in the order they are shown, already filtered and sorted."""

    def __len__(self) -> int: ...

    def row(self, index: int) -> Row_co | None:
        """The row there; None if it is not here yet."""
        ...

    def key(self, index: int) -> Hashable | None:
        """What names the row there for as long as it lives; None if it is not here yet."""
        ...

    def index(self, key: Hashable) -> int | None:
        """Where the row of that key stands; None if it is gone."""
        ...

    @property
    def here(self) -> range:
        """The indices of all rows that are here."""
        ...


class ListedRows(Generic[Row]):
    """Rows that are all here: an immutable sequence and the function that names each."""

    def __init__(self, rows: Sequence[Row], key: Callable[[Row], Hashable]) -> None:
        self._rows = rows
        self._key = key
        self._keys: list[Hashable] | None = None
        self._indices: dict[Hashable, int] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row | None:
        return self._rows[index]

    def key(self, index: int) -> Hashable | None:
        return self._key(self._rows[index])

    def index(self, key: Hashable) -> int | None:
        if self._keys is None:
            # Most rows are asked once, where the cursor's is: looking along is half the work of a dictionary.
            self._keys = list(map(self._key, self._rows))
            try:
                return self._keys.index(key)
            except ValueError:
                return None
        if self._indices is None:
            self._indices = {name: index for index, name in enumerate(self._keys)}
        return self._indices.get(key)

    @property
    def here(self) -> range:
        return range(len(self._rows))


@dataclass(frozen=True)
class Stand:
    """Where a table stands: the cursor's row and key, and the index of the first visible row."""

    cursor: int
    key: Hashable | None
    top: int
    held: bool
    """The user has chosen the row; before that the cursor stays on the first."""


def follow(old: Rows[object], new: Rows[object], stand: Stand, page: int) -> Stand:
    """Where the table stands once `new` has replaced `old`, with `page` rows visible. `top` may need clamping."""
    if not len(new):
        return Stand(0, None, 0, held=False)
    if not stand.held:
        return Stand(0, new.key(0), 0, held=False)
    if stand.key is None:
        same = min(stand.cursor, len(new) - 1)
        return Stand(same, new.key(same), stand.top, held=True)

    found = new.index(stand.key)
    cursor = _successor(old, new, stand.cursor) if found is None else found
    if stand.top <= stand.cursor < stand.top + page:
        top = stand.top + cursor - stand.cursor
    else:
        top = _survivor(old, new, stand.top)
    return Stand(cursor, new.key(cursor), top, held=True)


def restored(rows: Rows[object], stand: Stand, chosen: Hashable | None, page: int) -> Stand:
    """The stand with the cursor back on the row that the user chose, if a filter that hid it shows it again; the row
    takes the line on which the cursor is."""
    if chosen is None or stand.key == chosen:
        return stand
    index = rows.index(chosen)
    if index is None:
        return stand
    line = max(0, min(stand.cursor - stand.top, page - 1))
    return Stand(index, chosen, index - line, held=True)


def _successor(old: Rows[object], new: Rows[object], gone: int) -> int:
    """The row of `new` that follows the vanished row `gone` of `old`, else the one before it."""
    here = old.here
    after = range(max(gone + 1, here.start), here.stop)
    for index in chain(after, range(min(gone, here.stop) - 1, here.start - 1, -1)):
        key = old.key(index)
        found = new.index(key) if key is not None else None
        if found is not None:
            return found
    return min(gone, len(new) - 1)


def _survivor(old: Rows[object], new: Rows[object], top: int) -> int:
    """Where the first visible row of `old` stands in `new`; where it went, the next one that is left."""
    for index in range(max(top, old.here.start), old.here.stop):
        key = old.key(index)
        found = new.index(key) if key is not None else None
        if found is not None:
            return found
    return top
