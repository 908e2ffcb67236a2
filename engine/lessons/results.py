"""What became of a lesson: each expectation passed, failed or could not be checked, and why."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from engine.lessons.lesson import Lesson, Spot


class Mark(StrEnum):
    """Where an expectation stands."""

    AHEAD = "ahead"
    """Its step has not begun."""
    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"
    UNCHECKED = "unchecked"
    """It could not be checked on this machine as this user."""


class Sight(msgspec.Struct, frozen=True):
    """An expectation and what was seen of it."""

    expected: str
    spot: Spot
    mark: Mark = Mark.AHEAD
    seen: str = ""
    """The value or the packet, in a few words."""
    why: str = ""
    """Why it could not be checked."""
    frame: int = 0
    """The number of the packet that it was seen in; 0 for none."""
    waited_s: float = 0.0


class Fault(msgspec.Struct, frozen=True):
    """Why a lesson failed."""

    line: int
    expected: str
    seen: str


class LessonResult(msgspec.Struct, frozen=True):
    """A lesson that was run."""

    name: str
    file: str
    sights: tuple[Sight, ...]
    seconds: float
    fault: Fault | None = None

    @property
    def ok(self) -> bool:
        """Nothing failed; something may not have been checked."""
        return self.fault is None

    def of(self, mark: Mark) -> tuple[Sight, ...]:
        """The expectations that stand so."""
        return tuple(sight for sight in self.sights if sight.mark is mark)

    def as_json(self) -> dict[str, object]:
        """One object: `name`, `ok`, `expectations` and `unchecked` (how many), `seconds`; which could not be checked
        (`not_checked`); on failure `file`, `line`, `expected`, `seen`."""
        unchecked = self.of(Mark.UNCHECKED)
        fields: dict[str, object] = {
            "name": self.name,
            "ok": self.ok,
            "expectations": len(self.sights),
            "unchecked": len(unchecked),
            "seconds": round(self.seconds, 3),
        }
        if unchecked:
            fields["not_checked"] = [
                {"line": sight.spot.line, "expected": sight.expected, "why": sight.why} for sight in unchecked
            ]
        if self.fault is not None:
            fields |= {"file": self.file, **msgspec.structs.asdict(self.fault)}
        return fields


def ahead(lesson: Lesson) -> tuple[tuple[Sight, ...], ...]:
    """The expectations of each step of a lesson that has not begun."""
    return tuple(tuple(Sight(one.text, one.spot) for one in step.expect) for step in lesson.steps)
