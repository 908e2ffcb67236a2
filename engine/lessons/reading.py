"""From the text of a TOML file to a Lesson, or to all its faults, each with line and column. Nothing is started.

title = "…"            text = '''…'''          topics = ["tcp", …]        needs = ["ipv6"]     families = ["unix"]
[[step]]
say = "…"              look = "…"
do = ["start server echo-server", …]           expect = ["state server == LISTEN", …]
predict = { question = "…", answer = "…", choices = ["…", "…"] }
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from engine.lessons.doings import read_doing
from engine.lessons.errors import LessonError
from engine.lessons.expectations import read_expectation
from engine.lessons.lesson import Doing, Expectation, Lesson, Prediction, Spot, Step, Verb
from engine.lessons.positions import Path as TomlPath
from engine.lessons.positions import Positions, line_and_column
from engine.lessons.words import UnknownActorError, WordError, instead

FILE_MAX: Final = 256 * 1024
"""Bytes of a lesson: a hundred times what a long one has."""
STEPS_MAX: Final = 64
LINES_MAX: Final = 32
"""Things that one step does, or expects."""
ACTORS_MAX: Final = 16
"""Processes of one lesson."""
FAULTS_MAX: Final = 50
"""Faults told of one file: who has made more will look again anyway."""

NEEDS: Final = ("ipv6",)
FAMILIES: Final = ("unix",)

LESSON_KEYS: Final = ("title", "text", "topics", "needs", "families", "step")
STEP_KEYS: Final = ("say", "look", "do", "expect", "predict")
PREDICT_KEYS: Final = ("question", "answer", "choices")

SYNTAX: Final = {
    "Illegal character '\\n'": "a text begins on this line and does not end",
    "Found invalid character '\\n'": "a text begins on this line and does not end",
}
"""What tomllib says, for those who do not know how it reads."""

_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def name_of(path: Path) -> str:
    """A lesson's name: its file's, without the number in front."""
    number, dash, rest = path.stem.partition("-")
    return rest if dash and number.isdecimal() else path.stem


def read_file(path: Path) -> Lesson:
    """The lesson in a file. Raises LessonError for the first fault."""
    lesson, faults = check_file(path)
    if lesson is None:
        raise faults[0]
    return lesson


def check_file(path: Path) -> tuple[Lesson | None, list[LessonError]]:
    """The lesson in a file, or all its faults."""
    shown = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_MAX + 1)
    except OSError as error:
        return None, [LessonError(shown, 0, 0, error.strerror or str(error))]
    if len(raw) > FILE_MAX:
        return None, [LessonError(shown, 0, 0, f"has more than {FILE_MAX:,} bytes", "a lesson is shorter")]
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line, column = line_and_column(raw[: error.start].decode(errors="replace"), error.start)
        return None, [LessonError(shown, line, column, f"byte 0x{raw[error.start]:02x} is no UTF-8")]
    return check_text(text, name_of(path), shown)


def read_text(text: str, name: str, file: str) -> Lesson:
    """The lesson in a text. Raises LessonError for the first fault."""
    lesson, faults = check_text(text, name, file)
    if lesson is None:
        raise faults[0]
    return lesson


def check_text(text: str, name: str, file: str) -> tuple[Lesson | None, list[LessonError]]:
    """The lesson in a text, or all its faults, in the order of the text."""
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
        draft = _Draft(text, name, file)
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax(text, file, error)]
    except ValueError as error:  # an integer of more digits than Python reads
        return None, [LessonError(file, 0, 0, str(error))]
    except RecursionError:
        return None, [LessonError(file, 0, 0, "brackets are nested too deeply")]
    lesson = draft.lesson(document)
    if draft.faults:
        return None, sorted(draft.faults, key=lambda fault: (fault.line, fault.column))
    return lesson, []


def _syntax(text: str, file: str, error: tomllib.TOMLDecodeError) -> LessonError:
    sentence = str(error)
    found = _PLACE.search(sentence)
    if found is None:
        return LessonError(file, 0, 0, sentence)
    line, column = (int(found[1]), int(found[2])) if found[1] else line_and_column(text, len(text))
    wrong = sentence[: found.start()]
    return LessonError(file, line, column, SYNTAX.get(wrong, wrong))


class _Draft:
    """A document being read: faults gather, and what is wrong is left out."""

    def __init__(self, text: str, name: str, file: str) -> None:
        self._text = text
        self._name = name
        self._file = file
        self._positions = Positions(text)
        self._actors: dict[str, str] = {}
        self.faults: list[LessonError] = []

    def lesson(self, document: dict[str, Any]) -> Lesson:
        """What the document says; meaningless once there are faults."""
        self._known_keys((), document, LESSON_KEYS, "a lesson")
        title = self._string(document, (), "title", wanted=True)
        text = self._string(document, (), "text", wanted=True)
        steps = document.get("step", [])
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            self._fault_at_value(("step",), "step is no table", "write [[step]]")
            steps = []
        elif not steps:
            self._fault(0, "there is no [[step]]")
        elif len(steps) > STEPS_MAX:
            self._fault_at_key(("step", STEPS_MAX), f"more than {STEPS_MAX} steps")
        read = tuple(self._step(step, ("step", index)) for index, step in enumerate(steps[:STEPS_MAX]))
        if steps and not any(step.expect for step in read) and not self.faults:
            self._fault(0, "nothing is expected anywhere", "a lesson checks itself: give a step an `expect`")
        return Lesson(
            name=self._name,
            file=self._file,
            title=title,
            text=text,
            steps=read,
            topics=self._strings(document, (), "topics"),
            needs=self._strings(document, (), "needs", NEEDS),
            families=self._strings(document, (), "families", FAMILIES),
        )

    def _step(self, step: dict[str, Any], path: TomlPath) -> Step:
        self._known_keys(path, step, STEP_KEYS, "a step")
        say = self._string(step, path, "say", wanted=True)
        look = self._string(step, path, "look")
        do: list[Doing] = []
        for index, line in enumerate(self._strings(step, path, "do")):
            doing = self._doing(line, (*path, "do", index))
            if doing is not None:
                do.append(doing)
        expect: list[Expectation] = []
        for index, line in enumerate(self._strings(step, path, "expect")):
            expectation = self._expectation(line, (*path, "expect", index))
            if expectation is not None:
                expect.append(expectation)
        return Step(
            say, self._spot(self._positions.of_key(path)), look, tuple(do), tuple(expect), self._predict(step, path)
        )

    def _doing(self, line: str, path: TomlPath) -> Doing | None:
        try:
            doing = read_doing(line, self._spot(self._positions.of_value(path)), self._actors)
        except WordError as error:
            self._fault_in_line(path, error)
            started = line.split()[1:2] if line.split()[:1] == [Verb.START] else []
            for name in started:
                self._actors.setdefault(name, "")
            return None
        if doing.verb is Verb.START:
            if len(self._actors) >= ACTORS_MAX:
                self._fault_at_value(path, f"more than {ACTORS_MAX} actors")
            self._actors[doing.actor] = doing.kind
        return doing

    def _expectation(self, line: str, path: TomlPath) -> Expectation | None:
        try:
            return read_expectation(line, self._spot(self._positions.of_value(path)), self._actors)
        except WordError as error:
            self._fault_in_line(path, error)
            return None

    def _predict(self, step: dict[str, Any], path: TomlPath) -> Prediction | None:
        if "predict" not in step:
            return None
        path = (*path, "predict")
        table = step["predict"]
        if not isinstance(table, dict):
            self._fault_at_value(path, "predict is no table", 'predict = { question = "…", answer = "…" }')
            return None
        self._known_keys(path, table, PREDICT_KEYS, "predict")
        question = self._string(table, path, "question", wanted=True)
        answer = self._string(table, path, "answer", wanted=True)
        choices = self._strings(table, path, "choices")
        if choices and answer not in choices:
            self._fault_at_value((*path, "answer"), f"{answer!r} is none of the choices")
        return Prediction(question, answer, choices)

    # --- values ----------------------------------------------------------------------------------------------------

    def _known_keys(self, path: TomlPath, table: dict[str, Any], known: tuple[str, ...], what: str) -> None:
        for key in table:
            if key not in known:
                self._fault_at_key((*path, key), f"{what} has no {key!r}", instead(key, known))

    def _string(self, table: dict[str, Any], path: TomlPath, key: str, wanted: bool = False) -> str:
        if key not in table:
            if wanted:
                self._fault_at_key(path, f"{key} is missing")
            return ""
        value = table[key]
        if not isinstance(value, str):
            self._fault_at_value((*path, key), f"{key} is no text")
            return ""
        if wanted and not value.strip():
            self._fault_at_value((*path, key), f"{key} is empty")
        return value.strip()

    def _strings(
        self, table: dict[str, Any], path: TomlPath, key: str, known: tuple[str, ...] | None = None
    ) -> tuple[str, ...]:
        """A list of texts; a text alone is a list of one. One that is wrong becomes empty and is told."""
        value = table.get(key, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            self._fault_at_value((*path, key), f"{key} is no list of texts")
            return ()
        if len(value) > LINES_MAX:
            self._fault_at_value((*path, key), f"{key} has more than {LINES_MAX} lines")
            value = value[:LINES_MAX]
        for index, line in enumerate(value):
            if not isinstance(line, str):
                self._fault_at_value((*path, key, index), f"{key} holds something that is no text")
            elif known is not None and line not in known:
                self._fault_at_value((*path, key, index), f"{key} {line!r} is none of {', '.join(known)}")
        return tuple(line if isinstance(line, str) else "" for line in value)

    # --- faults ----------------------------------------------------------------------------------------------------

    def _fault_at_key(self, path: TomlPath, wrong: str, hint: str = "") -> None:
        self._fault(self._positions.of_key(path), wrong, hint)

    def _fault_at_value(self, path: TomlPath, wrong: str, hint: str = "", character: int = 0) -> None:
        self._fault(self._positions.of_value(path, character), wrong, hint)

    def _fault_in_line(self, path: TomlPath, error: WordError) -> None:
        """A fault of one line. An actor that is not there is told of once: from then on nobody knows its kind."""
        self._fault_at_value(path, error.wrong, error.hint, error.column)
        if isinstance(error, UnknownActorError):
            self._actors.setdefault(error.name, "")

    def _fault(self, offset: int, wrong: str, hint: str = "") -> None:
        if len(self.faults) < FAULTS_MAX:
            spot = self._spot(offset)
            self.faults.append(LessonError(self._file, spot.line, spot.column, wrong, hint))

    def _spot(self, offset: int) -> Spot:
        return Spot(*line_and_column(self._text, offset))
