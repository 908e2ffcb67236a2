"""The page of one lesson: its text, the step that runs, what is expected of it, and the question before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.lessons.lesson import Lesson, Prediction
from engine.lessons.predicting import given, is_right
from engine.lessons.run import Phase, RunView
from engine.text.explain.case import Case
from tui.widgets.edit_line import EditLine
from tui.widgets.lesson_cases import cases_of
from tui.widgets.lesson_lines import Said, page_lines, preview_lines, progress_words
from tui.widgets.pane import EXPLAIN_KEY, Pane, Words
from tui.widgets.sheet import Sheet

PHASE_WORDS: dict[Phase, Words] = {
    Phase.DOING: ("doing", "$text-warning"),
    Phase.WATCHING: ("watching", "$text-warning"),
    Phase.DONE: ("done", "$text-success"),
    Phase.ENDED: ("ended", "$foreground 60%"),
}


OVER: Final = frozenset((Phase.DONE, Phase.ENDED))


class LessonPane(Pane):
    """A lesson and its run in; what a student answers goes to whoever asked."""

    NAME = "Lesson"
    HELP = """
    ## Lesson
    What a step does stands behind `›`, what it expects behind a mark: `…` waiting, `✓` seen, `✗` not, `?` could not be
    checked here. **Space** does the next step; **e** explains the words of the one that was done last.
    """
    BINDING_GROUP_TITLE = "Lesson"
    BINDINGS: ClassVar[list[BindingType]] = [EXPLAIN_KEY]

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self.lesson: Lesson | None = None
        self.view: RunView | None = None
        self.auto = False
        self.predicts = False
        self._previewed: Lesson | None = None
        self._said: dict[int, Said] = {}
        self._asked: Prediction | None = None
        self._sheet = Sheet(dom_id="lesson-sheet")
        self._line = EditLine(dom_id="lesson-answer")

    def compose(self) -> ComposeResult:
        yield self._sheet
        yield self._line

    def on_mount(self) -> None:
        self.redraw()

    def focus_inside(self) -> None:
        self.screen.set_focus(self._sheet, scroll_visible=False)

    @property
    def is_asking(self) -> bool:
        """A question stands that was not answered."""
        return self._line.is_open

    def open(self, lesson: Lesson) -> None:
        """Show a lesson from its beginning."""
        self.lesson, self.view, self._previewed = lesson, None, None
        self._said.clear()
        self._asked = None
        self.redraw()

    def preview(self, lesson: Lesson) -> None:
        """Show what a lesson is about, unless another one is under way."""
        self._previewed = lesson
        self.redraw()

    @property
    def _under_way(self) -> bool:
        """A lesson was begun and has not come to its end."""
        return self.lesson is not None and (self.view is None or self.view.phase not in OVER)

    def take(self, view: RunView) -> None:
        """Show how the run stands."""
        self.view = view
        self.redraw()

    def ask(self, step: int, prediction: Prediction, then: Callable[[], None]) -> None:
        """Ask what will happen at a step; `then` once it was answered, and not if the question was given up."""

        def judge(typed: str) -> tuple[str, bool, bool]:
            return ("a letter, or in your own words; Esc leaves it", True, False)

        def close() -> None:
            self._asked = None
            self.redraw()
            self.focus_inside()

        def accept(typed: str, _step: int) -> None:
            if typed.strip():
                self._said[step] = Said(given(prediction, typed), is_right(prediction, typed), prediction.answer)
            close()
            then()

        self._asked = prediction
        self.redraw()
        self._line.open("your answer", "", judge, accept, close)

    def cases(self) -> Sequence[Case]:
        if self.lesson is None or self.view is None or self.view.step < 0:
            return ()
        return cases_of(self.lesson.steps[self.view.step], self.view.sights[self.view.step])

    def redraw(self) -> None:
        """Draw the page; a step that begins comes into view."""
        if not self._sheet.is_attached:
            return
        lesson, previewed = self.lesson, self._previewed
        if previewed is not None and previewed is not lesson and not self._under_way:
            self._sheet.draw(preview_lines(previewed, self._sheet.room))
            self._sheet.scroll_to(y=0, animate=False)
            self.set_title([previewed.title])
            return
        if lesson is None:
            self._sheet.draw([[("Enter runs the lesson under the cursor.", "$foreground 60%")]])
            self.set_title([])
            return
        lines, begins = page_lines(lesson, self.view, self._said, self._asked, self._sheet.room)
        self._sheet.draw(lines)
        room = self._sheet.scrollable_content_region.height
        if len(lines) - begins >= room or self._asked is not None:
            self.call_after_refresh(self._sheet.scroll_to, y=begins, animate=False)
        else:
            self.call_after_refresh(self._sheet.scroll_end, animate=False)
        self._retitle(lesson)

    def _retitle(self, lesson: Lesson) -> None:
        left: list[Words | str] = [lesson.title]
        phase = self.view.phase if self.view is not None else Phase.READY
        if phase in PHASE_WORDS:
            failed = self.view is not None and self.view.fault is not None
            left.append(("does not hold", "bold $text-error") if failed else PHASE_WORDS[phase])
        if self.auto:
            left.append(("auto", "$text-primary"))
        if self.predicts:
            left.append(("predict", "$text-primary"))
        progress = progress_words(self.view, lesson)
        self.set_title(left, [(progress, "$foreground 70%")], short=f"Lesson {progress.removeprefix('step ')}".strip())

    def on_resize(self) -> None:
        super().on_resize()
        self.redraw()
