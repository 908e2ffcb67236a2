"""Reads what a step does: one line such as `start server sink rcvbuf=65536`, `send client "Hello"`, `wait 0.5s`.

start ACTOR KIND [to=ACTOR] [KNOB=VALUE]…      the actors and knobs of `sockmon lab`; VALUE may hold {ACTOR.port},
                                               {ACTOR.host} and {run}, which no other run has
connect|accept ACTOR      send ACTOR ["TEXT"]      recv ACTOR [SIZE]      shutdown ACTOR RD|WR|RDWR
close ACTOR [listener]    drain ACTOR              slow-drain ACTOR BYTES_PER_S
stop|kill ACTOR           wait TIME
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from engine.lab.catalogue import KINDS
from engine.lab.command_texts import DEFAULT, LISTENER
from engine.lab.kinds.kind import ActorKind
from engine.lab.knobs import parse_knob
from engine.lessons.lesson import Doing, Spot, Verb
from engine.lessons.numbers import number_of, seconds_of
from engine.lessons.words import UnknownActorError, Word, WordError, instead, split
from engine.model.errors import BadInput
from engine.model.lab import ActorCommand

WAIT_MAX_S: Final = 5.0
"""A stated wait is for what only time brings, such as a timer; everything else is an expectation."""

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,23}", re.ASCII)
"""An actor's name: short, so that a line about it fits beside a ladder."""

REFERENCE: Final = re.compile(r"\{([a-z][a-z0-9-]*)(?:\.(port|host))?\}", re.ASCII)
"""`{server.port}`, `{server.host}`, `{run}`."""

RUN: Final = "run"

SEND_MAX: Final = 1_000_000
"""Bytes of one made text: it travels to the actor in one message."""

PATTERN: Final = "".join(map(chr, range(32, 127)))
"""Made text runs through the printable ASCII characters, as the lab's made payload does."""

NOT_IN_LESSONS: Final = {
    "allow_remote": "a lesson stays on this machine",
    "file": "a lesson sends texts and made bytes, no files",
}
"""Knobs that a lesson may not set."""

COMMANDS: Final[dict[Verb, ActorCommand]] = {
    Verb.CONNECT: ActorCommand.CONNECT,
    Verb.ACCEPT: ActorCommand.ACCEPT,
    Verb.SEND: ActorCommand.SEND,
    Verb.RECV: ActorCommand.RECV,
    Verb.SHUTDOWN: ActorCommand.SHUTDOWN,
    Verb.CLOSE: ActorCommand.CLOSE,
    Verb.DRAIN: ActorCommand.DRAIN,
    Verb.SLOW_DRAIN: ActorCommand.SLOW_DRAIN,
    Verb.TIMEOUT: ActorCommand.TIMEOUT,
    Verb.DUP: ActorCommand.DUP,
    Verb.FORK: ActorCommand.FORK,
}
"""The verbs that are a command to an actor."""


def read_doing(line: str, spot: Spot, actors: Mapping[str, str]) -> Doing:
    """What a line says to do; `actors` are those started so far, name to kind, which is empty where a fault hides it.

    Raises WordError.
    """
    words = split(line)
    if not words:
        raise WordError("there is nothing to do here", 0, f"{', '.join(Verb)}")
    first, rest = words[0], words[1:]
    try:
        verb = Verb(first.bare)
    except ValueError:
        raise WordError(f"unknown verb {first.text!r}", first.column, instead(first.text, list(Verb))) from None
    end = len(line)
    if verb is Verb.WAIT:
        return Doing(line, spot, verb, seconds=_wait(rest, end))
    if not rest:
        raise WordError("an actor is missing", end, f"{verb} ACTOR")
    name, rest = rest[0], rest[1:]
    if verb is Verb.START:
        return _start(line, spot, name, rest, actors)
    kind = actors.get(name.bare)
    if kind is None:
        raise UnknownActorError(name, name.bare, actors)
    if verb in (Verb.STOP, Verb.KILL):
        _nothing_more(rest)
        return Doing(line, spot, verb, name.bare)
    command = COMMANDS[verb]
    if kind and command not in KINDS[kind].commands:
        able = ", ".join(KINDS[kind].commands) or "only stop and kill"
        raise WordError(f"{kind} {name.bare!r} does not know {verb}", first.column, f"it knows {able}")
    return Doing(line, spot, verb, name.bare, words=_argument(verb, rest, end))


def _wait(rest: list[Word], end: int) -> float:
    if not rest:
        raise WordError("a time is missing", end, "wait 0.5s")
    seconds = seconds_of(rest[0].bare)
    if seconds is None or not 0 < seconds <= WAIT_MAX_S:
        raise WordError(f"{rest[0].text!r} is no time up to {WAIT_MAX_S:g}s", rest[0].column, "such as 0.5s or 200ms")
    _nothing_more(rest[1:])
    return seconds


def _argument(verb: Verb, rest: list[Word], end: int) -> str:
    """The text of a command, checked as far as it can be."""
    if verb is Verb.TIMEOUT:
        return _timeout(rest, end)
    text = rest[0].text if rest else ""
    column = rest[0].column if rest else end
    _nothing_more(rest[1:])
    if verb is Verb.SEND:
        return _text_to_send(rest)
    match verb:
        case Verb.SHUTDOWN if text not in ("RD", "WR", "RDWR"):
            raise WordError(f"shutdown {text!r} is none of RD, WR, RDWR", column)
        case Verb.RECV | Verb.SLOW_DRAIN:
            number = number_of(text) if text or verb is Verb.SLOW_DRAIN else 1.0
            if number is None or number != int(number):
                raise WordError(f"{text!r} is no number of bytes", column, "such as 1024 or 64Ki")
            return str(int(number)) if text else ""
        case Verb.CLOSE if text not in ("", LISTENER):
            raise WordError(f"close {text!r} is not close and not close {LISTENER}", column)
        case Verb.CONNECT | Verb.ACCEPT | Verb.DRAIN | Verb.DUP | Verb.FORK if text:
            raise WordError(f"{verb} takes nothing more", column)
    return text


def _timeout(rest: list[Word], end: int) -> str:
    """What settimeout() concerns, and the seconds."""
    concerns = f"{rest.pop(0).bare} " if rest and rest[0].bare in (LISTENER, DEFAULT) else ""
    if not rest:
        raise WordError("a time is missing", end, "such as 0.5s, or none")
    _nothing_more(rest[1:])
    seconds = seconds_of(rest[0].bare)
    if seconds is None and rest[0].bare != "none":
        raise WordError(f"{rest[0].text!r} is no time", rest[0].column, "such as 0.5s, or none")
    return f"{concerns}{'none' if seconds is None else format(seconds, 'g')}"


def _text_to_send(rest: list[Word]) -> str:
    """The text in quotes, or made text of so many bytes; empty for the actor's own."""
    if not rest or rest[0].quoted:
        return rest[0].text if rest else ""
    size = number_of(rest[0].bare)
    if size is None or size != int(size) or not 0 < size <= SEND_MAX:
        wrong = f"{rest[0].text!r} is neither a text in quotes nor a number of bytes"
        raise WordError(wrong, rest[0].column, f'"Hello", or 100k; {SEND_MAX:,} are the most')
    return (PATTERN * (int(size) // len(PATTERN) + 1))[: int(size)]


def _start(line: str, spot: Spot, name: Word, rest: list[Word], actors: Mapping[str, str]) -> Doing:
    if not NAME.fullmatch(name.bare):
        raise WordError(f"{name.text!r} is no name of an actor", name.column, "up to 24 of a-z 0-9 -")
    if actors.get(name.bare):
        raise WordError(f"{name.bare!r} was started before", name.column, "give it another name")
    if not rest:
        raise WordError("a kind is missing", len(line), "`sockmon lab list` shows all")
    kind = KINDS.get(rest[0].bare)
    if kind is None:
        near = [known for known in KINDS if rest[0].text and rest[0].text in known]
        hint = f"did you mean {', '.join(near)}?" if near else instead(rest[0].text, KINDS)
        wrong = f"there is no actor of kind {rest[0].text!r}"
        raise WordError(wrong, rest[0].column, hint if "?" in hint else "`sockmon lab list` shows all")
    to = ""
    knobs: list[tuple[str, str]] = []
    for word in rest[1:]:
        knob, sign, value = word.text.partition("=")
        if not sign or word.quoted or word.group:
            raise WordError(f"{word.text!r} is no KNOB=VALUE", word.column)
        if knob == "to":
            if value not in actors:
                raise UnknownActorError(Word(value, word.column + 3), value, actors)
            if "path" not in kind.knobs and "port" not in kind.knobs:
                raise WordError(f"{kind.kind} goes nowhere", word.column)
            to = value
            continue
        _check_knob(kind, knob, value, word.column, actors)
        knobs.append((knob, value))
    given = {knob for knob, _ in knobs}
    if goes_somewhere(kind) and not to and "port" not in given:
        raise WordError(f"{kind.kind} needs somewhere to go", len(line), "to=ACTOR or port={ACTOR.port}")
    return Doing(line, spot, Verb.START, name.bare, kind.kind, tuple(knobs), to)


def goes_somewhere(kind: ActorKind) -> bool:
    """Whether actors of this kind talk to a port: those that could be told to leave this machine."""
    return "port" in kind.knobs and "allow_remote" in kind.knobs


def _check_knob(kind: ActorKind, knob: str, value: str, column: int, actors: Collection[str]) -> None:
    if knob in NOT_IN_LESSONS:
        raise WordError(f"{knob} cannot be set", column, NOT_IN_LESSONS[knob])
    if knob not in kind.knobs:
        raise WordError(f"{kind.kind} has no knob {knob!r}", column, instead(knob, kind.in_order))
    column += len(knob) + 1
    references = list(REFERENCE.finditer(value))
    for reference in references:
        if (reference[1] == RUN) == bool(reference[2]) or (reference[1] != RUN and reference[1] not in actors):
            raise WordError(f"{reference[0]} stands for nothing", column, "{ACTOR.port}, {ACTOR.host} or {run}")
    if references:
        return
    try:
        parse_knob(knob, value)
    except BadInput as error:
        raise WordError(error.tried, column, error.hint) from None


def _nothing_more(rest: list[Word]) -> None:
    if rest:
        raise WordError(f"{rest[0].text!r} makes no sense here", rest[0].column)
