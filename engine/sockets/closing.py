"""Which sockets closed: destroy events and rows that are no longer there, made one list without doubles. Pure.

An event is the better word: it comes for every socket, seen or not, with the final counts. It is joined to the row that
the table had, by cookie, else by addresses. A row that is gone without an event is reported too, but one refresh later,
since the kernel sends events from a work queue, after the socket left the table.

The rest of a closed connection (TIME-WAIT and what the kernel keeps of FIN-WAIT-2) and a connection that is not yet one
(SYN-RECEIVED) are no sockets of a program; their end is not reported here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from engine.model.messages import ClosedSocket
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import tcp_info_field
from engine.sockets.attribution import GONE
from engine.sockets.tiers import LISTENER, POLLED

REPORTED_KEPT: Final = 65_536
"""Cookies remembered as reported, so that a row that lingers is not reported again."""

Witness = Callable[[SocketEntry], tuple[tuple[Owner, ...], str]]


class DestroyEvent(NamedTuple):
    """The kernel's word that a socket is no more. `entry` has no queues, inode or uid."""

    entry: SocketEntry
    ts_ns: int
    """When it was read, wall clock."""


Address = tuple[str, str, int, str, int]
"""netid, local address and port, peer address and port."""


def address(entry: SocketEntry) -> Address:
    """What tells connections apart where there is no cookie."""
    return entry.netid, entry.local_address, entry.local_port, entry.peer_address, entry.peer_port


def is_remainder(entry: SocketEntry) -> bool:
    """Nothing of a program's: TIME-WAIT, a request that waits for its ACK, the small rest of FIN-WAIT-2."""
    return entry.state in (SocketState.TIME_WAIT, SocketState.SYN_RECEIVED) or (
        entry.state is SocketState.FIN_WAIT_2 and not entry.inode and not entry.tcp_info
    )


def carried(raw: bytes) -> int:
    """Bytes that a connection carried both ways, by its tcp_info."""
    return (tcp_info_field(raw, "bytes_sent") or 0) + (tcp_info_field(raw, "bytes_received") or 0)


class Closing:
    """What was reported, and what waits for an event."""

    def __init__(self) -> None:
        self._reported: dict[int, None] = {}
        self._waiting: list[tuple[SocketEntry, int]] = []

    def report(
        self,
        events: Iterable[DestroyEvent],
        gone: Iterable[SocketEntry],
        before: Mapping[int, SocketEntry],
        now: Mapping[int, SocketEntry],
        ts_ns: int,
        heard: Collection[str] = (),
        witness: Witness | None = None,
    ) -> list[ClosedSocket]:
        """The sockets that closed since the last call. `before` and `now` are the tables around this refresh, `gone`
        the rows that only the first has; `heard` are the netids for which destroy events are received. `witness` tells
        the owners of a connection that no table had shown, and the tier."""
        absent = [(entry, ts_ns) for entry in gone if not is_remainder(entry) and entry.key not in self._reported]
        by_address = {address(entry): entry for entry, _ in (*self._waiting, *absent)}
        listeners: dict[tuple[str, int], tuple[Owner, ...]] | None = None
        closed: list[ClosedSocket] = []
        told: set[int] = set()
        for event in events:
            entry = event.entry
            if not entry.local_port or entry.key in self._reported:
                continue
            known = before.get(entry.key) or now.get(entry.key) or by_address.get(address(entry))
            self._remember(entry.key)
            if known is not None:
                told.add(known.key)
                self._remember(known.key)
                entry = _final(known, entry)
            owners, tier = (entry.owners, POLLED) if entry.owners else witness(entry) if witness else ((), "")
            if not owners and known is None and entry.peer_port:
                listeners = _listeners(now) if listeners is None else listeners
                owners, tier = _listener(listeners, entry), LISTENER
            if owners != entry.owners:
                entry = replace(entry, owners=owners, owner_unknown="")
            closed.append(ClosedSocket(entry, event.ts_ns, True, tier if owners else ""))
        due = self._waiting + [each for each in absent if each[0].netid not in heard]
        self._waiting = [each for each in absent if each[0].netid in heard]
        for entry, gone_ns in due:
            if entry.key not in told and entry.key not in self._reported and entry.key not in now:
                self._remember(entry.key)
                closed.append(ClosedSocket(entry, gone_ns, False, POLLED if entry.owners else ""))
        return closed

    def forget(self) -> None:
        """The rows after this come from other options and cannot be compared with those before."""
        self._waiting.clear()

    def _remember(self, key: int) -> None:
        self._reported[key] = None
        if len(self._reported) > REPORTED_KEPT:
            del self._reported[next(iter(self._reported))]


def _final(known: SocketEntry, event: SocketEntry) -> SocketEntry:
    """The last known row with the final counts. A reset clears the counts, so the larger ones stand."""
    raw = event.tcp_info if carried(event.tcp_info) >= carried(known.tcp_info) else known.tcp_info
    return replace(known, tcp_info=raw, owner_unknown=known.owner_unknown if known.owners else GONE)


def _listeners(entries: Mapping[int, SocketEntry]) -> dict[tuple[str, int], tuple[Owner, ...]]:
    """Holders of listeners by address and port; by port alone, under the address "", for wildcards."""
    found: dict[tuple[str, int], tuple[Owner, ...]] = {}
    for entry in entries.values():
        if entry.state is SocketState.LISTEN and entry.owners:
            wildcard = entry.local_address in ("*", "0.0.0.0", "::")
            found["" if wildcard else entry.local_address, entry.local_port] = entry.owners
    return found


def _listener(listeners: Mapping[tuple[str, int], tuple[Owner, ...]], entry: SocketEntry) -> tuple[Owner, ...]:
    return listeners.get((entry.local_address, entry.local_port)) or listeners.get(("", entry.local_port), ())
