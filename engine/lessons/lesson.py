"""A lesson as values: what its file says, checked, each part with the line and column where it stands."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from engine.model.tcp import SocketState


class Spot(msgspec.Struct, frozen=True):
    """A place in a lesson's file, both from 1."""

    line: int = 0
    column: int = 0


class Part(msgspec.Struct, frozen=True):
    """A socket of an actor: `server` is its latest connection, or its listener before there is one; `server.listener`,
    `server.1`, `server.2` are told apart by name and by the order in which they appeared."""

    actor: str
    which: str = ""

    def __str__(self) -> str:
        return f"{self.actor}.{self.which}" if self.which else self.actor


class Question(msgspec.Struct, frozen=True, tag="question"):
    """A fact asked for: `recvq server`, `call client recv`, `counter TcpExtListenOverflows`."""

    fact: str
    part: Part | None = None
    argument: str = ""


class Comparison(msgspec.Struct, frozen=True, tag="comparison"):
    """A fact against a value, or against another fact."""

    question: Question
    op: str
    value: float | str | Question


class Measure(msgspec.Struct, frozen=True):
    """A number of a packet: `len >= 5`."""

    name: str
    op: str
    value: float


class PacketSought(msgspec.Struct, frozen=True, tag="packet"):
    """A packet that looks so. With `count` as many as that compares with; with `absent` none."""

    flags: int | None = None
    protocol: str = ""
    finding: str = ""
    source: str = ""
    """The actor it comes from."""
    target: str = ""
    info: str = ""
    """Part of its Info text."""
    measures: tuple[Measure, ...] = ()
    count: Measure | None = None
    absent: bool = False
    ever: bool = False
    """Since the lesson began, not since the step did."""


class Passed(msgspec.Struct, frozen=True, tag="passed"):
    """By its segments an actor's end of a connection went through these states, in this order."""

    part: Part
    states: tuple[SocketState, ...]


class Expectation(msgspec.Struct, frozen=True):
    """What should become true within a limit, and with `for_s` stay true for so long."""

    text: str
    spot: Spot
    what: Comparison | PacketSought | Passed
    within_s: float
    for_s: float = 0.0


class Verb(StrEnum):
    """What a step can do."""

    START = "start"
    CONNECT = "connect"
    ACCEPT = "accept"
    SEND = "send"
    RECV = "recv"
    SHUTDOWN = "shutdown"
    CLOSE = "close"
    DRAIN = "drain"
    SLOW_DRAIN = "slow-drain"
    TIMEOUT = "timeout"
    DUP = "dup"
    FORK = "fork"
    STOP = "stop"
    KILL = "kill"
    WAIT = "wait"


class Doing(msgspec.Struct, frozen=True):
    """One thing that a step does."""

    text: str
    spot: Spot
    verb: Verb
    actor: str = ""
    kind: str = ""
    """START: the kind of actor."""
    knobs: tuple[tuple[str, str], ...] = ()
    """START: knobs as written; `{server.port}` stands for what is known when it starts."""
    to: str = ""
    """START: the actor whose address it goes to."""
    words: str = ""
    """The text, size, rate or direction of a command."""
    seconds: float = 0.0
    """WAIT."""


class Prediction(msgspec.Struct, frozen=True):
    """What a student may be asked before a step is done."""

    question: str
    answer: str
    choices: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True):
    """Says something, does something, expects something."""

    say: str
    spot: Spot
    look: str = ""
    """Where to look."""
    do: tuple[Doing, ...] = ()
    expect: tuple[Expectation, ...] = ()
    predict: Prediction | None = None


class Lesson(msgspec.Struct, frozen=True):
    """A whole lesson. `name` is its file's, `needs` what the machine must have for it to be checked (`ipv6`)."""

    name: str
    file: str
    title: str
    text: str
    steps: tuple[Step, ...]
    topics: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    """Families of sockets that it looks at besides TCP and UDP."""

    @property
    def expectations(self) -> int:
        """How many there are in all."""
        return sum(len(step.expect) for step in self.steps)

    @property
    def actors(self) -> tuple[str, ...]:
        """The names of its actors in the order in which they start."""
        return tuple(doing.actor for step in self.steps for doing in step.do if doing.verb is Verb.START)
