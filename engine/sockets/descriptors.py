"""The descriptors of one process that stand for live sockets, as an array: a dictionary would cost ten times as much.

The kernel gives out the lowest free number, so descriptors are dense; those that a program moved up by dup2() go to a
dictionary.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

DENSE_MAX: Final = 1 << 16
"""Descriptors kept in the array: 512 KB at most for one process."""


class Descriptors:
    """Descriptor to inode; inode 0 stands for none."""

    __slots__ = ("_high", "_low")

    def __init__(self) -> None:
        self._low = array("Q")
        self._high: dict[int, int] = {}

    def get(self, fd: int) -> int:
        """The inode behind a descriptor, 0 if it is not known to be a live socket."""
        if fd < len(self._low):
            return self._low[fd]
        return self._high.get(fd, 0)

    def put(self, fd: int, inode: int) -> None:
        """Remember, or with inode 0 forget, what a descriptor stands for."""
        if fd >= DENSE_MAX:
            self._high[fd] = inode
            if not inode:
                del self._high[fd]
            return
        if fd >= len(self._low):
            self._low.extend([0] * (fd + 1 - len(self._low)))
        self._low[fd] = inode

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of the open descriptors that are not known to be live sockets."""
        low, high = self._low, self._high
        dense = len(low)
        return [name for name in names if not (low[fd] if (fd := int(name)) < dense else fd in high)]

    def closed(self, names: Iterable[str]) -> list[int]:
        """Known descriptors that are not among the open ones."""
        low, opened, high = self._low, bytearray(len(self._low)), set()
        dense = len(low)
        for fd in map(int, names):
            if fd < dense:
                opened[fd] = 1
            else:
                high.add(fd)
        return [fd for fd, inode in enumerate(low) if inode and not opened[fd]] + [
            fd for fd in self._high if fd not in high
        ]

    def __bool__(self) -> bool:
        return any(self._low) or bool(self._high)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(descriptor, inode) of each."""
        for fd, inode in enumerate(self._low):
            if inode:
                yield fd, inode
        yield from self._high.items()
