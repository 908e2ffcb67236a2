"""Puts IP fragments together, in bounded memory and time.

Overlaps are settled as Wireshark does: fragments are laid down in the order of their offsets, those of one offset in
the order of arrival, and bytes already laid down stay. A datagram that is given up is counted, never guessed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Hashable

MAX_BYTES = 4 * 1024 * 1024
"""Fragments held in all: the kernel's own default (net.ipv4.ipfrag_high_thresh)."""

MAX_AGE_NS = 30 * 1_000_000_000
"""How long a datagram may stay incomplete, by capture time: the kernel's ipfrag_time."""

MAX_FRAGMENTS = 1024
"""Of one datagram. 64 KB in the smallest usual fragments (576-byte MTU) are 119; more is an attack on the sorting."""

MAX_DATAGRAM = 65_535
_ENTRY_BYTES = 200
"""What a held fragment costs beside its bytes: a tuple, a bytes object, two numbers."""


class _Datagram:
    __slots__ = ("fragments", "held", "length", "since_ns")

    def __init__(self, since_ns: int) -> None:
        self.since_ns = since_ns
        self.fragments: list[tuple[int, int, bytes]] = []  # offset, order of arrival, bytes
        self.held = 0
        self.length = -1  # unknown until the last fragment is there


class Reassembly:
    """The incomplete datagrams of one capture."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._waiting: dict[Hashable, _Datagram] = {}  # in the order of their first fragments
        self.held_bytes = 0
        self.given_up = 0
        """Datagrams dropped incomplete: too old, too many bytes, too many or contradictory fragments."""

    def add(self, key: Hashable, offset: int, more: bool, payload: bytes, ts_ns: int) -> bytes | None:
        """Add a fragment of the datagram named `key`; the whole datagram if this completes it, else None."""
        waiting = self._waiting
        datagram = waiting.get(key)
        if datagram is not None and ts_ns - datagram.since_ns > MAX_AGE_NS:
            self._give_up(key)
            datagram = None
        if datagram is None:
            datagram = waiting[key] = _Datagram(ts_ns)
        end = offset + len(payload)
        if len(datagram.fragments) >= MAX_FRAGMENTS or end > MAX_DATAGRAM:
            self._give_up(key)
            return None
        insort(datagram.fragments, (offset, len(datagram.fragments), payload))
        datagram.held += len(payload)
        self.held_bytes += len(payload) + _ENTRY_BYTES
        if not more and datagram.length < 0:
            datagram.length = end
        if datagram.held >= datagram.length >= 0:
            whole = _assemble(datagram)
            if whole is not None:
                self._forget(key)
                return whole
        while self.held_bytes > self._max_bytes:
            self._give_up(next(iter(waiting)))
        return None

    def _give_up(self, key: Hashable) -> None:
        self.given_up += 1
        self._forget(key)

    def _forget(self, key: Hashable) -> None:
        datagram = self._waiting.pop(key)
        self.held_bytes -= datagram.held + _ENTRY_BYTES * len(datagram.fragments)


def _assemble(datagram: _Datagram) -> bytes | None:
    """The datagram's bytes, or None while there is a hole."""
    whole = bytearray()
    length = datagram.length
    for offset, _, payload in datagram.fragments:
        filled = len(whole)
        if filled >= length:
            break
        if offset > filled:
            return None
        whole += payload[filled - offset :]
    return bytes(whole[:length]) if len(whole) >= length else None
