"""What holds a connection, a listener or the machine: verdicts, as the rules of `engine.insight` find them.

A verdict is one sentence with the figures that it rests on. Nothing found is `NO_FINDING`: only what the figures can
show was looked at, so it never means that all is well.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

NO_FINDING: Final = "no-finding"
"""The rule's name where none applies; explained as any other."""


class Severity(StrEnum):
    """How much a verdict asks for attention."""

    PROBLEM = "problem"
    """Something fails, is lost or stands still."""
    WARNING = "warning"
    """Something is about to, or may be as a program meant it and mostly is not."""
    NOTE = "note"
    """What happens, which is as often right as wrong."""


class Certainty(StrEnum):
    """What a verdict rests on."""

    CERTAIN = "certain"
    """The kernel's own figures, a segment seen, or the program's own call say so."""
    LIKELY = "likely"
    """The figures fit, and what looks alike was ruled out by watching."""
    POSSIBLE = "possible"
    """The figures fit; what looks alike could not be ruled out."""


class SubjectKind(StrEnum):
    """What a verdict is about."""

    SOCKET = "socket"
    LISTENER = "listener"
    FLOW = "flow"
    SYSTEM = "system"


class Subject(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a verdict is about: one row of the socket table, one conversation of the capture, or the machine."""

    kind: SubjectKind
    name: str
    """As a person says it: `sink (41210) 127.0.0.1:65432`. May hold foreign text: sanitize before display."""
    key: int = 0
    """Key of the row; 0 if there is none."""
    stream: int = -1
    """tcp.stream of the conversation; -1 if it is not known."""


class Figure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One figure that a verdict rests on."""

    name: str
    """`Recv-Q`, `peer's window`, `retransmitted`."""
    value: int | float | str
    unit: str = ""
    """B, ms, s, %, B/s, segments, probes, connections, ports, datagrams, calls …; empty for a word."""


class Verdict(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What holds something now."""

    rule: str
    """`receiver-stalled`: the name by which `engine.text.explain` explains it."""
    severity: Severity
    certainty: Certainty
    subject: Subject
    sentence: str
    """What is so, in one sentence with its main figures. May hold foreign text: sanitize before display."""
    advice: str
    """What to do."""
    evidence: tuple[Figure, ...] = ()
    lookalike: str = ""
    """The healthy case that looks alike, and what tells it apart."""
    ends_when: str = ""
    since_ns: int = 0
    """Wall clock, nanoseconds since the epoch, from which on it holds; 0 if unknown."""
    since_exact: bool = False
    """It began then; else it has held at least since then."""
    keys: tuple[int, ...] = ()
    """Keys of all rows it concerns, the subject's first: the other end too, or more sockets of the same program;
    bounded, `rows` counts all."""
    rows: int = 1
    """Rows that it concerns on its own side: 300 for 300 connections that one program has not closed."""
