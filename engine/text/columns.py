"""Every column that a table of sockets can have: its name, title, place and how a row fills and sorts it.

The screen's table, `sockmon ls` and the explanations read this one table, so a column is added here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from engine.model.errors import BadInput
from engine.model.sockets import SkMem, SocketEntry
from engine.model.tcp import SocketState
from engine.text import cells, socket_values, units
from engine.text.cells import Look
from engine.text.sanitize import printable, printable_within
from engine.text.services import service_name
from engine.text.socket_values import AF_INET, AF_INET6
from engine.text.units import UNKNOWN


class Align(StrEnum):
    """Which side of its column a cell keeps to."""

    LEFT = "left"
    RIGHT = "right"


Cell = Callable[[SocketEntry, Look], str]
SortKey = Callable[[SocketEntry, Look], Any]
Number = Callable[[SocketEntry], int | None]


class Column(msgspec.Struct, frozen=True):
    """A column. All keys that its `sort_key` returns can be compared with each other; unknown sorts below 0."""

    name: str
    """Stable name for `--columns` and `--sort`."""
    title: str
    width: int
    """Cells that suit it; a table may give it more."""
    cell: Cell
    sort_key: SortKey
    align: Align = Align.LEFT
    priority: int = 5
    """What a narrow table drops first: the highest. 0 stays."""


def _numeric(name: str, title: str, width: int, value: Number, priority: int = 5) -> Column:
    """A column of whole numbers."""

    def cell(entry: SocketEntry, look: Look) -> str:
        return cells.number(value(entry), look)

    return Column(name, title, width, cell, _number_key(value), Align.RIGHT, priority)


def _number_key(value: Number) -> SortKey:
    def key(entry: SocketEntry, look: Look) -> int:
        known = value(entry)
        return -1 if known is None else known

    return key


def _timing(name: str, title: str, field: str) -> Column:
    """A column of times in milliseconds out of a tcp_info field in microseconds."""
    value = socket_values.tcp_field(field)

    def cell(entry: SocketEntry, look: Look) -> str:
        return cells.milliseconds(value(entry))

    return Column(name, title, 9, cell, _number_key(value), Align.RIGHT)


def _tcp(name: str, title: str, width: int, field: str) -> Column:
    return _numeric(name, title, width, socket_values.tcp_field(field))


def _skmem(name: str, title: str, read: Callable[[SkMem], int]) -> Column:
    def value(entry: SocketEntry) -> int | None:
        return None if entry.skmem is None else read(entry.skmem)

    return _numeric(name, title, 9, value)


def _words(name: str, title: str, width: int, cell: Cell, priority: int = 5) -> Column:
    """A column of words, sorted as they are written."""
    return Column(name, title, width, cell, cell, Align.LEFT, priority)


def _rate(name: str, title: str, pick: Callable[[Any], float | None]) -> Column:
    def value(entry: SocketEntry, look: Look) -> float | None:
        figures = look.figures.get(entry.key)
        return None if figures is None else pick(figures)

    def cell(entry: SocketEntry, look: Look) -> str:
        return cells.rate(value(entry, look))

    def key(entry: SocketEntry, look: Look) -> float:
        known = value(entry, look)
        return -1.0 if known is None else known

    return Column(name, title, 11, cell, key, Align.RIGHT)


def _address_key(address: str, port: int) -> tuple[int, int, str, int]:
    """Addresses in numeric order, IPv4 first, then what is no address by name."""
    parsed = socket_values.parsed_address(address)
    if parsed is not None:
        return (parsed.version, int(parsed), "", port)
    return (0 if address == "*" else 9, 0, address, port)


def _state(entry: SocketEntry, look: Look) -> str:
    return entry.state.value


_STATE_ORDER: Final = {state: place for place, state in enumerate(SocketState)}


def _age_ns(entry: SocketEntry, look: Look) -> int | None:
    figures = look.figures.get(entry.key)
    return None if figures is None else socket_values.age_ns(figures.since_ns, look.now_ns)


def _age(entry: SocketEntry, look: Look) -> str:
    figures = look.figures.get(entry.key)
    if figures is None:
        return UNKNOWN
    older = "" if figures.opened else ">"
    return older + units.duration_ms(_age_whole_ms(socket_values.age_ns(figures.since_ns, look.now_ns)))


def _age_key(entry: SocketEntry, look: Look) -> int:
    known = _age_ns(entry, look)
    return -1 if known is None else known


def _closed_key(entry: SocketEntry, look: Look) -> int:
    """The latest first; what is open last."""
    closed = look.closed.get(entry.key)
    return 0 if closed is None else -closed.ts_ns


def _age_whole_ms(nanoseconds: int) -> int:
    """Rows are seen once a refresh: digits below a millisecond would only flicker."""
    return nanoseconds // 1_000_000


def _user(entry: SocketEntry, look: Look) -> str:
    return UNKNOWN if entry.uid is None else printable(look.user_name(entry.uid))


def _cgroup(entry: SocketEntry, look: Look) -> str:
    """The holders' containers or units; the kernel's number where they have none."""
    found = [printable(owner.unit) for owner in entry.owners if owner.unit]
    return cells.first(found) if found else _hex(entry.cgroup)


def _cmdline(entry: SocketEntry, look: Look) -> str:
    return cells.first([printable_within(owner.cmdline, cells.COMMAND_CHARACTERS_MAX) for owner in entry.owners])


def _cookie(entry: SocketEntry, look: Look) -> str:
    return UNKNOWN if entry.cookie is None else f"{entry.cookie:x}"


def _service(entry: SocketEntry, look: Look) -> str:
    transport = socket_values.transport(entry)
    return service_name(transport, entry.local_port) or service_name(transport, entry.peer_port) or UNKNOWN


_SHUTDOWN: Final = {None: UNKNOWN, 0: "no", 1: "read", 2: "write", 3: "both"}


def _interface(entry: SocketEntry, look: Look) -> str:
    return printable(look.interface_name(entry.interface)) if entry.interface else UNKNOWN


def _hex(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:#x}"


def _yes_no(value: bool | None) -> str:
    return UNKNOWN if value is None else "yes" if value else "no"


def _family(entry: SocketEntry, look: Look) -> str:
    return {AF_INET: "IPv4", AF_INET6: "IPv6", socket_values.AF_UNIX: "unix"}.get(entry.family, entry.netid)


def _timer_key(entry: SocketEntry, look: Look) -> int:
    return -1 if entry.timer is None else entry.timer.expires_ms


_ALL: Final = (
    _words("netid", "Netid", 5, lambda entry, look: entry.netid, 0),
    Column("state", "State", 12, _state, lambda entry, look: _STATE_ORDER[entry.state], priority=0),
    Column("recv_q", "Recv-Q", 9, cells.recv_q, _number_key(lambda entry: entry.recv_q), Align.RIGHT, 0),
    Column("send_q", "Send-Q", 9, cells.send_q, _number_key(lambda entry: entry.send_q), Align.RIGHT, 0),
    Column(
        "local", "Local Address:Port", 22, cells.local,
        lambda entry, look: _address_key(entry.local_address, entry.local_port), priority=0,
    ),
    Column(
        "peer", "Peer Address:Port", 22, cells.peer,
        lambda entry, look: _address_key(entry.peer_address, entry.peer_port), priority=0,
    ),
    _words("process", "Process", 20, cells.processes, 1),
    Column(
        "pid", "PID", 7,
        lambda entry, look: cells.first([str(owner.pid) for owner in entry.owners]),
        lambda entry, look: entry.owners[0].pid if entry.owners else -1, Align.RIGHT,
    ),
    Column(
        "fd", "FD", 4,
        lambda entry, look: cells.first([str(owner.fd) for owner in entry.owners]),
        lambda entry, look: entry.owners[0].fd if entry.owners else -1, Align.RIGHT, 6,
    ),
    _words("command", "Command", 20, lambda entry, look: cells.first([cells.process_name(o) for o in entry.owners])),
    _words("cmdline", "Command line", 30, _cmdline, 8),
    _words("user", "User", 8, _user, 3),
    Column("age", "Age", 9, _age, _age_key, Align.RIGHT, 4),
    _rate("in_rate", "In/s", lambda figures: figures.in_per_s),
    _rate("out_rate", "Out/s", lambda figures: figures.out_per_s),
    _numeric("in_bytes", "In total", 12, socket_values.in_bytes),
    _numeric("out_bytes", "Out total", 12, socket_values.out_bytes),
    _tcp("in_packets", "In pkts", 9, "segs_in"),
    _tcp("out_packets", "Out pkts", 9, "segs_out"),
    _timing("rtt", "RTT ms", "rtt"),
    _timing("min_rtt", "Min RTT ms", "min_rtt"),
    _timing("rttvar", "RTT var ms", "rttvar"),
    _timing("rto", "RTO ms", "rto"),
    _tcp("cwnd", "cwnd", 6, "snd_cwnd"),
    _numeric("ssthresh", "ssthresh", 8, socket_values.ssthresh),
    _tcp("retrans", "Retrans", 7, "total_retrans"),
    _tcp("lost", "Lost", 5, "lost"),
    _tcp("unacked", "Unacked", 7, "unacked"),
    _tcp("notsent", "Not-sent", 10, "notsent_bytes"),
    _tcp("rwnd", "rwnd", 9, "snd_wnd"),
    _tcp("mss", "MSS", 6, "snd_mss"),
    _tcp("pmtu", "PMTU", 6, "pmtu"),
    _words("congestion", "Congestion", 10, lambda entry, look: printable(entry.congestion) or UNKNOWN),
    Column("timer", "Timer", 18, cells.timer, _timer_key),
    Column(
        "inode", "Inode", 9,
        lambda entry, look: str(entry.inode) if entry.inode else UNKNOWN, lambda entry, look: entry.inode, Align.RIGHT,
    ),
    Column(
        "cookie", "Cookie", 8, _cookie,
        lambda entry, look: -1 if entry.cookie is None else entry.cookie, Align.RIGHT, 7,
    ),
    Column(
        "cgroup", "Cgroup", 20, _cgroup, lambda entry, look: _cgroup(entry, look).casefold(), Align.LEFT, 8,
    ),
    _words("interface", "Interface", 9, _interface, 7),
    _words("service", "Service", 12, _service, 6),
    _words("known", "Known by", 9, lambda entry, look: cells.known_by(entry, look)[0], 4),
    Column("closed", "Closed ago", 10, cells.closed_ago, _closed_key, Align.RIGHT, 4),
    _words("reach", "Reachable by", 12, lambda entry, look: socket_values.reach(entry) or UNKNOWN, 4),
    _numeric("accept", "Accept", 7, socket_values.accept_queue),
    _numeric("backlog", "Backlog", 7, socket_values.accept_limit),
    _words("family", "Family", 6, _family),
    _words("shutdown", "Shutdown", 8, lambda entry, look: _SHUTDOWN.get(entry.shutdown, UNKNOWN), 8),
    _words("v6only", "v6only", 6, lambda entry, look: _yes_no(entry.v6only), 8),
    _words("mark", "Mark", 10, lambda entry, look: _hex(entry.mark), 8),
    _words("tos", "TOS", 5, lambda entry, look: _hex(entry.tos), 8),
    _skmem("rcvbuf", "Rcvbuf", lambda skmem: skmem.rcvbuf),
    _skmem("sndbuf", "Sndbuf", lambda skmem: skmem.sndbuf),
    _skmem("rmem", "Rmem", lambda skmem: skmem.rmem_alloc),
    _skmem("wmem", "Wmem", lambda skmem: skmem.wmem_queued),
    _skmem("drops", "Drops", lambda skmem: skmem.drops),
)  # fmt: skip


COLUMNS: Final[dict[str, Column]] = {column.name: column for column in _ALL}
"""By name, in the order that a list of all of them is shown."""

CHOICE_CHARACTERS_MAX: Final = 2000
"""Of a `--columns` value: several times the length of all names together."""


def column(name: str) -> Column:
    """The column of that name; `-` may stand for `_`. Raises BadInput with the names there are."""
    known = COLUMNS.get(name.strip().lower().replace("-", "_"))
    if known is None:
        shown = printable_within(name, 40)
        raise BadInput(f"no column is called {shown!r}", hint="columns: " + ", ".join(COLUMNS))
    return known


def columns(names: str) -> tuple[Column, ...]:
    """The columns of a comma-separated list of names, in its order. Raises BadInput."""
    chosen = tuple(column(name) for name in names[:CHOICE_CHARACTERS_MAX].split(",") if name.strip())
    if not chosen:
        raise BadInput("no column is named", hint="columns: " + ", ".join(COLUMNS))
    return chosen


def fitting(chosen: tuple[Column, ...], cells_wide: int, gap: int = 1) -> tuple[Column, ...]:
    """Those of `chosen` that fit in `cells_wide` cells at their own width: the highest priority goes first, of equals
    the last one. Columns of priority 0 stay even where they do not fit."""
    kept = list(chosen)
    while sum(column_.width for column_ in kept) + gap * (len(kept) - 1) > cells_wide:
        place = max(range(len(kept)), key=lambda index: (kept[index].priority, index), default=0)
        if not kept or kept[place].priority == 0:
            break
        del kept[place]
    return tuple(kept)
