"""What the words of a lesson's step mean: the states, flags, errors and findings it expects, and its calls. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.lessons.lesson import Comparison, PacketSought, Passed, Question, Step, Verb
from engine.lessons.results import Mark, Sight
from engine.model.tcp import TcpFlags
from engine.text.explain.case import Case
from engine.text.explain.entry import Kind
from engine.text.explain.table import explained
from engine.text.sanitize import printable

CALLS: Final = {
    Verb.CONNECT: "connect",
    Verb.ACCEPT: "accept",
    Verb.SEND: "send",
    Verb.RECV: "recv",
    Verb.SHUTDOWN: "shutdown",
    Verb.CLOSE: "close",
    Verb.TIMEOUT: "settimeout",
    Verb.DUP: "dup",
}
"""The socket call behind a verb."""

COLUMNS: Final = {"recvq": "recv_q", "sendq": "send_q", "timer": "timer"}
"""The column of the socket table behind a fact."""

KINDS: Final = {
    "state": Kind.STATE,
    "errno": Kind.ERRNO,
    "verdict": Kind.VERDICT,
}
"""What kind of word the value of a fact is."""

ARGUMENTS: Final = {"counter": Kind.COUNTER, "option": Kind.OPTION, "call": Kind.CALL, "calls": Kind.CALL}
"""What kind of word the argument of a fact is."""

Word = tuple[str, Kind]


def cases_of(step: Step, sights: Sequence[Sight]) -> tuple[Case, ...]:
    """Each word once, with what was seen of it."""
    cases: dict[str, Case] = {}
    for index, expectation in enumerate(step.expect):
        sight = sights[index] if index < len(sights) else None
        for word, kind in _words(expectation.what):
            for one in explained(word, kind):
                cases.setdefault(one.name, Case(one, _here(sight)))
    for doing in step.do:
        for one in explained(CALLS.get(doing.verb, ""), Kind.CALL):
            cases.setdefault(one.name, Case(one))
    return tuple(cases.values())


def _here(sight: Sight | None) -> str:
    if sight is None or sight.mark not in (Mark.PASSED, Mark.FAILED) or not sight.seen:
        return ""
    return f"Here: {printable(sight.expected)}; seen {printable(sight.seen)}."


def _words(what: Comparison | PacketSought | Passed) -> Iterator[Word]:
    match what:
        case Passed(states=states):
            yield from ((state.value, Kind.STATE) for state in states)
        case PacketSought() as sought:
            if sought.finding:
                yield sought.finding, Kind.FINDING
            if sought.flags is not None:
                yield from ((flag.name or "", Kind.FLAG) for flag in TcpFlags if sought.flags & flag)
        case Comparison(question=question, value=value):
            yield from _of_question(question)
            if isinstance(value, Question):
                yield from _of_question(value)
            elif question.fact in KINDS:
                yield str(value), KINDS[question.fact]


def _of_question(question: Question) -> Iterator[Word]:
    if question.fact in COLUMNS:
        yield COLUMNS[question.fact], Kind.COLUMN
    if question.fact in ARGUMENTS and question.argument:
        yield question.argument, ARGUMENTS[question.fact]
    if question.fact == "sockets" and question.argument:
        yield question.argument, Kind.STATE
