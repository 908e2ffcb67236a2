"""How the shared columns of a socket look in a table on screen: their widths, their colours, the accept-queue gauge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.text.cells import AcceptQueue, Look
from engine.text.columns import COLUMNS
from engine.text.columns import Align as SharedAlign
from engine.text.columns import Column as SharedColumn
from engine.text.socket_values import data_recv_q, data_send_q
from tui.widgets.columns import Align, Column, Elide, Ink, plain

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


def recv_q(look: Look, gauge: bool) -> Callable[[SocketEntry], str]:
    """Recv-Q; on LISTEN the accept queue with its gauge, on a full buffer a full bar."""
    shared = COLUMNS["recv_q"].cell

    def text(entry: SocketEntry) -> str:
        words = shared(entry, look)
        if not gauge:
            return words
        if entry.state is SocketState.LISTEN and entry.recv_q is not None and entry.send_q is not None:
            # Right-aligned words of equal width keep the gauges below each other; a long limit has no gauge.
            if len(words) > GAUGE_WORDS:
                return words
            return f"{bar(entry.recv_q, entry.send_q, GAUGE_CELLS)} {words:>{GAUGE_WORDS}}"
        return f"█ {words}" if recv_q_full(entry) else words

    return text


def send_q(look: Look, gauge: bool) -> Callable[[SocketEntry], str]:
    """Send-Q; on a full buffer with a full bar."""
    shared = COLUMNS["send_q"].cell

    def text(entry: SocketEntry) -> str:
        words = shared(entry, look)
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


def on_screen(
    shared: SharedColumn,
    look: Look,
    *,
    style: Callable[[SocketEntry], Ink] = plain,
    text: Callable[[SocketEntry], str] | None = None,
    width: int = 0,
    ideal: int = 0,
    flexible: bool = False,
    priority: int | None = None,
) -> Column[SocketEntry]:
    """A shared column as a column of a LineTable."""
    return Column(
        id=shared.name,
        title=shared.title,
        width=width or shared.width,
        text=text or (lambda entry: shared.cell(entry, look)),
        style=style,
        align=Align.RIGHT if shared.align is SharedAlign.RIGHT else Align.LEFT,
        priority=shared.priority if priority is None else priority,
        ideal=ideal,
        flexible=flexible,
        elide=Elide.MIDDLE if shared.name in ("local", "peer") else Elide.END,
    )


def dashboard_columns(leaks: Callable[[int], bool], narrow: bool) -> tuple[Column[SocketEntry], ...]:
    """ss's own columns; on a narrow terminal without gauges and with short loopback addresses."""
    look = Look(short_loopback=narrow, accept_queue=AcceptQueue.GAUGE)
    queue = 9 if narrow else 14
    address = 15 if narrow else 21
    ideal = 21 if narrow else 27
    inks = dict(INKS, state=state_ink(leaks))
    made: list[Column[SocketEntry]] = []
    for name, width, wide, priority in (
        ("netid", 5, 5, 1),
        ("state", 11, 12, 0),
        ("recv_q", queue, queue, 0),
        ("send_q", queue, queue, 0),
        ("local", address, ideal, 0),
        ("peer", address, ideal, 0),
        ("process", 12, 12, 0),
    ):
        shared = COLUMNS[name]
        text = {"recv_q": recv_q(look, not narrow), "send_q": send_q(look, not narrow)}.get(name)
        made.append(
            on_screen(
                shared, look, style=inks.get(name, plain), text=text,
                width=width, ideal=wide, flexible=name == "process", priority=priority,
            )
        )  # fmt: skip
    return tuple(made)
