"""How the shared columns of a socket look in a table on screen: their widths, their colours, the accept-queue gauge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.cells import Look
from engine.text.columns import COLUMNS
from engine.text.columns import Align as SharedAlign
from engine.text.columns import Column as SharedColumn
from engine.text.presets import PRESETS
from engine.text.socket_values import data_recv_q, data_send_q
from engine.text.units import UNKNOWN
from tui.widgets.columns import Align, Column, Elide, Ink, plain
from tui.widgets.socket_lines import SocketLine, entry_of

Value = TypeVar("Value")

SocketColumn = Column[SocketLine]

LEAK_AGE_NS: Final = 5_000_000_000
"""A CLOSE-WAIT this old is not a close under way any more: the program has not called close()."""

STATE_INKS: Final[Mapping[SocketState, Ink]] = {
    SocketState.LISTEN: Ink.GOOD,
    SocketState.SYN_SENT: Ink.OPENING,
    SocketState.SYN_RECEIVED: Ink.OPENING,
    SocketState.FIN_WAIT_1: Ink.MUTED,
    SocketState.FIN_WAIT_2: Ink.MUTED,
    SocketState.CLOSE_WAIT: Ink.MUTED,
    SocketState.CLOSING: Ink.MUTED,
    SocketState.LAST_ACK: Ink.MUTED,
    SocketState.TIME_WAIT: Ink.MUTED,
    SocketState.CLOSED: Ink.MUTED,
    SocketState.UNKNOWN: Ink.WARN,
}
"""Colour of a state; plain for what is established."""

EIGHTHS: Final = " ▏▎▍▌▋▊▉█"

GAUGE_CELLS: Final = 4
GAUGE_WORDS: Final = 7
"""Cells of `used/limit` beside a gauge: `0/4,096`, the usual limit."""


def bar(used: int, limit: int, cells: int) -> str:
    """A bar of `cells` cells between its two ends; what is used at all shows at least an eighth of a cell."""
    filled = 0 if limit <= 0 else min(cells * 8, -(-used * cells * 8 // limit))
    if used > limit:
        filled = cells * 8
    whole, eighths = divmod(filled, 8)
    return "▕" + ("█" * whole + (EIGHTHS[eighths] if eighths else "")).ljust(cells) + "▏"


LookNow = Callable[[], Look]
"""The facts of the moment that is shown, asked for when a cell is drawn."""


def recv_q(look: LookNow, gauge: bool) -> Callable[[SocketEntry], str]:
    """Recv-Q; on LISTEN the accept queue with its gauge, on a full buffer a full bar."""
    shared = COLUMNS["recv_q"].cell

    def text(entry: SocketEntry) -> str:
        words = shared(entry, look())
        if not gauge:
            return words
        if entry.state is SocketState.LISTEN and entry.recv_q is not None and entry.send_q is not None:
            # Right-aligned words of equal width keep the gauges below each other; a long limit has no gauge.
            if len(words) > GAUGE_WORDS:
                return words
            return f"{bar(entry.recv_q, entry.send_q, GAUGE_CELLS)} {words:>{GAUGE_WORDS}}"
        return f"█ {words}" if recv_q_full(entry) else words

    return text


def send_q(look: LookNow, gauge: bool) -> Callable[[SocketEntry], str]:
    """Send-Q; on a full buffer with a full bar."""
    shared = COLUMNS["send_q"].cell

    def text(entry: SocketEntry) -> str:
        words = shared(entry, look())
        return f"█ {words}" if gauge and send_q_full(entry) else words

    return text


def recv_q_full(entry: SocketEntry) -> bool:
    """The receive buffer holds all that SO_RCVBUF allows (sk_rmem_alloc against sk_rcvbuf)."""
    skmem = entry.skmem
    return bool(data_recv_q(entry)) and skmem is not None and 0 < skmem.rcvbuf <= skmem.rmem_alloc


def send_q_full(entry: SocketEntry) -> bool:
    """The send buffer holds all that SO_SNDBUF allows (sk_wmem_queued against sk_sndbuf)."""
    skmem = entry.skmem
    return bool(data_send_q(entry)) and skmem is not None and 0 < skmem.sndbuf <= skmem.wmem_queued


def recv_q_ink(entry: SocketEntry) -> Ink:
    """Bold where data waits, red where the queue is at its limit; an accept queue in use is yellow."""
    if entry.state is SocketState.LISTEN:
        if not entry.recv_q:
            return Ink.MUTED
        return Ink.BAD if entry.send_q is not None and entry.recv_q >= entry.send_q else Ink.WARN
    if recv_q_full(entry):
        return Ink.BAD
    return Ink.STRONG if entry.recv_q else Ink.MUTED


def send_q_ink(entry: SocketEntry) -> Ink:
    """As for Recv-Q."""
    if send_q_full(entry):
        return Ink.BAD
    return Ink.STRONG if data_send_q(entry) else Ink.MUTED


def process_ink(entry: SocketEntry) -> Ink:
    """Ours stand out; an unknown owner fades."""
    if not entry.owners:
        return Ink.MUTED
    return Ink.ACCENT if any(owner.ours for owner in entry.owners) else Ink.PLAIN


def peer_ink(entry: SocketEntry) -> Ink:
    return Ink.PLAIN if entry.peer_port else Ink.MUTED


def state_ink(leaks: Callable[[int], bool]) -> Callable[[SocketEntry], Ink]:
    """The colour of a state; `leaks` says of a key whether its CLOSE-WAIT has stood too long."""

    def ink(entry: SocketEntry) -> Ink:
        if entry.state is SocketState.CLOSE_WAIT and leaks(entry.key):
            return Ink.LEAK
        return STATE_INKS.get(entry.state, Ink.PLAIN)

    return ink


INKS: Final[Mapping[str, Callable[[SocketEntry], Ink]]] = {
    "recv_q": recv_q_ink,
    "send_q": send_q_ink,
    "peer": peer_ink,
    "process": process_ink,
}


def of_entry(read: Callable[[SocketEntry], Value], otherwise: Value) -> Callable[[SocketLine], Value]:
    """A reader of sockets as one of lines; `otherwise` for a line that is a heading."""

    def of_line(line: SocketLine) -> Value:
        entry = entry_of(line)
        return otherwise if entry is None else read(entry)

    return of_line


def on_screen(
    shared: SharedColumn,
    look: LookNow,
    *,
    style: Callable[[SocketEntry], Ink] = plain,
    text: Callable[[SocketEntry], str] | None = None,
    width: int = 0,
    ideal: int = 0,
    flexible: bool = False,
    priority: int | None = None,
) -> Column[SocketLine]:
    """A shared column as a column of a LineTable."""
    return Column(
        id=shared.name,
        title=shared.title,
        width=width or shared.width,
        text=of_entry(text or (lambda entry: shared.cell(entry, look())), ""),
        style=of_entry(style, Ink.PLAIN),
        align=Align.RIGHT if shared.align is SharedAlign.RIGHT else Align.LEFT,
        priority=shared.priority if priority is None else priority,
        ideal=ideal,
        flexible=flexible,
        elide=Elide.MIDDLE if shared.name in ("local", "peer") else Elide.END,
    )


MORE_COLUMNS: Final = (
    "age", "in_rate", "out_rate", "rtt", "retrans", "timer", "user", "cwnd", "in_bytes", "out_bytes", "unacked",
    "notsent", "rwnd", "mss", "congestion", "ssthresh", "rto", "lost", "inode",
)  # fmt: skip
"""What the connections screen shows besides ss's own columns, the first to go last."""


PAST_COLUMNS: Final = (("known", 0), ("closed", 3))
"""What the history says of a closed socket, with priorities: how its process is known stays even in 80 columns."""


def socket_columns(
    look: LookNow, leaks: Callable[[int], bool], narrow: bool, more: bool, past: bool = False
) -> tuple[SocketColumn, ...]:
    """ss's own columns, and with `more` as many others as fit; narrow ones without gauges. `past` adds what is known of
    closed sockets."""
    queue = 9 if narrow else 14
    address = 15 if narrow else 21
    ideal = 21 if narrow or more else 27
    inks = dict(INKS, state=state_ink(leaks))
    texts = {"recv_q": recv_q(look, not narrow), "send_q": send_q(look, not narrow)}
    made: list[SocketColumn] = []
    for name, width, wide, priority in (
        ("netid", 5, 5, 2 if past else 1),
        ("state", 11, 12, 0),
        ("recv_q", queue, queue, 0),
        ("send_q", queue, queue, 1 if past else 0),
        ("local", address, ideal, 0),
        ("peer", address, ideal, 0),
        ("process", 11 if past else 12, 18, 0),
    ):
        made.append(
            on_screen(
                COLUMNS[name], look, style=inks.get(name, plain), text=texts.get(name),
                width=width, ideal=wide, flexible=name == "process", priority=priority,
            )
        )  # fmt: skip
    if past:
        made += [
            on_screen(COLUMNS[name], look, style=faded(COLUMNS[name], look), priority=priority)
            for name, priority in PAST_COLUMNS
        ]
    if more:
        made += [
            on_screen(COLUMNS[name], look, style=faded(COLUMNS[name], look), priority=place)
            for place, name in enumerate(MORE_COLUMNS, 4)
        ]
    return tuple(made)


def preset_columns(
    name: str, look: LookNow, leaks: Callable[[int], bool], narrow: bool, past: bool
) -> tuple[SocketColumn, ...]:
    """The columns of a preset by its name, or our own with all that fit."""
    preset = PRESETS.get(name)
    if preset is None:
        return socket_columns(look, leaks, narrow, more=True, past=past)
    inks = dict(INKS, state=state_ink(leaks))

    def look_of_preset() -> Look:
        return msgspec.structs.replace(look(), accept_queue=preset.accept_queue)

    last = len(preset.columns) - 1
    return tuple(
        on_screen(
            column, look_of_preset, style=inks.get(column.name, plain), flexible=place == last,
            priority=place if column.priority else 0,
        )
        for place, column in enumerate(preset.columns)
    )  # fmt: skip


def chosen_columns(
    chosen: Sequence[tuple[str, int]], look: LookNow, leaks: Callable[[int], bool], narrow: bool
) -> tuple[SocketColumn, ...]:
    """The columns that a person chose, by name and width; where they find no room the last ones go first."""
    inks = dict(INKS, state=state_ink(leaks))
    texts = {"recv_q": recv_q(look, not narrow), "send_q": send_q(look, not narrow)}
    return tuple(
        on_screen(
            COLUMNS[name], look, style=inks.get(name) or faded(COLUMNS[name], look), text=texts.get(name),
            width=width, flexible=place == len(chosen) - 1, priority=place,
        )
        for place, (name, width) in enumerate(chosen)
    )  # fmt: skip


def faded(shared: SharedColumn, look: LookNow) -> Callable[[SocketEntry], Ink]:
    """What is unknown or nothing fades, so that what is not stands out."""

    def ink(entry: SocketEntry) -> Ink:
        return Ink.MUTED if shared.cell(entry, look()) in NOTHING else Ink.PLAIN

    return ink


NOTHING: Final = frozenset((UNKNOWN, "0", "0 B/s"))
