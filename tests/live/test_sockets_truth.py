"""Every state and every column, against ss and /proc on sockets made for it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from engine.model.messages import SocketsOptions
from engine.model.sockets import SocketEntry
from engine.model.tcp import SS_SPELLINGS, SocketState
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.proc_source import ProcSource
from engine.sockets.pushed import Pushed
from engine.sockets.service import read_table
from engine.sockets.sock_diag import ALL_STATES, BOUND_INACTIVE
from engine.sockets.source import nothing
from engine.sockets.tcp_info import decode
from tests.live.sockets_states import EveryState

pytestmark = pytest.mark.linux

needs_ss = pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((socket.AF_INET, "127.0.0.1"), id="IPv4"),
        pytest.param((socket.AF_INET6, "::1"), id="IPv6", marks=pytest.mark.ipv6),
    ],
)
def states(request: pytest.FixtureRequest) -> Iterator[EveryState]:
    with EveryState(*request.param) as made:
        yield made


def tcp_rows(source: NetlinkSource | ProcSource) -> list[SocketEntry]:
    with closing(source):
        return list(source.read("tcp", {}, nothing).entries.values())


def the_row(states: EveryState, state: SocketState, entries: list[SocketEntry]) -> SocketEntry:
    """The row that stands in `state`."""
    wanted = (state, *states.ends[state])
    (entry,) = [row for row in entries if (row.state, row.local_port, row.peer_port) == wanted]
    return entry


def test_every_state_is_read_by_netlink_and_by_proc(states: EveryState) -> None:
    for entries in (tcp_rows(NetlinkSource()), tcp_rows(ProcSource())):
        found = {(entry.state, (entry.local_port, entry.peer_port)) for entry in entries}
        assert set(states.ends.items()) <= found
    assert len(states.ends) == 10


def test_a_socket_that_is_bound_and_no_more_is_closed() -> None:
    """The eleventh state; ss shows it only when asked, and so does the source."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        shown = tcp_rows(NetlinkSource(conditions=Pushed(ALL_STATES | BOUND_INACTIVE)))
        found = [row.state for row in shown if row.inode == os.fstat(bound.fileno()).st_ino]
    if not found:
        pytest.skip("needs Linux 6.8")
    assert found == [SocketState.CLOSED]


DETAILS = re.compile(r"(\w+):\(?([^\s()]+)\)?")


def ss_details(states: EveryState, state: SocketState) -> tuple[list[str], dict[str, str]]:
    """The columns and the named details that ss prints of one socket."""
    port, peer = states.ends[state]
    command = ["ss", "-tanHOoiem", "sport", "=", f":{port}", "and", "dport", "=", f":{peer}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    (line,) = [line for line in lines if line.split()[0] == SS_SPELLINGS.get(state, state.value)]
    columns = line.split()[:5]
    return columns, dict(DETAILS.findall(line.split(None, 5)[5]))


@needs_ss
@pytest.mark.parametrize("state", [SocketState.ESTABLISHED, SocketState.FIN_WAIT_2, SocketState.CLOSE_WAIT])
def test_details_are_those_of_ss(states: EveryState, state: SocketState) -> None:
    columns, details = ss_details(states, state)
    entry = the_row(states, state, tcp_rows(NetlinkSource()))
    info = decode(entry.tcp_info)
    assert columns[1:3] == [str(entry.recv_q), str(entry.send_q)]
    assert int(details["ino"]) == entry.inode
    assert int(details["sk"], 16) == entry.cookie
    assert int(details.get("uid", 0)) == entry.uid
    assert entry.skmem is not None
    memory = entry.skmem
    expected = f"r{memory.rmem_alloc},rb{memory.rcvbuf},t{memory.wmem_alloc},tb{memory.sndbuf},f{memory.fwd_alloc},"
    expected += f"w{memory.wmem_queued},o{memory.optmem},bl{memory.backlog},d{memory.drops}"
    assert details["skmem"] == expected
    assert details["mss"] == str(info.snd_mss)
    assert details["cwnd"] == str(info.snd_cwnd)
    assert details["pmtu"] == str(info.pmtu)
    assert details["wscale"] == f"{info.snd_wscale},{info.rcv_wscale}"
    assert details["segs_out"] == str(info.segs_out)
    assert info.rtt is not None
    assert details["rtt"].split("/")[0] == f"{info.rtt / 1000:.3f}".rstrip("0").rstrip(".")
    assert details.get("bytes_acked", "0") == str(info.bytes_acked)
    assert details.get("bytes_received", "0") == str(info.bytes_received)
    assert details.get("snd_wnd", "0") == str(info.snd_wnd)


@needs_ss
@pytest.mark.parametrize(
    ("state", "timer"),
    [
        (SocketState.SYN_SENT, "on"),
        (SocketState.TIME_WAIT, "timewait"),
        (SocketState.FIN_WAIT_1, "persist"),
        (SocketState.LAST_ACK, "persist"),
    ],
)
def test_timers_are_those_of_ss(states: EveryState, state: SocketState, timer: str) -> None:
    for entries in (tcp_rows(NetlinkSource()), tcp_rows(ProcSource())):
        entry = the_row(states, state, entries)
        assert entry.timer is not None
        assert entry.timer.name == timer
        assert entry.timer.expires_ms <= 120_000
    _, details = ss_details(states, state)
    assert details["timer"].split(",")[0] == timer


def test_states_without_a_program_say_why(states: EveryState) -> None:
    reasons = {
        SocketState.TIME_WAIT: "closed by program",
        SocketState.SYN_RECEIVED: "not yet accepted",
        SocketState.ESTABLISHED: "",
        SocketState.CLOSING: "",
    }
    entries, _, _ = read_table(SocketsOptions(families=("tcp",)))
    for state, reason in reasons.items():
        entry = the_row(states, state, entries)
        assert entry.owner_unknown == reason
        assert bool(entry.owners) == (not reason)


def test_each_socket_of_a_reuseport_group_is_a_row() -> None:
    with ExitStack() as stack:
        first = stack.enter_context(socket.create_server(("127.0.0.1", 0), reuse_port=True))
        for _ in range(2):
            stack.enter_context(socket.create_server(first.getsockname(), reuse_port=True))
        for entries in (tcp_rows(NetlinkSource()), tcp_rows(ProcSource())):
            group = [row for row in entries if row.local_port == first.getsockname()[1] and row.state == "LISTEN"]
            assert len({row.inode for row in group}) == len({row.key for row in group}) == 3
