"""A ladder as lines of text: two lifelines, an arrow a segment, the state of each end where it changes. Pure.

A line is made of pieces, each with the role that decides its colour: the screen draws the pieces, the command prints
their texts, so the two cannot differ. Every line is as wide as it was asked to be, or narrower where its end is blank.

    time       state        │ arrow area                            │ state        remark
    0.000000   SYN-SENT     │──[SYN] Seq=0 Win=65535 MSS=16344─────▶│
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from engine.export.ladder_words import item_end_ns, item_ns, item_number, item_stream, item_words, names_of, remark
from engine.export.times import TimeFormat, time_of_day
from engine.model.flows import FlowSummary, LadderFold, LadderGap, LadderItem, LadderNote, LadderStep
from engine.model.tcp import SS_SPELLINGS, SocketState, TcpFlags
from engine.text.sanitize import printable
from engine.text.units import UNKNOWN, endpoint
from engine.text.width import cell_width, cut, pad

WIDTH_MIN: Final = 20
"""Narrower there is no room for an arrow with a word on it."""

_DECIMALS: Final = 6
_NS_DIGITS: Final = 9
_ARROW_ENOUGH: Final = 56
"""Arrows this long hold nearly every segment's numbers; beyond it half of the room goes to the remarks."""
_ASIDE_MIN: Final = 12
_NUMBER_CELLS: Final = 8
_NUMBERS_FROM: Final = 100
"""From this width on the frame numbers are shown."""
_LOST_BLANK: Final = 6
"""Cells before the lifeline that an arrow which did not arrive leaves free."""

_TIERS: Final = ((72, 10, 12), (56, 10, 10), (44, 0, 10), (0, 0, 0))
"""From which width on: cells for the time, cells for a state (10 with the short names of ss)."""
_DAY_CELLS: Final = 15
"""`12:04:31.000465`"""
_DAY_FROM: Final = 84
"""Narrower a time of day has the cells of any other."""

_RESENT: Final = frozenset(("retransmission", "fast_retransmission", "spurious_retransmission"))


class Role(StrEnum):
    """What a piece of a line is."""

    BLANK = "blank"
    TIME = "time"
    NUMBER = "number"
    STREAM = "stream"
    NAME = "name"
    STATE = "state"
    LIFELINE = "lifeline"
    ARROW = "arrow"
    """A segment without data."""
    DATA = "data"
    HANDSHAKE = "handshake"
    """SYN or FIN."""
    RESET = "reset"
    FOUND = "found"
    """Something was found in it that no other role tells."""
    AGAIN = "again"
    """Sent before."""
    LOST = "lost"
    FOLD = "fold"
    GAP = "gap"
    NOTE = "note"
    ASIDE = "aside"


class Piece(NamedTuple):
    text: str
    role: Role


class LadderLine(NamedTuple):
    """One line, by its pieces from left to right."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces).rstrip()


class LadderLook(msgspec.Struct, frozen=True):
    """How a ladder is drawn."""

    width: int
    """Cells; at least WIDTH_MIN."""
    first_ns: int = 0
    """What times count from."""
    names: dict[int, tuple[str, str]] = {}
    """By stream: what its first and its second end are called; where there is none, their addresses."""
    streams: tuple[int, ...] = ()
    """The conversations on it; with more than one each rung tells its own."""
    times: TimeFormat = TimeFormat.RELATIVE


class _Columns(NamedTuple):
    """Cells of each column; 0 for one that is not there. A blank stands behind each but the arrow's."""

    time: int
    number: int
    stream: int
    state: int
    arrow: int
    aside: int


def ladder_lines(flows: Sequence[FlowSummary], items: Iterable[LadderItem], look: LadderLook) -> Iterator[LadderLine]:
    """The whole ladder, headed."""
    yield from ladder_header(flows, look)
    before: LadderItem | None = None
    for item in items:
        yield ladder_line(item, look, before=before)
        before = item


def ladder_header(flows: Sequence[FlowSummary], look: LadderLook) -> list[LadderLine]:
    """The lines above the first rung: what the ends are called, and their states before it where these are known."""
    columns = _columns(look)
    if len(look.streams) > 1:
        lines = [_named(flow, look) for flow in flows]
        return [*lines, _heads("opened it", "was asked", columns)]
    if not flows:
        return []
    flow = flows[0]
    lines = [_heads(*names_of(flow, look.names), columns)]
    if flow.opener_seen and flow.syn_ns:
        lines.append(_row("", "", "", SocketState.CLOSED, [Piece(" " * columns.arrow, Role.BLANK)],
                          SocketState.LISTEN, "", columns))  # fmt: skip
    return lines


def ladder_line(item: LadderItem, look: LadderLook, aside: str = "", before: LadderItem | None = None) -> LadderLine:
    """One rung. `aside` is what the screen knows about it, such as a call of a program; without it stands a remark.
    `before` is the rung above, which some times count from."""
    columns = _columns(look)
    stream = item_stream(item)
    tag = f"#{stream}" if stream is not None and columns.stream else ""
    first = second = None
    if isinstance(item, LadderStep):
        first = item.first_state if item.first_moved else None
        second = item.second_state if item.second_moved else None
    time = _time(item, look, before, columns.time) if columns.time else ""
    middle = _middle(item, columns.arrow)
    return _row(time, str(item_number(item)), tag, first, middle, second, printable(aside) or remark(item), columns)


def role_of(item: LadderItem) -> Role:
    """What a rung is, for its colour."""
    if isinstance(item, LadderFold):
        return Role.FOLD
    if isinstance(item, LadderGap):
        return Role.GAP
    if isinstance(item, LadderNote):
        return Role.NOTE
    if item.lost:
        return Role.LOST
    if item.flags & TcpFlags.RST:
        return Role.RESET
    if not _RESENT.isdisjoint(item.findings):
        return Role.AGAIN
    if item.findings and item.findings != ("window_update",):
        return Role.FOUND
    if item.flags & (TcpFlags.SYN | TcpFlags.FIN):
        return Role.HANDSHAKE
    return Role.DATA if item.length else Role.ARROW


def _time(item: LadderItem, look: LadderLook, before: LadderItem | None, cells: int) -> str:
    if look.times is TimeFormat.ABSOLUTE:
        return time_of_day(item_ns(item), cells - len("12:04:31."))
    if look.times is TimeFormat.DELTA:
        return UNKNOWN if before is None else seconds(item_ns(item) - item_end_ns(before), cells)
    return seconds(item_ns(item) - look.first_ns, cells)


def seconds(ns: int, cells: int) -> str:
    """Nanoseconds as seconds in so many cells: as many of 6 decimals as fit, cut, not rounded."""
    sign = "-" if ns < 0 else ""
    whole, rest = divmod(abs(ns), 10**_NS_DIGITS)
    head = f"{sign}{whole}"
    decimals = min(_DECIMALS, cells - len(head) - 1)
    return f"{head}.{rest:09d}"[: len(head) + 1 + decimals] if decimals > 0 else head


def _columns(look: LadderLook) -> _Columns:
    width = max(look.width, WIDTH_MIN)
    time, state = next((time, state) for least, time, state in _TIERS if width >= least)
    if look.times is TimeFormat.ABSOLUTE and width >= _DAY_FROM:
        time = _DAY_CELLS
    number = _NUMBER_CELLS if width >= _NUMBERS_FROM else 0
    stream = max(len(f"#{stream}") for stream in look.streams) if len(look.streams) > 1 else 0
    taken = sum(cells + 1 for cells in (time, number, stream, state, state) if cells) + 2
    spare = max(2, width - taken)
    aside = (spare - _ARROW_ENOUGH) // 2 - 1
    if aside < _ASIDE_MIN:
        return _Columns(time, number, stream, state, spare, 0)
    return _Columns(time, number, stream, state, spare - aside - 1, aside)


def _row(
    time: str, number: str, tag: str, first: SocketState | None, middle: list[Piece], second: SocketState | None,
    aside: str, columns: _Columns,
) -> LadderLine:  # fmt: skip
    pieces: list[Piece] = []

    def cell(text: str, cells: int, role: Role, *, right: bool = False) -> None:
        if cells:
            pieces.append(Piece(pad(cut(text, cells), cells, right=right) + " ", role))

    cell(time, columns.time, Role.TIME, right=True)
    cell(number, columns.number, Role.NUMBER, right=True)
    cell(tag, columns.stream, Role.STREAM)
    cell(_state(first, columns.state), columns.state, Role.STATE)
    pieces += middle if len(middle) > 1 else [_LIFELINE, *middle, _LIFELINE]
    if columns.state:
        pieces.append(Piece(" " + pad(_state(second, columns.state), columns.state), Role.STATE))
    if columns.aside:
        pieces.append(Piece(" " + pad(cut(aside, columns.aside), columns.aside), Role.ASIDE))
    return LadderLine(tuple(pieces))


_LIFELINE: Final = Piece("│", Role.LIFELINE)
_BROKEN: Final = Piece("┊", Role.LIFELINE)


def _state(state: SocketState | None, cells: int) -> str:
    if state is None:
        return ""
    return state.value if len(state.value) <= cells else cut(SS_SPELLINGS.get(state, state.value), cells)


def _middle(item: LadderItem, cells: int) -> list[Piece]:
    """What lies between the lifelines, with them."""
    role = role_of(item)
    if isinstance(item, LadderStep):
        return [_LIFELINE, Piece(_arrow(item, cells), role), _LIFELINE]
    fill = " " if isinstance(item, LadderFold) else "╌"
    words = item_words(item, cells - 2)
    around = cells - cell_width(words) - 2
    left = around // 2
    return [_BROKEN, Piece(f"{fill * left} {words} {fill * (around - left)}", role), _BROKEN]


def _arrow(step: LadderStep, cells: int) -> str:
    """A segment's arrow with its words, its tail at its sender's lifeline."""
    line = "═" if step.length else "─"
    blank = _LOST_BLANK if step.lost else 0
    words = item_words(step, max(1, cells - blank - 4 - (1 if blank else 0)))
    shaft = cells - blank - 3 - cell_width(words)
    if step.forward:
        head = f"{line * (shaft - 1)} ✕{' ' * blank}" if blank else f"{line * shaft}▶"
        return line * 2 + words + head
    head = f"{' ' * blank}✕ {line * (shaft - 1)}" if blank else f"◀{line * shaft}"
    return head + words + line * 2


def _heads(first: str, second: str, columns: _Columns) -> LadderLine:
    """The names over the two lifelines, each beginning or ending at the outer edge of its states."""
    left = sum(cells + 1 for cells in (columns.time, columns.number, columns.stream) if cells)
    room = columns.arrow + 2 + 2 * (columns.state + 1 if columns.state else 0)
    half = (room - 1) // 2
    first, second = cut(first, half), cut(second, half)
    title = "time" if columns.time else ""
    between = " " * (room - cell_width(first) - cell_width(second))
    pieces = [Piece(pad(pad(title, columns.time, right=True), left), Role.TIME)] if left else []
    return LadderLine((*pieces, Piece(first, Role.NAME), Piece(between, Role.BLANK), Piece(second, Role.NAME)))


def _named(flow: FlowSummary, look: LadderLook) -> LadderLine:
    """One of several conversations: its tag, what its ends are called, and where they are."""
    first, second = names_of(flow, look.names)
    ends = endpoint(flow.first.address, flow.first.port), endpoint(flow.second.address, flow.second.port)
    told = " ".join(dict.fromkeys((first, ends[0]))) + " ⇄ " + " ".join(dict.fromkeys((second, ends[1])))
    tag = f"#{flow.stream} "
    width = max(look.width, WIDTH_MIN)
    return LadderLine((Piece(tag, Role.STREAM), Piece(cut(told, width - len(tag)), Role.NAME)))
