"""Sockets as they open, change and close: the table's differences, and the kernel's word on those between."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator

from engine.insight.rows import Rows
from engine.model.messages import AskSockets, SocketsOptions
from engine.model.snapshot import RowChange
from engine.model.sockets import SocketEntry
from engine.sockets.service import SocketsService

HAPPENINGS = {RowChange.NEW: "opened", RowChange.CHANGED: "changed"}


def socket_events(
    options: SocketsOptions, shows: Callable[[SocketEntry], bool], interval_s: float
) -> Iterator[tuple[str, SocketEntry]]:
    """`opened`, `changed` and `closed`, without end; a socket that lived between two looks is `closed` alone."""
    service = SocketsService()
    rows = Rows()
    labels = {os.getpid(): "sockmon"}
    try:
        while True:
            answer = service.answer(AskSockets(rows.generation, options, labels), [])
            first = rows.generation == 0
            entries, changes = rows.apply(answer)
            for entry in entries:
                happening = HAPPENINGS.get(changes.get(entry.key, RowChange.CLOSED))
                if happening and shows(entry):
                    yield happening, entry
            for closed in answer.closed if not first else ():
                if shows(closed.entry):
                    yield "closed", closed.entry
            _listen(service, interval_s)
    finally:
        service.close()


def _listen(service: SocketsService, seconds: float) -> None:
    """Take the kernel's events in until the time is over, so that its buffer never fills."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        for descriptor in select.select(list(service.watch()), [], [], left)[0]:
            service.readable(descriptor)
