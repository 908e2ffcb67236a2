"""The lines of the lab pane: actors with their light, their state and counters, and the sum of a flood. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.insight.ledger import FloodBalance, flood_balance
from engine.model.lab import ActorState
from engine.model.snapshot import ActorView
from engine.model.sockets import SocketEntry
from engine.text.sanitize import printable_within
from engine.text.units import count
from tui.widgets.columns import Align, Column, Ink
from tui.widgets.line_painter import Spans

REPLY_MAX: Final = 60
"""Characters of a reply that the list shows."""

LIGHTS: Final[Mapping[ActorState, tuple[str, Ink]]] = {
    ActorState.STARTING: ("◌", Ink.OPENING),
    ActorState.RUNNING: ("●", Ink.GOOD),
    ActorState.STALLED: ("◐", Ink.OPENING),
    ActorState.DONE: ("✓", Ink.MUTED),
    ActorState.FAILED: ("✕", Ink.BAD),
    ActorState.STOPPED: ("○", Ink.MUTED),
}
OFF: Final = ("○", Ink.MUTED)

ENDED: Final = frozenset((ActorState.DONE, ActorState.FAILED, ActorState.STOPPED))

FLOOD: Final = "flood"
"""The switch that starts a sink and a flood-client together."""
FLOOD_KINDS: Final = ("sink", "flood-client")

SUM: Final = "sum"
"""The key of the line under a flood that adds up its bytes."""

SWITCHES: Final[Mapping[str, tuple[str, ...]]] = {
    "echo-server": ("echo-server",),
    "echo-client": ("echo-client",),
    FLOOD: FLOOD_KINDS,
}
"""What can be started by one key, and the kinds that it starts, in that order."""

OFFERS: Final[Mapping[str, str]] = {
    "echo-server": "sends back what it gets",
    "echo-client": "sends the text, shows the reply",
    FLOOD: "sends to a server that never reads",
}
"""What a switch that is off says it would do."""


@dataclass(frozen=True)
class LabRow:
    """A line of the lab: a switch, an actor, or the sum under a flood."""

    key: Hashable
    light: str
    ink: Ink
    name: str
    says: str = ""
    says_ink: Ink = Ink.PLAIN
    switch: str = ""
    """The switch that Space turns on this line."""
    numbers: tuple[int, ...] = ()
    """The actors that this line speaks of."""
    running: bool = False


def sum_words(balance: FloodBalance) -> tuple[str, Ink]:
    """`678,168 = Send-Q 269,868 + Recv-Q 408,300 ✓`; while bytes are on their way `≈`, for then queues overlap."""
    read = f" + read {count(balance.read)}" if balance.read else ""
    sign, end, ink = ("=", " ✓", Ink.PROVEN) if balance.exact else ("≈", "  moving", Ink.OPENING)
    if balance.at_rest and balance.difference:
        sign, end, ink = "≠", f"  off by {balance.difference:+,}", Ink.BAD
    text = f"{count(balance.sent)} {sign} Send-Q {count(balance.send_q)} + Recv-Q {count(balance.recv_q)}{read}{end}"
    return text, ink


def balance_of(
    actors: Sequence[ActorView], entries: Iterable[SocketEntry], before: FloodBalance | None
) -> FloodBalance | None:
    """The sum of the newest flood, if one runs; `before` is that of the refresh before."""
    senders = [actor for actor in actors if actor.spec.kind == "flood-client" and actor.report.sockets]
    if not senders:
        return None
    sender = senders[-1].report
    readers = [actor.report for actor in actors if actor.spec.kind == "sink" and actor.report.sockets]
    ports = {int(port) for held in sender.sockets if (port := held.local.rpartition(":")[2]).isdecimal()}
    both_ends = [entry for entry in entries if entry.local_port in ports or entry.peer_port in ports]
    return flood_balance(sender, both_ends, readers[-1] if readers else None, before)


def lab_rows(actors: Sequence[ActorView], balance: FloodBalance | None) -> list[LabRow]:
    """All lines of the lab, switches first in their order, then what was started besides."""
    rows: list[LabRow] = []
    left = list(actors)
    for switch, kinds in SWITCHES.items():
        own = [actor for actor in left if actor.spec.kind in kinds]
        left = [actor for actor in left if actor.spec.kind not in kinds]
        if switch == FLOOD:
            rows += _flood_rows(own, balance)
        elif own:
            # The first one keeps the key of its switch, so that the cursor stays on it when it starts and stops.
            rows += [
                _actor_row(actor, switch, key=actor.number if place else switch) for place, actor in enumerate(own)
            ]
        else:
            rows.append(_off_row(switch))
    rows += [_actor_row(actor, "", key=actor.number) for actor in left]
    return rows


def _off_row(switch: str) -> LabRow:
    return LabRow(switch, *OFF, switch.replace("-", " "), says=OFFERS[switch], says_ink=Ink.MUTED, switch=switch)


def _flood_rows(own: Sequence[ActorView], balance: FloodBalance | None) -> list[LabRow]:
    """The flood's switch; under it its actors, and the sum where both sides are there."""
    running = [actor for actor in own if actor.report.state not in ENDED]
    if not own:
        return [_off_row(FLOOD)]
    light, ink = LIGHTS[ActorState.RUNNING] if running else OFF
    stalled = any(actor.report.state is ActorState.STALLED for actor in own)
    says = "buffers full: send() is refused" if stalled else ""
    switch = LabRow(
        FLOOD, light, ink, FLOOD, says=says, says_ink=Ink.OPENING, switch=FLOOD,
        numbers=tuple(actor.number for actor in own), running=bool(running),
    )  # fmt: skip
    rows = [switch, *(_actor_row(actor, FLOOD, key=actor.number, indent="  ") for actor in own)]
    if balance is not None and balance.sent:
        text, ink = sum_words(balance)
        rows.append(LabRow(SUM, " ", ink, text, switch=FLOOD))
    return rows


def _actor_row(actor: ActorView, switch: str, key: Hashable, indent: str = "") -> LabRow:
    report = actor.report
    light, ink = LIGHTS.get(report.state, OFF)
    says, says_ink = _says(actor)
    return LabRow(
        key, indent + light, ink, actor.spec.kind.replace("-", " "), says, says_ink, switch,
        (actor.number,), report.state not in ENDED,
    )  # fmt: skip


def _says(actor: ActorView) -> tuple[str, Ink]:
    """What an actor has to say of itself, most important first."""
    report = actor.report
    if report.error:
        return report.error, Ink.BAD
    if report.reply:
        return f"reply {printable_within(report.reply, REPLY_MAX)!r}", Ink.GOOD
    said = []
    serves = any(not held.peer for held in report.sockets)
    if serves or not report.sent:
        said += [report.local, f"{count(report.connections)} conn{'s' * (report.connections != 1)}"]
    if report.sent:
        said.append(f"sent {count(report.sent)}")
    if report.received:
        said.append(f"received {count(report.received)}")
    if report.refused:
        said.append(f"refused ×{count(report.refused)}")
    if report.state is not ActorState.RUNNING:
        said.append(report.state.value)
    return "  ".join(filter(None, said)), Ink.OPENING if report.state is ActorState.STALLED else Ink.PLAIN


def lab_columns() -> tuple[Column[LabRow], ...]:
    """Light and name, and what the actor says of itself."""
    return (
        Column("name", "Actor", 16, lambda row: f"{row.light} {row.name}", lambda row: row.ink, ideal=18),
        Column("says", "State", 12, lambda row: row.says, lambda row: row.says_ink, Align.LEFT, flexible=True),
    )


def lab_spans(row: LabRow) -> Spans:
    """The sum under a flood takes the whole line."""
    return [("    ", Ink.PLAIN), (row.name, row.ink)] if row.key == SUM else ()
