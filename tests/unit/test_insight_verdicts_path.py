"""engine.insight.verdicts.path: loss, a peer that is gone, probes without an answer, acknowledgments that come late."""

from __future__ import annotations

import pytest

from engine.model.sockets import SocketEntry, Timer
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity
from tests.unit.judges_day import Day, away, client, sending, server
from tests.unit.socket_entries import tcp_info, with_info


def test_loss_is_told_while_it_happens_and_not_of_long_ago(day: Day) -> None:
    def lossy(again: int, sent: int) -> SocketEntry:
        return sending(sent, total_retrans=again, data_segs_out=sent // 100)

    assert day.at(0, lossy(500, 10_000)) == []
    assert day.at(1, lossy(500, 20_000)) == []
    assert day.at(2, lossy(503, 30_000)) == ["path-loss"]
    assert "3 of 200 segments (1.5%) were sent again" in day.only().sentence
    assert day.at(20, lossy(503, 40_000)) == []


def test_one_segment_sent_again_may_be_a_tail_loss_probe(day: Day) -> None:
    day.at(0, sending(0))
    assert day.at(1, sending(50_000, total_retrans=1, data_segs_out=100)) == []


def test_segments_that_the_peer_had_are_told_as_such(day: Day) -> None:
    day.at(0, sending(0))
    day.at(1, sending(50_000, total_retrans=4, data_segs_out=100, dsack_dups=4))
    assert "needlessly" in day.only().sentence


@pytest.mark.parametrize(("needless", "told"), [(2, True), (1, False)])
def test_half_of_them_needlessly_is_no_loss(day: Day, needless: int, told: bool) -> None:
    day.at(0, sending(0))
    day.at(1, sending(50_000, total_retrans=4, data_segs_out=100, dsack_dups=needless))
    assert ("needlessly" in day.only().sentence) is told


@pytest.mark.parametrize(("ca_state", "severity"), [(3, Severity.NOTE), (4, Severity.WARNING)])
def test_little_loss_is_a_warning_once_it_cost_a_timeout(day: Day, ca_state: int, severity: Severity) -> None:
    day.at(0, sending(0))
    day.at(1, sending(900_000, total_retrans=2, data_segs_out=1_000, ca_state=ca_state))
    assert day.only().severity is severity


def test_a_peer_that_acknowledges_nothing_is_half_open_and_not_a_lossy_path(day: Day) -> None:
    def silent(tries: int) -> SocketEntry:
        info = tcp_info(bytes_sent=900, bytes_acked=1, snd_wnd=9_000, total_retrans=tries, data_segs_out=1 + tries)
        return away(send_q=900, timer=Timer("on", 800, tries), tcp_info=info)

    assert day.at(0, silent(0)) == []
    assert day.at(1, silent(2)) == []
    assert day.at(2, silent(3)) == ["half-open"]
    assert day.only().certainty is Certainty.LIKELY


def test_an_end_that_vanished_from_this_machine_is_half_open_for_certain(day: Day) -> None:
    day.at(0, client(), server())
    day.at(1, client())
    assert day.at(2, client()) == []
    assert day.at(3, client()) == ["half-open"]
    assert day.only().certainty is Certainty.CERTAIN
    assert day.at(4, client(), server()) == []


@pytest.mark.parametrize("state", [SocketState.FIN_WAIT_1, SocketState.CLOSE_WAIT])
def test_an_end_that_is_being_closed_may_be_the_last_one(day: Day, state: SocketState) -> None:
    day.at(0, client(), server())
    for second in (1, 2, 3, 4):
        day.at(second, client(state=state))
        assert "half-open" not in [one.rule for one in day.said]


def test_an_end_that_was_never_seen_may_stand_elsewhere(day: Day) -> None:
    def carrying(count: int) -> SocketEntry:
        return client(tcp_info=tcp_info(bytes_sent=count, bytes_acked=count))

    for second in range(4):
        assert day.at(second, carrying(second)) == []
    assert day.at(6, carrying(3)) == ["half-open"]
    assert day.only().certainty is Certainty.POSSIBLE
    assert "which is no socket here" in day.only().sentence


def test_a_remote_peer_is_not_missed(day: Day) -> None:
    for second in range(5):
        assert day.at(second, away()) == []


def test_one_keep_alive_probe_may_be_on_its_way(day: Day) -> None:
    assert day.at(0, away(timer=Timer("keepalive", 7_000, 1))) == []
    assert day.at(1, away(timer=Timer("keepalive", 7_000, 2))) == ["keepalive-failing"]


def small_writes(second: int, rtt_us: int, min_rtt_us: int, size: int = 4) -> SocketEntry:
    sent = 25 * second
    return away(
        send_q=size,
        tcp_info=tcp_info(
            bytes_sent=sent * size, bytes_acked=sent * size, data_segs_out=sent, busy_time=900_000 * second,
            rtt=rtt_us, min_rtt=min_rtt_us, snd_mss=1_448, notsent_bytes=size, unacked=1, snd_wnd=65_536,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rtt_us", "min_rtt_us", "size", "told"),
    [(40_000, 30, 4, True), (40_000, 39_000, 4, False), (300, 30, 4, False), (40_000, 30, 1_448, False)],
    ids=["delayed", "a path of 40 ms", "at once", "whole segments"],
)
def test_small_writes_that_wait_for_delayed_acks(day: Day, rtt_us: int, min_rtt_us: int, size: int, told: bool) -> None:
    day.at(0, small_writes(0, rtt_us, min_rtt_us, size))
    assert ("nagle-delayed-ack" in day.at(1, small_writes(1, rtt_us, min_rtt_us, size))) is told


def test_what_was_lost_meanwhile_waited_for_more_than_an_ack(day: Day) -> None:
    def writes(second: int, again: int) -> SocketEntry:
        return with_info(small_writes(second, 40_000, 30), total_retrans=again)

    day.at(0, writes(0, 5))
    assert "nagle-delayed-ack" in day.at(1, writes(1, 5))
    assert "nagle-delayed-ack" not in day.at(2, writes(2, 6))


def test_acks_that_wait_for_a_slow_reader_are_not_nagles(day: Day) -> None:
    def written(second: int) -> SocketEntry:
        return client(send_q=4, tcp_info=small_writes(second, 40_000, 30).tcp_info)

    def slow(second: int) -> SocketEntry:
        return server(recv_q=900, tcp_info=tcp_info(bytes_received=1_000 * second, rcv_wnd=9_000))

    for second in range(3):
        assert day.at(second, written(second), slow(second)) == []


def test_whoever_looks_often_still_has_seconds_to_compare(day: Day) -> None:
    for tick in range(150):
        day.at(tick / 50, small_writes(tick, 40_000, 30))
    [nagle] = [one for one in day.said if one.rule == "nagle-delayed-ack"]
    assert {one.name: one.value for one in nagle.evidence}["segments"] == 25 * 149
