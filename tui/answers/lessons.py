"""What the screen of lessons asks: the shelf, steps of a run, its end, and the way to the table of connections.

A run has a thread of its own, since a step may be watched for seconds. It does not refresh Monitor itself: that would
take from the screen what is told once only (closed sockets, marks of change). It asks the app for a refresh and waits
for the snapshot that comes of it.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, Final

import msgspec

from engine.lessons.library import all_lessons
from engine.lessons.run import LessonRun, RunView
from engine.lessons.stage import Stage
from engine.model.errors import EngineError
from engine.model.snapshot import MonitorView, Snapshot
from tui.bridge import Asker
from tui.host import ScreenHost
from tui.lesson_messages import EndWanted, PortsWanted, RunChanged, ShelfRead, ShelfWanted, StepWanted
from tui.messages import Done, Prepared
from tui.screens.connections import ConnectionsScreen
from tui.screens.lessons import LessonsScreen
from tui.widgets.connections import ConnectionsPane

LOOK_EVERY_S: Final = 0.12
"""Between two looks of a run: each draws the whole screen anew."""

LOOK_LIMIT_S: Final = 10.0
"""A refresh that takes so long has failed; the header says why."""

CONNECTIONS_MODE: Final = "connections"


class LessonAnswers(ScreenHost):
    """Holds the run of the screen of lessons."""

    def __init__(self, monitor: MonitorView, **options: Any) -> None:
        """As ScreenHost."""
        super().__init__(monitor, **options)
        self._lesson_run: LessonRun | None = None
        self._looked = threading.Condition()
        self._looks = 0
        self._latest_look = Snapshot(0)
        self._lessons = Asker("lessons", self)
        self._stage = Stage(monitor, self._look_for_lesson)

    def on_mount(self) -> None:
        self._lessons.start()

    def on_unmount(self) -> None:
        if self._lesson_run is not None:
            self._lesson_run.end()
        self._lessons.stop()

    # --- snapshots --------------------------------------------------------------------------------------------------

    def _prepare(self, snapshot: Snapshot) -> Prepared:
        prepared = super()._prepare(snapshot)
        with self._looked:
            self._looks += 1
            self._latest_look = snapshot
            self._looked.notify_all()
        return prepared

    def _look_for_lesson(self) -> Snapshot:
        """A snapshot begun after this call, taken for screen and lesson both; in the lesson's thread.

        The pause is longer than a refresh that was on its way may still take, so the next one to come is a new one.
        """
        with self._looked:
            self._looked.wait(LOOK_EVERY_S)
            known = self._looks
            self._bridge.refresh(self._prepare)
            if not self._looked.wait_for(lambda: self._looks > known, LOOK_LIMIT_S):
                raise EngineError("the socket table did not come", hint="the header says why")
            return self._latest_look

    # --- what the screen asks ---------------------------------------------------------------------------------------

    def on_shelf_wanted(self, _event: ShelfWanted) -> None:
        if isinstance(self.base_screen, LessonsScreen):
            self._lessons.ask("shelf", lambda: ShelfRead(tuple(all_lessons())), self.base_screen)

    def on_step_wanted(self, event: StepWanted) -> None:
        screen = self.base_screen
        if not isinstance(screen, LessonsScreen):
            return
        if event.fresh or self._lesson_run is None:
            self._end_run()

            def changed(view: RunView) -> None:
                screen.post_message(RunChanged(view))

            self._lesson_run = LessonRun(event.lesson, self._stage, changed)
        self._lessons.ask("step", partial(self._step, self._lesson_run), screen)

    def _step(self, run: LessonRun) -> Done:
        """One step, in the lesson's thread. Until the run ends, the sockets that it looks at are read whatever the
        table of connections leaves out."""
        families = tuple(dict.fromkeys((*self.sockets_options.families, "tcp", "udp", *run.lesson.families)))
        self.monitor.set_sockets(msgspec.structs.replace(self.sockets_options, families=families, filter=""))
        run.step()
        return Done()

    def on_end_wanted(self, _event: EndWanted) -> None:
        self._end_run()

    def _end_run(self) -> None:
        run, self._lesson_run = self._lesson_run, None
        if run is not None:
            run.end()
            self._lessons.ask(f"end {id(run)}", partial(self._close, run), self)

    def _close(self, run: LessonRun) -> Done:
        run.close()
        self.monitor.set_sockets(self.sockets_options)
        return Done()

    async def on_ports_wanted(self, event: PortsWanted) -> None:
        """The table of connections, with these ports alone."""
        await self.switch_mode(CONNECTIONS_MODE)
        screen = self.base_screen
        if isinstance(screen, ConnectionsScreen):
            screen.query_one(ConnectionsPane).set_filter(" or ".join(f":{port}" for port in event.ports))
