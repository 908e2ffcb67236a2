"""The line below the sockets: ephemeral ports in use, and the kernel's counters of loss, overflow and reset that moved.

Counters have nstat's names. A counter stands there once it has moved since the start; what it went up by in the last
refresh stands behind it, so that a burst is seen and its place does not jump.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.units import count
from tui.widgets.pane import Words, words

CROWDED: Final = 0.8
"""Share of the ephemeral ports from which on connect() may soon meet EADDRNOTAVAIL."""

ALARMING: Final = frozenset(
    ("TcpExtListenOverflows", "TcpExtListenDrops", "TcpExtTCPBacklogDrop", "TcpExtTCPRcvQDrop",
     "TcpExtTCPReqQFullDrop", "TcpExtTCPTimeWaitOverflow", "UdpRcvbufErrors", "UdpSndbufErrors")
)  # fmt: skip
"""Counters of what was thrown away: red while they move. The others are yellow."""

QUIET: Final = "no loss, overflow or reset since the start"


def ports_used(entries: Iterable[SocketEntry], span: tuple[int, int]) -> tuple[int, int]:
    """Distinct local TCP ports within the ephemeral range, and those of them that TIME-WAIT alone holds."""
    low, high = span
    used: set[int] = set()
    alive: set[int] = set()
    for entry in entries:
        if entry.netid == "tcp" and low <= entry.local_port <= high:
            used.add(entry.local_port)
            if entry.state is not SocketState.TIME_WAIT:
                alive.add(entry.local_port)
    return len(used), len(used - alive)


def kernel_words(snapshot: Snapshot, forgotten: int = 0) -> list[Words | str]:
    """The parts of the line. `forgotten` closed sockets left the history early."""
    parts: list[Words | str] = []
    if snapshot.ephemeral is not None:
        low, high = snapshot.ephemeral
        live: Iterable[SocketEntry] = snapshot.entries
        if snapshot.changes:
            live = (entry for entry in live if snapshot.changes.get(entry.key) is not RowChange.CLOSED)
        used, waiting = ports_used(live, snapshot.ephemeral)
        room = high - low + 1
        parts.append(
            (
                f"ephemeral ports {count(used)} of {count(room)}, {count(waiting)} in TIME-WAIT alone",
                "bold $text-warning" if used >= CROWDED * room else "$foreground 70%",
            )
        )
    parts += counter_words(snapshot.moved_in_all, snapshot.moved)
    counters = snapshot.counters
    for number, what in (
        (counters.interrupted, "dumps the table changed under"),
        (counters.malformed, "malformed messages"),
        (counters.processes_vanished, "processes vanished while looked at"),
        (forgotten, "closed sockets left the history early, for want of room"),
    ):
        if number:
            parts.append((f"{count(number)} {what}", "$foreground 55%"))
    return parts


def counter_words(in_all: Mapping[str, int], lately: Mapping[str, int]) -> Sequence[Words]:
    """`TcpRetransSegs 12 +3`: those that move now first."""
    if not in_all:
        return [(QUIET, "$foreground 55%")]
    names = sorted(in_all, key=lambda name: (name not in lately, name not in ALARMING, name))
    return [_counter(name, in_all[name], lately.get(name, 0)) for name in names]


def _counter(name: str, total: int, delta: int) -> Words:
    if not delta:
        return f"{name} {count(total)}", "$foreground 70%"
    style = "bold $text-error" if name in ALARMING else "bold $text-warning"
    return f"{name} {count(total)} +{count(delta)}", style


class KernelLine(Widget):
    """Shows the parts of the newest snapshot."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KernelLine { height: 1; padding: 0 1; color: $foreground; }
    """

    parts: reactive[Sequence[Words | str]] = reactive(())

    def render(self) -> Content:
        return words(self.parts, gap=" · ").truncate(max(1, self.size.width), ellipsis=True)
