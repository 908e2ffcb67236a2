"""What the sockets worker hosts: answers each question with the difference since the generation it names."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from engine.model.health import Degradation
from engine.model.messages import AskSockets, ClosedSocket, SocketsAnswer, SocketsOptions
from engine.model.sockets import SocketCounters, SocketEntry
from engine.sockets.reader import TableReader


class SocketsService:
    """engine.model.service.Service for AskSockets. Not safe for several threads."""

    def __init__(self) -> None:
        self._reader: TableReader | None = None
        self._source = ""
        self._interrupted = 0
        self._malformed = 0

    def watch(self) -> Sequence[int]:
        """Nothing to wait for."""
        return ()

    def readable(self, fd: int) -> None:
        """Nothing becomes readable."""

    def pause_s(self) -> float | None:
        """Nothing is due by itself."""
        return None

    def idle(self) -> None:
        """Nothing is due."""

    def answer(self, request: AskSockets, descriptors: Sequence[int]) -> SocketsAnswer:
        """Read the table and answer with what changed. Raises BadInput or SourceError."""
        for descriptor in descriptors:
            os.close(descriptor)
        began = time.perf_counter()
        reader, comparable = self._reader_for(request.options)
        refresh = reader.refresh(request.labels)
        comparable = comparable and refresh.source == self._source
        self._source = refresh.source
        self._interrupted += refresh.interrupted
        self._malformed += refresh.malformed
        now_ns = time.time_ns()
        closed = [ClosedSocket(entry, now_ns, False) for entry in refresh.difference.gone] if comparable else []
        delta = reader.table.since(request.since)
        return SocketsAnswer(
            generation=delta.generation,
            full=delta.full,
            changed=delta.changed,
            gone=delta.gone,
            closed=closed,
            counters=SocketCounters(
                dump_ms=(time.perf_counter() - began) * 1000,
                interrupted=self._interrupted,
                malformed=self._malformed,
            ),
            source=refresh.source,
            degradations=refresh.degradations,
        )

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
        """Close the sources."""
        if self._reader:
            self._reader.close()


def read_table(options: SocketsOptions) -> tuple[list[SocketEntry], tuple[Degradation, ...], SocketCounters]:
    """The table once, for a one-shot command in its own process. Raises BadInput or SourceError."""
    began = time.perf_counter()
    reader = TableReader(options)
    try:
        refresh = reader.refresh({os.getpid(): "sockmon"})
    finally:
        reader.close()
    counters = SocketCounters(
        dump_ms=(time.perf_counter() - began) * 1000, interrupted=refresh.interrupted, malformed=refresh.malformed
    )
    return list(reader.table.entries.values()), refresh.degradations, counters
