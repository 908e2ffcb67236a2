"""The seam between a worker's subject (sockets, capture) and the process that hosts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

Request = TypeVar("Request", contravariant=True)
Reply = TypeVar("Reply", covariant=True)


class Service(Protocol[Request, Reply]):
    """What a worker process hosts. One thread calls all of it, so a service needs no lock.

    The host waits for the descriptors of `watch()` and for requests, at most `pause_s()` seconds, and calls back.
    """

    def watch(self) -> Sequence[int]:
        """Descriptors to wait for; asked before every wait, so it may change."""
        ...

    def readable(self, fd: int) -> None:
        """A descriptor of `watch()` has something. Must return soon (a bounded batch)."""
        ...

    def pause_s(self) -> float | None:
        """The longest wait in seconds before `idle()` is due; None for no limit."""
        ...

    def idle(self) -> None:
        """The pause is over."""
        ...

    def answer(self, request: Request, descriptors: Sequence[int]) -> Reply:
        """Answer one request. `descriptors` came with it and are the service's to close. May raise EngineError, which
        the host sends as `Failed`."""
        ...

    def close(self) -> None:
        """Give up everything; nothing is called afterwards."""
        ...
