"""Rows line up, whatever they hold and however wide the terminal is."""

from __future__ import annotations

from engine.export.socket_table import table_lines
from engine.text.cells import Look
from engine.text.columns import columns
from tests.unit.socket_entries import entry, owner

LOOK = Look(separators=False)


def test_columns_are_as_wide_as_they_need_to_be() -> None:
    rows = [entry(recv_q=5), entry(recv_q=408_300, netid="udp")]
    assert table_lines(rows, columns("netid,recv_q,local"), LOOK) == [
        "Netid  Recv-Q  Local Address:Port",
        "tcp         5  127.0.0.1:65432",
        "udp    408300  127.0.0.1:65432",
    ]


def test_wide_characters_count_for_two_cells() -> None:
    rows = [entry(owners=(owner("日本", 1),)), entry(owners=(owner("abcdef", 2),))]
    assert table_lines(rows, columns("process,netid"), LOOK, header=False) == ["日本 1    tcp", "abcdef 2  tcp"]


def test_no_rows_leave_the_titles_and_no_titles_nothing() -> None:
    assert table_lines([], columns("netid,state"), LOOK) == ["Netid  State"]
    assert table_lines([], columns("netid,state"), LOOK, header=False) == []


def test_a_narrow_terminal_loses_columns_before_it_cuts_lines() -> None:
    rows = [entry(owners=(owner("sink", 41210),), uid=1000)]
    chosen = columns("netid,local,process,user")
    assert table_lines(rows, chosen, LOOK, header=False, width=43)[0].split() == [
        "tcp",
        "127.0.0.1:65432",
        "sink",
        "41210",
        "1000",
    ]
    assert table_lines(rows, chosen, LOOK, header=False, width=36) == ["tcp  127.0.0.1:65432  sink 41210"]
    assert table_lines(rows, chosen, LOOK, header=False, width=20) == ["tcp  127.0.0.1:65432"]
    assert table_lines(rows, chosen, LOOK, header=False, width=10) == ["tcp  127.…"]
