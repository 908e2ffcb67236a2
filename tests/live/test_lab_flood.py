"""The flood on this kernel: both queues fill, stand, and add up; and what a person then does to it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from engine.insight.ledger import FloodBalance, accepted_bytes, flood_balance, queued_data, unread_data
from engine.lab.templates import TEMPLATES
from engine.model.lab import ActorCommand, ActorReport, ActorState
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.proc_source import ProcSource
from tests.lab_rig import LIMIT_S, Running, until

pytestmark = pytest.mark.linux

REFUSALS = 20
"""Tries 20 ms apart, 0.4 s: what is left of the window is filled when the persist timer fires, after 0.2 s."""

HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=pytest.mark.ipv6)])


def table(source: str = "netlink") -> list[SocketEntry]:
    """The TCP rows of this network namespace."""
    reader = NetlinkSource() if source == "netlink" else ProcSource()
    try:
        return list(reader.read("tcp", {}, lambda: None).entries.values())
    finally:
        reader.close()


def balance_at_rest(sender: Running, reader: Running | None, source: str = "netlink") -> FloodBalance:
    """Read until two reads in a row are equal."""
    before: FloodBalance | None = None
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        balance = flood_balance(sender.report(), table(source), reader.report() if reader is not None else None, before)
        if balance.at_rest and sender.report().state is ActorState.STALLED:
            return balance
        before = balance
    raise AssertionError(f"the flood did not come to rest: {before}")


def stalled(flood: Running) -> ActorReport:
    """Wait until send() is refused again and again and takes nothing between."""

    def refused_in_a_row() -> bool:
        report = flood.report()
        assert not report.error
        return len(report.calls) > REFUSALS and all(call.errno == errno.EAGAIN for call in report.calls[-REFUSALS:])

    until(refused_in_a_row)
    return flood.report()


@HOSTS
@pytest.mark.parametrize("source", ["netlink", "proc"])
def test_at_rest_sent_is_send_q_and_recv_q(host: str, source: str) -> None:
    with (
        Running("sink", host=host, port=0) as sink,
        Running("flood-client", host=host, port=sink.port, retry_s=0.02) as flood,
    ):
        stalled(flood)
        balance = balance_at_rest(flood, sink, source)

        assert balance.exact
        assert balance.sent == flood.report().sent == (balance.send_q or 0) + (balance.recv_q or 0)
        assert balance.send_q
        assert balance.recv_q
        assert flood.report().state is ActorState.STALLED


@HOSTS
def test_the_tutorial_template_stands_near_the_tutorials_figures(host: str) -> None:
    settings = TEMPLATES["tutorial"].settings
    with (
        Running("sink", host=host, port=0, **settings["sink"]) as sink,
        Running("flood-client", host=host, port=sink.port, retry_s=0.02, **settings["flood-client"]) as flood,
    ):
        stalled(flood)
        balance = balance_at_rest(flood, sink)

        assert balance.exact
        assert balance.recv_q == pytest.approx(408_300, rel=0.05)
        assert balance.send_q == pytest.approx(269_868, rel=0.25)


def test_the_kernel_answers_that_it_accepted_what_the_program_counted() -> None:
    with Running("sink", port=0) as sink, Running("flood-client", port=sink.port, retry_s=0.02) as flood:
        stalled(flood)

        assert balance_at_rest(flood, sink).accepted == flood.report().sent


def test_drain_reads_what_waits_and_the_sum_still_holds() -> None:
    with Running("sink", port=0) as sink, Running("flood-client", port=sink.port, retry_s=0.02) as flood:
        full = stalled(flood).sent
        sink.command(ActorCommand.DRAIN)
        until(lambda: flood.report().sent > full)
        stalled(flood)
        balance = balance_at_rest(flood, sink)

        assert balance.read
        assert balance.exact


def test_a_slow_drain_reads_at_its_rate_and_stops_at_zero() -> None:
    with Running("sink", port=0) as sink, Running("flood-client", port=sink.port, retry_s=0.02) as flood:
        stalled(flood)
        sink.command(ActorCommand.SLOW_DRAIN, "1000000")
        until(lambda: sink.report().received > 150_000)
        sink.command(ActorCommand.SLOW_DRAIN, "0")

        assert balance_at_rest(flood, sink).exact


def test_closing_the_reader_resets_the_sender_which_says_so() -> None:
    with Running("sink", port=0) as sink, Running("flood-client", port=sink.port, retry_s=0.02) as flood:
        stalled(flood)
        sink.command(ActorCommand.CLOSE)
        report = flood.ended()

        assert report.state is ActorState.FAILED
        assert "Connection reset by peer" in report.error or "Broken pipe" in report.error
        assert report.errno in (104, 32)


def test_closing_the_sender_leaves_its_data_with_an_orphan() -> None:
    with Running("sink", port=0) as sink, Running("flood-client", port=sink.port, retry_s=0.02) as flood:
        stalled(flood)
        local = flood.report().sockets[0].local
        flood.command(ActorCommand.CLOSE)

        assert flood.ended().state is ActorState.DONE
        ends = (local, f"127.0.0.1:{sink.port}")
        rows = {(f"{e.local_address}:{e.local_port}", f"{e.peer_address}:{e.peer_port}"): e for e in table()}
        orphan = rows[ends]
        assert orphan.state is SocketState.FIN_WAIT_1
        assert orphan.inode == 0


def test_several_connections_stall_together_and_add_up() -> None:
    with (
        Running("sink", port=0, rcvbuf=8192) as sink,
        Running("flood-client", port=sink.port, connections=5, sndbuf=8192, retry_s=0.02) as flood,
    ):
        until(lambda: flood.report().connections == 5 and flood.report().state is ActorState.STALLED)
        balance = balance_at_rest(flood, sink)

        assert balance.exact
        assert sink.report().connections == 5


def test_killing_the_reader_is_a_clear_event() -> None:
    program = (
        "import socket,sys\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "print(listener.getsockname()[1], flush=True)\n"
        "held = listener.accept()\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        port = int(reader.stdout.readline())
        with Running("flood-client", port=port, retry_s=0.02) as flood:
            stalled(flood)
            os.kill(reader.pid, signal.SIGKILL)
            report = flood.ended()

        assert report.state is ActorState.FAILED
        assert report.error.startswith(f"send on 127.0.0.1:{port}: ")


@HOSTS
def test_syn_and_fin_are_taken_off_the_queues(host: str) -> None:
    """A plain pair: data unread, then FIN; the kernel counts the FIN in both queues, the ledger does not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as listener,
        socket.create_connection(listener.getsockname()[:2]) as client,
        listener.accept()[0] as server,
    ):
        client.sendall(b"x" * 1000)
        client.shutdown(socket.SHUT_WR)
        until(lambda: _pair(client, server)[1].state is SocketState.CLOSE_WAIT)
        sender, reader = _pair(client, server)

        assert reader.recv_q == 1001
        assert unread_data(reader) == 1000
        assert accepted_bytes(sender.tcp_info) == 1000
        if sender.state is SocketState.FIN_WAIT_1:  # the acknowledgment is held back
            assert sender.send_q in (1, 1001)
        until(lambda: _pair(client, server)[0].state is SocketState.FIN_WAIT_2)
        assert queued_data(_pair(client, server)[0]) == 0


def _pair(client: socket.socket, server: socket.socket) -> tuple[SocketEntry, SocketEntry]:
    rows = {(entry.local_port, entry.peer_port): entry for entry in table()}
    near, far = client.getsockname()[1], server.getsockname()[1]
    return rows[near, far], rows[far, near]
