"""Lines of the connections screen that are more than one socket: the two ends of a local connection as one, groups.

A connection whose two sockets are both of this machine is folded into one line, the client first. The server is the end
whose port somebody listens on; where both or none are, the one with the lower port, which is what a service has.
Lines that stand for the same sockets as before are the same objects, so that a table formats them once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Final

from engine.insight.ledger import ends_of
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text import units
from engine.text.cells import Look, process_name
from engine.text.socket_values import data_recv_q, data_send_q, parsed_address
from engine.text.units import UNKNOWN, count
from tui.widgets.columns import Align, Ink, cell
from tui.widgets.line_painter import Spans


class Grouping(StrEnum):
    """What `v` groups by, in the order of the key."""

    NONE = ""
    PROCESS = "process"
    STATE = "state"
    LISTENER = "listener"


@dataclass(frozen=True)
class PairCells:
    """How wide the parts of a folded connection's line are."""

    name: int
    port: int
    queue: int
    shaft: str
    """The arrow before and after the queues."""


WIDE: Final = PairCells(21, 7, 11, "━━")
NARROW: Final = PairCells(14, 7, 9, "━")

STATE_CELLS: Final = 22
FIGURE_CELLS: Final = 12

NO_LISTENER: Final = "no listener here"


@dataclass(frozen=True)
class Pair:
    """Both ends of one connection of this machine."""

    client: SocketEntry
    server: SocketEntry

    @property
    def key(self) -> Hashable:
        return self.client.key

    @property
    def entry(self) -> SocketEntry:
        return self.client


@dataclass(frozen=True)
class Heading:
    """The line above a group."""

    name: str
    sockets: int
    recv_q: int
    send_q: int
    folded: bool

    @property
    def key(self) -> Hashable:
        return ("group", self.name)


SocketLine = SocketEntry | Pair | Heading


line_key: Final[Callable[[SocketLine], Hashable]] = attrgetter("key")
"""What names a line."""


def entry_of(line: SocketLine) -> SocketEntry | None:
    """The socket that a line stands for; the client's for a folded connection; None for a heading."""
    if isinstance(line, SocketEntry):
        return line
    return line.entry if isinstance(line, Pair) else None


def folded(entries: Sequence[SocketEntry], listening: frozenset[int]) -> list[SocketLine]:
    """The entries with both ends of each local connection as one line, where the first of them stood."""
    by_ends = {ends_of(entry): entry for entry in entries if _connected(entry)}
    lines: list[SocketLine] = []
    taken: set[int] = set()
    for entry in entries:
        if entry.key in taken:
            continue
        other = None
        if _connected(entry):
            address, port, peer_address, peer_port = ends_of(entry)
            other = by_ends.get((peer_address, peer_port, address, port))
        if other is None or other is entry or other.netid != entry.netid:
            lines.append(entry)
            continue
        taken.add(other.key)
        lines.append(_pair(entry, other, listening))
    return lines


def _connected(entry: SocketEntry) -> bool:
    return bool(entry.peer_port) and entry.state is not SocketState.LISTEN and entry.local_port > 0


def _pair(one: SocketEntry, other: SocketEntry, listening: frozenset[int]) -> Pair:
    serves, other_serves = one.local_port in listening, other.local_port in listening
    if serves == other_serves:
        serves = one.local_port < other.local_port
    return Pair(other, one) if serves else Pair(one, other)


def listening_ports(entries: Iterable[SocketEntry]) -> frozenset[int]:
    return frozenset(entry.local_port for entry in entries if entry.state is SocketState.LISTEN)


def grouped(
    lines: Sequence[SocketLine], grouping: Grouping, folded_groups: frozenset[str], all_entries: Iterable[SocketEntry]
) -> list[SocketLine]:
    """The lines under a heading for each group, groups by name, lines in their order."""
    name_of = _namer(grouping, all_entries)
    groups: dict[str, list[SocketLine]] = {}
    for line in lines:
        entry = entry_of(line)
        if entry is not None:
            groups.setdefault(name_of(entry), []).append(line)
    made: list[SocketLine] = []
    for name in sorted(groups):
        members = [one for line in groups[name] for one in _sockets(line)]
        made.append(
            Heading(
                name,
                len(members),
                sum(data_recv_q(one) or 0 for one in members),
                sum(data_send_q(one) or 0 for one in members),
                name in folded_groups,
            )
        )
        if name not in folded_groups:
            made += groups[name]
    return made


def _sockets(line: SocketLine) -> tuple[SocketEntry, ...]:
    if isinstance(line, Pair):
        return line.client, line.server
    return (line,) if isinstance(line, SocketEntry) else ()


def _namer(grouping: Grouping, all_entries: Iterable[SocketEntry]) -> Callable[[SocketEntry], str]:
    if grouping is Grouping.PROCESS:
        return _process
    if grouping is Grouping.STATE:
        return lambda entry: entry.state.value
    listeners = {entry.local_port: _listener(entry) for entry in all_entries if entry.state is SocketState.LISTEN}

    def listener(entry: SocketEntry) -> str:
        return listeners.get(entry.local_port) or listeners.get(entry.peer_port) or NO_LISTENER

    return listener


def _process(entry: SocketEntry) -> str:
    if not entry.owners:
        return f"{UNKNOWN} {entry.owner_unknown}".rstrip()
    return f"{process_name(entry.owners[0])} {entry.owners[0].pid}"


def _listener(entry: SocketEntry) -> str:
    return f"{units.endpoint(entry.local_address, entry.local_port)}  {_process(entry)}"


def interned(lines: Sequence[SocketLine], before: Mapping[Hashable, SocketLine]) -> list[SocketLine]:
    """The lines, those that stand for the same as before being the same objects."""
    kept: list[SocketLine] = []
    for line in lines:
        known = before.get(line.key)
        same = (
            isinstance(line, Pair)
            and isinstance(known, Pair)
            and known.client is line.client
            and known.server is line.server
        ) or (isinstance(line, Heading) and known == line)
        kept.append(known if known is not None and same else line)
    return kept


def line_spans(look: Callable[[], Look]) -> Callable[[SocketLine], Spans]:
    """What headings and folded connections write across all columns."""

    def spans(line: SocketLine) -> Spans:
        if isinstance(line, Heading):
            return _heading_spans(line)
        return _pair_spans(line, look()) if isinstance(line, Pair) else ()

    return spans


def _heading_spans(heading: Heading) -> Spans:
    words = f"{count(heading.sockets)} socket{'s' * (heading.sockets != 1)}"
    for name, total in (("Recv-Q", heading.recv_q), ("Send-Q", heading.send_q)):
        if total:
            words += f"  {name} {count(total)}"
    return [(f"{'▸' if heading.folded else '▾'} {heading.name}", Ink.ACCENT), (f"  {words}", Ink.MUTED)]


def _pair_spans(pair: Pair, look: Look) -> Spans:
    """`client :port ━━ Send-Q ▶ Recv-Q ━━▶ server :port  state age rate`, and the way back where data waits on it."""
    client, server = pair.client, pair.server
    cells = NARROW if look.short_loopback else WIDE
    there = _flow(client, server, cells.queue)
    back = _flow(server, client, cells.queue)
    figures = look.figures.get(client.key)
    age = units.duration_ns((look.now_ns - figures.since_ns) // 10**8 * 10**8) if figures is not None else UNKNOWN
    rate = units.byte_rate(figures.out_per_s) if figures is not None else UNKNOWN
    state = client.state if client.state is server.state else f"{client.state}/{server.state}"
    waits = bool(client.send_q or server.recv_q)
    spans = [
        (cell(_process(client), cells.name), Ink.PLAIN),
        (cell(_port(client), cells.port), Ink.MUTED),
        (f" {cells.shaft}{there}{cells.shaft}▶ ", Ink.STRONG if waits else Ink.MUTED),
        (cell(_process(server), cells.name), Ink.PLAIN),
        (cell(_port(server), cells.port), Ink.MUTED),
        (f" {cell(state, STATE_CELLS)} ", Ink.PLAIN if client.state is SocketState.ESTABLISHED else Ink.MUTED),
        (cell(age, FIGURE_CELLS, Align.RIGHT), Ink.PLAIN),
        (cell(rate, FIGURE_CELLS, Align.RIGHT), Ink.PLAIN),
    ]
    if server.send_q or client.recv_q:
        spans.append((f"  ◀━━{back}━━", Ink.STRONG))
    return spans


def _flow(sender: SocketEntry, receiver: SocketEntry, cells: int) -> str:
    sent = cell(count(data_send_q(sender)), cells, Align.RIGHT)
    return f"{sent} ▶ {cell(count(data_recv_q(receiver)), cells)}"


def _port(entry: SocketEntry) -> str:
    address = parsed_address(entry.local_address)
    return f":{entry.local_port}" if address is not None else entry.local_address
