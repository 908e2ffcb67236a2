"""Generations of the socket table."""

from __future__ import annotations

from msgspec.structs import replace

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.table import GENERATIONS_KEPT, SocketTable


def entry(key: int, recv_q: int = 0) -> SocketEntry:
    return SocketEntry(key, "tcp", 2, SocketState.ESTABLISHED, recv_q, 0, "127.0.0.1", key, "127.0.0.1", 80)


def reading(*entries: SocketEntry) -> tuple[dict[int, SocketEntry], list[int]]:
    """All rows, all of them decoded anew."""
    rows = {row.key: row for row in entries}
    return rows, list(rows)


def test_generation_0_asks_for_everything() -> None:
    table = SocketTable()
    table.update(*reading(entry(1), entry(2)))
    delta = table.since(0)
    assert (delta.generation, delta.full, delta.changed, delta.gone) == (1, True, [entry(1), entry(2)], [])


def test_an_equal_row_stays_the_same_object() -> None:
    table = SocketTable()
    table.update(*reading(entry(1)))
    first = table.entries[1]
    difference = table.update(*reading(entry(1)))
    assert table.entries[1] is first
    assert difference.changed == []
    assert table.since(1) == (2, False, [], [])


def test_changed_new_and_gone_rows_are_told_apart() -> None:
    table = SocketTable()
    table.update(*reading(entry(1), entry(2), entry(3)))
    difference = table.update(*reading(entry(1), entry(2, recv_q=9), entry(4)))
    assert sorted(difference.changed) == [2, 4]
    assert difference.gone == [entry(3)]
    delta = table.since(1)
    assert (delta.full, sorted(row.key for row in delta.changed), delta.gone) == (False, [2, 4], [3])


def test_a_row_that_is_not_fresh_is_not_looked_at() -> None:
    table = SocketTable()
    table.update(*reading(entry(1)))
    same = table.entries[1]
    assert table.update({1: same}, []).changed == []
    assert table.entries[1] is same


def test_one_that_goes_while_another_comes_is_noticed() -> None:
    table = SocketTable()
    table.update(*reading(entry(1)))
    assert table.update(*reading(entry(2))).gone == [entry(1)]


def test_several_generations_add_up() -> None:
    table = SocketTable()
    table.update(*reading(entry(1), entry(2)))
    table.update(*reading(entry(1, recv_q=1), entry(2)))
    table.update(*reading(entry(1, recv_q=2), entry(3)))
    table.update(*reading(entry(1, recv_q=2), entry(3), entry(4)))
    delta = table.since(1)
    assert {row.key: row.recv_q for row in delta.changed} == {1: 2, 3: 0, 4: 0}
    assert delta.gone == [2]


def test_a_row_that_came_and_went_between_two_questions_is_only_gone() -> None:
    table = SocketTable()
    table.update(*reading(entry(1)))
    table.update(*reading(entry(1), entry(2)))
    table.update(*reading(entry(1)))
    assert table.since(1) == (3, False, [], [2])


def test_who_is_too_far_behind_gets_all() -> None:
    table = SocketTable()
    for number in range(GENERATIONS_KEPT + 5):
        table.update(*reading(entry(1, recv_q=number)))
    assert table.since(4).full
    assert not table.since(5).full


def test_a_generation_that_was_never_given_gets_all() -> None:
    table = SocketTable()
    table.update(*reading(entry(1)))
    assert table.since(99).full


def test_a_row_that_equals_but_for_its_owners_is_changed() -> None:
    table = SocketTable()
    table.update(*reading(entry(1)))
    assert table.update(*reading(replace(entry(1), owner_unknown="gone"))).changed == [1]
