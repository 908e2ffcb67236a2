"""The detail of a socket: places that stay, sentences, timers that run down, and what listeners share."""

from __future__ import annotations

import re

from engine.model.sockets import SocketEntry, Timer
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict
from engine.text.cells import Look
from tests.unit.socket_entries import entry, listener
from tui.widgets.socket_detail import COUNTED_MAX_MS, counted_down, detail_lines, holds_line


def lines(row: SocketEntry, width: int = 156, **moved: int) -> list[str]:
    return [line.plain for line in detail_lines(row, Look(), width, moved)]


def test_every_socket_has_the_same_places() -> None:
    one, other = lines(entry(congestion="cubic", inode=7)), lines(listener(local_address="0.0.0.0"))
    assert len(one) == len(other)
    assert [line.index("Cookie") for line in one if "Cookie" in line] == [
        line.index("Cookie") for line in other if "Cookie" in line
    ]


def test_a_narrow_detail_fits_its_lines() -> None:
    assert max(map(len, lines(entry(), 78))) <= 78


def test_listeners_share_the_kernels_counts_of_overflows() -> None:
    [loss] = [line for line in lines(listener(), TcpExtListenOverflows=3) if "Overfl all" in line]
    assert re.search(r"Overfl all +3 +Drops all +0 ", loss)
    [none] = [line for line in lines(entry(), TcpExtListenOverflows=3) if "Overfl all" in line]
    assert re.search(r"Overfl all +- +Drops all +- ", none)


def test_a_timer_runs_down_between_two_refreshes_and_stands_still_in_a_pause() -> None:
    row = entry(timer=Timer("on", 1_500, 2))
    assert counted_down(row, 400).timer == Timer("on", 1_100, 2)
    assert counted_down(row, 60_000).timer == Timer("on", 0, 2)
    long = entry(timer=Timer("keepalive", 7_200_000, 0))
    assert counted_down(long, 3_600_000).timer == Timer("keepalive", 7_200_000 - COUNTED_MAX_MS, 0)
    assert counted_down(entry(), 400) == entry()


def held(rule: str, key: int, *others: int) -> Verdict:
    subject = Subject(SubjectKind.SOCKET, "sink (41210)", key)
    return Verdict(rule, Severity.PROBLEM, Certainty.CERTAIN, subject, f"{rule} \x1bholds.", "", keys=(key, *others))


def test_what_holds_a_socket_is_one_line_its_own_before_its_peers() -> None:
    verdicts = [held("zero-window", 2, 1), held("receiver-stalled", 1, 2), held("reset", 3)]
    assert holds_line(1, verdicts, 80).plain == "holds    receiver-stalled \\x1bholds.  (and 1 more)"
    assert holds_line(3, verdicts, 80).plain == "holds    reset \\x1bholds."
    assert holds_line(4, verdicts, 80).plain == "holds    No finding"
    assert len(holds_line(1, verdicts, 20).plain) == 20
