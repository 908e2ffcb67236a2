"""Which sources a name stands for on this machine, and what is left where the kernel's own are missing."""

from __future__ import annotations

import os
import socket
from errno import EAFNOSUPPORT
from pathlib import Path

import pytest

from engine.model.errors import BadInput
from engine.model.messages import SocketsOptions
from engine.model.tcp import SocketState
from engine.sockets import reader
from engine.sockets.reader import TableReader, open_sources
from engine.sockets.source import SourceError


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A system without netlink and without /proc; that folder."""

    def refuse(*_: object) -> None:
        raise SourceError("open a NETLINK_SOCK_DIAG socket", EAFNOSUPPORT)

    monkeypatch.setattr(reader, "NetlinkSource", refuse)
    monkeypatch.setattr(reader, "PROC_NET", tmp_path / "net")
    return tmp_path


def names(name: str) -> list[str]:
    opened = open_sources(name)
    for source in opened:
        source.close()
    return [source.name for source in opened]


@pytest.mark.linux
def test_psutil_is_left_out_where_the_kernel_tells_more() -> None:
    assert names("auto") == ["netlink", "proc"]
    assert [names(name) for name in ("netlink", "proc", "psutil")] == [["netlink"], ["proc"], ["psutil"]]


def test_elsewhere_than_on_linux_psutil_is_what_is_left(foreign: Path) -> None:
    assert names("auto") == ["psutil"]


def test_a_source_that_is_asked_for_and_missing_is_an_error_that_says_so(foreign: Path) -> None:
    for name in ("netlink", "proc"):
        with pytest.raises(SourceError):
            open_sources(name)
    with pytest.raises(BadInput):
        open_sources("ebpf")


def test_psutils_rows_have_processes_and_no_queues(foreign: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        table = TableReader(SocketsOptions(families=("tcp",)), proc=foreign)
        refresh = table.refresh({})
        table.close()
        port = server.getsockname()[1]
    assert refresh.source == "psutil"
    (said,) = refresh.degradations
    assert said.sentence == "sockets are read from psutil, no queues, inodes or timers for them: no netlink here"
    (row,) = [row for row in table.table.entries.values() if row.local_port == port]
    assert (row.state, row.recv_q, row.send_q, row.inode, row.cookie) == (SocketState.LISTEN, None, None, 0, None)
    assert [owner.pid for owner in row.owners] == [os.getpid()]
