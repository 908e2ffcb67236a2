"""engine.insight.verdicts.machine: what the ports and counters of the whole machine say."""

from __future__ import annotations

from engine.insight.judge import Judge
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity, SubjectKind
from tests.unit.judges_day import Day, away, client, server, snapshot
from tests.unit.socket_entries import listener


def test_what_a_filter_takes_away_was_not_reset() -> None:
    judge = Judge()
    judge.take(snapshot(0, [away(key=1), away(key=2, local_port=2)]))
    assert judge.take(snapshot(1, [away(key=1)], moved={"TcpEstabResets": 1}), whole=False)[0].subject.key == 0


def test_ports_towards_one_peer_run_out(day: Day) -> None:
    def towards(count: int) -> list[SocketEntry]:
        state = SocketState.TIME_WAIT
        return [away(key=n, cookie=n, state=state, local_port=40_000 + n) for n in range(1, count + 1)]

    assert day.at(0, *towards(79), ephemeral=(40_001, 40_100)) == []
    assert day.at(1, *towards(80), ephemeral=(40_001, 40_100)) == ["ports-exhausted"]
    assert day.only().severity is Severity.WARNING
    assert day.at(2, *towards(96), ephemeral=(40_001, 40_100)) == ["ports-exhausted"]
    assert day.only().severity is Severity.PROBLEM
    assert "96 of 100 local ports (96%) are used from 192.0.2.1 towards 198.51.100.7:443" in day.only().sentence


def test_many_peers_share_the_ports(day: Day) -> None:
    rows = [away(key=n, cookie=n, local_port=40_000 + n, peer_port=n) for n in range(1, 101)]
    assert day.at(0, *rows, ephemeral=(40_001, 40_100)) == []


def test_a_servers_port_in_time_wait_is_told_until_it_listens_again(day: Day) -> None:
    rest = server(state=SocketState.TIME_WAIT, owners=())
    assert day.at(0, rest) == ["time-wait-reuse"]
    assert day.only().sentence.startswith("Port 9000 is held by 1 connection in TIME-WAIT, and nobody listens there")
    more = [server(key=100 + n, state=SocketState.TIME_WAIT, local_port=9_000 + n % 12) for n in range(24)]
    assert day.at(0.5, *more) == ["time-wait-reuse"]
    assert "12 ports (9000, 9001, " in day.only().sentence
    assert " …) are held by 24 connections" in day.only().sentence
    assert day.at(1, rest, listener(key=3, local_port=9_000)) == []


def test_rows_that_vanish_while_the_kernel_counts_resets_were_reset(day: Day) -> None:
    rows = away(key=1, cookie=1), away(key=2, cookie=2, local_port=2)
    day.at(0, *rows)
    assert day.at(1, away(key=2, cookie=2, local_port=2), moved={"TcpEstabResets": 1}) == ["reset"]
    assert day.only().certainty is Certainty.LIKELY
    assert day.only().subject.key == 1
    assert [one.rule for one in day.judge.about(1)] == ["reset"]
    assert day.at(40, away(key=2, cookie=2, local_port=2)) == []


def test_a_connection_whose_rest_is_in_time_wait_was_closed(day: Day) -> None:
    day.at(0, client(), server())
    rest = client(key=70, cookie=70, state=SocketState.TIME_WAIT)
    day.at(1, rest, moved={"TcpEstabResets": 1})
    assert [(one.rule, one.subject.kind) for one in day.said] == [("reset", SubjectKind.SYSTEM)]


def test_failed_attempts_that_no_row_shows_are_a_note(day: Day) -> None:
    day.at(0)
    assert day.at(1, moved={"TcpAttemptFails": 3}) == ["refused"]
    assert "3 attempts to connect failed" in day.only().sentence
    assert day.at(12) == []
