"""Runs several lessons, some at a time, and hands over each result as it comes."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from engine.lessons.lesson import Lesson
from engine.lessons.results import Fault, LessonResult
from engine.lessons.run import LessonRun, RunView
from engine.lessons.stage import Stage
from engine.model.errors import EngineError

AT_ONCE: Final = 4
"""Lessons that run side by side unless told otherwise: most of their time they wait."""


class Course:
    """Lessons that run in threads. A failure of the engine is the lesson's failure."""

    def __init__(
        self,
        lessons: Sequence[Lesson],
        stage: Stage,
        at_once: int = AT_ONCE,
        changed: Callable[[RunView], None] | None = None,
    ) -> None:
        """`changed` is called with every new view, in the lesson's thread."""
        self._waiting = deque(lessons)
        self._stage = stage
        self._changed = changed
        self._results: queue.SimpleQueue[LessonResult] = queue.SimpleQueue()
        self._running: set[LessonRun] = set()
        self._lock = threading.Lock()
        self._left = len(lessons)
        self._threads = [
            threading.Thread(target=self._work, name=f"lesson-{number}", daemon=True)
            for number in range(min(at_once, len(lessons)))
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    @property
    def over(self) -> bool:
        """Every result has been handed over."""
        return self._left == 0

    def next_result(self, limit_s: float) -> LessonResult | None:
        """The next lesson that is through; None if none is within the limit."""
        try:
            result = self._results.get(timeout=limit_s)
        except queue.Empty:
            return None
        self._left -= 1
        return result

    def end(self) -> None:
        """Have all of them end, and wait until their actors are gone."""
        with self._lock:
            self._waiting.clear()
            running = list(self._running)
        for run in running:
            run.end()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                run = LessonRun(self._waiting.popleft(), self._stage, self._changed)
                self._running.add(run)
            self._results.put(self._result(run))
            with self._lock:
                self._running.discard(run)

    @staticmethod
    def _result(run: LessonRun) -> LessonResult:
        try:
            try:
                while not run.over and run.step():
                    pass
            finally:
                run.close()
        except EngineError as error:
            lesson = run.lesson
            line = lesson.steps[max(0, run.view.step)].spot.line
            result = run.result()
            fault = result.fault or Fault(line, "the engine goes on", str(error))
            return LessonResult(lesson.name, lesson.file, result.sights, result.seconds, fault)
        return run.result()
