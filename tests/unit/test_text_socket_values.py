"""What a row means beyond its fields."""

from __future__ import annotations

import pytest

from engine.model.tcp import SocketState
from engine.text import socket_values
from tests.unit.socket_entries import entry, listener, tcp_info


def test_the_queues_of_a_listener_are_not_bytes() -> None:
    listening, connected = listener(), entry(recv_q=5, send_q=6)
    assert (socket_values.data_recv_q(listening), socket_values.data_send_q(listening)) == (None, None)
    assert (socket_values.accept_queue(listening), socket_values.accept_limit(listening)) == (3, 128)
    assert (socket_values.data_recv_q(connected), socket_values.data_send_q(connected)) == (5, 6)
    assert (socket_values.accept_queue(connected), socket_values.accept_limit(connected)) == (None, None)


@pytest.mark.parametrize(
    ("state", "received"),
    [
        (SocketState.ESTABLISHED, 10),
        (SocketState.CLOSE_WAIT, 9),
        (SocketState.LAST_ACK, 9),
        (SocketState.FIN_WAIT_2, 10),
    ],
)
def test_a_fin_is_no_byte(state: SocketState, received: int) -> None:
    assert socket_values.in_bytes(entry(state=state, tcp_info=tcp_info(bytes_received=10))) == received


def test_bytes_sent_twice_count_once() -> None:
    assert socket_values.out_bytes(entry(tcp_info=tcp_info(bytes_sent=1000, bytes_retrans=100))) == 900


def test_what_an_older_kernel_does_not_send_is_unknown() -> None:
    old = entry(tcp_info=tcp_info(length=104, bytes_received=10, rtt=5))
    assert socket_values.in_bytes(old) is None
    assert socket_values.out_bytes(old) is None
    assert socket_values.tcp_field("rtt")(old) == 5
    assert socket_values.tcp_field("rtt")(entry()) is None


def test_tcp_info_of_a_listener_is_the_accept_queue_and_not_shown_as_segments() -> None:
    assert socket_values.tcp_field("unacked")(listener(tcp_info=tcp_info(unacked=3))) is None


def test_a_slow_start_threshold_without_end_is_none() -> None:
    assert socket_values.ssthresh(entry(tcp_info=tcp_info(snd_ssthresh=0x7FFFFFFF))) is None
    assert socket_values.ssthresh(entry(tcp_info=tcp_info(snd_ssthresh=7))) == 7


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("127.0.0.1", "this machine"),
        ("127.8.8.8", "this machine"),
        ("::1", "this machine"),
        ("::ffff:127.0.0.1", "this machine"),
        ("192.168.1.5", "this network"),
        ("fe80::1%eth0", "this network"),
        ("*", "everyone"),
        ("0.0.0.0", "everyone"),
        ("::", "everyone"),
        ("8.8.8.8", "everyone"),
        ("@not an address", ""),
    ],
)
def test_the_bound_address_tells_who_can_reach_a_listener(address: str, who: str) -> None:
    assert socket_values.reach(listener(local_address=address)) == who


def test_a_connection_is_reachable_by_nobody_else() -> None:
    assert socket_values.reach(entry()) == ""
    assert socket_values.reach(entry(netid="udp", state=SocketState.UNCONN, peer_port=0)) == "this machine"


def test_an_address_is_parsed_without_its_scope_and_folded() -> None:
    assert str(socket_values.parsed_address("fe80::1%eth0")) == "fe80::1"
    assert str(socket_values.parsed_address("::ffff:10.0.0.1")) == "10.0.0.1"
    assert socket_values.parsed_address("*") is None


def test_age_is_never_negative() -> None:
    assert socket_values.age_ns(100, 150) == 50
    assert socket_values.age_ns(150, 100) == 0
