"""Runs lab actors in threads for tests, and waits for what they say instead of sleeping."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from engine.lab.catalogue import actor_kind, make_actor
from engine.lab.knobs import set_knobs
from engine.model.lab import ActorCommand, ActorReport, ActorSpec

LIMIT_S: Final = 10.0


def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait until the condition holds; fail the test if it does not in time."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.002)


def open_descriptors() -> int:
    """How many descriptors this process has open (the one that lists them included)."""
    return len(os.listdir("/proc/self/fd"))


class Running:
    """An actor of a kind, with its own defaults and these knobs, running in a thread until the block ends."""

    def __init__(self, kind: str, **knobs: Any) -> None:
        spec = ActorSpec(kind, set_knobs(actor_kind(kind).default_knobs(), knobs))
        self.actor = make_actor(spec)
        self.thread = threading.Thread(target=self.actor.run, name=kind)

    def __enter__(self) -> Running:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.actor.stop()
        self.thread.join(LIMIT_S)
        assert not self.thread.is_alive(), f"{self.actor.spec.kind} did not stop"

    def report(self, calls_after: int = 0) -> ActorReport:
        """What the actor says of itself now."""
        return self.actor.report(calls_after)

    def command(self, command: ActorCommand, text: str = "") -> None:
        """Ask something of the actor."""
        self.actor.command(command, text)

    def ended(self) -> ActorReport:
        """Wait for its own end; the last report."""
        self.thread.join(LIMIT_S)
        assert not self.thread.is_alive(), f"{self.actor.spec.kind} did not end"
        return self.report()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once it does."""
        until(lambda: self.report().local or self.report().error)
        report = self.report()
        assert not report.error, report.error
        host, _, port = report.local.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def port(self) -> int:
        """The port on which it listens, once it does."""
        return self.address[1]

    def names(self) -> list[str]:
        """The names of its logged calls."""
        return [call.name for call in self.report().calls]


def run_to_end(kind: str, **knobs: Any) -> ActorReport:
    """Run an actor to its own end; the last report."""
    with Running(kind, **knobs) as running:
        return running.ended()
