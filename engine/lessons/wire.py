"""The packets of a running lesson: fetched as they come, and searched for what a step expects."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from engine.insight.ledger import Ends, folded
from engine.lessons.cast import Cast
from engine.lessons.lesson import Measure, PacketSought
from engine.model.packets import PacketRow
from engine.model.snapshot import MonitorView

FETCH: Final = 1_000
"""Rows asked for at a time: what one answer carries."""

FETCHES_MAX: Final = 20
"""Answers in a row before the rest of the lesson has its turn."""

ROWS_KEPT: Final = 20_000
"""Packets of one lesson: a flood has some hundred."""

OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}

_MEASURED: Final[dict[str, Callable[[PacketRow], int | None]]] = {
    "len": lambda row: row.payload_length,
    "win": lambda row: row.window,
    "seq": lambda row: row.seq,
    "ack": lambda row: row.ack,
}

FLAG_BITS: Final = 0x1FF
"""What the Info line shows between brackets; the reserved bits above are left out."""


class Wire:
    """The packets that have to do with a lesson, in the order of capture."""

    def __init__(self, monitor: MonitorView, after: int) -> None:
        """`after` is the number of the last frame before the lesson."""
        self.rows: list[PacketRow] = []
        self.forgotten = 0
        self.behind = False
        """Frames were captured that nobody has looked at yet."""
        self._monitor = monitor
        self._after = after

    def fetch(self, ports: Collection[int]) -> None:
        """Take in what came since, of these ports, and ICMP. Raises EngineError if there is no capture."""
        display_filter = " or ".join(["icmp", "icmpv6", *(f"port == {port}" for port in sorted(ports))])
        for _ in range(FETCHES_MAX):
            answer = self._monitor.new_packets(self._after, FETCH, display_filter)
            self.rows += answer.rows
            self._after = max(self._after, answer.status.last_number - answer.pending)
            self.behind = answer.pending > 0
            if not self.behind:
                break
        self.forgotten += max(0, len(self.rows) - ROWS_KEPT)
        del self.rows[:-ROWS_KEPT]

    def search(self, sought: Sequence[PacketSought], cast: Cast, since_ns: int) -> list[list[PacketRow]]:
        """The packets found for each of these, since a moment (wall clock, ns).

        Several single packets of one step are found in the order in which they are written; counts, absences and what
        may have been `ever` are looked for on their own.
        """
        found: list[list[PacketRow]] = []
        place = 0
        for one in sought:
            recent = self.rows if one.ever else [row for row in self.rows if row.ts_ns >= since_ns]
            if one.count is not None or one.absent or one.ever:
                found.append([row for row in recent if matches(row, one, cast)])
                continue
            first = next((row for row in recent if row.number > place and matches(row, one, cast)), None)
            found.append([] if first is None else [first])
            place = place if first is None else first.number
        return found

    def last_payload(self, source: str, cast: Cast, since_ns: int) -> PacketRow | None:
        """The newest packet with payload that came from this actor."""
        sought = PacketSought(source=source, measures=(Measure("len", ">", 0.0),))
        recent = (row for row in reversed(self.rows) if row.ts_ns >= since_ns)
        return next((row for row in recent if matches(row, sought, cast)), None)

    def conversations(self, cast: Cast) -> dict[int, Ends]:
        """The TCP conversations of the lesson's actors by stream, in the order of their first packet, with the ends of
        that packet, its sender's first."""
        sought = [PacketSought(source=member.name) for member in cast]
        sought += [PacketSought(target=member.name) for member in cast]
        theirs: dict[int, Ends] = {}
        strangers: set[int] = set()
        for row in self.rows:
            if row.stream < 0 or row.stream in theirs or row.stream in strangers:
                continue
            if any(matches(row, one, cast) for one in sought):
                theirs[row.stream] = (folded(row.source), row.sport, folded(row.destination), row.dport)
            else:
                strangers.add(row.stream)
        return theirs


def matches(row: PacketRow, sought: PacketSought, cast: Cast) -> bool:
    """Whether a packet looks as sought."""
    if sought.flags is not None and (row.stream < 0 or row.flags & FLAG_BITS != sought.flags):
        return False
    if sought.finding and sought.finding not in row.findings:
        return False
    if sought.protocol and not _has_protocol(row, sought.protocol):
        return False
    source, target = (folded(row.source), row.sport), (folded(row.destination), row.dport)
    if sought.source and not cast.members[sought.source].speaks(source, target):
        return False
    if sought.target and not cast.members[sought.target].speaks(target, source):
        return False
    if sought.info and sought.info.lower() not in row.info.lower():
        return False
    return all(_holds(measure, row) for measure in sought.measures)


def ends_of_row(row: PacketRow) -> set[tuple[str, int]]:
    """Both endpoints of a packet, whichever sent it."""
    return {(folded(row.source), row.sport), (folded(row.destination), row.dport)}


def _has_protocol(row: PacketRow, protocol: str) -> bool:
    return row.stream >= 0 and row.protocol == "TCP" if protocol == "tcp" else row.protocol.lower() == protocol


def _holds(measure: Measure, row: PacketRow) -> bool:
    value = _MEASURED[measure.name](row)
    return value is not None and OPERATORS[measure.op](value, measure.value)
