"""Sockets for programs: stable keys, plain numbers, nothing that a spreadsheet or a terminal would run."""

from __future__ import annotations

import csv
import io
import json

import pytest

from engine.export.sockets import CHUNK_ROWS, csv_lines, json_lines, socket_object
from engine.model.sockets import SocketEntry, Timer
from engine.text.cells import Look
from engine.text.columns import columns
from tests.unit.socket_entries import entry, listener, owner, skmem, tcp_info

KEYS = [
    "netid",
    "state",
    "recv_q",
    "send_q",
    "local_address",
    "local_port",
    "peer_address",
    "peer_port",
    "uid",
    "user",
    "inode",
    "cookie",
    "processes",
    "timer",
    "tcp_info",
    "skmem",
]


def user(uid: int) -> str:
    return {1000: "alice\x07"}.get(uid, str(uid))


def test_the_keys_are_there_whether_their_values_are_known_or_not() -> None:
    bare = socket_object(entry(recv_q=None), user)
    assert [key for key in KEYS if key not in bare] == []
    assert [bare[key] for key in ("recv_q", "uid", "user", "inode", "cookie", "timer", "tcp_info", "skmem")] == [
        None
    ] * 8
    assert bare["processes"] == []


def test_a_full_row_has_everything_in_the_kernels_units() -> None:
    row = entry(
        recv_q=408_300, uid=1000, inode=88213, cookie=0x3F2, timer=Timer("on", 204, 3), skmem=skmem(rcvbuf=131_072),
        owners=(owner(cmdline="python \x1b[31m"),), tcp_info=tcp_info(rtt=23, length=104),
    )  # fmt: skip
    found = socket_object(row, user)
    assert found["recv_q"] == 408_300
    assert found["user"] == "alice\\x07"
    assert found["timer"] == {"name": "on", "expires_ms": 204, "retransmits": 3}
    assert found["processes"] == [{"pid": 41210, "fd": 7, "name": "sink", "cmdline": "python \\x1b[31m", "unit": None}]
    assert found["tcp_info"]["rtt"] == 23
    assert "bytes_sent" not in found["tcp_info"]
    assert found["skmem"]["rcvbuf"] == 131_072
    assert "accept_queue" not in found


def test_a_listener_says_what_its_queues_mean() -> None:
    found = socket_object(listener(), user)
    assert (found["accept_queue"], found["backlog"]) == (3, 128)


def test_json_lines_come_in_chunks_of_whole_lines() -> None:
    rows = [entry(key=number, local_port=number) for number in range(CHUNK_ROWS + 1)]
    chunks = list(json_lines(rows, user, {"event": "opened"}))
    assert [chunk.count(b"\n") for chunk in chunks] == [CHUNK_ROWS, 1]
    objects = [json.loads(line) for line in b"".join(chunks).splitlines()]
    assert [one["local_port"] for one in objects] == list(range(CHUNK_ROWS + 1))
    assert next(iter(objects[0])) == "event"
    assert list(json_lines([], user)) == []


def test_a_unix_socket_tells_its_other_end() -> None:
    row = socket_object(entry(netid="u_str", family=1, peer_inode=4711, peer_owners=(owner(),)), user)
    assert (row["peer_inode"], [each["pid"] for each in row["peer_processes"]]) == (4711, [41210])
    assert "peer_inode" not in socket_object(entry(), user)


def test_json_is_printable_whatever_names_hold() -> None:
    row = entry(local_address="/run/\x9b\u202e\udcff", owners=(owner("\x1b]0;PWN\x07"),), congestion="a\x00")
    [line] = json_lines([row], user)
    assert line.decode().removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0 1"),
        ("+1+1", "'+1+1 1"),
        ("-2+3", "'-2+3 1"),
        ("@SUM(A1)", "'@SUM(A1) 1"),
        ('a,b"c', 'a,b"c 1'),
        ("\tx", "\\tx 1"),
    ],
)
def test_a_process_name_is_no_formula(name: str, cell: str) -> None:
    row: SocketEntry = entry(owners=(owner(name, 1),))
    [header, line] = list(csv.reader(io.StringIO(csv_lines([row], columns("process,pid"), Look(separators=False)))))
    assert header == ["process", "pid"]
    assert line == [cell, "1"]


def test_an_unknown_value_stays_a_dash() -> None:
    text = csv_lines([entry()], columns("process,rtt"), Look(), header=False)
    assert text == "-,-\n"
