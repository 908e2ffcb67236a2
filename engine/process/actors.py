"""The lab's actors as the front holds them: a process, a channel and the last report each."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from engine.lab.catalogue import KINDS
from engine.model.errors import ChannelError, EngineError, LabError
from engine.model.health import Role
from engine.model.lab import ActorCommand, ActorReport, ActorSpec, ActorState
from engine.model.messages import ActorAnswer, ActorRequest, AskActor, CommandActor, ProcessEnded, RunActor
from engine.model.snapshot import ActorView
from engine.process.channel import close_all
from engine.process.front import LauncherLine, Worker
from engine.text.sanitize import printable

START_LIMIT_S = 10.0
"""A name look-up in the actor may take as long as the resolver's own limit of 5 s, twice. Its first answer comes when
its process has imported what it needs, which takes seconds where the processors are all taken."""

STOP_LIMIT_S = 1.0
"""An actor that does not leave its calls so soon is ended with its process."""

ANSWER_LIMIT_S = 5.0
"""An actor answers from a thread of its own; one that cannot for so long hangs and is ended, for the refresh waits for
it. Actors are niced: on a machine whose processors are all taken two seconds were seen."""

CALLS_SHOWN = 200
"""The newest calls of an actor that a view carries."""


ENDED = frozenset({ActorState.DONE, ActorState.FAILED, ActorState.STOPPED})

LIVING = tuple(state for state in ActorState if state not in ENDED)

UNSETTLED = (ActorState.STARTING,)


class _Held:
    """One actor that was started."""

    def __init__(self, number: int, spec: ActorSpec, worker: Worker[Any, Any], report: ActorReport) -> None:
        self.number = number
        self.spec = spec
        self.worker: Worker[Any, Any] | None = worker
        self.report = report


class Actors:
    """All actors of this front, by number, from 1."""

    def __init__(self, line: LauncherLine) -> None:
        self._line = line
        self._held: dict[int, _Held] = {}
        self._lock = threading.Lock()
        self._last_number = 0

    def start(self, spec: ActorSpec) -> ActorView:
        """Start an actor's process; returns once it runs, is done, or has failed (`report.state`)."""
        handed = self._opened_for(spec.kind)
        try:
            worker = self._line.start(Role.ACTOR, spec.kind)
            try:
                run = RunActor(spec, tuple(handed))
                report = _report(worker, run, list(handed.values()), limit_s=START_LIMIT_S)
            except EngineError:
                worker.close()
                raise
        finally:
            close_all(list(handed.values()))
        with self._lock:
            self._last_number += 1
            held = _Held(self._last_number, spec, worker, report)
            self._held[held.number] = held
        deadline = time.monotonic() + START_LIMIT_S
        while self._ask(held, UNSETTLED).state in UNSETTLED and time.monotonic() < deadline:
            pass  # each ask waits a moment for it; between two the refresh has its turn
        return ActorView(held.number, spec, held.report)

    def _opened_for(self, name: str) -> dict[str, int]:
        """What the launcher opens for an actor of this kind, where it may: descriptors by what they are."""
        kind = KINDS.get(name)
        if kind is None or not kind.wants:
            return {}
        if kind.wants == "packet":
            descriptor, _ = self._line.open_packet_socket()
            return {"packet": descriptor} if descriptor >= 0 else {}
        names = {int(socket.AF_INET): "icmp", int(socket.AF_INET6): "icmp6"}
        return {names[family]: descriptor for family, descriptor in self._line.open_icmp_sockets().items()}

    def stop(self, number: int) -> ActorReport:
        """Stop an actor and end its process; its last report."""
        held = self._find(number)
        with self._lock:  # from here on its end is no news
            worker, held.worker = held.worker, None
            self._held.pop(number, None)
        if worker is None:
            return held.report
        with suppress(ChannelError):  # it ended by itself: the report before is its last
            held.report = _report(worker, CommandActor(ActorCommand.STOP))
            deadline = time.monotonic() + STOP_LIMIT_S
            while held.report.state in LIVING and time.monotonic() < deadline:
                held.report = _report(worker, AskActor(unlike=LIVING))
        worker.close()
        return held.report

    def command(self, number: int, command: ActorCommand, text: str = "") -> ActorReport:
        """Ask something of an actor; its report afterwards."""
        held = self._find(number)
        if held.worker is None:
            raise LabError(f"actor {number} ({held.spec.kind}) has ended")
        held.report = _report(held.worker, CommandActor(command, text))
        return held.report

    def kill(self, number: int) -> None:
        """Kill an actor's process (SIGKILL), as a crash would end it; it is then listed as failed."""
        held = self._find(number)
        if held.worker is None:
            raise LabError(f"actor {number} ({held.spec.kind}) has ended")
        held.worker.kill()

    def views(self) -> tuple[ActorView, ...]:
        """Every actor with a fresh report."""
        with self._lock:
            all_held = list(self._held.values())
        return tuple(ActorView(held.number, held.spec, self._ask(held)) for held in all_held)

    def labels(self) -> dict[int, str]:
        """PID to kind, for the Process column."""
        with self._lock:
            return {held.worker.pid: held.spec.kind for held in self._held.values() if held.worker is not None}

    def ended(self, ended: ProcessEnded) -> None:
        """An actor's process is gone without having been stopped."""
        with self._lock:
            held = next((h for h in self._held.values() if h.worker is not None and h.worker.pid == ended.pid), None)
            if held is None or held.worker is None:
                return
            worker, held.worker = held.worker, None
        worker.close()
        lines = ended.last_words.strip().splitlines()
        why = f"{ended.how}: {printable(lines[-1])}" if lines else ended.how
        held.report = msgspec.structs.replace(
            held.report, state=ActorState.FAILED, error=why, sockets=(), connections=0, waiting=()
        )

    def close(self) -> None:
        """End all actors."""
        with self._lock:
            workers = [held.worker for held in self._held.values() if held.worker is not None]
            self._held.clear()
        for worker in workers:
            worker.close()

    def _find(self, number: int) -> _Held:
        with self._lock:
            held = self._held.get(number)
        if held is None:
            raise LabError(f"there is no actor {number}")
        return held

    def _ask(self, held: _Held, unlike: tuple[ActorState, ...] = ()) -> ActorReport:
        """Its report, once it is past these states or has waited for that."""
        worker = held.worker
        if worker is None:
            return held.report
        with suppress(ChannelError):  # the launcher says how it ended, and `ended` takes that into the report
            after = max(0, held.report.calls_total - CALLS_SHOWN)
            held.report = _report(worker, AskActor(after, unlike))
        if held.report.state in ENDED:
            held.worker = None  # it holds nothing any more; its last report is all there is to ask for
            worker.close()
        return held.report


def _report(
    worker: Worker[Any, Any],
    request: ActorRequest,
    descriptors: Sequence[int] = (),
    limit_s: float = ANSWER_LIMIT_S,
) -> ActorReport:
    reply = worker.ask(request, descriptors, limit_s=limit_s)
    if not isinstance(reply, ActorAnswer):
        raise ChannelError(f"an actor answered with {type(reply).__name__}")
    return reply.report
