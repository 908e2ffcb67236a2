"""Rows on this side of the channel: what is new, changed or closed, and what only came into view."""

from __future__ import annotations

from msgspec.structs import replace

from engine.insight.rows import Rows
from engine.model.messages import SocketsAnswer
from engine.model.snapshot import RowChange
from engine.model.sockets import SocketCounters, SocketEntry
from engine.model.tcp import SocketState
from tests.unit.socket_entries import entry


def answer(
    generation: int, *changed: SocketEntry, gone: tuple[int, ...] = (), full: bool = False, comparable: bool = True
) -> SocketsAnswer:
    return SocketsAnswer(
        generation, full, list(changed), list(gone), [], SocketCounters(), "netlink", comparable=comparable
    )


def test_the_first_answer_marks_nothing() -> None:
    assert Rows().apply(answer(1, entry(), full=True)) == ([entry()], {})


def test_new_changed_and_closed_rows_are_marked_for_one_refresh() -> None:
    rows = Rows()
    rows.apply(answer(1, entry(key=1), entry(key=2), full=True))
    waiting = entry(key=1, state=SocketState.CLOSE_WAIT)
    shown, changes = rows.apply(answer(2, waiting, entry(key=3), gone=(2,)))
    assert shown == [waiting, entry(key=3), entry(key=2)]
    assert changes == {1: RowChange.CHANGED, 3: RowChange.NEW, 2: RowChange.CLOSED}
    assert rows.apply(answer(3)) == ([waiting, entry(key=3)], {})


def test_what_only_came_into_view_is_not_new_and_what_left_it_has_not_closed() -> None:
    rows = Rows()
    rows.apply(answer(1, entry(key=1), entry(key=2), full=True))
    waiting = entry(key=1, state=SocketState.CLOSE_WAIT)
    shown, changes = rows.apply(answer(2, waiting, entry(key=3, netid="u_str"), gone=(2,), comparable=False))
    assert [row.key for row in shown] == [1, 3]
    assert changes == {1: RowChange.CHANGED}


def test_an_equal_row_stays_the_same_object() -> None:
    rows = Rows()
    ((before,), _) = rows.apply(answer(1, entry(), full=True))
    ((after,), changes) = rows.apply(answer(2, replace(entry())))
    assert after is before
    assert changes == {}


def test_after_forgetting_all_is_first_again() -> None:
    rows = Rows()
    rows.apply(answer(1, entry(key=1), full=True))
    rows.forget()
    assert rows.apply(answer(1, entry(key=2), full=True)) == ([entry(key=2)], {})
