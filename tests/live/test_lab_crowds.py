"""Each actor of the lab at a thousand connections: all open at once, each of them served, none lost."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from engine.lab.catalogue import KINDS
from engine.lab.servers.echo_select import FD_SETSIZE
from engine.model.lab import ActorCommand, ActorReport, ActorState
from tests.lab_rig import LIMIT_S, Running, until
from tests.live.lab_children import DESCRIPTORS, children, port_of

pytestmark = pytest.mark.linux

CROWD = 1_000
BACKLOG = 1_024

STYLES = ("echo-server", "echo-threads", "echo-select", "echo-asyncio", "echo-socketserver")

DUAL_STACK = "dual-stack-server"

HOLDERS = (
    "discard",
    "sink",
    "slow-reader",
    "never-close",
    "eof-ignorer",
    "half-close-server",
    "reset-on-close",
    "http-server",
    "chargen",
)
"""What a client that says nothing is held by."""

FRAMINGS = ("fixed", "delimiter", "length-prefix", "ascii-length", "close")

TALKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("echo-server", "echo-client", {}),
    ("tls-echo", "tls-client", {}),
    *(("message-server", "message-client", {"framing": framing}) for framing in FRAMINGS),
)
"""A server, the client that compares what comes back with what it sent, and the knobs of both."""

DATAGRAM_TALKS = (("udp-echo", "udp-client"), ("sntp-server", "sntp-client"))

BATCH = 100
"""Datagrams that may be on their way: a receive buffer of 208 KiB, the default, holds 256 of that size unread."""

SPREADERS = (("udp-broadcast", "127.255.255.255"), ("udp-multicast", "239.255.42.99"))
"""Who sends to many, and to which address."""

CONNECTORS = (
    "any-address-client",
    "background-client",
    "send-client",
    "half-close-client",
    "slow-writer",
    "buffered-client",
    "interactive-client",
    "client-by-hand",
)
"""Clients of one connection whose conversation has tests of its own."""

IN_TURN = ("echo-iterative", "forked-server")
"""They serve one client at a time, by their nature."""

QUEUERS = ("accept-late", "server-by-hand")
"""They leave clients in the accept queue."""

UNTRIED = {
    "ping": "one ICMP socket, no connections",
    "sniffer": "one packet socket, no connections",
    "fd-passing": "one connection and a process for it; a thousand would be two thousand processes",
    "error-maker": "makes one error and ends",
}


def test_every_actor_is_tried_with_a_crowd_or_says_why_not() -> None:
    tried = {*STYLES, DUAL_STACK, *HOLDERS, *CONNECTORS, *IN_TURN, *QUEUERS, "many-clients", "connect-client"}
    tried |= {kind for server, client, _ in TALKS for kind in (server, client)}
    tried |= {kind for pair in DATAGRAM_TALKS for kind in pair} | {kind for kind, _ in SPREADERS}
    tried |= {"unix-echo", "unix-client", "flood-client", "udp-sink", "udp-flood"}

    assert not tried & set(UNTRIED)
    assert tried | set(UNTRIED) == set(KINDS)


def sums(reports: list[ActorReport]) -> tuple[int, int, set[str], set[str]]:
    """How many connections and messages in all, in which states, with which errors."""
    return (
        sum(report.connections_total for report in reports),
        sum(report.messages for report in reports),
        {report.state.value for report in reports},
        {report.error for report in reports},
    )


@pytest.mark.parametrize("kind", [*STYLES, pytest.param(DUAL_STACK, marks=pytest.mark.ipv6)])
def test_an_echo_of_each_style_holds_a_thousand_and_sends_all_back(kind: str) -> None:
    with children(1, kind, port=0, backlog=BACKLOG) as server:
        port = port_of(server.report(running=1))
        talk: dict[str, Any] = {"repeat": 2, "interval_s": 0.3, "ramp_s": 0.2, "hold_s": None}
        with children(1, "many-clients", port=port, connections=CROWD, **talk) as clients:
            assert clients.report(messages=2 * CROWD).connections == CROWD
            report = server.report()

    assert (report.state, report.connections, report.received) == (ActorState.RUNNING, CROWD, CROWD * 2 * 12)


@pytest.mark.parametrize("kind", HOLDERS)
def test_a_server_holds_a_thousand_that_say_nothing(kind: str) -> None:
    buffers = {"rcvbuf": 4_096, "sndbuf": 4_096} if kind == "chargen" else {}
    with children(1, kind, port=0, backlog=BACKLOG, **buffers) as server:
        port = port_of(server.report(running=1))
        with children(1, "connect-client", port=port, connections=CROWD, **buffers) as clients:
            assert clients.report(connections_total=CROWD).connections == CROWD
            report = server.report(connections_total=CROWD)

    assert (report.state, report.connections, report.received) == (ActorState.RUNNING, CROWD, 0)


@pytest.mark.parametrize(("kind", "client", "knobs"), TALKS)
def test_a_thousand_clients_of_their_own_get_their_own_bytes_back(
    kind: str, client: str, knobs: dict[str, Any]
) -> None:
    with children(1, kind, port=0, backlog=BACKLOG, **knobs) as server:
        port = port_of(server.report(running=1))
        with children(CROWD, client, port=port, hold_s=None, **knobs) as clients:
            assert sums(clients.reports(messages=CROWD)) == (CROWD, CROWD, {"running"}, {""})
            report = server.report()

    assert (report.state, report.connections_total) == (ActorState.RUNNING, CROWD)
    assert report.connections == (0 if knobs.get("framing") == "close" else CROWD)  # the end is that framing's mark
    assert report.messages == (CROWD if kind == "message-server" else 0)


@pytest.mark.parametrize("abstract", [True, False], ids=["abstract", "path"])
def test_a_thousand_clients_of_a_unix_socket_get_their_bytes_back(abstract: bool, tmp_path: Any) -> None:
    path = f"@sockmon-crowd-{tmp_path.name}" if abstract else str(tmp_path / "echo")
    with children(1, "unix-echo", path=path, backlog=BACKLOG) as server:
        assert server.report(running=1).local == path
        with children(CROWD, "unix-client", path=path, hold_s=None) as clients:
            assert sums(clients.reports(messages=CROWD)) == (CROWD, CROWD, {"running"}, {""})
            report = server.report()

    assert (report.connections, report.received, report.sent) == (CROWD, CROWD * 12, CROWD * 12)


@pytest.mark.parametrize(("kind", "client"), DATAGRAM_TALKS)
def test_a_thousand_sockets_each_get_their_datagram_answered(kind: str, client: str) -> None:
    with children(1, kind, port=0) as server:
        port = port_of(server.report(running=1))
        with children(CROWD, client, BATCH, port=port, hold_s=None, timeout_s=LIMIT_S) as clients:
            assert sums(clients.reports(messages=CROWD)) == (0, CROWD, {"running"}, {""})
            assert server.report().messages == CROWD


@pytest.mark.parametrize(("kind", "to"), SPREADERS)
def test_a_thousand_sockets_that_send_to_many_are_answered(kind: str, to: str) -> None:
    with children(1, "udp-echo", host=to, port=0) as server:
        port = port_of(server.report(running=1))
        with children(
            CROWD, kind, BATCH, host=to, port=port, hold_s=None, timeout_s=LIMIT_S, broadcast=True
        ) as clients:
            assert sums(clients.reports(messages=CROWD)) == (0, CROWD, {"running"}, {""})
            assert server.report().messages == CROWD


def test_a_receiver_that_does_not_read_counts_what_a_thousand_sockets_lose_to_it() -> None:
    kinds = ["udp-client"] * 9 + ["udp-flood"]
    with children(1, "udp-sink", port=0, rcvbuf=4_096) as server:
        port = port_of(server.report(running=1))
        with children(CROWD, ",".join(kinds), port=port, timeout_s=0.1, bytes_per_s=10_000, hold_s=None) as clients:
            reports = clients.reports(notes=CROWD * 9 // 10, running=CROWD)
            assert sums(reports)[3] == {""}
            assert server.report(messages=CROWD * 9 // 10 - 10).state is ActorState.RUNNING

    assert {note for report in reports for note in report.notes} == {"1 of 1 datagrams without an answer"}


def test_a_thousand_clients_of_eight_kinds_connect_to_one_server() -> None:
    with children(1, "echo-server", port=0, backlog=BACKLOG) as server:
        port = port_of(server.report(running=1))
        with children(CROWD, ",".join(CONNECTORS), host="127.0.0.1", port=port, hold_s=None, interval_s=0.0) as clients:
            assert sums(clients.reports(connections_total=CROWD))[3] == {""}
            assert server.report(connections_total=CROWD).state is ActorState.RUNNING


@pytest.mark.parametrize("kind", IN_TURN)
def test_one_client_at_a_time_serves_a_thousand_in_turn(kind: str) -> None:
    with Running(kind, port=0, backlog=BACKLOG) as server:
        for number in range(CROWD):
            with socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client:
                client.sendall(b"%d" % number)
                assert client.recv(64) == b"%d" % number
        until(lambda: server.report().connections == 0)
        # Of a forked server only those that this one of its processes took are in its counts.
        assert kind == "forked-server" or server.report().connections_total == CROWD


@pytest.mark.parametrize("kind", QUEUERS)
def test_a_thousand_wait_in_the_accept_queue_and_one_is_taken(kind: str) -> None:
    with (
        Running(kind, port=0, backlog=BACKLOG) as server,
        children(1, "connect-client", port=server.port, connections=CROWD) as clients,
    ):
        assert clients.report(connections_total=CROWD).connections == CROWD
        assert server.report().connections == 0
        server.command(ActorCommand.ACCEPT)
        until(lambda: server.report().connections == 1)


def test_a_flood_of_a_thousand_connections_stalls_and_is_counted() -> None:
    knobs = {"connections": CROWD, "sndbuf": 4_096, "chunk": 4_096, "descriptors": DESCRIPTORS}
    with children(1, "sink", port=0, rcvbuf=4_096, backlog=BACKLOG) as sink:
        port = port_of(sink.report(running=1))
        with Running("flood-client", port=port, **knobs) as flood:
            until(lambda: flood.report().connections_total == CROWD and flood.report().state is ActorState.STALLED, 30)
            assert flood.report().refused >= CROWD


def test_select_turns_away_whom_it_cannot_watch_and_says_so() -> None:
    """select() knows no descriptor from FD_SETSIZE on (select(2)); those below it are served as before."""
    with children(1, "echo-select", port=0, backlog=2 * BACKLOG) as server:
        port = port_of(server.report(running=1))
        with children(1, "connect-client", port=port, connections=FD_SETSIZE) as clients:
            clients.report(connections_total=FD_SETSIZE)
            report = server.report(connections_total=FD_SETSIZE, notes=1)

    assert report.state is ActorState.RUNNING
    assert CROWD <= report.connections < FD_SETSIZE
    assert len(report.notes) == FD_SETSIZE - report.connections
    assert {note.partition(":")[0] for note in report.notes} == {f"select() cannot watch descriptor {FD_SETSIZE}"}
    assert all(note.endswith("is turned away") for note in report.notes)
