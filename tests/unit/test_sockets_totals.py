"""The table in a line, and the counters that moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.tcp import SocketState
from engine.sockets.kernel_counters import KernelCounters
from engine.sockets.totals import counters, moved, port_range, totals
from tests.unit.socket_entries import entry

NETSTAT = """TcpExt: SyncookiesSent ListenOverflows ListenDrops
TcpExt: 0 {overflows} 4
IpExt: InNoRoutes
IpExt: 2
"""


def test_queues_of_listeners_are_no_bytes() -> None:
    whole = totals(
        [
            entry(state=SocketState.LISTEN, recv_q=3, send_q=128, peer_port=0),
            entry(recv_q=408300, send_q=7),
            entry(recv_q=None, send_q=None, state=SocketState.TIME_WAIT),
            entry(netid="udp", state=SocketState.UNCONN, recv_q=100),
        ]
    )
    assert (whole.recv_q, whole.send_q, whole.waiting_connections) == (408400, 7, 3)
    assert whole.states == {SocketState.LISTEN: 1, SocketState.ESTABLISHED: 1, SocketState.TIME_WAIT: 1}
    assert (whole.sockets, whole.netids, whole.time_wait) == (4, {"tcp": 3, "udp": 1}, 1)


def test_ephemeral_ports_are_counted_once_each() -> None:
    rows = [entry(local_port=port) for port in (32768, 32768, 60999, 61000, 80)]
    whole = totals(rows, (32768, 60999))
    assert (whole.ephemeral_used, whole.ephemeral_range) == (2, 28232)


def test_an_unknown_range_counts_nothing() -> None:
    whole = totals([entry()], None)
    assert (whole.ephemeral_used, whole.ephemeral_range) == (0, 0)


def test_counters_have_the_names_of_nstat() -> None:
    assert counters(NETSTAT.format(overflows=3)) == {
        "TcpExtSyncookiesSent": 0,
        "TcpExtListenOverflows": 3,
        "TcpExtListenDrops": 4,
        "IpExtInNoRoutes": 2,
    }


@pytest.mark.parametrize("text", ["", "TcpExt: A B\n", "TcpExt: A B\nIpExt: 1 2\n", "TcpExt: A\nTcpExt: x", "a\nb"])
def test_lines_that_do_not_pair_are_left_out(text: str) -> None:
    assert counters(text) == {}


def test_only_watched_counters_that_moved_are_told() -> None:
    before = {"TcpExtListenOverflows": 3, "TcpRetransSegs": 5, "TcpExtSyncookiesSent": 0}
    assert moved(before, before | {"TcpExtListenOverflows": 4, "TcpExtSyncookiesSent": 9}) == {
        "TcpExtListenOverflows": 1
    }


def test_a_counter_that_began_anew_counts_from_zero() -> None:
    assert moved({"TcpRetransSegs": 100}, {"TcpRetransSegs": 2}) == {"TcpRetransSegs": 2}


@pytest.mark.parametrize(("text", "read"), [("32768\t60999\n", (32768, 60999)), ("x y", None), ("1", None), ("", None)])
def test_the_port_range_is_two_numbers(text: str, read: tuple[int, int] | None) -> None:
    assert port_range(text) == read


def test_counters_are_compared_with_the_last_reading_and_the_first(tmp_path: Path) -> None:
    (tmp_path / "netstat").write_text(NETSTAT.format(overflows=3))
    kernel = KernelCounters(tmp_path)
    assert kernel.moved() == ({}, {})
    (tmp_path / "netstat").write_text(NETSTAT.format(overflows=5))
    assert kernel.moved() == ({"TcpExtListenOverflows": 2}, {"TcpExtListenOverflows": 2})
    (tmp_path / "netstat").write_text(NETSTAT.format(overflows=6))
    assert kernel.moved() == ({"TcpExtListenOverflows": 1}, {"TcpExtListenOverflows": 3})


def test_a_machine_without_counters_has_none(tmp_path: Path) -> None:
    assert KernelCounters(tmp_path / "nowhere").moved() == ({}, {})
