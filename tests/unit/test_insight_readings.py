"""engine.insight.readings: a row's figures, picked out of tcp_info in one step."""

from __future__ import annotations

import pytest

from engine.insight.readings import Reading, reading
from engine.model.tcp import SocketState
from engine.model.tcp_info import TCP_INFO_FIELDS
from tests.unit.socket_entries import TCP_INFO_LENGTH, entry, listener, skmem, tcp_info

OWN = ("ts_ns", "recv_q", "send_q", "drops")
KERNELS = [name for name in Reading._fields if name not in OWN]


@pytest.mark.parametrize("name", KERNELS)
def test_each_field_is_the_kernels_own(name: str) -> None:
    assert getattr(reading(entry(tcp_info=tcp_info(**{name: 7})), 5), name) == 7
    others = [getattr(reading(entry(tcp_info=tcp_info(**{name: 7})), 5), other) for other in KERNELS if other != name]
    assert set(others) == {0}


@pytest.mark.parametrize("length", range(0, TCP_INFO_LENGTH, 3))
def test_an_older_kernel_sends_less_and_what_is_missing_is_unknown(length: int) -> None:
    found = reading(entry(tcp_info=tcp_info(length=length)), 5)
    for name in KERNELS:
        offset, kind = TCP_INFO_FIELDS[name]
        assert getattr(found, name) == (0 if offset + kind.size <= length else None)


def test_syn_and_fin_are_no_bytes() -> None:
    assert reading(entry(state=SocketState.SYN_SENT, send_q=1), 5).send_q == 0
    assert reading(entry(state=SocketState.FIN_WAIT_1, send_q=11), 5).send_q == 10
    assert reading(entry(state=SocketState.CLOSE_WAIT, recv_q=1), 5).recv_q == 0
    assert reading(entry(recv_q=None, send_q=None), 5).recv_q is None


def test_a_listeners_queues_count_connections_and_its_tcp_info_says_nothing() -> None:
    found = reading(listener(recv_q=3, tcp_info=tcp_info(unacked=3, total_retrans=9)), 5)
    assert (found.recv_q, found.send_q, found.total_retrans) == (3, 128, None)


def test_what_was_read_is_what_was_received_and_is_not_in_the_queue() -> None:
    assert reading(entry(recv_q=40, tcp_info=tcp_info(bytes_received=100)), 5).read == 60
    assert reading(entry(recv_q=40), 5).read is None
    assert reading(entry(skmem=skmem(drops=3)), 5).drops == 3


def test_a_keep_alive_probe_is_no_progress() -> None:
    before = reading(entry(tcp_info=tcp_info(segs_out=1, segs_in=1)), 5)
    assert reading(entry(tcp_info=tcp_info(segs_out=2, segs_in=2)), 6).progress == before.progress
    assert reading(entry(tcp_info=tcp_info(bytes_sent=1)), 6).progress != before.progress
