"""What the sockets worker hosts: answers each question with the difference since the generation it names."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Final, overload

from engine.model.errors import NetlinkError
from engine.model.health import Degradation
from engine.model.messages import (
    AskSockets,
    ClosedSocket,
    DestroySockets,
    SocketsAnswer,
    SocketsDestroyed,
    SocketsOptions,
    SocketsRequest,
)
from engine.model.sockets import Owner, SocketCounters, SocketEntry
from engine.sockets.act import destroy
from engine.sockets.closing import Closing
from engine.sockets.events import EVENT_BUFFER, DestroyEvents
from engine.sockets.kernel_counters import KernelCounters, ephemeral_range
from engine.sockets.netlink_source import Conversation
from engine.sockets.reader import Refresh, TableReader
from engine.sockets.source import SourceError
from engine.sockets.witness import Witnesses

EVENT_FAMILIES: Final = frozenset(("tcp", "udp", "udpl"))
"""Families whose sockets the kernel reports destroyed."""


class SocketsService:
    """engine.model.service.Service for AskSockets. Not safe for several threads."""

    def __init__(self) -> None:
        self._reader: TableReader | None = None
        self._source = ""
        self._interrupted = 0
        self._malformed = 0
        self._closing = Closing()
        self._kernel = KernelCounters()
        self._witnesses = Witnesses(self._find_owners)
        self._events: DestroyEvents | None = None
        self._deaf: tuple[Degradation, ...] = ()
        try:
            self._events = DestroyEvents()
        except SourceError as error:
            self._deaf = (Degradation("NO_DESTROY_EVENTS", f"short-lived sockets are missed: {error}"),)

    def watch(self) -> Sequence[int]:
        """The socket of the destroy events, and the descriptors of the witnesses."""
        return ([self._events.socket.fileno()] if self._events else []) + self._witnesses.watch()

    def readable(self, fd: int) -> None:
        """Take a batch of destroy events."""
        self._drain()

    def pause_s(self) -> float | None:
        """Nothing is due by itself."""
        return None

    def idle(self) -> None:
        """Nothing is due."""

    @overload
    def answer(self, request: AskSockets, descriptors: Sequence[int]) -> SocketsAnswer: ...
    @overload
    def answer(self, request: DestroySockets, descriptors: Sequence[int]) -> SocketsDestroyed: ...
    @overload
    def answer(self, request: SocketsRequest, descriptors: Sequence[int]) -> SocketsAnswer | SocketsDestroyed: ...
    def answer(self, request: SocketsRequest, descriptors: Sequence[int]) -> SocketsAnswer | SocketsDestroyed:
        """Raises BadInput, FilterError or NetlinkError."""
        if isinstance(request, AskSockets):
            return self._changes(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        for key in request.keys:
            self._destroy(key)
        return SocketsDestroyed()

    def _changes(self, request: AskSockets, descriptors: Sequence[int]) -> SocketsAnswer:
        """Read the table and answer with what changed. `descriptors` are what `request.carries` says."""
        self._witnesses.labels = request.labels
        self._witnesses.adopt(request.carries, descriptors)
        began, cpu_began = time.perf_counter(), time.process_time()
        reader, comparable = self._reader_for(request.options)
        before = reader.table.entries
        refresh = reader.refresh(request.labels, self._drain)
        comparable = comparable and refresh.source == self._source
        absence_counts = comparable and not reader.leaves_out
        if not absence_counts:
            self._closing.forget()
        self._source = refresh.source
        self._interrupted += refresh.interrupted
        self._malformed += refresh.malformed
        closed = self._closed(before, refresh.difference.gone if absence_counts else [], reader)
        delta = reader.table.since(request.since)
        moved, moved_in_all = self._kernel.moved()
        return SocketsAnswer(
            generation=delta.generation,
            full=delta.full,
            changed=delta.changed,
            gone=delta.gone,
            closed=closed,
            counters=self._counters(time.perf_counter() - began, time.process_time() - cpu_began, refresh),
            source=refresh.source,
            degradations=refresh.degradations + self._event_losses() + self._witnesses.degradations(),
            moved=moved,
            moved_in_all=moved_in_all,
            ephemeral=ephemeral_range(),
            comparable=comparable,
            checked=refresh.checked,
        )

    def _destroy(self, key: int) -> None:
        entry = self._reader.table.entries.get(key) if self._reader else None
        if entry is None:
            raise NetlinkError("close a socket", errno.ENOENT, "it is gone already")
        with closing(Conversation()) as conversation:
            destroy(conversation, entry)

    def _drain(self) -> None:
        self._witnesses.drain()
        if self._events:
            self._events.drain()

    def _find_owners(self, inodes: set[int]) -> dict[int, tuple[Owner, ...]]:
        return self._reader.find_owners(inodes) if self._reader else {}

    def _closed(
        self, before: Mapping[int, SocketEntry], gone: list[SocketEntry], reader: TableReader
    ) -> list[ClosedSocket]:
        """What closed since the last answer, of the families asked for."""
        self._drain()
        self._witnesses.drain()  # once more: who opened what the last of the events says has closed
        heard = self._events.take() if self._events else []
        families = reader.options.families
        events = [event for event in heard if event.entry.netid in families]
        return self._closing.report(
            events,
            gone,
            before,
            reader.table.entries,
            time.time_ns(),
            EVENT_FAMILIES if self._events else frozenset(),
            self._witnesses.tell,
        )

    def _counters(self, dump_s: float, dump_cpu_s: float, refresh: Refresh) -> SocketCounters:
        events = self._events
        return SocketCounters(
            dump_ms=dump_s * 1000,
            dump_cpu_ms=dump_cpu_s * 1000,
            interrupted=self._interrupted,
            events=events.received if events else 0,
            events_lost=events.lost() if events else 0,
            malformed=self._malformed + self._witnesses.malformed + (events.malformed if events else 0),
            events_forgotten=events.dropped_by_us if events else 0,
            processes_refused=refresh.refused,
            processes_vanished=refresh.vanished,
        )

    def _event_losses(self) -> tuple[Degradation, ...]:
        if self._events is None:
            return self._deaf
        lost = self._events.lost()
        if not lost:
            return ()
        cure = f"sudo sysctl net.core.rmem_max={EVENT_BUFFER}"
        return (Degradation("EVENTS_LOST", f"{lost} sockets closed unseen: the kernel's event buffer was full", cure),)

    def _reader_for(self, options: SocketsOptions) -> tuple[TableReader, bool]:
        """The reader for `options`, and whether its next rows can be compared with the last ones: a row that other
        options leave out has not closed."""
        if self._reader is not None and self._reader.options == options:
            return self._reader, True
        earlier = self._reader
        self._reader = TableReader(options, earlier.table if earlier else None)
        if earlier:
            earlier.close()
        return self._reader, False

    def close(self) -> None:
        """Close the sources and stop listening."""
        self._witnesses.close()
        if self._reader:
            self._reader.close()
        if self._events:
            self._events.close()


def read_table(options: SocketsOptions) -> tuple[list[SocketEntry], tuple[Degradation, ...], SocketCounters]:
    """The table once, for a one-shot command in its own process. Raises BadInput or SourceError."""
    began = time.perf_counter()
    reader = TableReader(options)
    try:
        refresh = reader.refresh({os.getpid(): "sockmon"})
    finally:
        reader.close()
    counters = SocketCounters(
        dump_ms=(time.perf_counter() - began) * 1000,
        interrupted=refresh.interrupted,
        malformed=refresh.malformed,
        processes_refused=refresh.refused,
        processes_vanished=refresh.vanished,
    )
    return list(reader.table.entries.values()), refresh.degradations, counters
