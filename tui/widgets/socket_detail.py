"""Everything the kernel says of one socket, each figure in its fixed place, so that nothing jumps as figures change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from typing import Final

import msgspec
from textual.content import Content
from textual.widget import Widget

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Severity, Verdict
from engine.text.cells import Look, known_by
from engine.text.columns import COLUMNS, Cell
from engine.text.explain.case import of_socket, of_verdict
from engine.text.sanitize import printable
from engine.text.units import UNKNOWN, byte_rate, count, duration_us
from tui.looks import look_at
from tui.messages import Moment
from tui.tracks import Point, Tracks
from tui.widgets.columns import Align, Elide, cell
from tui.widgets.sparkline import sparkline
from tui.widgets.topics import Topic, Topics, of_cells

GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("socket", ("state", "netid", "family", "age", "interface", "v6only")),
    ("ends", ("local", "peer", "service", "reach")),
    ("owner", ("process", "user", "fd", "cmdline")),
    ("queues", ("recv_q", "send_q", "notsent", "unacked", "accept", "backlog")),
    ("bytes", ("in_bytes", "out_bytes", "in_packets", "out_packets", "in_rate", "out_rate")),
    ("time", ("rtt", "rttvar", "min_rtt", "rto", "timer")),
    ("sending", ("cwnd", "ssthresh", "rwnd", "mss", "pmtu", "congestion")),
    ("loss", ("retrans", "lost", "drops", "overflows", "listen_drops")),
    ("memory", ("rmem", "rcvbuf", "wmem", "sndbuf")),
    ("kernel", ("inode", "cookie", "cgroup", "mark", "tos", "shutdown")),
    ("closing", ("closed", "known")),
)
"""The lines of the detail: a word for the line, and columns of engine.text.columns, or names of OF_LISTENERS, on it."""

OF_LISTENERS: Final = {
    "overflows": ("Overfl all", "TcpExtListenOverflows"),
    "listen_drops": ("Drops all", "TcpExtListenDrops"),
}
"""What the kernel counts for all listeners together, shown on LISTEN: label and counter. A listener's own are Drops."""

LABELS: Final = {
    "cmdline": "Command",
    "local": "Local",
    "peer": "Peer",
    "reach": "Reachable",
    "congestion": "Congestion",
}
"""Shorter words than the title of the column."""

TEXTS: Final[Mapping[str, Cell]] = {"known": lambda entry, look: known_by(entry, look)[1]}
"""Longer words than the cell of the column, where there is room for a sentence."""

SPANS: Final = {"local": 2, "peer": 2, "process": 2, "cmdline": 2, "timer": 2, "known": 4}
"""Places that a value takes where one is too narrow for it."""

VERDICT_STYLES: Final = {
    Severity.PROBLEM: "bold $text-error",
    Severity.WARNING: "bold $text-warning",
    Severity.NOTE: "",
}

NOTHING_MOVED: Final[Mapping[str, int]] = MappingProxyType({})

COUNTDOWN_S: Final = 0.2
"""Between two steps of a kernel timer's countdown: it is seen to run, and costs little."""
COUNTED_MAX_MS: Final = 2_000
"""The next refresh says better; while the screen is paused, the timer stands still with all else."""

LABEL_CELLS: Final = 11
PLACE_CELLS_MIN: Final = 22
"""A label, its value and the gap after it; as many as fit share the line evenly."""
WORD_CELLS: Final = 9

BRIGHT: Final = frozenset(("state", "local", "peer", "process", "recv_q", "send_q"))
"""Values that stand out: what a person looks for first."""


def detail_lines(entry: SocketEntry, look: Look, width: int, moved: Mapping[str, int] = NOTHING_MOVED) -> list[Content]:
    """The detail in lines of at most `width` cells; a group that is too long goes on in the next line. `moved` are the
    kernel's counters since the start."""
    a_line = max(1, (width - WORD_CELLS) // PLACE_CELLS_MIN)
    place_cells = (width - WORD_CELLS) // a_line
    lines: list[Content] = []
    for word, names in GROUPS:
        taken: list[Content] = []
        places = 0
        for name in names:
            span = min(a_line, SPANS.get(name, 1))
            if places + span > a_line:
                lines.append(_line(word if places else "", taken))
                taken, places, word = [], 0, ""
            if name in OF_LISTENERS:
                label, counter = OF_LISTENERS[name]
                listens = entry.netid == "tcp" and entry.state is SocketState.LISTEN
                value = count(moved.get(counter, 0)) if listens else UNKNOWN
                taken.append(_place(label, value, span * place_cells))
            else:
                taken.append(_figure(name, entry, look, span * place_cells))
            places += span
        lines.append(_line(word, taken))
    return [line.truncate(width, ellipsis=True) for line in lines]


def holds_line(key: int, verdicts: Sequence[Verdict], width: int) -> Content:
    """The worst of what holds this socket now, in one line that is always there; the flow's Verdict view has all."""
    concerned = _concerned(key, verdicts)
    head = (cell("holds", WORD_CELLS), "bold $text-primary")
    if not concerned:
        return Content.assemble(head, ("No finding", "$foreground 60%"))
    more = f"  (and {len(concerned) - 1} more)" if len(concerned) > 1 else ""
    told = (printable(concerned[0].sentence) + more, VERDICT_STYLES[concerned[0].severity])
    return Content.assemble(head, told).truncate(width, ellipsis=True)


def _concerned(key: int, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts on this socket, then those that mention it."""
    concerned = [verdict for verdict in verdicts if verdict.subject.key == key]
    return concerned + [verdict for verdict in verdicts if verdict.subject.key != key and key in verdict.keys]


def topics_of(entry: SocketEntry, verdicts: Sequence[Verdict], look: Look) -> Topics:
    """The state, what holds the socket, and every figure of the detail that is known."""
    known = [name for _word, names in GROUPS for name in names if name in COLUMNS]
    known = [name for name in known if COLUMNS[name].cell(entry, look) not in ("", UNKNOWN)]
    holds = [Topic("holds", one.rule, of_verdict(one)) for one in _concerned(entry.key, verdicts)]
    return (Topic("socket", entry.state.value, of_socket(entry, "", look)), *holds, *of_cells(entry, known, look))


def _line(word: str, figures: Sequence[Content]) -> Content:
    return Content.assemble((cell(word, WORD_CELLS), "bold $text-primary"), *figures)


def _figure(name: str, entry: SocketEntry, look: Look, width: int) -> Content:
    """Label and value in their place."""
    column = COLUMNS[name]
    value = TEXTS.get(name, column.cell)(entry, look) or UNKNOWN
    elide = Elide.MIDDLE if name in ("local", "peer") else Elide.END
    return _place(LABELS.get(name, column.title), value, width, elide, bright=name in BRIGHT)


def _place(label: str, value: str, width: int, elide: Elide = Elide.END, *, bright: bool = False) -> Content:
    known = value != UNKNOWN
    style = "bold" if bright and known else "" if known else "$foreground 45%"
    shown = cell(value, width - LABEL_CELLS - 1, elide=elide)
    return Content.assemble((cell(label, LABEL_CELLS), "$foreground 60%"), (shown, style), " ")


TRAILS: Final[tuple[tuple[str, Callable[[Point], float | None], Callable[[float | None], str]], ...]] = (
    ("Recv-Q", lambda point: point.recv_q, lambda value: count(None if value is None else int(value))),
    ("Send-Q", lambda point: point.send_q, lambda value: count(None if value is None else int(value))),
    ("RTT", lambda point: point.rtt_us, lambda value: duration_us(None if value is None else int(value))),
    ("In/s", lambda point: point.in_per_s, byte_rate),
    ("Out/s", lambda point: point.out_per_s, byte_rate),
)
"""What is drawn of a socket's past: its name, where it is in a point, and how its newest value is written."""

TRAIL_CELLS: Final = 46
"""A name, at least 24 bars, the newest value and a gap."""
TRAIL_NAME: Final = 7
TRAIL_VALUE: Final = 12


def trail_lines(trail: Sequence[Point], width: int) -> list[Content]:
    """The past as sparklines, as many a line as fit; always as many lines, so that nothing jumps."""
    a_line = max(1, min(len(TRAILS), (width - WORD_CELLS) // TRAIL_CELLS))
    bars = max(4, (width - WORD_CELLS) // a_line - TRAIL_NAME - TRAIL_VALUE - 3)
    figures = []
    for name, read, write in TRAILS:
        values = [read(point) for point in trail]
        newest = cell(write(values[-1] if values else None), TRAIL_VALUE, Align.LEFT)
        drawn = (sparkline(values, bars), "$text-primary")
        figures.append(Content.assemble((cell(name, TRAIL_NAME), "$foreground 60%"), drawn, f" {newest}  "))
    lines = []
    for start in range(0, len(figures), a_line):
        head = (cell("past" if not start else "", WORD_CELLS), "bold $text-primary")
        lines.append(Content.assemble(head, *figures[start : start + a_line]).truncate(width))
    return lines


def counted_down(entry: SocketEntry, elapsed_ms: int) -> SocketEntry:
    """The socket with what is left of its kernel timer, so long after it was read."""
    timer = entry.timer
    if timer is None:
        return entry
    left_ms = max(0, timer.expires_ms - min(elapsed_ms, COUNTED_MAX_MS))
    return msgspec.structs.replace(entry, timer=msgspec.structs.replace(timer, expires_ms=left_ms))


class SocketDetail(Widget):
    """Shows one socket, or says that none is selected."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    SocketDetail { height: auto; padding: 0 1; }
    """

    def __init__(self, *, dom_id: str | None = None) -> None:
        super().__init__(id=dom_id)
        self._entry: SocketEntry | None = None
        self._look = Look()
        self._trail: Sequence[Point] = ()
        self._moved = NOTHING_MOVED
        self._verdicts: Sequence[Verdict] = ()
        self._shown_s = 0.0

    def on_mount(self) -> None:
        self.set_interval(COUNTDOWN_S, self._count_down)

    def _count_down(self) -> None:
        if self._entry is not None and self._entry.timer is not None and self.display:
            self.refresh()

    def show_socket(self, entry: SocketEntry | None, moment: Moment, tracks: Tracks) -> None:
        """Show this socket with the facts of the moment, and how its figures went."""
        look = look_at(moment)
        trail = tracks.trail(entry.key) if entry is not None else ()
        layout = (entry is None) is not (self._entry is None)
        self._entry, self._look, self._trail = entry, look, trail
        self._moved = moment.snapshot.moved_in_all
        self._verdicts = moment.snapshot.verdicts
        self._shown_s = monotonic()
        self.refresh(layout=layout)

    def topics(self) -> Topics:
        """What can be asked about; nothing without a socket."""
        return topics_of(self._entry, self._verdicts, self._look) if self._entry is not None else ()

    def render(self) -> Content:
        if self._entry is None:
            return Content.styled("No socket is selected.", "$foreground 60%")
        width = max(20, self.size.width)
        entry = counted_down(self._entry, int((monotonic() - self._shown_s) * 1000))
        lines = [holds_line(entry.key, self._verdicts, width), *detail_lines(entry, self._look, width, self._moved)]
        lines += trail_lines(self._trail, width)
        return Content("\n").join(lines)
