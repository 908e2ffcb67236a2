"""engine.insight.verdicts.flow_control: a reader, a window or a program that a connection waits for."""

from __future__ import annotations

from typing import Any

from engine.model.lab import ActorReport, ActorState, Call
from engine.model.sockets import SocketEntry, Timer
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity
from tests.unit.judges_day import NOON_NS, Day, away, client, sending, server
from tests.unit.socket_entries import owner, tcp_info


def test_a_queue_that_stands_is_told_after_a_second_and_until_it_is_read(day: Day) -> None:
    row = server(recv_q=500, tcp_info=tcp_info(bytes_received=500, rcv_wnd=1_000))
    assert day.at(0, row, client()) == []
    assert day.at(0.9, row, client()) == []
    assert day.at(1, row, client()) == ["receiver-stalled"]
    assert day.only().severity is Severity.WARNING
    assert day.only().since_ns == NOON_NS
    assert day.at(2, server(recv_q=500, tcp_info=tcp_info(bytes_received=600)), client()) == []


def test_a_stalled_reader_is_a_problem_once_its_sender_waits(day: Day) -> None:
    rows = (
        server(recv_q=500, tcp_info=tcp_info(bytes_received=500, rcv_wnd=40, snd_wnd=9)),
        client(send_q=300, tcp_info=tcp_info(bytes_acked=501, snd_wnd=9, notsent_bytes=300)),
    )
    day.at(0, *rows)
    assert day.at(3, *rows) == ["receiver-stalled"]
    found = day.only()
    assert found.severity is Severity.PROBLEM
    assert found.keys == (8, 7)
    assert found.sentence == (
        "sink (41210) has not read for 3.00 s: Recv-Q stands at 500 B, and 300 B of the sender wait in Send-Q."
    )


def test_a_fin_alone_in_recv_q_is_nothing_to_read(day: Day) -> None:
    row = away(state=SocketState.CLOSE_WAIT, recv_q=1, tcp_info=tcp_info(bytes_received=1), owners=(owner(),))
    day.at(0, row)
    assert "receiver-stalled" not in day.at(3, row)


def test_a_window_of_0_for_a_moment_is_not_told(day: Day) -> None:
    def shut(**given: Any) -> SocketEntry:
        return away(send_q=10, tcp_info=tcp_info(snd_wnd=0), **given)

    assert day.at(0, shut()) == []
    assert day.at(0.2, away(send_q=10, tcp_info=tcp_info(snd_wnd=50))) == []
    assert day.at(0.4, shut()) == []
    assert day.at(1, shut()) == ["zero-window"]
    assert day.only().since_exact
    assert day.at(1.1, shut(timer=Timer("persist", 900, 2))) == ["zero-window"]


def test_probes_tell_of_a_closed_window_at_the_first_look(day: Day) -> None:
    assert day.at(0, away(send_q=10, tcp_info=tcp_info(snd_wnd=0), timer=Timer("persist", 900, 2))) == ["zero-window"]
    assert not day.only().since_exact


def test_a_window_smaller_than_the_next_segment_holds_back_as_well(day: Day) -> None:
    small = tcp_info(snd_wnd=500, snd_mss=1_448)
    assert day.at(0, away(send_q=900, tcp_info=small)) == []
    assert day.at(1, away(send_q=900, tcp_info=small, timer=Timer("persist", 900, 1))) == ["zero-window"]
    assert "is 500 B, too little for the next segment: 900 B wait in Send-Q" in day.only().sentence


def test_an_idle_connection_is_spoken_of_only_when_it_is_asked_about(day: Day) -> None:
    day.at(0, client(), server())
    assert day.at(5, client(), server()) == []
    [found] = {one.rule for one in day.judge.about(7)}
    assert found == "queues-empty"
    assert day.judge.about(99) == ()


def test_idle_connections_are_told_together_where_all_are_asked_about(day: Day) -> None:
    rows = [client(), server(), away(key=20, cookie=20, local_port=5), away(key=21, cookie=21, local_port=6, send_q=9)]
    for second in (0, 5):
        day.at(second, *rows)
    [found] = day.judge.idle()
    assert (found.rule, found.severity, found.rows, found.keys) == ("queues-empty", Severity.NOTE, 2, (7, 20))
    assert found.sentence.startswith("2 connections, such as 127.0.0.1:40007 ⇄ 127.0.0.1:9000: All queues are empty")
    day.at(6, rows[2])
    [found] = day.judge.idle()
    assert (found.rows, found.subject.key) == (1, 20)
    assert found.sentence.startswith("192.0.2.1:5 ⇄ 198.51.100.7:443: All queues are empty")


def waiting(kind: str, cookie: int, name: str) -> ActorReport:
    call = Call(0, NOON_NS, name, "1024", "", fd=3, cookie=cookie)
    return ActorReport(kind=kind, pid=cookie, state=ActorState.RUNNING, waiting=(call,))


def test_two_programs_that_both_wait_in_recv_are_a_problem_for_certain(day: Day) -> None:
    both = [waiting("echo-client", 7, "recv"), waiting("echo-server", 8, "recv")]
    day.at(0, client(), server(), actors=both)
    day.at(3, client(), server(), actors=both)
    found = day.judge.about(7)[0]
    assert (found.rule, found.severity, found.certainty) == ("queues-empty", Severity.PROBLEM, Certainty.CERTAIN)
    assert "both programs wait in recv() for the other" in found.sentence
    day.at(4, client(), server(), actors=[waiting("echo-client", 7, "recv"), waiting("echo-server", 8, "accept")])
    assert day.judge.about(7)[0].severity is Severity.NOTE


def test_of_two_calls_that_wait_on_one_socket_the_later_is_named(day: Day) -> None:
    both = [waiting("client-by-hand", 7, name) for name in ("send", "recv")]
    for second in (0, 5):
        day.at(second, away(), actors=both)
    [found] = day.judge.about(7)
    assert ("this program waits in", "recv") in [(one.name, one.value) for one in found.evidence]


def test_a_sender_at_its_own_pace_is_told_from_one_that_the_window_holds_back(day: Day) -> None:
    for second in range(4):
        day.at(second, sending(1_000 * second))
    assert [one.rule for one in day.judge.about(7)] == ["app-limited"]
    for second in range(4, 8):
        day.at(second, sending(1_000 * second, rwnd_limited=100_000 * second))
    assert day.judge.about(7) == ()
