"""What can be asked about where `e` is pressed: the row itself, and each of its columns with its value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.model.packets import PacketRow
from engine.model.sockets import SocketEntry
from engine.text.cells import Look
from engine.text.columns import COLUMNS
from engine.text.explain.case import Case, of_packet, of_socket
from engine.text.explain.entry import Kind
from engine.text.explain.table import explained
from engine.text.units import UNKNOWN, count
from tui.widgets.columns import Place, Row


@dataclass(frozen=True)
class Topic:
    """One line of the list in the window of explanations, and what is said when the cursor is on it."""

    name: str
    value: str
    cases: tuple[Case, ...]


Topics = tuple[Topic, ...]

VALUES_EXPLAINED: Final = {"State": Kind.STATE, "Proto": Kind.PROTOCOL}
"""Columns whose values are words with a meaning of their own, by title."""

NUMBERS: Final = (
    ("Seq", "TCP Sequence Number"),
    ("Ack", "TCP Acknowledgment Number"),
    ("Win", "TCP Window"),
    ("Len", "TCP Len"),
)
"""The numbers of a segment as its Info writes them, and the fields that they are."""


def of_columns(places: Sequence[Place[Row]], row: Row) -> Topics:
    """Each column that stands on the line, with what this row has in it."""
    topics = []
    for place in places:
        title, value = place.column.title, place.column.text(row).strip()
        cases = [Case(one, f"Here {title} is {value or UNKNOWN}.") for one in explained(title, Kind.COLUMN)]
        if title in VALUES_EXPLAINED:
            cases += [Case(one) for one in explained(value, VALUES_EXPLAINED[title])]
        if cases:
            topics.append(Topic(title, value, tuple(cases)))
    return tuple(topics)


def of_numbers(row: PacketRow) -> Topics:
    """The numbers of a segment; none for a frame without one."""
    values = (row.seq, row.ack, row.window, None if row.seq is None else row.payload_length)
    return tuple(
        Topic(name, count(value), tuple(Case(one, f"Here it is {count(value)}.") for one in explained(field)))
        for (name, field), value in zip(NUMBERS, values, strict=True)
        if value is not None
    )


def of_packet_row(row: PacketRow, places: Sequence[Place[PacketRow]]) -> Topics:
    """A line of the packet list: what its findings and flags mean, its numbers, its columns."""
    return (Topic(f"frame {row.number}", "", of_packet(row)), *of_numbers(row), *of_columns(places, row))


def of_cells(entry: SocketEntry, names: Iterable[str], look: Look) -> Topics:
    """Columns of the socket table by their names, each with its value of this socket."""
    topics = []
    for name in dict.fromkeys(names):
        if name in COLUMNS:
            cases = of_socket(entry, name, look)
            own = tuple(case for case in cases if case.explanation.kind is Kind.COLUMN) or cases
            topics.append(Topic(COLUMNS[name].title, COLUMNS[name].cell(entry, look), own))
    return tuple(topics)


def of_socket_row(entry: SocketEntry, sort: str, names: Iterable[str], look: Look) -> Topics:
    """A line of the socket table: the column that sorts and the state first, then each column by its name."""
    return (Topic("socket", entry.state.value, of_socket(entry, sort, look)), *of_cells(entry, names, look))
