"""engine.insight.verdicts.closing: connections that one program has closed and the other has not."""

from __future__ import annotations

from engine.model.tcp import SocketState
from engine.model.verdicts import Severity
from tests.unit.judges_day import Day, away, client, leaking, server
from tests.unit.socket_entries import owner, tcp_info


def test_close_wait_is_a_leak_after_five_seconds_and_a_problem_after_a_minute(day: Day) -> None:
    day.at(0, away(owners=(owner("nginx", 812),)))
    assert day.at(1, leaking()) == []
    assert day.at(5, leaking()) == []
    assert day.at(6, leaking()) == ["close-wait-leak"]
    assert day.only().severity is Severity.WARNING
    assert day.only().since_exact
    assert day.at(61, leaking()) == ["close-wait-leak"]
    assert day.only().severity is Severity.PROBLEM


def test_the_kernels_times_tell_an_old_leak_at_the_first_look(day: Day) -> None:
    old = tcp_info(last_ack_recv=90_000, last_data_recv=90_000, last_data_sent=95_000, bytes_received=1)
    row = leaking(tcp_info=old)
    assert day.at(0, row) == ["close-wait-leak"]
    assert "at least 1 min 30 s ago" in day.only().sentence
    day.at(30, row)
    assert "at least 2 min ago" in day.only().sentence


def test_a_program_that_still_sends_has_not_leaked(day: Day) -> None:
    for second in range(10):
        assert day.at(second, leaking(tcp_info=tcp_info(bytes_sent=second, bytes_acked=second))) == []


def test_many_leaks_of_one_program_are_one_verdict(day: Day) -> None:
    rows = [leaking(key=100 + n, cookie=100 + n, local_port=1_000 + n) for n in range(300)]
    day.at(0, *rows)
    assert day.at(10, *rows) == ["close-wait-leak"]
    found = day.only()
    assert found.rows == 300
    assert len(found.keys) == 100
    assert "So it is with 300 sockets of this program." in found.sentence


def test_fin_wait_2_is_the_peers_to_end(day: Day) -> None:
    half = client(state=SocketState.FIN_WAIT_2), server(state=SocketState.CLOSE_WAIT, recv_q=1)
    day.at(0, *half)
    assert day.at(6, *half) == ["close-wait-leak", "fin-wait-2"]
    assert "sink (41210) has not closed for" in day.said[1].sentence
