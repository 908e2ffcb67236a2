"""What the functions of the rules look at and what they return: a case in its scene, and a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from engine.insight.ledger import ends_of
from engine.insight.naming import begun, connection_name, end_name
from engine.insight.readings import Reading
from engine.insight.verdicts.rules import RULES
from engine.insight.watch import Track, Watch
from engine.model.flows import FlowSummary, LadderStep
from engine.model.lab import Call
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Figure, Severity, Subject, SubjectKind, Verdict
from engine.text.socket_values import parsed_address

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000

TCP: Final = frozenset(("tcp",))
DATAGRAM: Final = frozenset(("udp", "udpl"))


class Wire(msgspec.Struct, frozen=True):
    """What the capture knows of one conversation: the summary and its last segments, oldest first."""

    flow: FlowSummary
    steps: Sequence[LadderStep] = ()
    """Every segment, not folded; bounded by who asks."""


class Scene(msgspec.Struct):
    """What surrounds a socket: all others, and what is known of the machine."""

    watch: Watch
    listeners: Mapping[int, Sequence[Track]]
    """By port."""
    waiting: Mapping[int, Sequence[Call]] = {}
    """Calls that have not returned, by cookie."""
    time_waits: Mapping[int, int] = {}
    """Connections in TIME-WAIT by local port."""
    moved: Mapping[str, int] = {}
    """Kernel counters that went up since the last reading (engine.model.snapshot.Snapshot)."""
    ephemeral: tuple[int, int] | None = None
    """The first and the last port that the kernel chooses from."""
    whole: bool = True
    """All TCP sockets are in the table: what is not there does not exist. Not so under a filter."""
    local_addresses: frozenset[str] = frozenset()
    """Addresses that some socket of this machine is bound to."""

    def by_cookie(self, cookie: int) -> SocketEntry | None:
        """The row of a socket that a program of ours holds."""
        track = self.watch.tracks.get(cookie) if cookie else None
        return track.entry if track is not None else None

    def is_here(self, address: str) -> bool:
        """It is known that an address is this machine's."""
        if address in self.local_addresses:
            return True
        parsed = parsed_address(address)
        return parsed is not None and parsed.is_loopback

    def listener(self, address: str, port: int) -> Track | None:
        """Who listens on an address of this machine, exactly or by a wildcard."""
        found = None
        for track in self.listeners.get(port, ()):
            bound = track.entry.local_address
            if bound == address:
                return track
            if bound in ("*", "0.0.0.0", "::"):
                found = track
        return found


class Case:
    """One socket, as a rule looks at it."""

    __slots__ = ("asked", "entry", "last", "now_ns", "scene", "track", "wire")

    def __init__(self, track: Track, scene: Scene, now_ns: int, asked: bool = False, wire: Wire | None = None) -> None:
        self.track = track
        self.entry: SocketEntry = track.entry
        self.last: Reading = track.last
        self.scene = scene
        self.now_ns = now_ns
        self.asked = asked
        """This very socket was asked about: rules that speak of every idle connection may speak."""
        self.wire = wire

    @property
    def peer(self) -> Track | None:
        """The other end, if it is on this machine."""
        return self.scene.watch.other_end(self.entry)

    @property
    def forward(self) -> bool:
        """This end is `wire.flow.first`."""
        if self.wire is None:
            return False
        address, port, _, _ = ends_of(self.entry)
        first = self.wire.flow.first
        return (first.address, first.port) == (address, port)

    def waits_in(self) -> str:
        """The call in which our own program waits on this socket; empty if none or not ours."""
        waiting = self.scene.waiting.get(self.entry.cookie or 0, ()) if self.entry.cookie else ()
        return waiting[-1].name if waiting else ""

    def still_ns(self) -> int:
        """For how long no byte of data has moved: watched, or by the kernel's own times."""
        watched_ns = self.now_ns - self.track.moved_ns
        if self.track.moved_ns > self.track.first_ns:
            return watched_ns
        told = self.after_reading_ms(self.last.last_data_sent), self.after_reading_ms(self.last.last_data_recv)
        return max(watched_ns, min((one for one in told if one is not None), default=0))

    def after_reading_ms(self, milliseconds: int | None) -> int | None:
        """A time of tcp_info, which was so long ago when the row was read, as so long ago now, in ns."""
        if milliseconds is None:
            return None
        return milliseconds * NS_PER_MS + self.now_ns - self.track.entry_ns


class Detector(msgspec.Struct, frozen=True):
    """A function that finds a rule's case in a row of the socket table."""

    rule: str
    """A name of `engine.insight.verdicts.rules.RULES`."""
    states: frozenset[SocketState]
    """States of the sockets it looks at."""
    find: Callable[[Case], Finding | None]
    netids: frozenset[str] = TCP
    idle: bool = False
    """It may speak of a socket with nothing in its queues."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What a rule found; with the rule it makes a Verdict."""

    severity: Severity
    certainty: Certainty
    sentence: str
    advice: str
    evidence: tuple[Figure, ...] = ()
    since_ns: int = 0
    since_exact: bool = False
    others: tuple[int, ...] = ()
    """Keys of other rows that it concerns."""


def verdict(name: str, subject: Subject, finding: Finding) -> Verdict:
    """The finding of a rule as a value of its own."""
    rule = RULES[name]
    return Verdict(
        name,
        finding.severity,
        finding.certainty,
        subject,
        begun(finding.sentence),
        begun(finding.advice),
        finding.evidence,
        rule.lookalike,
        rule.ends_when,
        finding.since_ns,
        finding.since_exact,
        (subject.key, *finding.others) if subject.key else finding.others,
    )


def row_subject(entry: SocketEntry, stream: int = -1) -> Subject:
    """A row as a verdict's subject."""
    if entry.state is SocketState.LISTEN:
        return Subject(SubjectKind.LISTENER, end_name(entry), entry.key, stream)
    return Subject(SubjectKind.SOCKET, connection_name(entry), entry.key, stream)


def figures(*named: tuple[str, int | float | str | None, str]) -> tuple[Figure, ...]:
    """Figures by name, value and unit; what is unknown is left out."""
    return tuple(Figure(name, value, unit) for name, value, unit in named if value is not None)


def keys_of(*tracks: Track | None) -> tuple[int, ...]:
    """Keys of those that are there."""
    return tuple(track.entry.key for track in tracks if track is not None)


def by_state(detectors: Iterable[Detector]) -> dict[tuple[str, SocketState], tuple[Detector, ...]]:
    """Those that look at a socket of this netid and state."""
    found: dict[tuple[str, SocketState], list[Detector]] = {}
    for detector in detectors:
        for netid in detector.netids:
            for state in detector.states:
                found.setdefault((netid, state), []).append(detector)
    return {where: tuple(listed) for where, listed in found.items()}
