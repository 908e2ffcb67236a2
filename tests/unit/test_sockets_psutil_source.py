"""psutil's rows, and the queues that /proc/net adds to them."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.psutil_source import PsutilRow, PsutilSource, join
from engine.sockets.source import SourceError, nothing


class Address(NamedTuple):
    ip: str
    port: int


SINK = PsutilRow(2, Address("127.0.0.1", 65432), Address("127.0.0.1", 53225), "ESTABLISHED", 41210, 7)
LISTENER = PsutilRow(10, Address("::", 8080), (), "LISTEN", 41210, 3)


def kernel_row(inode: int = 88213) -> SocketEntry:
    return SocketEntry(
        inode, "tcp", 2, SocketState.ESTABLISHED, 408300, 0, "127.0.0.1", 65432, "127.0.0.1", 53225, inode=inode
    )


def test_a_row_of_psutil_has_no_queues() -> None:
    (entry,) = join("tcp", [SINK], [], lambda pid: "sink")
    assert (entry.state, entry.recv_q, entry.send_q, entry.inode) == (SocketState.ESTABLISHED, None, None, 0)
    assert entry.owners == (Owner(41210, 7, "sink"),)


def test_queues_are_joined_by_the_pair_of_addresses() -> None:
    (entry,) = join("tcp", [SINK], [kernel_row()], lambda pid: "sink")
    assert (entry.recv_q, entry.inode, entry.owners) == (408300, 88213, (Owner(41210, 7, "sink"),))


def test_a_socket_that_two_processes_hold_is_one_row() -> None:
    (entry,) = join("tcp", [SINK, SINK._replace(pid=41211)], [], lambda pid: "sink")
    assert [owner.pid for owner in entry.owners] == [41210, 41211]


def test_several_sockets_on_one_pair_keep_their_rows_and_no_guessed_holder() -> None:
    entries = join("tcp", [SINK, SINK._replace(pid=41211)], [kernel_row(1), kernel_row(2)], lambda pid: "sink")
    assert [(entry.inode, entry.owners) for entry in entries] == [(1, ()), (2, ())]


def test_the_wildcard_of_ipv6_is_a_star_as_in_ss() -> None:
    (entry,) = join("tcp", [LISTENER], [], lambda pid: "sink")
    assert (entry.local_address, entry.peer_address, entry.state) == ("*", "*", SocketState.LISTEN)


def test_a_datagram_socket_without_a_peer_is_unconn() -> None:
    (entry,) = join("udp", [LISTENER._replace(status="NONE")], [], lambda pid: "")
    assert entry.state is SocketState.UNCONN


def test_a_process_name_is_made_printable() -> None:
    (entry,) = join("tcp", [SINK], [], lambda pid: "\x1b]0;PWN\x07")
    assert entry.owners[0].name == "\\x1b]0;PWN\\x07"


def test_what_psutil_may_not_see_is_refused_with_a_cure(tmp_path: Path) -> None:
    def refuse(kind: str) -> Iterable[Any]:
        raise psutil.AccessDenied

    with pytest.raises(SourceError) as caught:
        PsutilSource(tmp_path, connections=refuse).read("tcp", {}, nothing)
    assert caught.value.errno == errno.EACCES
    assert "sudo" in caught.value.hint


def test_families_psutil_has_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        PsutilSource(tmp_path).read("raw", {}, nothing)


@pytest.mark.linux
def test_a_real_listener_is_found_without_proc_net(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        rows = PsutilSource(tmp_path).read("tcp", {}, nothing)
        port = server.getsockname()[1]
        (entry,) = [row for row in rows.entries.values() if row.local_port == port and row.state is SocketState.LISTEN]
    assert (entry.recv_q, entry.send_q) == (None, None)
