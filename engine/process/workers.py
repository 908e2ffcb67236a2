"""The workers of one front: started, asked, given up when they end, and how each of them ended.

For several threads; the launcher's line tells from its own thread that a process has ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from engine.model.errors import ChannelError, EngineError
from engine.model.health import Role, WorkerState
from engine.model.messages import ProcessEnded
from engine.process.front import LauncherLine, Worker
from engine.text.sanitize import printable

Expected = TypeVar("Expected")

LOST_WITH: Final = {
    Role.SOCKETS: "the table stands still",
    Role.CAPTURE: "the captured packets are lost",
    Role.DISSECTOR: "nothing is lost",
    Role.ACTOR: "its sockets are closed",
}
"""What goes with a worker that dies, in words for the screen."""

EPITAPH_S: Final = 0.5
"""The launcher hears at once when a process ends; this is for a busy machine."""


class Workers:
    """At most one worker a role."""

    def __init__(self, line: LauncherLine) -> None:
        self._line = line
        self._lock = threading.Lock()
        self._told = threading.Condition(self._lock)
        """Notified when the launcher has said how a process ended."""
        self._running: dict[Role, Worker[Any, Any]] = {}
        self._states: dict[Role, WorkerState] = {}

    def states(self) -> tuple[WorkerState, ...]:
        """Of every worker that was ever started, the last of its role."""
        with self._lock:
            return tuple(self._states.values())

    def running(self, role: Role) -> Worker[Any, Any] | None:
        """The worker of this role, None if it was not started or has ended."""
        with self._lock:
            return self._running.get(role)

    def has_ended(self, role: Role) -> bool:
        """It was started, and it ended by itself."""
        with self._lock:
            return role in self._states and not self._states[role].alive

    def pids(self) -> set[int]:
        with self._lock:
            return {worker.pid for worker in self._running.values()}

    def start(self, role: Role) -> Worker[Any, Any]:
        """Start a worker. EngineError if the launcher cannot."""
        worker = self._line.start(role)
        with self._lock:
            self._running[role] = worker
            self._states[role] = WorkerState(role, worker.pid, alive=True)
        return worker

    def ask(self, role: Role, request: object, expected: type[Expected], descriptors: Sequence[int] = ()) -> Expected:
        """A worker's answer. EngineError if there is no such worker, or if it died: then with how it ended."""
        with self._lock:
            worker = self._running.get(role)
            state = self._states.get(role)
        if worker is None:
            how = f"has ended ({state.ended}): {LOST_WITH[role]}" if state and state.ended else "is not running"
            raise EngineError(f"the {role} worker {how}")
        try:
            reply = worker.ask(request, descriptors)
        except ChannelError as error:
            how = self._how_ended(role, worker.pid) or str(error)
            self.lose(worker, how)
            raise EngineError(f"the {role} worker has ended ({how}): {LOST_WITH[role]}") from error
        return answered(reply, expected)

    def lose(self, worker: Worker[Any, Any], how: str) -> None:
        """A worker stopped answering: say so now; the launcher's word on how it ended replaces this."""
        with self._lock:
            if self._running.get(worker.role) is worker:
                del self._running[worker.role]
            state = self._states[worker.role]
            if state.pid == worker.pid and state.alive:
                self._states[worker.role] = _ended_state(worker.role, worker.pid, how)
        worker.close()

    def ended(self, ended: ProcessEnded) -> None:
        """The launcher says that a worker has ended."""
        with self._lock:
            state = self._states.get(ended.role)
            if state is None or state.pid != ended.pid:
                return  # one that was replaced or closed by us
            worker = self._running.pop(ended.role, None)
            self._states[ended.role] = _ended_state(ended.role, ended.pid, _epitaph(ended))
            self._told.notify_all()
        if worker is not None:
            worker.close()

    def end(self, role: Role) -> None:
        """End a worker, if it runs."""
        with self._lock:
            worker = self._running.pop(role, None)
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End all of them."""
        for role in Role:
            self.end(role)

    def _how_ended(self, role: Role, pid: int) -> str:
        """The launcher's word on how a process ended, for which it needs a moment; empty if it has none."""
        deadline = time.monotonic() + EPITAPH_S
        with self._told:
            while (state := self._states.get(role)) is not None and state.pid == pid and state.alive:
                if not self._told.wait(max(0.0, deadline - time.monotonic())):
                    return ""
            return state.ended if state is not None and state.pid == pid else ""


def _ended_state(role: Role, pid: int, how: str) -> WorkerState:
    return WorkerState(role, pid, alive=False, ended=how, lost=LOST_WITH[role])


def _epitaph(ended: ProcessEnded) -> str:
    """How a process ended and, where it said why, its last line."""
    lines = ended.last_words.strip().splitlines()
    return f"{ended.how}: {printable(lines[-1])}" if lines else ended.how


def answered(reply: object, expected: type[Expected]) -> Expected:
    """The reply, if it is of the kind that its request asks for; else ChannelError."""
    if not isinstance(reply, expected):
        raise ChannelError(f"a worker answered with {type(reply).__name__} where {expected.__name__} was due")
    return reply
