"""Judges the expectations of one step by what is known at one moment."""

from __future__ import annotations

import errno
from typing import Final

import msgspec

from engine.lessons.cast import ENDED, Cast, address_of
from engine.lessons.expectations import WIRE_LAG_S
from engine.lessons.facts import FACTS, Sort, Source
from engine.lessons.lesson import Comparison, Expectation, PacketSought, Passed, Question, Step
from engine.lessons.numbers import shown
from engine.lessons.readers import Facts, Value
from engine.lessons.results import Mark, Sight
from engine.lessons.wire import OPERATORS, Wire, ends_of_row
from engine.model.flows import LadderStep
from engine.model.packets import PacketRow
from engine.model.snapshot import MonitorView
from engine.model.verdicts import NO_FINDING
from engine.text.sanitize import printable, printable_within

UNCHECKABLE: Final = frozenset((errno.EPERM, errno.ENOPROTOOPT, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT))
"""Errors that say that this user may not, or this kernel cannot, do what the lesson is about. EACCES is not among them:
lessons make it on purpose."""

UNABLE_AFTER_S: Final = 1.0
"""When an actor could not do its part, what is expected of others is given up after this."""

SEEN_MAX: Final = 160
"""Characters of what was seen: a line."""

LADDER_WINDOW: Final = 1_000
"""Steps of a conversation that are looked through for the states it passed."""


class Judge:
    """The expectations of one step, from its first look to its last."""

    def __init__(self, step: Step, cast: Cast, began_ns: int, no_wire: str) -> None:
        """`began_ns` is when the step began (wall clock); `no_wire` why packets cannot be seen, empty if they can."""
        self._expected = step.expect
        self._cast = cast
        self._began_ns = began_ns
        self._no_wire = no_wire
        self._sights = [Sight(one.text, one.spot, Mark.WAITING) for one in step.expect]
        self._held_since: dict[int, float] = {}
        self._began_s: float | None = None

    def judge(self, facts: Facts, wire: Wire | None, monitor: MonitorView, now_s: float) -> list[Sight]:
        """Where each expectation stands at a moment (monotonic seconds)."""
        if self._began_s is None:
            self._began_s = now_s
        waited_s = now_s - self._began_s
        found = self._search(wire)
        for index, expectation in enumerate(self._expected):
            before = self._sights[index]
            if before.mark is Mark.WAITING:
                sight = self._see(expectation, facts, found.get(index, []), wire, monitor)
                sight = msgspec.structs.replace(sight, waited_s=waited_s)
                behind = wire is not None and wire.behind and of_wire(expectation)
                self._sights[index] = self._decided(index, expectation, sight, now_s, behind)
        return list(self._sights)

    @staticmethod
    def given_up(sight: Sight) -> Sight:
        """The lesson takes too long: what still waits has failed."""
        return msgspec.structs.replace(sight, mark=Mark.FAILED) if sight.mark is Mark.WAITING else sight

    def _search(self, wire: Wire | None) -> dict[int, list[PacketRow]]:
        if wire is None:
            return {}
        sought = {i: one.what for i, one in enumerate(self._expected) if isinstance(one.what, PacketSought)}
        found = wire.search(list(sought.values()), self._cast, self._began_ns)
        return dict(zip(sought, found, strict=True))

    def _decided(self, index: int, expectation: Expectation, sight: Sight, now_s: float, behind: bool) -> Sight:
        """A sight that says PASSED or FAILED for now, with time taken into account. As long as there are frames that
        were not looked at (`behind`), nothing is missing from the wire."""
        if sight.mark is Mark.UNCHECKED:
            return sight
        waited_s = sight.waited_s
        if sight.mark is Mark.PASSED:
            since = self._held_since.setdefault(index, now_s)
            lag_s = WIRE_LAG_S if expectation.for_s and isinstance(expectation.what, PacketSought) else 0.0
            if now_s - since >= expectation.for_s + lag_s and not (behind and expectation.for_s):
                return sight
            return msgspec.structs.replace(sight, mark=Mark.WAITING)
        self._held_since.pop(index, None)
        unable = self._unable(expectation, waited_s)
        if unable:
            return msgspec.structs.replace(sight, mark=Mark.UNCHECKED, why=unable)
        came = isinstance(expectation.what, PacketSought) and expectation.what.absent
        over = came or (waited_s >= expectation.within_s and not behind)
        return msgspec.structs.replace(sight, mark=Mark.FAILED if over else Mark.WAITING)

    def _unable(self, expectation: Expectation, waited_s: float) -> str:
        """Why this cannot come true here: an actor that it is about may not do its part."""
        about = actors_of(expectation)
        for member in self._cast:
            report = member.report
            unable = report.state in ENDED and report.errno in UNCHECKABLE
            if unable and (member.name in about or waited_s >= UNABLE_AFTER_S):
                return f"{member.name}: {report.error}"
        return ""

    # --- seeing ----------------------------------------------------------------------------------------------------

    def _see(
        self, expectation: Expectation, facts: Facts, found: list[PacketRow], wire: Wire | None, monitor: MonitorView
    ) -> Sight:
        """PASSED, FAILED (as yet) or UNCHECKED."""
        sight = Sight(expectation.text, expectation.spot, Mark.FAILED)
        if wire is None and of_wire(expectation):
            return msgspec.structs.replace(sight, mark=Mark.UNCHECKED, why=self._no_wire)
        match expectation.what:
            case PacketSought() as sought:
                return _packets(sight, sought, found, wire)
            case Passed() as passed:
                return self._passed(sight, passed, wire, monitor)
            case Comparison() as comparison:
                return self._compared(sight, comparison, facts, wire, monitor)

    def _compared(
        self, sight: Sight, comparison: Comparison, facts: Facts, wire: Wire | None, monitor: MonitorView
    ) -> Sight:
        value = self._value(comparison.question, facts, wire, monitor)
        wanted: Value
        if isinstance(comparison.value, Question):
            wanted = self._value(comparison.value, facts, wire, monitor)
            seen = f"{shown_value(value)} and {shown_value(wanted)}"
        else:
            wanted = comparison.value
            seen = shown_value(value)
        if value is None or wanted is None:
            holds = False
        elif FACTS[comparison.question.fact].sort is Sort.VERDICT:
            holds = (str(wanted) in str(value).split(", ")) is (comparison.op == "==")
        elif comparison.op == "contains":
            holds = str(wanted) in str(value)
        else:
            holds = OPERATORS[comparison.op](value, wanted)
        return msgspec.structs.replace(sight, mark=Mark.PASSED if holds else Mark.FAILED, seen=seen)

    def _value(self, question: Question, facts: Facts, wire: Wire | None, monitor: MonitorView) -> Value:
        if question.fact == "verdict" and question.part is not None:
            entry = facts.row(question.part)
            found = () if entry is None else monitor.verdicts(entry.key)
            return None if entry is None else ", ".join(verdict.rule for verdict in found) or NO_FINDING
        if FACTS[question.fact].source is not Source.WIRE or question.part is None:
            return facts.value(question)
        row = wire.last_payload(question.part.actor, self._cast, self._began_ns) if wire is not None else None
        if row is None:
            return None
        return payload_of(row, monitor).hex(" ")

    def _passed(self, sight: Sight, passed: Passed, wire: Wire | None, monitor: MonitorView) -> Sight:
        seen = self._cast.socket(passed.part)
        row = None
        if wire is not None and seen is not None and seen.peer:
            ends = {address_of(seen.local), address_of(seen.peer)}
            row = next((row for row in reversed(wire.rows) if row.stream >= 0 and ends_of_row(row) == ends), None)
        if row is None or seen is None:
            return msgspec.structs.replace(sight, seen="no segment yet")
        answer = monitor.ladder((row.stream,), 0, LADDER_WINDOW, (), False)
        mine = address_of(seen.local)
        first = bool(answer.flows) and (answer.flows[0].first.address, answer.flows[0].first.port) == mine
        states: list[str] = []
        for item in answer.items:
            if isinstance(item, LadderStep):
                state = (item.first_state if first else item.second_state).value
                if not states or states[-1] != state:
                    states.append(state)
        wanted = iter(states)
        holds = all(state.value in wanted for state in passed.states)
        mark = Mark.PASSED if holds else Mark.FAILED
        return msgspec.structs.replace(sight, mark=mark, seen=" → ".join(states) or "no segment yet", frame=row.number)


def payload_of(row: PacketRow, monitor: MonitorView) -> bytes:
    """The bytes that a packet carried, as far as they were captured. Raises EngineError."""
    if row.stream >= 0:
        pieces = monitor.stream(row.stream, row.number - 1).pieces
        return next((piece.data for piece in pieces if piece.number == row.number), b"")
    data = monitor.dissect(row.number).data
    return data[len(data) - row.payload_length :]


def _packets(sight: Sight, sought: PacketSought, found: list[PacketRow], wire: Wire | None) -> Sight:
    frame = found[-1].number if found else 0
    if sought.count is not None:
        holds = OPERATORS[sought.count.op](len(found), sought.count.value)
        return msgspec.structs.replace(sight, mark=_mark(holds), seen=f"{len(found):,}", frame=frame)
    if sought.absent:
        seen = f"frame {frame}: {printable(found[-1].info)}" if found else "none"
        return msgspec.structs.replace(sight, mark=_mark(not found), seen=printable_within(seen, SEEN_MAX), frame=frame)
    if found:
        seen = f"frame {frame}: {printable(found[-1].info)}"
    else:
        newest = wire.rows[-1] if wire is not None and wire.rows else None
        seen = f"none; the last frame was {newest.number}: {printable(newest.info)}" if newest else "none"
    return msgspec.structs.replace(sight, mark=_mark(bool(found)), seen=printable_within(seen, SEEN_MAX), frame=frame)


def _mark(holds: bool) -> Mark:
    return Mark.PASSED if holds else Mark.FAILED


def of_wire(expectation: Expectation) -> bool:
    """Whether packets must be seen to check it."""
    if not isinstance(expectation.what, Comparison):
        return True
    return any(FACTS[question.fact].source is Source.WIRE for question in questions_of(expectation.what))


def questions_of(comparison: Comparison) -> list[Question]:
    """The one or two facts that it asks for."""
    other = comparison.value
    return [comparison.question, other] if isinstance(other, Question) else [comparison.question]


def actors_of(expectation: Expectation) -> set[str]:
    """The actors that it names."""
    match expectation.what:
        case PacketSought(source=source, target=target):
            return {source, target} - {""}
        case Passed(part=part):
            return {part.actor}
        case Comparison() as comparison:
            return {question.part.actor for question in questions_of(comparison) if question.part is not None}


def shown_value(value: Value) -> str:
    """A value for a person, on one line."""
    if value is None:
        return "-"
    return shown(value) if isinstance(value, float) else printable_within(value, SEEN_MAX)
