"""The one error of a lesson's file: what is wrong, in which file, at which line and column."""

from __future__ import annotations

from engine.model.errors import BadInput


class LessonError(BadInput):
    """A lesson that cannot be run as it is written. `line` and `column` count characters from 1; 0 if the file as a
    whole is meant."""

    def __init__(self, file: str, line: int, column: int, wrong: str, hint: str = "") -> None:
        where = f"{file}:{line}:{column}" if line else file
        super().__init__(f"{where}: {wrong}", hint=hint)
        self.file = file
        self.line = line
        self.column = column
        self.wrong = wrong
