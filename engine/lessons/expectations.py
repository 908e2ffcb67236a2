"""Reads an expectation: one line such as `recvq server >= 100k within 5s` or `packet [FIN, ACK] from client`.

    FACT [SOCKET|ACTOR] [ARGUMENT] OP VALUE [within TIME] [for TIME]
    packet [FLAGS] [tcp|udp|icmp|icmpv6] [from ACTOR] [to ACTOR] ["part of its Info"] [len|win|seq|ack OP NUMBER] [ever]
    packets … OP NUMBER            finding NAME [from ACTOR] [ever]
    no packet … for TIME           no finding … for TIME
    passed SOCKET STATE STATE …

VALUE may be another fact: `local server.1 == local server.2`.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Final

from engine.flow.findings import FINDINGS
from engine.insight.verdicts.rules import RULES
from engine.lessons.facts import FACTS, OPS, About, Fact, Sort
from engine.lessons.lesson import Comparison, Expectation, Measure, PacketSought, Part, Passed, Question, Spot
from engine.lessons.numbers import number_of, seconds_of
from engine.lessons.words import UnknownActorError, Word, WordError, instead, split
from engine.model.tcp import SPELLINGS, SocketState, TcpFlags
from engine.model.verdicts import NO_FINDING

WITHIN_S: Final = 10.0
"""How long an expectation may take to come true unless it says so: microseconds on the loopback, but a busy machine may
leave a process waiting for seconds."""

WITHIN_MAX_S: Final = 30.0
"""A lesson is watched by people."""

WIRE_LAG_S: Final = 0.1
"""A packet is handed over 20 ms after it was captured at the latest, on a busy machine later."""

PROTOCOLS: Final = ("tcp", "udp", "icmp", "icmpv6")

MEASURES: Final = ("len", "win", "seq", "ack")

WIRE_WORDS: Final = ("packet", "packets", "finding", "no", "passed")

NUMBER_OPS: Final = OPS[Sort.NUMBER]

ERRNO_ALIASES: Final = {"EWOULDBLOCK": "EAGAIN"}
"""Two names of one number."""


class _Line:
    """The words of a line, taken from the left."""

    def __init__(self, line: str, actors: Mapping[str, str]) -> None:
        self.words = split(line)
        self.actors = actors
        self.end = len(line)

    @property
    def column(self) -> int:
        """Where the next word stands, or the end."""
        return self.words[0].column if self.words else self.end

    def peek(self) -> str:
        """The next word, unless it is in quotes or brackets; empty at the end."""
        return self.words[0].bare if self.words else ""

    def take(self, what: str) -> Word:
        if not self.words:
            raise WordError(f"{what} is missing", self.end)
        return self.words.pop(0)

    def actor(self) -> str:
        word = self.take("an actor")
        if word.bare not in self.actors:
            raise UnknownActorError(word, word.bare, self.actors)
        return word.bare

    def part(self) -> Part:
        word = self.take("an actor")
        name, _, which = word.bare.partition(".")
        if name not in self.actors:
            raise UnknownActorError(word, name, self.actors)
        if which not in ("", "listener") and not (which.isascii() and which.isdecimal() and 0 < int(which) < 1_000):
            raise WordError(
                f"{word.text!r} is no socket", word.column, f"{name}, {name}.listener, {name}.1, {name}.2 …"
            )
        return Part(name, which)

    def op(self, allowed: tuple[str, ...]) -> str:
        word = self.take(f"one of {' '.join(allowed)}")
        if word.bare not in allowed:
            raise WordError(f"{word.text!r} is none of {' '.join(allowed)}", word.column)
        return word.bare

    def number(self) -> float:
        word = self.take("a number")
        value = number_of(word.text)
        if value is None:
            raise WordError(f"{word.text!r} is no number", word.column, "such as 3, 1,024, 100k, 64Ki, 0.5s, 200ms")
        return value

    def seconds(self) -> float:
        word = self.take("a time")
        value = seconds_of(word.bare)
        if value is None or not 0 < value <= WITHIN_MAX_S:
            raise WordError(f"{word.text!r} is no time up to {WITHIN_MAX_S:g}s", word.column, "such as 0.5s or 200ms")
        return value


def read_expectation(line: str, spot: Spot, actors: Mapping[str, str]) -> Expectation:
    """The expectation that a line says; `actors` are those known at that step, name to kind. Raises WordError."""
    words = _Line(line, actors)
    first = words.peek()
    what: Comparison | PacketSought | Passed
    if first in WIRE_WORDS:
        what = _of_wire(words)
    elif first in FACTS:
        question = _question(words)
        what = _comparison(words, question)
    else:
        word = words.take("a fact")
        raise WordError(f"{word.text!r} is no fact", word.column, instead(word.text, [*WIRE_WORDS, *FACTS]))
    within_s, for_s = WITHIN_S, 0.0
    while words.words:
        word = words.take("")
        if word.bare == "within":
            within_s = words.seconds()
        elif word.bare == "for":
            for_s = words.seconds()
        else:
            raise WordError(f"{word.text!r} makes no sense here", word.column, "within TIME or for TIME may follow")
    if isinstance(what, PacketSought) and what.absent and not for_s:
        raise WordError("`no` needs a length of time", words.end, "such as: for 0.3s")
    return Expectation(line, spot, what, within_s, for_s)


def _question(words: _Line) -> Question:
    fact = FACTS[words.take("a fact").bare]
    part = None
    if fact.about is About.SOCKET:
        part = words.part()
    elif fact.about is About.ACTOR:
        part = Part(words.actor())
    argument = ""
    optional = fact.argument.endswith("?")
    if fact.argument and not (optional and words.peek() in NUMBER_OPS):
        word = words.take(fact.argument)
        argument = _argument(fact, word)
    return Question(fact.name, part, argument)


def _argument(fact: Fact, word: Word) -> str:
    if fact.argument.startswith("STATE"):
        return _state(word).value
    if not word.bare or not word.bare.replace("_", "").isalnum():
        raise WordError(f"{word.text!r} is no {fact.argument}", word.column)
    return word.bare


def _comparison(words: _Line, question: Question) -> Comparison:
    sort = FACTS[question.fact].sort
    op = words.op(OPS[sort])
    if words.peek() in FACTS and len(words.words) > 1:
        column = words.column
        other = _question(words)
        if FACTS[other.fact].sort is not sort:
            raise WordError(f"{question.fact} is a {sort} and {other.fact} a {FACTS[other.fact].sort}", column)
        return Comparison(question, op, other)
    if sort is Sort.NUMBER:
        return Comparison(question, op, words.number())
    word = words.take("a value")
    if sort is Sort.STATE:
        return Comparison(question, op, _state(word).value)
    if sort is Sort.ERRNO:
        return Comparison(question, op, _errno(word))
    if sort is Sort.VERDICT and word.bare not in (*RULES, NO_FINDING):
        raise WordError(f"{word.text!r} is no rule", word.column, instead(word.text, (*RULES, NO_FINDING)))
    return Comparison(question, op, word.text)


def _state(word: Word) -> SocketState:
    try:
        return SPELLINGS[word.bare.upper()]
    except KeyError:
        known = [state.value for state in SocketState if state is not SocketState.UNKNOWN]
        raise WordError(f"{word.text!r} is no state", word.column, instead(word.text.upper(), known)) from None


def _errno(word: Word) -> str:
    name = ERRNO_ALIASES.get(word.bare, word.bare)
    if name not in errno.errorcode.values() and not name.startswith("EAI_") and name != "-":
        raise WordError(f"{word.text!r} is no errno", word.column, "such as ECONNREFUSED, EAI_NONAME, or - for none")
    return name


def _of_wire(words: _Line) -> PacketSought | Passed:
    first = words.take("")
    if first.bare == "passed":
        part = words.part()
        states: list[SocketState] = []
        while words.words and words.peek() not in ("within", "for"):
            states.append(_state(words.take("a state")))
        if not states:
            raise WordError("a state is missing", words.end)
        return Passed(part, tuple(states))
    absent = first.bare == "no"
    if absent:
        first = words.take("packet or finding")
        if first.bare not in ("packet", "finding"):
            raise WordError(f"{first.text!r} after `no` is neither packet nor finding", first.column)
    finding = ""
    if first.bare == "finding":
        word = words.take("a finding")
        finding = word.bare.removeprefix("tcp.analysis.")
        if finding not in FINDINGS.values():
            raise WordError(f"{word.text!r} is no finding", word.column, instead(finding, list(FINDINGS.values())))
    return _packet(words, finding, absent, counted=first.bare == "packets")


def _packet(words: _Line, finding: str, absent: bool, counted: bool) -> PacketSought:
    flags: int | None = None
    protocol = source = target = info = ""
    measures: list[Measure] = []
    ever = False
    while words.words:
        word = words.words[0]
        if word.group:
            flags = _flags(words.take(""))
        elif word.quoted:
            info = words.take("").text
        elif word.bare in PROTOCOLS:
            protocol = words.take("").bare
        elif word.bare in ("from", "to"):
            words.take("")
            if word.bare == "from":
                source = words.actor()
            else:
                target = words.actor()
        elif word.bare in MEASURES:
            name = words.take("").bare
            measures.append(Measure(name, words.op(NUMBER_OPS), words.number()))
        elif word.bare == "ever":
            words.take("")
            ever = True
        else:
            break
    count = Measure("count", words.op(NUMBER_OPS), words.number()) if counted else None
    if counted and words.peek() == "ever":
        words.take("")
        ever = True
    return PacketSought(flags, protocol, finding, source, target, info, tuple(measures), count, absent, ever)


def _flags(word: Word) -> int:
    flags = 0
    column = word.column + 1
    for piece in word.text.split(","):
        name = piece.strip()
        if name not in TcpFlags.__members__:
            raise WordError(f"{name!r} is no flag", column, instead(name.upper(), TcpFlags.__members__))
        flags |= TcpFlags[name]
        column += len(piece) + 1
    return flags
