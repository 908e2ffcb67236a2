"""The list of lessons: how each stands, its title and what it is about."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.lessons.lesson import Lesson
from engine.lessons.results import Mark
from engine.lessons.run import Phase, RunView
from tui.widgets.columns import Column, Ink
from tui.widgets.line_table import LineTable
from tui.widgets.pane import Pane


class LessonTable(LineTable[Lesson]):
    """Enter runs."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "run", id="table.select")]


class LessonsPane(Pane):
    """Lessons in, Chosen and Highlighted out."""

    NAME = "Lessons"
    HELP = """
    ## Lessons
    Each makes a textbook state on this machine, says what to look at, and checks itself against kernel, program and
    wire. **Enter** runs the one under the cursor, step by step: **Space** does the next step, **Backspace** begins
    again, **A** plays on by itself, **P** asks you before each step what will happen. **o** opens the conversation
    on the screen of flows, **c** the connections in the table; **v** shows another conversation of the lesson.
    """
    BINDING_GROUP_TITLE = "Lessons"

    class Chosen(Message):
        """The user wants this lesson run."""

        def __init__(self, lesson: Lesson) -> None:
            super().__init__()
            self.lesson = lesson

    class Highlighted(Message):
        """The cursor came to this lesson."""

        def __init__(self, lesson: Lesson) -> None:
            super().__init__()
            self.lesson = lesson

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(dom_id=dom_id)
        self._lessons: tuple[Lesson, ...] = ()
        self._marks: dict[str, tuple[str, Ink]] = {}
        """By name, how the last run of a lesson stands or ended."""
        self._table = LessonTable(self._columns(), lambda lesson: lesson.name, empty="Reading the lessons …")

    def compose(self) -> ComposeResult:
        yield self._table

    def _columns(self) -> tuple[Column[Lesson], ...]:
        return (
            Column("mark", "", 1, lambda lesson: self._mark(lesson)[0], style=lambda lesson: self._mark(lesson)[1]),
            Column("title", "Title", 16, lambda lesson: lesson.title, flexible=True, ideal=52),
            Column("topics", "Topics", 8, lambda lesson: ", ".join(lesson.topics), style=muted, priority=1, ideal=26),
            Column("steps", "Steps", 5, lambda lesson: str(len(lesson.steps)), style=muted, priority=2),
        )  # fmt: skip

    def _mark(self, lesson: Lesson) -> tuple[str, Ink]:
        return self._marks.get(lesson.name, (" ", Ink.PLAIN))

    def focus_inside(self) -> None:
        self.screen.set_focus(self._table, scroll_visible=False)

    def show_shelf(self, lessons: tuple[Lesson, ...]) -> None:
        """Show these lessons."""
        self._lessons = lessons
        self._show()

    def take(self, view: RunView) -> None:
        """Mark a lesson by its run."""
        mark = mark_of(view)
        if self._marks.get(view.lesson.name) != mark:
            self._marks[view.lesson.name] = mark
            self._show()

    def select(self, lesson: Lesson) -> None:
        """Put the cursor on this lesson."""
        self._table.select_key(lesson.name)

    def _show(self) -> None:
        self._table.show(self._lessons, stamp=tuple(self._marks.items()))
        done = sum(mark == "✓" for mark, _ in self._marks.values())
        self.set_title([f"{len(self._lessons)}"], [(f"{done} seen", "$text-success")] if done else [])

    def on_line_table_row_highlighted(self, event: LineTable.RowHighlighted) -> None:
        event.stop()
        if isinstance(event.row, Lesson):
            self.post_message(self.Highlighted(event.row))

    def on_line_table_row_selected(self, event: LineTable.RowSelected) -> None:
        event.stop()
        if isinstance(event.row, Lesson):
            self.post_message(self.Chosen(event.row))


def muted(_lesson: Lesson) -> Ink:
    """What stands beside a title."""
    return Ink.MUTED


def mark_of(view: RunView) -> tuple[str, Ink]:
    """How a run stands, in a character."""
    if view.fault is not None:
        return "✗", Ink.BAD
    last = view.step + 1 == len(view.lesson.steps)
    if not last or view.phase in (Phase.DOING, Phase.WATCHING):
        return "▶", Ink.ACCENT
    unchecked = any(sight.mark is Mark.UNCHECKED for step in view.sights for sight in step)
    return ("?", Ink.WARN) if unchecked else ("✓", Ink.GOOD)
