"""The socket table refresh after refresh, in this process: what is there, what happened since, how fast bytes go."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from engine.insight.rows import Rows
from engine.model.errors import NetlinkError
from engine.model.health import Degradation
from engine.model.messages import AskSockets, ClosedSocket, SocketsOptions
from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry, SocketFigures
from engine.sockets.closing import is_remainder
from engine.sockets.perf_open import open_state_trace
from engine.sockets.service import SocketsService
from engine.sockets.tiers import SYN, TRACE
from tui.tracks import Tracks

AF_PACKET: Final = 17
"""As a number: Python has the name on Linux only, and elsewhere the socket is refused."""


class Refresh(msgspec.Struct, frozen=True):
    """One look at the table."""

    ts_ns: int
    entries: Sequence[SocketEntry]
    """Sockets that are open."""
    changes: Mapping[int, RowChange]
    """By key: those that are new or have another state than before."""
    closed: Sequence[ClosedSocket]
    """Those that closed since the look before, also where they opened after it."""
    figures: Mapping[int, SocketFigures]
    degradations: Sequence[Degradation]


def refreshes(options: SocketsOptions, interval_s: float) -> Iterator[Refresh]:
    """A look every `interval_s` seconds, without end; the kernel's events are taken in between."""
    service = SocketsService()
    rows, tracks = Rows(), Tracks()
    labels = {os.getpid(): "sockmon"}
    carries, descriptors = _witnesses()
    try:
        while True:
            first = rows.generation == 0
            answer = service.answer(AskSockets(rows.generation, options, labels, carries), descriptors)
            carries, descriptors = (), []
            entries, changes = rows.apply(answer)
            now_ns = time.time_ns()
            watched = tracks.take(Snapshot(now_ns, entries, changes))
            yield Refresh(
                now_ns,
                [entry for entry in entries if changes.get(entry.key) is not RowChange.CLOSED],
                changes,
                () if first else answer.closed,
                watched.figures,
                answer.degradations,
            )
            _listen(service, interval_s)
    finally:
        service.close()


HAPPENINGS = {RowChange.NEW: "opened", RowChange.CHANGED: "changed"}


def happenings(refresh: Refresh) -> Iterator[tuple[str, int, SocketEntry]]:
    """`opened`, `changed` and `closed` of one look, with the time; a socket that lived between two looks is `closed`
    alone, and what the kernel keeps of a connection afterwards (TIME-WAIT) was never opened."""
    for entry in refresh.entries:
        change = refresh.changes.get(entry.key)
        if change in HAPPENINGS and not (change is RowChange.NEW and is_remainder(entry)):
            yield HAPPENINGS[change], refresh.ts_ns, entry
    for closed in refresh.closed:
        yield "closed", closed.ts_ns, closed.entry


def _witnesses() -> tuple[tuple[str, ...], list[int]]:
    """Descriptors that tell the process of a connection which lives shorter than the interval, as far as this user may
    have them: the kernel's tracepoint, else a packet socket that hears SYNs."""
    try:
        traces = open_state_trace()
    except NetlinkError:
        traces = []
    if traces:
        return (TRACE,) * len(traces), traces
    try:
        return (SYN,), [socket.socket(AF_PACKET, socket.SOCK_RAW, 0).detach()]
    except OSError:
        return (), []  # the rows say of each closed socket how its process is known


def _listen(service: SocketsService, seconds: float) -> None:
    """Take the kernel's events in until the time is over, so that its buffer never fills."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        for descriptor in select.select(list(service.watch()), [], [], left)[0]:
            service.readable(descriptor)
