"""Screen 6: the lessons, the page of the one that runs, and beside it the ladder and the sockets that it is about."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from engine.lessons.cast import address_of
from engine.lessons.lesson import Lesson
from engine.lessons.predicting import prediction_of
from engine.lessons.run import Phase, RunView
from tui.conversations import Subject, Wanted
from tui.flow_messages import FlowWanted
from tui.lesson_messages import EndWanted, PortsWanted, RunChanged, ShelfRead, ShelfWanted, StepWanted
from tui.messages import Moment
from tui.screens.base import MonitorScreen
from tui.widgets.lesson_ladder import LessonLadderPane
from tui.widgets.lesson_list import LessonsPane
from tui.widgets.lesson_page import LessonPane
from tui.widgets.lesson_sockets import LessonSocketsPane

READ_S: Final = 1.5
"""Auto-play waits so long after a step, and longer for each word of the next one."""

WORDS_PER_S: Final = 5.0
"""A quick reader's pace, three hundred words a minute."""

BUSY: Final = frozenset((Phase.DOING, Phase.WATCHING))


class LessonsScreen(MonitorScreen):
    """List and page at the left, ladder and sockets at the right."""

    TITLE = "Lessons"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "next", "next step", key_display="Space", id="lessons.next"),
        Binding("backspace", "begin_again", "begin again", key_display="⌫", id="lessons.begin_again"),
        Binding("A", "auto", "auto", id="lessons.auto"),
        Binding("P", "predict", "predict", id="lessons.predict"),
        Binding("o", "flow", "flow", id="lessons.flow"),
        Binding("c", "connections", "connections", id="lessons.connections"),
        Binding("v", "next_conversation", "Another conversation", show=False, id="lessons.next_conversation"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lesson: Lesson | None = None
        self._view: RunView | None = None
        self._moment: Moment | None = None
        self._auto = False
        self._predicts = False
        self._asked_for = -1
        """The step that was asked for last."""

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="lessons-body"):
            with Vertical(id="lessons-left"):
                yield LessonsPane(dom_id="lesson-list")
                yield LessonPane(dom_id="lesson-page")
            with Vertical(id="lessons-right"):
                yield LessonLadderPane(dom_id="lesson-ladder")
                yield LessonSocketsPane(dom_id="lesson-sockets")

    def on_mount(self) -> None:
        self.post_message(ShelfWanted())

    # --- what comes in ----------------------------------------------------------------------------------------------

    def on_shelf_read(self, event: ShelfRead) -> None:
        event.stop()
        self.query_one(LessonsPane).show_shelf(event.lessons)

    def show(self, moment: Moment, work: object) -> None:
        super().show(moment, work)
        self._moment = moment
        self._show_beside()

    def on_run_changed(self, event: RunChanged) -> None:
        event.stop()
        view = event.view
        if self._lesson is None or view.lesson.name != self._lesson.name or view.phase is Phase.ENDED:
            return  # of a run that was given up
        before, self._view = self._view, view
        self.query_one(LessonsPane).take(view)
        self.query_one(LessonPane).take(view)
        if before is None or before.phase is not view.phase:
            self.refresh_bindings()
        self._show_beside()
        if view.phase is Phase.READY and (before is None or before.phase in BUSY):
            self._go_on()

    def _show_beside(self) -> None:
        """Ladder and sockets, each in its own turn (Textual stops a message at its sender)."""
        if self._moment is None:
            return
        snapshot, view = self._moment.snapshot, self._view
        ladder, sockets = self.query_one(LessonLadderPane), self.query_one(LessonSocketsPane)
        talks = tuple((stream, Subject(ends, stream)) for stream, ends in view.conversations) if view else ()
        names = {address_of(seen.local): part.actor for part, seen in view.sockets} if view else {}
        ladder.call_later(ladder.show_talks, talks, names, snapshot)
        sockets.show(view, snapshot)

    def pause(self, paused: bool) -> None:
        super().pause(paused)
        self.query_one(LessonLadderPane).pause(paused)

    # --- steps ------------------------------------------------------------------------------------------------------

    def on_lessons_pane_highlighted(self, event: LessonsPane.Highlighted) -> None:
        event.stop()
        self.query_one(LessonPane).preview(event.lesson)

    def on_lessons_pane_chosen(self, event: LessonsPane.Chosen) -> None:
        event.stop()
        self._begin(event.lesson)
        self.activate(self.query_one(LessonPane))
        self.action_next()

    def _begin(self, lesson: Lesson) -> None:
        """Show a lesson from its start; what ran before ends."""
        self.post_message(EndWanted())
        self._lesson, self._view, self._asked_for = lesson, None, -1
        self.query_one(LessonLadderPane).forget()
        self.query_one(LessonPane).open(lesson)
        self._show_beside()
        self.refresh_bindings()

    @property
    def _next_step(self) -> int:
        """The step that comes next."""
        return self._view.step + 1 if self._view is not None else 0

    def action_next(self) -> None:
        lesson = self._lesson
        page = self.query_one(LessonPane)
        if lesson is None or page.is_asking or self._asked_for == self._next_step:
            return
        prediction = prediction_of(lesson.steps[self._next_step])
        if self._predicts and prediction is not None:
            self.activate(page)
            page.ask(self._next_step, prediction, self._do_next)
        else:
            self._do_next()

    def _do_next(self) -> None:
        if self._lesson is not None:
            self._asked_for = self._next_step
            self.post_message(StepWanted(self._lesson, fresh=self._next_step == 0))

    def _go_on(self) -> None:
        """Auto-play: leave time to read, then the next step."""
        if self._auto and self._lesson is not None and self._next_step < len(self._lesson.steps):
            wanted, words = self._next_step, len(self._lesson.steps[self._next_step].say.split())
            self.set_timer(READ_S + words / WORDS_PER_S, lambda: self._auto_next(wanted))

    def _auto_next(self, step: int) -> None:
        if self._auto and step == self._next_step:
            self.action_next()

    def action_begin_again(self) -> None:
        if self._lesson is not None:
            self._begin(self._lesson)

    def action_auto(self) -> None:
        self._auto = not self._auto
        self._say_modes()
        if self._auto and self._lesson is not None and (self._view is None or self._view.phase is Phase.READY):
            self.action_next()

    def action_predict(self) -> None:
        self._predicts = not self._predicts
        self._say_modes()

    def _say_modes(self) -> None:
        page = self.query_one(LessonPane)
        page.auto, page.predicts = self._auto, self._predicts
        page.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While an answer is typed Tab is none of ours; a step is not begun before the last one was watched."""
        if action == "pane" and self.query("EditLine:focus-within"):
            return False
        if action == "next":
            idle = self._view is None or self._view.phase is Phase.READY
            return self._lesson is not None and idle
        if action in ("begin_again", "auto"):
            return self._lesson is not None
        if action in ("flow", "next_conversation"):
            return bool(self._view and self._view.conversations)
        if action == "connections":
            return bool(self._view and self._view.ports)
        return super().check_action(action, parameters)

    # --- jumps ------------------------------------------------------------------------------------------------------

    def action_flow(self) -> None:
        subject = self.query_one(LessonLadderPane).subject
        if subject is not None:
            self.post_message(FlowWanted(Wanted(subject)))

    def action_connections(self) -> None:
        if self._view is not None:
            self.post_message(PortsWanted(self._view.ports))

    def action_next_conversation(self) -> None:
        self.query_one(LessonLadderPane).choose_next()
        self._show_beside()

    def action_back(self) -> None:
        """From the page, the ladder and the sockets back to the list; then as on every screen."""
        lessons = self.query_one(LessonsPane)
        if self.query("HelpPanel") or self.has_class("-zoomed") or self.active_pane is lessons:
            super().action_back()
        else:
            self.activate(lessons)
