"""Whoever applies the deltas has the table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.table import SocketTable

TABLES = st.lists(st.dictionaries(st.integers(1, 8), st.integers(0, 2), max_size=8), min_size=1, max_size=12)


def entry(key: int, recv_q: int) -> SocketEntry:
    return SocketEntry(key, "tcp", 2, SocketState.ESTABLISHED, recv_q, 0, "127.0.0.1", key, "127.0.0.1", 80)


@given(TABLES, st.lists(st.booleans(), min_size=12, max_size=12))
def test_deltas_lead_to_the_table(tables: list[dict[int, int]], asks: list[bool]) -> None:
    table, copy, generation = SocketTable(), dict[int, SocketEntry](), 0
    for queues, ask in zip(tables, asks, strict=False):
        rows = {key: entry(key, recv_q) for key, recv_q in queues.items()}
        table.update(dict(rows), list(rows))
        if not ask:
            continue
        delta = table.since(generation)
        if delta.full:
            copy = {}
        for key in delta.gone:
            copy.pop(key, None)
        copy |= {row.key: row for row in delta.changed}
        generation = delta.generation
        assert copy == table.entries == rows
