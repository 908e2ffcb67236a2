"""engine.lessons.wire: how packets are taken in, piece by piece and no more than are kept."""

from __future__ import annotations

import pytest

from engine.lessons.lesson import PacketSought
from engine.lessons.wire import Wire, matches
from engine.model.tcp import TcpFlags
from tests.lessons_rig import SERVER_PORT, both_ends, row
from tests.tui.fake_monitor import FakeMonitor

SYN_WITH_AE = TcpFlags.SYN | TcpFlags.AE
TALK = [row(number, TcpFlags.ACK) for number in range(1, 8)]


def test_what_comes_in_several_answers_is_taken_in_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.lessons.wire.FETCH", 2)
    wire = Wire(FakeMonitor(packets=TALK), 0)
    wire.fetch([SERVER_PORT])
    assert [one.number for one in wire.rows] == [1, 2, 3, 4, 5, 6, 7]
    assert not wire.behind


def test_what_there_was_no_turn_for_comes_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.lessons.wire.FETCH", 2)
    monkeypatch.setattr("engine.lessons.wire.FETCHES_MAX", 2)
    wire = Wire(FakeMonitor(packets=TALK), 0)
    wire.fetch([SERVER_PORT])
    assert ([one.number for one in wire.rows], wire.behind) == ([1, 2, 3, 4], True)
    wire.fetch([SERVER_PORT])
    assert ([one.number for one in wire.rows], wire.behind) == ([1, 2, 3, 4, 5, 6, 7], False)


def test_the_oldest_go_first_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.lessons.wire.ROWS_KEPT", 3)
    wire = Wire(FakeMonitor(packets=TALK), 0)
    wire.fetch([SERVER_PORT])
    assert ([one.number for one in wire.rows], wire.forgotten) == ([5, 6, 7], 4)


@pytest.mark.parametrize(("flags", "found"), [(TcpFlags.SYN, True), (SYN_WITH_AE, False)])
def test_the_ninth_flag_counts_among_those_that_are_sought(flags: TcpFlags, found: bool) -> None:
    assert matches(row(1, flags), PacketSought(flags=int(TcpFlags.SYN)), both_ends()) is found
