"""The line below the sockets: ports in use and counters that moved, in nstat's names."""

from __future__ import annotations

from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketCounters
from engine.model.tcp import SocketState
from tests.unit.socket_entries import entry
from tui.widgets.kernel_line import QUIET, counter_words, kernel_words, ports_used


def test_ports_count_once_and_time_wait_alone_is_told_apart() -> None:
    rows = [
        entry(key=1, local_port=40_000),
        entry(key=2, local_port=40_000, state=SocketState.TIME_WAIT),
        entry(key=3, local_port=40_001, state=SocketState.TIME_WAIT),
        entry(key=4, local_port=80),
        entry(key=5, local_port=40_002, netid="udp"),
    ]
    assert ports_used(rows, (32_768, 60_999)) == (2, 1)


def test_what_moves_now_stands_first_and_what_was_thrown_away_before_it() -> None:
    in_all = {"TcpRetransSegs": 1_012, "TcpExtListenDrops": 4, "TcpOutRsts": 7}
    assert counter_words(in_all, {"TcpRetransSegs": 3, "TcpExtListenDrops": 1}) == [
        ("TcpExtListenDrops 4 +1", "bold $text-error"),
        ("TcpRetransSegs 1,012 +3", "bold $text-warning"),
        ("TcpOutRsts 7", "$foreground 70%"),
    ]


def test_a_quiet_machine_says_so() -> None:
    assert kernel_words(Snapshot(1)) == [(QUIET, "$foreground 55%")]


def test_a_crowded_range_warns_and_closed_rows_do_not_count() -> None:
    rows = [entry(key=port, local_port=port) for port in range(10, 19)]
    [ports, _] = kernel_words(Snapshot(1, rows, {10: RowChange.CLOSED}, ephemeral=(10, 19)))
    assert ports == ("ephemeral ports 8 of 10, 0 in TIME-WAIT alone", "bold $text-warning")


def test_what_reading_missed_is_counted() -> None:
    missed = SocketCounters(interrupted=2, malformed=1, processes_vanished=3)
    said = kernel_words(Snapshot(1, counters=missed), forgotten=4)
    assert [part[0] for part in said[1:]] == [
        "2 dumps the table changed under",
        "1 malformed messages",
        "3 processes vanished while looked at",
        "4 closed sockets left the history early, for want of room",
    ]
