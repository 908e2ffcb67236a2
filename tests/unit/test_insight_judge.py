"""engine.insight.judge: what is said of rows that were made for it, second by second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from engine.insight import judge as judge_module
from engine.insight.judge import Judge
from engine.insight.verdicts.rules import RULES
from engine.insight.watch import READINGS_KEPT, Watch
from engine.model.lab import ActorReport, ActorSpec, ActorState, Call, Knobs
from engine.model.snapshot import ActorView, RowChange, Snapshot
from engine.model.sockets import SocketEntry, Timer
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Severity, SubjectKind, Verdict
from engine.text.explain.entry import Kind
from engine.text.explain.table import EXPLANATIONS, explained
from tests.unit.socket_entries import entry, listener, owner, skmem, tcp_info

NOON_NS = 1_763_726_671_000_000_000
PORTS = (32_768, 60_999)


class Day:
    """A judge who is shown rows at seconds after noon."""

    def __init__(self) -> None:
        self.judge = Judge()
        self.said: tuple[Verdict, ...] = ()

    def at(self, second: float, *rows: SocketEntry, actors: Sequence[ActorReport] = (), **given: Any) -> list[str]:
        """Show these rows; the names of the rules that speak, the worst first."""
        self.said = self.judge.take(snapshot(second, rows, actors, **given))
        return [one.rule for one in self.said]

    def only(self) -> Verdict:
        [one] = self.said
        return one


def snapshot(second: float, rows: Sequence[SocketEntry], actors: Sequence[ActorReport] = (), **given: Any) -> Snapshot:
    views = tuple(ActorView(number, ActorSpec(report.kind, Knobs()), report) for number, report in enumerate(actors))
    return Snapshot(NOON_NS + int(second * 1e9), rows, actors=views, **({"ephemeral": PORTS} | given))


def client(**given: Any) -> SocketEntry:
    """The opener's end of a connection over the loopback."""
    return entry(**({"key": 7, "cookie": 7, "local_port": 40_007, "peer_port": 9_000, "inode": 70} | given))


def server(**given: Any) -> SocketEntry:
    """The other end of it."""
    fields = {"key": 8, "cookie": 8, "local_port": 9_000, "peer_port": 40_007, "inode": 80, "owners": (owner(),)}
    return entry(**(fields | given))


def away(**given: Any) -> SocketEntry:
    """An end of a connection whose other end is elsewhere."""
    return client(**({"local_address": "192.0.2.1", "peer_address": "198.51.100.7", "peer_port": 443} | given))


@pytest.fixture
def day() -> Day:
    return Day()


def test_every_rule_of_the_table_is_explained_and_every_explanation_is_a_rule() -> None:
    assert {one.rule for one in judge_module.DETECTORS} <= {*RULES}
    for name in (*RULES, "no-finding"):
        [told] = explained(name, Kind.VERDICT)
        assert told.name == name
    assert {one.name for one in EXPLANATIONS if one.kind is Kind.VERDICT} == {*RULES, "no-finding"}


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


def sending(sent: int, **given: int) -> SocketEntry:
    return away(tcp_info=tcp_info(bytes_sent=sent, bytes_acked=sent, snd_wnd=65_536, **given))


def test_a_sender_at_its_own_pace_is_told_from_one_that_the_window_holds_back(day: Day) -> None:
    for second in range(4):
        day.at(second, sending(1_000 * second))
    assert [one.rule for one in day.judge.about(7)] == ["app-limited"]
    for second in range(4, 8):
        day.at(second, sending(1_000 * second, rwnd_limited=100_000 * second))
    assert day.judge.about(7) == ()


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


def test_an_end_that_was_never_seen_may_stand_elsewhere(day: Day) -> None:
    def carrying(count: int) -> SocketEntry:
        return client(tcp_info=tcp_info(bytes_sent=count, bytes_acked=count))

    for second in range(4):
        assert day.at(second, carrying(second)) == []
    assert day.at(6, carrying(3)) == ["half-open"]
    assert day.only().certainty is Certainty.POSSIBLE
    assert "which is no socket here" in day.only().sentence


def test_what_a_filter_takes_away_was_not_reset() -> None:
    judge = Judge()
    judge.take(snapshot(0, [away(key=1), away(key=2, local_port=2)]))
    assert judge.take(snapshot(1, [away(key=1)], moved={"TcpEstabResets": 1}), whole=False)[0].subject.key == 0


def test_what_a_filter_leaves_out_is_not_gone() -> None:
    judge = Judge()
    for second in (0, 1, 2, 3, 4):
        assert judge.take(snapshot(second, [client()]), whole=False) == ()


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


def test_acks_that_wait_for_a_slow_reader_are_not_nagles(day: Day) -> None:
    def written(second: int) -> SocketEntry:
        return client(send_q=4, tcp_info=small_writes(second, 40_000, 30).tcp_info)

    def slow(second: int) -> SocketEntry:
        return server(recv_q=900, tcp_info=tcp_info(bytes_received=1_000 * second, rcv_wnd=9_000))

    for second in range(3):
        assert day.at(second, written(second), slow(second)) == []


def test_a_full_accept_queue_is_no_burst_after_half_a_second_or_once_the_kernel_dropped(day: Day) -> None:
    full = listener(key=3, recv_q=129, owners=(owner(),))
    assert day.at(0, full) == []
    assert day.at(0.4, listener(key=3, recv_q=128)) == []
    assert day.at(0.6, full) == []
    assert day.at(0.7, full, moved={"TcpExtListenOverflows": 2}) == ["accept-queue-full"]
    assert day.at(1.2, full) == ["accept-queue-full"]
    assert day.only().subject.kind is SubjectKind.LISTENER


def test_a_syn_is_unanswered_once_it_is_sent_again(day: Day) -> None:
    assert day.at(0, away(state=SocketState.SYN_SENT, timer=Timer("on", 900, 0))) == []
    assert day.at(8, away(state=SocketState.SYN_SENT, timer=Timer("on", 900, 3))) == ["syn-unanswered"]
    assert "4 SYNs in at least 8.00 s" in day.only().sentence


@pytest.mark.parametrize(("repeats", "least"), [(1, "1.00 s"), (4, "4.00 s"), (6, "7.00 s"), (255, "1 h 8 min")])
def test_repeats_of_a_syn_tell_how_long_it_waits_at_the_least(day: Day, repeats: int, least: str) -> None:
    day.at(0, away(state=SocketState.SYN_SENT, timer=Timer("on", 900, repeats)))
    assert f"{repeats + 1} SYNs in at least {least}" in day.only().sentence


def leaking(**given: Any) -> SocketEntry:
    return away(**({"state": SocketState.CLOSE_WAIT, "recv_q": 1, "owners": (owner("nginx", 812),)} | given))


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
    assert day.at(0, leaking(tcp_info=old)) == ["close-wait-leak"]
    assert "at least 1 min 30 s ago" in day.only().sentence


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


def test_when_there_are_too_many_each_has_its_turn(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_module, "JUDGED_MAX", 100)
    rows = [leaking(key=100 + n, cookie=100 + n, local_port=1_000 + n) for n in range(300)]
    for second in (0, 10, 11, 12):
        day.at(second, *rows)
    assert day.judge.unjudged == 200
    assert day.only().rows == 300
    day.at(13, *(away(key=100 + n, cookie=100 + n, local_port=1_000 + n, send_q=1) for n in range(300)))
    assert day.said == ()  # what was said of CLOSE-WAIT is not said of another state
    day.at(14)
    assert day.at(15) == []


def test_fin_wait_2_is_the_peers_to_end(day: Day) -> None:
    half = client(state=SocketState.FIN_WAIT_2), server(state=SocketState.CLOSE_WAIT, recv_q=1)
    day.at(0, *half)
    assert day.at(6, *half) == ["close-wait-leak", "fin-wait-2"]
    assert "sink (41210) has not closed for" in day.said[1].sentence


def test_drops_that_stand_are_of_long_ago(day: Day) -> None:
    def receiver(drops: int) -> SocketEntry:
        return entry(
            key=5, netid="udp", state=SocketState.UNCONN, skmem=skmem(drops=drops, rcvbuf=4_096), owners=(owner(),)
        )

    assert day.at(0, receiver(40)) == []
    assert day.at(1, receiver(40)) == []
    assert day.at(2, receiver(43)) == ["udp-overflow"]
    assert "lost 3 datagrams" in day.only().sentence
    assert day.at(13, receiver(43)) == []


def test_a_listener_for_everyone_is_a_note(day: Day) -> None:
    assert day.at(0, listener(local_address="0.0.0.0")) == ["open-listener"]
    assert day.only().severity is Severity.NOTE
    assert Day().at(0, listener(local_address="127.0.0.1")) == []
    udp = {"netid": "udp", "state": SocketState.UNCONN, "local_address": "*", "peer_address": "*", "peer_port": 0}
    assert Day().at(0, entry(**udp, local_port=123)) == ["open-listener"]
    assert Day().at(0, entry(**udp, local_port=40_000)) == []


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


def test_a_row_that_closed_is_not_judged(day: Day) -> None:
    row = server(recv_q=500)
    day.at(0, row)
    assert day.at(5, row, changes={8: RowChange.CLOSED}) == []


def test_whoever_looks_often_still_has_seconds_to_compare(day: Day) -> None:
    for tick in range(150):
        day.at(tick / 50, small_writes(tick, 40_000, 30))
    [nagle] = [one for one in day.said if one.rule == "nagle-delayed-ack"]
    assert {one.name: one.value for one in nagle.evidence}["segments"] == 25 * 149


def test_memory_is_bounded_and_goes_with_the_socket() -> None:
    watch = Watch()
    track = watch.add(away(send_q=1), NOON_NS, opened=True)
    for second in range(100):
        track.take(away(send_q=2 + second), NOON_NS + second * 10**9)
    assert len(track.readings or ()) == READINGS_KEPT
    watch.drop(7, NOON_NS)
    assert (watch.tracks, watch.by_ends) == ({}, {})
