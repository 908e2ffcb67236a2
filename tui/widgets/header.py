"""The header line: what is watched, how fast, what was lost and what may not be seen, in the order of attention.

Yellow says that something cannot be had, red that something was lost or died; the words say it too. What finds no room
goes in the order of `Part.priority`; losses and rights never go.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from engine.model.health import Degradation, Trust, WorkerState
from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketCounters
from engine.text.sanitize import printable, printable_within

NS_PER_S: Final = 1_000_000_000

SENTENCE_MAX: Final = 60
"""Characters of a degradation that has no short form."""

SHORT: Final = {
    "OWNERS_HIDDEN": "owners: yours only",
    "OWNERS_REFUSED": "{count} without process",
    "OTHER_NAMESPACES": "+{count} netns",
    "NO_CAP_NET_RAW": "no packets",
    "NO_PACKET_SOCKET": "no packets",
    "NO_SOCK_DIAG": "no sock_diag",
    "NO_STATE_TRACE": "short-lived by SYN",
    "NO_SYN_TAP": "short-lived unowned",
    "NO_SCAPY": "no scapy",
    "INTERFACE_GONE": "interface gone",
    "FAMILY_UNREADABLE": "families missing",
}
"""A few words for a degradation, `{count}` being the number that its sentence begins with; the whole sentence is in the
tooltip and in the pane that it concerns."""

NOTES: Final = frozenset(("OTHER_NAMESPACES",))
"""What is said and is no fault: a machine with containers always has other namespaces."""


@dataclass(frozen=True)
class Part:
    """A piece of the line. `priority` 0 stays; of the others the highest goes first."""

    text: str
    style: str
    priority: int
    right: bool = False
    brief: str = ""
    """What stands for `text` where that would not find room even alone."""


def lost_words(trust: Trust) -> tuple[str, bool]:
    """`lost 0/0`: frames dropped by the kernel and by us; and whether anything was."""
    lost = trust.dropped_by_kernel + trust.dropped_by_us
    return f"lost {trust.dropped_by_kernel:,}/{trust.dropped_by_us:,}", bool(lost)


def event_words(counters: SocketCounters) -> str:
    """`events lost 3/0`: closed sockets that the kernel could not tell of, and those that we gave up."""
    if not counters.events_lost and not counters.events_forgotten:
        return ""
    return f"events lost {counters.events_lost:,}/{counters.events_forgotten:,}"


def hidden_words(degradations: Sequence[Degradation]) -> str:
    """What may not be seen, each once."""
    shown = dict.fromkeys(
        SHORT.get(degradation.code, "").format(count=degradation.sentence.split(" ", 1)[0])
        or printable_within(degradation.sentence, SENTENCE_MAX)
        for degradation in degradations
    )
    return ", ".join(shown)


def rights_words(degradations: Sequence[Degradation]) -> str:
    """The same, with the first cure in brackets."""
    cure = next((degradation.cure for degradation in degradations if degradation.cure), "")
    return hidden_words(degradations) + (f" ({cure})" if cure else "")


def parts(snapshot: Snapshot, paused: bool, opened_per_s: float | None = None) -> list[Part]:
    """The pieces of the line for this moment; without `opened_per_s` the new rows of the snapshot are counted."""
    changes = list(snapshot.changes.values())
    live = len(snapshot.entries) - changes.count(RowChange.CLOSED)
    capture = snapshot.capture
    pieces = [Part("sockmon", "bold $primary", 5)]
    if paused:
        pieces.append(Part("PAUSED", "bold reverse $warning", 0))
    if snapshot.netns:
        pieces.append(Part(f"netns {snapshot.netns}", "bold $accent", 1))
    if capture is not None:
        where = f"{capture.interface}·{capture.source}"
        pieces.append(Part(where if capture.running else f"{where} off", "", 3))
    pieces.append(Part(f"{live:,} sockets", "", 4))
    opened = changes.count(RowChange.NEW) if opened_per_s is None else round(opened_per_s)
    pieces.append(Part(f"↑{opened:,}/s", "$text-success" if opened else "$foreground 55%", 8))
    if capture is not None:
        words, bad = lost_words(capture.trust)
        pieces += [
            Part(f"{capture.packets_per_s:,.0f} pkt/s", "", 6),
            Part(f"kept {capture.trust.kept:,}", "", 7),
            Part(words, "bold $text-error" if bad else "", 0),
        ]
    lost_events = event_words(snapshot.counters)
    if lost_events:
        pieces.append(Part(lost_events, "bold $text-error", 0))
    rights = rights_words(snapshot.degradations)
    if rights:
        degraded = any(degradation.code not in NOTES for degradation in snapshot.degradations)
        style = "$text-warning" if degraded else "$foreground 70%"
        # A command of which the end is cut off helps nobody; the pane of packets has it whole.
        pieces.append(Part(rights, style, 0, brief=hidden_words(snapshot.degradations)))
    clock = time.strftime("%H:%M:%S", time.localtime(snapshot.ts_ns // NS_PER_S))
    pieces.append(Part(clock, "$foreground 70%", 2, right=True))
    return pieces


def line(pieces: Sequence[Part], width: int) -> Content:
    """The pieces on one line of `width` cells, dropping by priority, the right ones at the right end."""
    kept = [replace(part, text=printable(part.text), brief=printable(part.brief)) for part in pieces]

    def needed() -> int:
        return sum(len(part.text) for part in kept) + 2 * len(kept)

    fixed = [part for part in kept if not part.priority]
    if sum(len(part.text) + 2 for part in fixed) > width:
        kept = [replace(part, text=part.brief or part.text) for part in kept]
    while needed() > width and (worst := max(kept, key=lambda part: part.priority)).priority:
        kept.remove(worst)
    left = Content("  ").join(Content.styled(part.text, part.style) for part in kept if not part.right)
    right = Content("  ").join(Content.styled(part.text, part.style) for part in kept if part.right)
    left = left.truncate(max(0, width - 2 - right.cell_length), ellipsis=True)
    gap = width - 2 - left.cell_length - right.cell_length
    return Content.assemble(" ", left, " " * max(0, gap), right, " ")


def alert_words(failure: str, workers: Sequence[WorkerState]) -> str:
    """What is wrong at once: a refresh that failed, a dead worker, what was lost with it and the key that helps."""
    said = [printable(failure)] if failure else []
    for worker in workers:
        if not worker.alive:
            lost = f"; {printable(worker.lost)}" if worker.lost else ""
            said.append(f"{worker.role} worker died: {printable(worker.ended)}{lost}. W restarts it")
    return "  ".join(said)


class StatusLine(Widget):
    """Shows the header line of the newest snapshot."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; color: $foreground; }
    StatusLine.-degraded { background: $warning 22%; }
    StatusLine.-alarmed { background: $error 34%; }
    """

    snapshot: reactive[Snapshot | None] = reactive(None, always_update=True)
    paused: reactive[bool] = reactive(False)
    opened_per_s: float | None = None

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        lost = snapshot.capture is not None and lost_words(snapshot.capture.trust)[1]
        dead = any(not worker.alive for worker in snapshot.workers)
        alarmed = lost or dead or bool(event_words(snapshot.counters))
        self.set_class(alarmed, "-alarmed")
        degraded = any(degradation.code not in NOTES for degradation in snapshot.degradations)
        self.set_class(degraded and not alarmed, "-degraded")
        told = [
            f"{degradation.sentence}{f' Cure: {degradation.cure}' if degradation.cure else ''}"
            for degradation in snapshot.degradations
        ]
        self.tooltip = Content("\n").join(Content(printable(sentence)) for sentence in told) if told else None

    def render(self) -> Content:
        if self.snapshot is None:
            return Content(" sockmon  reading the kernel's tables …")
        return line(parts(self.snapshot, self.paused, self.opened_per_s), self.size.width)


class AlertLine(Widget):
    """A second line that is there only while something is broken."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    AlertLine { height: auto; max-height: 3; padding: 0 1; display: none;
                background: $error 34%; color: $foreground; text-style: bold; }
    AlertLine.-shown { display: block; }
    """

    words: reactive[str] = reactive("", layout=True)

    def watch_words(self, words: str) -> None:
        self.set_class(bool(words), "-shown")

    def render(self) -> Content:
        return Content(self.words and f"✕ {self.words}")
