"""Messages about lessons that cross the screen: what is wanted, and what came of it."""

from __future__ import annotations

from textual.message import Message

from engine.lessons.lesson import Lesson
from engine.lessons.run import RunView


class ShelfWanted(Message):
    """The screen wants the lessons that there are."""


class ShelfRead(Message):
    """The lessons, in the order of the course."""

    def __init__(self, lessons: tuple[Lesson, ...]) -> None:
        super().__init__()
        self.lessons = lessons


class StepWanted(Message):
    """The next step of this lesson; with `fresh` its first, in a run of its own."""

    def __init__(self, lesson: Lesson, fresh: bool) -> None:
        super().__init__()
        self.lesson = lesson
        self.fresh = fresh


class EndWanted(Message):
    """The run that goes on, if any, should end, and all that it started."""


class RunChanged(Message):
    """A run stands so now."""

    def __init__(self, view: RunView) -> None:
        super().__init__()
        self.view = view


class PortsWanted(Message):
    """The user wants to see these ports in the table of connections."""

    def __init__(self, ports: tuple[int, ...]) -> None:
        super().__init__()
        self.ports = ports
