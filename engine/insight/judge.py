"""The judge: takes every snapshot in turn and says what holds the sockets of this machine. Pure: time is given.

Most sockets are uninteresting and did not change: they cost a look-up. Rules are asked of those that have something in
their queues, an unusual state, a running retransmission or lost datagrams, and of listeners. What would be said of
every idle connection (`queues-empty`, `app-limited`) is said only of one that is asked about, by `about`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Final

from msgspec.structs import replace

from engine.insight.ledger import ends_of
from engine.insight.naming import program
from engine.insight.verdicts import closing, datagrams, flow_control, opening, path
from engine.insight.verdicts.machine import (
    KEYS_NAMED,
    counted_verdicts,
    held_ports_verdicts,
    ports_verdicts,
    reset_verdicts,
)
from engine.insight.verdicts.programs import program_verdicts
from engine.insight.verdicts.rule import NS_PER_S, Case, Scene, Wire, by_state, row_subject, verdict
from engine.insight.verdicts.wire import wire_verdicts
from engine.insight.watch import Track, Watch
from engine.model.lab import ActorReport, Call
from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict

ENDED_NS: Final = 30 * NS_PER_S
"""How long the verdict on a connection that has ended is still told."""

ENDED_MAX: Final = 200
"""Of them; the oldest go first."""

COUNTED_NS: Final = 10 * NS_PER_S
"""What only the kernel's counters tell is told while it is no older than this."""

ALIKE: Final = 3
"""More sockets of one program than this with the same verdict are one verdict."""

JUDGED_MAX: Final = 2_000
"""Sockets looked at by rules in one refresh, some 10 µs each; of the others what was found last stands."""

DETECTORS: Final = (
    *flow_control.DETECTORS,
    *path.DETECTORS,
    *closing.DETECTORS,
    *opening.DETECTORS,
    *datagrams.DETECTORS,
)

NAMED_BY_WIRE: Final = frozenset(("refused", "reset"))

NOTHING: Final[tuple[SocketState, list[Verdict]]] = (SocketState.UNKNOWN, [])

IDLE_MAX: Final = 20_000
"""Sockets that `idle` looks at, some 10 µs each: it is asked once, at the end of a watch."""

_ASKED_ONLY: Final = tuple(one for one in DETECTORS if one.rule in ("app-limited", "queues-empty"))

_BY_STATE: Final = by_state(DETECTORS)

_SEVERITIES: Final = {severity: rank for rank, severity in enumerate(Severity)}
_CERTAINTIES: Final = {certainty: rank for rank, certainty in enumerate(Certainty)}


class Judge:
    """Remembers what it was shown. One thread at a time."""

    def __init__(self) -> None:
        self._watch = Watch()
        self._scene = Scene(self._watch, {})
        self._reports: Sequence[ActorReport] = ()
        self._now_ns = 0
        self._ended: deque[Verdict] = deque(maxlen=ENDED_MAX)
        self._counted: deque[tuple[int, int, int]] = deque(maxlen=100)
        """Time, failed attempts and resets that the counters told."""
        self._turn = 0
        self._standing: dict[int, tuple[SocketState, list[Verdict]]] = {}
        self.unjudged = 0
        """Sockets that no rule looked at in the last refresh, for want of time."""

    def take(self, snapshot: Snapshot, whole: bool = True) -> tuple[Verdict, ...]:
        """All that holds now, the worst first. `whole` is False if the table is filtered, so that what it lacks may
        exist all the same."""
        first = self._now_ns == 0
        now_ns = self._now_ns = snapshot.ts_ns
        low, high = snapshot.ephemeral or (0, 0)
        busy, gone, time_waits, waiting_ports = self._follow(snapshot, first, low, high)
        listeners = _listeners(busy)
        self._reports = [view.report for view in snapshot.actors]
        self._scene = Scene(
            self._watch,
            listeners,
            waiting=_waiting(self._reports),
            time_waits=waiting_ports,
            moved=snapshot.moved,
            whole=whole,
            ephemeral=snapshot.ephemeral,
            local_addresses=frozenset(track.entry.local_address for tracks in listeners.values() for track in tracks),
        )
        self._note_ends(snapshot, gone, time_waits)
        found = list(_alike(self._judged(busy, now_ns)))
        found += program_verdicts(self._reports, self._scene, now_ns)
        found += held_ports_verdicts(waiting_ports, listeners, now_ns) if snapshot.ephemeral else ()
        if snapshot.ephemeral and len(snapshot.entries) * 2 > high - low:
            found += ports_verdicts(snapshot.entries, snapshot.ephemeral, now_ns)
        found += self._recently_ended(now_ns)
        return tuple(sorted(_distinct(found), key=_rank))

    def about(self, key: int, wire: Wire | None = None) -> tuple[Verdict, ...]:
        """All that is to be said of one socket and of the other end of its connection, the worst first; `wire` is what
        the capture knows of it. With `wire` alone (key 0), of a conversation whose sockets are gone."""
        now_ns, found = self._now_ns, []
        track = self._watch.tracks.get(key)
        peer = self._watch.other_end(track.entry) if track is not None and track.entry.netid == "tcp" else None
        cookies: set[int] = set()
        for one in (track, peer):
            if one is not None:
                cookies.add(one.entry.key)
                found += self._case(one, now_ns, asked=True, wire=wire)
        found += (
            one for one in program_verdicts(self._reports, self._scene, now_ns) if one.subject.key in cookies - {0}
        )
        found += (one for one in self._ended if key in one.keys and key and now_ns - one.since_ns < ENDED_NS)
        if wire is not None:
            found = _with_wire(found, list(wire_verdicts(wire, now_ns or wire.flow.last_ns)))
        return tuple(sorted(_distinct(found), key=_rank))

    def idle(self) -> tuple[Verdict, ...]:
        """What is said of a connection only when it is asked about, of all of them: one verdict a rule, with the one
        that it has held the longest as its example."""
        found: dict[str, list[Verdict]] = {}
        seen: set[int] = set()
        for key, track in islice(self._watch.tracks.items(), IDLE_MAX):
            if key in seen or track.entry.netid != "tcp":
                continue
            case = Case(track, self._scene, self._now_ns, asked=True)
            for detector in _ASKED_ONLY:
                finding = detector.find(case) if track.entry.state in detector.states else None
                if finding is not None:
                    seen.update(finding.others)
                    found.setdefault(detector.rule, []).append(
                        verdict(detector.rule, row_subject(track.entry), finding)
                    )
        return tuple(sorted(map(_example, found.values()), key=_rank))

    def entry(self, key: int) -> SocketEntry | None:
        """The row of a socket as it was shown last."""
        track = self._watch.tracks.get(key)
        return track.entry if track is not None else None

    def _follow(
        self, snapshot: Snapshot, first: bool, low: int, high: int
    ) -> tuple[list[Track], list[SocketEntry], list[SocketEntry], dict[int, int]]:
        """Bring the tracks up to date: those that are busy, rows that are gone, rows in TIME-WAIT, and their number by
        local port, ephemeral ones left out."""
        watch, tracks, now_ns = self._watch, self._watch.tracks, snapshot.ts_ns
        closed = {key for key, change in snapshot.changes.items() if change is RowChange.CLOSED}
        busy: list[Track] = []
        resting: list[SocketEntry] = []
        ports: dict[int, int] = {}
        live: set[int] = set()
        time_wait, listen, unconn = SocketState.TIME_WAIT, SocketState.LISTEN, SocketState.UNCONN
        for entry in snapshot.entries:
            key = entry.key
            if closed and key in closed:
                continue
            state = entry.state
            if state is time_wait:
                resting.append(entry)
                if not low <= entry.local_port <= high:
                    ports[entry.local_port] = ports.get(entry.local_port, 0) + 1
                continue
            live.add(key)
            track = tracks.get(key)
            if track is None:
                track = watch.add(entry, now_ns, not first)
            elif track.entry is not entry:
                track.take(entry, now_ns)
            if track.busy or track.alone_ns or track.readings is not None or state is listen or state is unconn:
                busy.append(track)
        gone = [tracks[key].entry for key in tracks.keys() - live]
        for entry in gone:
            watch.drop(entry.key, now_ns)
        return busy, gone, resting, ports

    def _judged(self, busy: Sequence[Track], now_ns: int) -> list[tuple[Track, Verdict]]:
        """What the rules find in the busy ones, in turn if there are too many."""
        self.unjudged = max(0, len(busy) - JUDGED_MAX)
        turn: Sequence[Track] = busy
        if self.unjudged:
            start = self._turn % len(busy)
            turn = (*busy[start:], *busy[:start])[:JUDGED_MAX]
            self._turn = start + JUDGED_MAX
        fresh = {track.entry.key: (track.entry.state, self._case(track, now_ns)) for track in turn}
        standing = fresh
        if self.unjudged:
            tracks = self._watch.tracks
            standing = {key: each for key, each in (self._standing | fresh).items() if each[1] and key in tracks}
        self._standing = standing
        judged: list[tuple[Track, Verdict]] = []
        for track in busy:
            state, found = standing.get(track.entry.key, NOTHING)
            if state is track.entry.state:
                judged += [(track, one) for one in found]
        return judged

    def _case(self, track: Track, now_ns: int, asked: bool = False, wire: Wire | None = None) -> list[Verdict]:
        entry = track.entry
        detectors = _BY_STATE.get((entry.netid, entry.state), ())
        found: list[Verdict] = []
        case: Case | None = None
        for detector in detectors:
            case = case or Case(track, self._scene, now_ns, asked)
            finding = detector.find(case)
            if finding is not None:
                stream = wire.flow.stream if wire is not None else -1
                found.append(verdict(detector.rule, row_subject(entry, stream), finding))
        return found

    def _note_ends(self, snapshot: Snapshot, gone: Sequence[SocketEntry], resting: Iterable[SocketEntry]) -> None:
        failed = snapshot.moved.get("TcpAttemptFails", 0)
        resets = snapshot.moved.get("TcpEstabResets", 0)
        if resets and gone and self._scene.whole:
            in_order = frozenset(ends_of(entry) for entry in resting)
            told = reset_verdicts(gone, in_order, resets, snapshot.ts_ns)
            self._ended.extend(told)
            resets = max(0, resets - sum(one.rows for one in told))
        if failed or resets:
            self._counted.append((snapshot.ts_ns, failed, resets))

    def _recently_ended(self, now_ns: int) -> list[Verdict]:
        while self._ended and now_ns - self._ended[0].since_ns > ENDED_NS:
            self._ended.popleft()
        while self._counted and now_ns - self._counted[0][0] > COUNTED_NS:
            self._counted.popleft()
        found = list(self._ended)
        if self._counted:
            failed = sum(one[1] for one in self._counted)
            resets = sum(one[2] for one in self._counted)
            found += counted_verdicts(failed, resets, now_ns - self._counted[0][0], now_ns)
        return found


def _listeners(tracks: Iterable[Track]) -> dict[int, list[Track]]:
    """Listeners by port."""
    found: dict[int, list[Track]] = {}
    for track in tracks:
        if track.entry.state is SocketState.LISTEN:
            found.setdefault(track.entry.local_port, []).append(track)
    return found


def _waiting(reports: Iterable[ActorReport]) -> dict[int, list[Call]]:
    found: dict[int, list[Call]] = {}
    for call in chain.from_iterable(report.waiting for report in reports):
        if call.cookie:
            found.setdefault(call.cookie, []).append(call)
    return found


def _alike(judged: Sequence[tuple[Track, Verdict]]) -> Iterable[Verdict]:
    """The verdicts, those on many sockets of one program made one: the longest first."""
    groups: dict[tuple[str, Severity, int | str], list[tuple[Track, Verdict]]] = {}
    for track, found in judged:
        entry = track.entry
        holder = entry.owners[0].pid if entry.owners else f"{entry.local_address}:{entry.local_port}"
        groups.setdefault((found.rule, found.severity, holder), []).append((track, found))
    for members in groups.values():
        if len(members) <= ALIKE:
            yield from (found for _, found in members)
            continue
        members.sort(key=lambda member: member[1].since_ns)
        track, oldest = members[0]
        keys = tuple(dict.fromkeys(found.subject.key for _, found in members))[:KEYS_NAMED]
        subject = Subject(SubjectKind.SOCKET, f"{program(track.entry)}, {len(members):,} sockets", track.entry.key)
        whose = "program" if track.entry.owners else "address"
        sentence = f"{oldest.sentence} So it is with {len(members):,} sockets of this {whose}."
        yield replace(oldest, subject=subject, sentence=sentence, keys=keys, rows=len(members))


def _example(alike: list[Verdict]) -> Verdict:
    """One verdict for many on connections of whatever programs."""
    oldest = min(alike, key=lambda one: one.since_ns)
    many = len(alike)
    such = oldest.subject.name if many == 1 else f"{many:,} connections, such as {oldest.subject.name}"
    named = replace(oldest, sentence=f"{such}: {oldest.sentence}")
    if many == 1:
        return named
    keys = tuple(one.subject.key for one in alike[:KEYS_NAMED])
    return replace(named, subject=Subject(SubjectKind.SYSTEM, f"{many:,} connections"), keys=keys, rows=many)


def _with_wire(found: Sequence[Verdict], carried: Sequence[Verdict]) -> list[Verdict]:
    """What the sockets and what the segments say: of the same thing the surer word, the sockets' if both are as sure.
    Who reset or refused a connection only the segments say, so that stands in any case."""
    surer = {one.rule: _CERTAINTIES[one.certainty] for one in carried}
    kept = [one for one in found if surer.get(one.rule, len(Certainty)) >= _CERTAINTIES[one.certainty]]
    told = {one.rule for one in kept} - NAMED_BY_WIRE
    return kept + [one for one in carried if one.rule not in told]


def _distinct(found: Iterable[Verdict]) -> Iterable[Verdict]:
    """Each verdict on a subject once."""
    return {(one.rule, one.subject.key, one.subject.name): one for one in found}.values()


def _rank(one: Verdict) -> tuple[int, int, str, str]:
    return _SEVERITIES[one.severity], _CERTAINTIES[one.certainty], one.rule, one.subject.name
