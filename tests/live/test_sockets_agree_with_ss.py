"""What the sources read is what ss prints: address, port, state, Recv-Q, Send-Q, row by row."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from engine.model.sockets import SocketEntry
from engine.model.tcp import SS_SPELLINGS
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.proc_source import ProcSource
from engine.sockets.psutil_source import PsutilSource
from engine.sockets.source import SocketSource, read_table
from tests.machine import has_ipv6, loopbacks

pytestmark = [
    pytest.mark.linux,
    pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)"),
]

Row = tuple[str, str, str, str, str, str]
"""Netid, State, Recv-Q, Send-Q, Local Address:Port, Peer Address:Port."""

TURNS = 50


def ss_rows() -> Counter[Row]:
    printed = subprocess.run(["ss", "-tuanH"], capture_output=True, text=True, check=True).stdout
    rows: Counter[Row] = Counter()
    for line in printed.splitlines():
        netid, state, recv_q, send_q, local, peer = line.split()[:6]
        rows[netid, state, recv_q, send_q, local, peer] += 1
    return rows


def shown(address: str, port: int) -> str:
    bracketed = f"[{address}]" if ":" in address else address
    return f"{bracketed}:{port or '*'}"


def as_ss(entry: SocketEntry) -> Row:
    return (
        entry.netid,
        SS_SPELLINGS.get(entry.state, entry.state),
        str(entry.recv_q),
        str(entry.send_q),
        shown(entry.local_address, entry.local_port),
        shown(entry.peer_address, entry.peer_port),
    )


def our_rows(source: SocketSource) -> list[SocketEntry]:
    return list(read_table([source], ("tcp", "udp"), {}).rows.entries.values())


@pytest.fixture
def ports() -> Iterator[set[int]]:
    """Sockets of many kinds, held open, and the ports they use."""
    with ExitStack() as stack:
        made: list[socket.socket] = []

        def keep(opened: socket.socket) -> socket.socket:
            stack.enter_context(opened)
            made.append(opened)
            return opened

        for family, host in loopbacks():
            server = keep(socket.create_server((host, 0), family=family, backlog=3))
            client = keep(socket.create_connection(server.getsockname()[:2]))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            keep(socket.create_connection(server.getsockname()[:2]))  # stays in the accept queue
            accepted = keep(server.accept()[0])
            accepted.sendall(b"unread " * 99)
            client.setblocking(False)
            with suppress(BlockingIOError):
                while client.send(bytes(65536)):
                    pass
            datagrams = keep(socket.socket(family, socket.SOCK_DGRAM))
            datagrams.bind((host, 0))
            connected = keep(socket.socket(family, socket.SOCK_DGRAM))
            connected.connect(datagrams.getsockname()[:2])
            connected.send(b"unread")
        keep(socket.create_server(("", 0)))
        if has_ipv6():
            dual = keep(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
            keep(socket.create_connection(("127.0.0.1", dual.getsockname()[1])))
            keep(dual.accept()[0])
            keep(socket.create_server(("::", 0), family=socket.AF_INET6))
            any6 = keep(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
            any6.bind(("::", 0))
        yield {opened.getsockname()[1] for opened in made}


def concerns(ports: set[int], row: Row) -> bool:
    return row[1] != "TIME-WAIT" and any(
        address.rpartition(":")[2] in {str(port) for port in ports} for address in row[4:]
    )


def both(
    read: Callable[[], list[SocketEntry]], kept: Callable[[Row], bool], seen: Callable[[Row], Row] = lambda row: row
) -> tuple[Counter[Row], Counter[Row]]:
    """Our rows and those of ss, read between two runs of ss that agree with each other: a paced sender moves for a
    while before its queues rest, and others' sockets come and go. Those that did so in between are read again."""

    def theirs() -> Counter[Row]:
        return Counter(seen(row) for row in ss_rows().elements() if kept(row))

    after = theirs()
    for _ in range(TURNS):
        before = after
        ours = Counter(row for row in map(as_ss, read()) if kept(row))
        after = theirs()
        still = before == after
        if still and ours == before:
            break
        time.sleep(0.02)
    if not still:
        pytest.skip("the machine's sockets never stand still")
    return ours, before


@pytest.mark.parametrize("details", [True, False])
def test_netlink_agrees_with_ss_on_our_sockets(ports: set[int], details: bool) -> None:
    with closing(NetlinkSource(details=details)) as source:
        ours, theirs = both(lambda: our_rows(source), lambda row: concerns(ports, row))
    assert ours == theirs
    assert len(ours) >= (19 if has_ipv6() else 8)


def test_netlink_agrees_with_ss_on_the_whole_machine() -> None:
    with closing(NetlinkSource()) as source:
        ours, theirs = both(lambda: our_rows(source), lambda row: True)
    assert ours == theirs


def without_what_proc_lacks(row: Row) -> Row:
    """/proc/net does not say whether an IPv6 socket is v6only, nor the limit of an accept queue."""
    netid, state, recv_q, send_q, local, peer = row
    return (
        netid,
        state,
        recv_q,
        "None" if state == "LISTEN" else send_q,
        local.replace("[::]:", "*:"),
        peer.replace("[::]:", "*:"),
    )


@pytest.mark.parametrize("make", [ProcSource, PsutilSource])
def test_proc_and_psutil_agree_with_ss_on_our_sockets(ports: set[int], make: type[SocketSource]) -> None:
    ours, theirs = both(lambda: our_rows(make()), lambda row: concerns(ports, row), without_what_proc_lacks)
    assert ours == theirs
