"""engine.insight.verdicts.opening: listeners, and clients that wait for them."""

from __future__ import annotations

import pytest

from engine.model.sockets import Timer
from engine.model.tcp import SocketState
from engine.model.verdicts import Severity, SubjectKind
from tests.unit.judges_day import Day, away, client
from tests.unit.socket_entries import entry, listener, owner


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


def test_a_client_waits_for_the_listener_that_is_bound_to_its_very_address(day: Day) -> None:
    waiting = client(state=SocketState.SYN_SENT, timer=Timer("on", 900, 3))
    exact = listener(key=3, local_address="127.0.0.1", local_port=9_000, recv_q=9, send_q=8)
    wildcard = listener(key=4, local_address="0.0.0.0", local_port=9_000, recv_q=0, send_q=8)
    for listeners in ((exact, wildcard), (wildcard, exact)):
        fresh = Day()
        fresh.at(0, *listeners, waiting)
        [found] = [one for one in fresh.said if one.rule == "syn-unanswered"]
        assert found.keys == (7, 3)


@pytest.mark.parametrize(("repeats", "least"), [(1, "1.00 s"), (4, "4.00 s"), (6, "7.00 s"), (255, "1 h 8 min")])
def test_repeats_of_a_syn_tell_how_long_it_waits_at_the_least(day: Day, repeats: int, least: str) -> None:
    day.at(0, away(state=SocketState.SYN_SENT, timer=Timer("on", 900, repeats)))
    assert f"{repeats + 1} SYNs in at least {least}" in day.only().sentence


def test_a_listener_for_everyone_is_a_note(day: Day) -> None:
    assert day.at(0, listener(local_address="0.0.0.0")) == ["open-listener"]
    assert day.only().severity is Severity.NOTE
    assert Day().at(0, listener(local_address="127.0.0.1")) == []
    udp = {"netid": "udp", "state": SocketState.UNCONN, "local_address": "*", "peer_address": "*", "peer_port": 0}
    assert Day().at(0, entry(**udp, local_port=123)) == ["open-listener"]
    assert Day().at(0, entry(**udp, local_port=40_000)) == []
