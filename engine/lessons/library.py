"""The lessons that sockmon ships, and how a name or a path becomes a lesson."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from engine.lessons.lesson import Lesson
from engine.lessons.reading import name_of, read_file
from engine.model.errors import BadInput

SHELF: Final = Path(__file__).with_name("library")
"""The folder of the shipped lessons; the number in front of a file's name puts them in the order of a course."""

SUFFIX: Final = ".toml"

NEAR_MAX: Final = 5
"""Names suggested for one that there is not."""


def shelf() -> dict[str, Path]:
    """The shipped lessons in the order of the course, name to file."""
    return {name_of(path): path for path in sorted(SHELF.glob(f"*{SUFFIX}"))}


def all_lessons() -> list[Lesson]:
    """Every shipped lesson, in the order of the course. Raises LessonError."""
    return [read_file(path) for path in shelf().values()]


def lesson_named(name: str) -> Lesson:
    """A shipped lesson by its name, or the one in a file. Raises BadInput."""
    if name.endswith(SUFFIX) or os.sep in name:
        return read_file(Path(name))
    known = shelf()
    if name in known:
        return read_file(known[name])
    near = [other for other in known if name and name in other] or get_close_matches(name, known, NEAR_MAX)
    hint = f"did you mean {', '.join(near[:NEAR_MAX])}?" if near else "`sockmon lesson list` shows all"
    raise BadInput(f"there is no lesson {name!r}", hint=hint)
