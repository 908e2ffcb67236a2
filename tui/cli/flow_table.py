"""Conversations as aligned text: a line each, columns as wide as they need to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from engine.flow.flow import completeness_text
from engine.model.flows import FlowSummary
from engine.text.units import byte_size, count, duration_ns, endpoint
from engine.text.width import cell_width, cut, pad

GAP: Final = "  "

_NS_PER_S: Final = 1_000_000_000


class _Column(NamedTuple):
    title: str
    cell: Callable[[FlowSummary, int], str]
    """Of a conversation; the number is when the capture began."""
    right: bool = True


def _state(flow: FlowSummary) -> str:
    one, other = flow.first.state.value, flow.second.state.value
    return one if one == other else f"{one} / {other}"


def _began(flow: FlowSummary, first_ns: int) -> str:
    return f"{(flow.first_ns - first_ns) / _NS_PER_S:.6f}"


def _opener(flow: FlowSummary) -> str:
    """An end that is not known to have opened the conversation is marked."""
    return endpoint(flow.first.address, flow.first.port) + ("" if flow.opener_seen else " ?")


COLUMNS: Final = (
    _Column("Stream", lambda flow, _: str(flow.stream)),
    _Column("Opened by", lambda flow, _: _opener(flow), right=False),
    _Column("Peer", lambda flow, _: endpoint(flow.second.address, flow.second.port), right=False),
    _Column("State", lambda flow, _: _state(flow), right=False),
    _Column("Bytes ▶", lambda flow, _: byte_size(flow.first.payload_bytes)),
    _Column("◀ Bytes", lambda flow, _: byte_size(flow.second.payload_bytes)),
    _Column("Segments", lambda flow, _: count(flow.first.segments + flow.second.segments)),
    _Column("Resent", lambda flow, _: count(flow.first.resent + flow.second.resent)),
    _Column("Found", lambda flow, _: count(flow.findings) + ("?" if flow.uncertain and flow.findings else "")),
    _Column("Began", _began),
    _Column("Lasted", lambda flow, _: duration_ns(max(0, flow.last_ns - flow.first_ns))),
    _Column("RTT", lambda flow, _: duration_ns(flow.irtt_ns or None)),
    _Column("Completeness", lambda flow, _: completeness_text(flow.completeness), right=False),
)


LEFT_OUT: Final = (
    "Completeness", "RTT", "Began", "Resent", "Segments", "Lasted", "Found", "◀ Bytes", "Bytes ▶",
)  # fmt: skip
"""What a narrow terminal does not show, the first to go first."""


class FlowTable:
    """Lines for conversations that come in several lots: a column never gets narrower than it was."""

    def __init__(self, first_ns: int, width: int | None = None) -> None:
        """`first_ns` is when the capture began; lines take at most `width` cells if one is given."""
        self._first_ns = first_ns
        self._width = width
        self._widest = {column.title: cell_width(column.title) for column in COLUMNS}

    def lines(self, flows: Sequence[FlowSummary], header: bool = True) -> list[str]:
        """A line for each conversation, under the titles if `header`."""
        cells = {column.title: [column.cell(flow, self._first_ns) for flow in flows] for column in COLUMNS}
        for title, column_cells in cells.items():
            self._widest[title] = max(self._widest[title], *map(cell_width, column_cells), 0)
        filled = []
        for column in self._shown():
            titled = [column.title, *cells[column.title]] if header else cells[column.title]
            filled.append([pad(cell, self._widest[column.title], right=column.right) for cell in titled])
        lines = [GAP.join(row).rstrip() for row in zip(*filled, strict=True)]
        return lines if self._width is None else [cut(line, self._width) for line in lines]

    def _shown(self) -> list[_Column]:
        """The columns that there is room for."""
        shown = list(COLUMNS)
        for title in LEFT_OUT:
            if self._width is None or self._width >= sum(self._widest[one.title] + len(GAP) for one in shown) - len(
                GAP
            ):
                break
            shown = [column for column in shown if column.title != title]
        return shown
