"""Runs a lesson step by step, and tells after every look where each of its expectations stands.

A step does its things, then looks again and again until each of its expectations came true, turned out not to be
checkable, or took too long. All actors of a run end with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Final

import msgspec

from engine.insight.ledger import Ends
from engine.lessons.acting import Stagehand
from engine.lessons.cast import Cast, Rows, SeenSocket
from engine.lessons.judging import Judge
from engine.lessons.lesson import Lesson, Part, Step
from engine.lessons.readers import Facts
from engine.lessons.results import Fault, LessonResult, Mark, Sight, ahead
from engine.lessons.stage import Stage, missing, no_wire
from engine.lessons.wire import Wire
from engine.model.errors import EngineError
from engine.model.snapshot import Snapshot

LOOK_EVERY_S: Final = 0.03
"""Between two looks of one lesson: a packet is handed over within 20 ms, and a look costs some milliseconds."""

LESSON_MAX_S: Final = 120.0
"""A whole lesson by itself: its longest steps take seconds."""


class Phase(StrEnum):
    """What a run is doing."""

    READY = "ready"
    """Before the first step, or between two."""
    DOING = "doing"
    WATCHING = "watching"
    DONE = "done"
    """All steps are behind it, or one failed."""
    ENDED = "ended"
    """Its actors are gone."""


class RunView(msgspec.Struct, frozen=True):
    """A run at one moment."""

    lesson: Lesson
    phase: Phase
    step: int
    """The step that runs or ran last, from 0; -1 before the first."""
    sights: tuple[tuple[Sight, ...], ...]
    """Of each step, of each of its expectations."""
    fault: Fault | None = None
    actors: tuple[tuple[str, int], ...] = ()
    """Names, and Monitor's numbers."""
    sockets: tuple[tuple[Part, SeenSocket], ...] = ()
    """Every socket of its actors, also those that are closed."""
    conversations: tuple[tuple[int, Ends], ...] = ()
    """Streams and ends, in the order of their first packet."""
    ports: tuple[int, ...] = ()


class EndedError(Exception):
    """The run was told to end."""


class LessonRun:
    """One lesson being run. `step()` and `close()` are called from one thread, `end()` from any."""

    def __init__(self, lesson: Lesson, stage: Stage, changed: Callable[[RunView], None] | None = None) -> None:
        """`changed` is called with every new view, in the thread that steps."""
        self.lesson = lesson
        self.cast = Cast()
        self._stage = stage
        self._changed = changed
        self._end = threading.Event()
        self._name = stage.next_run()
        self._hand = Stagehand(stage.monitor, self.cast, self._name, self._pause, partial(stage.watch, self._name))
        self._began_s = time.monotonic()
        self._wire: Wire | None = None
        self._no_wire = ""
        self._missing = missing(lesson.needs)
        self._counters: dict[str, int] = {}
        self._opened = False
        self.view = RunView(lesson, Phase.READY, -1, ahead(lesson))

    @property
    def over(self) -> bool:
        """No step is left to do."""
        return self.view.phase in (Phase.DONE, Phase.ENDED)

    def step(self) -> bool:
        """Do the next step and watch it to its end; whether it held. Raises EngineError if the engine fails."""
        number = self.view.step + 1
        step = self.lesson.steps[number]
        self._show(phase=Phase.DOING, step=number)
        try:
            if self._missing:
                sights = [
                    msgspec.structs.replace(sight, mark=Mark.UNCHECKED, why=self._missing)
                    for sight in self.view.sights[number]
                ]
                self._show_sights(number, sights)
            else:
                self._open()
                self._play(number, step)
        except EndedError:
            self.close()
            return False
        over = self.view.fault is not None or number + 1 == len(self.lesson.steps)
        self._show(phase=Phase.DONE if over else Phase.READY)
        return self.view.fault is None

    def end(self) -> None:
        """Have the run end soon, whatever it waits for."""
        self._end.set()

    def close(self) -> None:
        """End every actor of the run."""
        self._end.clear()
        if self.view.phase is not Phase.ENDED:
            self._hand.end_all()
            self._stage.watch(self._name, ())
            self._show(phase=Phase.ENDED)

    def result(self) -> LessonResult:
        """What became of it so far."""
        sights = tuple(sight for step in self.view.sights for sight in step)
        seconds = time.monotonic() - self._began_s
        return LessonResult(self.lesson.name, self.lesson.file, sights, seconds, self.view.fault)

    # --- one step --------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Before the first step: what the counters stand at, and the last packet that is not the lesson's."""
        if self._opened:
            return
        self._opened = True
        snapshot = self._stage.look()
        self._counters = dict(snapshot.moved_in_all)
        self._no_wire = no_wire(snapshot, self._stage.narrowed)
        if snapshot.capture is not None and not self._no_wire:
            self._wire = Wire(self._stage.monitor, snapshot.capture.last_number)

    def _play(self, number: int, step: Step) -> None:
        began_ns = time.time_ns()
        for doing in step.do:
            try:
                self._hand.carry_out(doing)
            except EngineError as error:
                fault = Fault(doing.spot.line, doing.text, str(error))
                self._show(fault=fault)
                return
        self._show(phase=Phase.WATCHING, actors=tuple((member.name, member.number) for member in self.cast))
        judge = Judge(step, self.cast, began_ns, self._no_wire)
        while True:
            looked_s = time.monotonic()
            facts = self._look()
            sights = judge.judge(facts, self._wire, self._stage.monitor, time.monotonic())
            self._show_sights(number, sights)
            if all(sight.mark is not Mark.WAITING for sight in sights):
                break
            if time.monotonic() - self._began_s > LESSON_MAX_S:
                sights = [judge.given_up(sight) for sight in sights]
                self._show_sights(number, sights)
                break
            # At least half of the time is the actors': on a machine with many sockets a look is costly.
            self._pause(max(LOOK_EVERY_S, time.monotonic() - looked_s))
        failed = next((sight for sight in sights if sight.mark is Mark.FAILED), None)
        if failed is not None:
            trouble = f" ({self.cast.troubles})" if self.cast.troubles else ""
            self._show(fault=Fault(failed.spot.line, failed.expected, failed.seen + trouble))

    def _look(self) -> Facts:
        snapshot = self._stage.look()
        self.cast.learn((view.number, view.report) for view in snapshot.actors)
        rows = Rows(snapshot)
        self.cast.learn_rows(rows)
        if self._wire is not None:
            self._wire.fetch(self.cast.ports)
        return Facts(self.cast, rows, self._risen(snapshot))

    def _risen(self, snapshot: Snapshot) -> dict[str, int]:
        return {name: count - self._counters.get(name, 0) for name, count in snapshot.moved_in_all.items()}

    def _pause(self, seconds: float) -> None:
        if self._end.wait(seconds):
            raise EndedError

    # --- views -----------------------------------------------------------------------------------------------------

    def _show_sights(self, number: int, sights: list[Sight]) -> None:
        every = (*self.view.sights[:number], tuple(sights), *self.view.sights[number + 1 :])
        talks = self._wire.conversations(self.cast) if self._wire is not None else {}
        sockets = tuple((part, msgspec.structs.replace(seen)) for part, seen in self.cast.parts)
        self._show(sights=every, sockets=sockets, conversations=tuple(talks.items()), ports=tuple(self.cast.ports))

    def _show(self, **changes: object) -> None:
        view = msgspec.structs.replace(self.view, **changes)
        if view != self.view:
            self.view = view
            if self._changed is not None:
                self._changed(view)
