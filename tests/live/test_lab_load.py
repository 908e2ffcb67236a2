"""The lab under load: a hundred thousand messages through each echo, a thousand connections to each actor."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import LIMIT_S, Running, run_to_end, until

pytestmark = pytest.mark.linux

STYLES = ("echo-server", "echo-threads", "echo-select", "echo-asyncio", "echo-socketserver", "dual-stack-server")
BLOCKING_STYLES = ("echo-iterative", "forked-server")

MESSAGES = 100_000
"""Through each style, 16 bytes each, without a byte changed."""

MESSAGE_BYTES = 16

IN_FLIGHT = 50
"""Datagrams: a receive buffer of 208 KiB, the default, held 256 of that size unread."""

CROWD = 1_000


@pytest.mark.parametrize("kind", [*STYLES, *BLOCKING_STYLES])
def test_a_hundred_thousand_messages_come_back_without_a_byte_changed(kind: str) -> None:
    payload = b"".join(b"%016d" % number for number in range(MESSAGES))
    with (
        Running(kind, port=0, recv_size=65_536) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        assert echoed(client, payload) == hashlib.sha256(payload).digest()


def echoed(client: socket.socket, payload: bytes) -> bytes:
    """The hash of what comes back while the payload is sent."""
    writer = threading.Thread(target=client.sendall, args=(payload,))
    writer.start()
    back = hashlib.sha256()
    left = len(payload)
    while left:
        data = client.recv(65_536)
        assert data, "the server closed"
        back.update(data)
        left -= len(data)
    writer.join()
    return back.digest()


def test_a_hundred_thousand_messages_over_a_unix_socket() -> None:
    payload = b"".join(b"%016d" % number for number in range(MESSAGES))
    with (
        Running("unix-echo", path="@sockmon-test-load", recv_size=65_536) as server,
        socket.socket(socket.AF_UNIX) as client,
    ):
        until(lambda: server.report().local)
        client.settimeout(LIMIT_S)
        client.connect("\0sockmon-test-load")
        assert echoed(client, payload) == hashlib.sha256(payload).digest()


def test_a_hundred_thousand_messages_over_tls() -> None:
    size = MESSAGES * MESSAGE_BYTES
    with Running("tls-echo", port=0) as server:
        report = run_to_end("tls-client", port=server.port, size=size)

    assert report.error == ""  # the client compares every byte
    assert (report.state, report.messages) == (ActorState.DONE, 1)


def test_a_hundred_thousand_framed_messages_in_one_stream() -> None:
    """Pipelined: the answers are read while later messages are on their way."""
    payload = b"".join(b"%015d\n" % number for number in range(MESSAGES))
    with (
        Running("message-server", port=0, framing="delimiter", recv_size=65_536) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        assert echoed(client, payload) == hashlib.sha256(payload).digest()
        assert server.report().messages == MESSAGES


def test_a_hundred_thousand_datagrams_come_back_as_they_were() -> None:
    """So few in flight that every buffer has room for them: a lost one ends the wait of recv() and fails the test."""
    with (
        Running("udp-echo", port=0) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.connect(("127.0.0.1", server.port))
        client.settimeout(LIMIT_S)
        for first in range(0, MESSAGES, IN_FLIGHT):
            sent = [b"%016d" % number for number in range(first, first + IN_FLIGHT)]
            for datagram in sent:
                client.send(datagram)
            assert [client.recv(64) for _ in sent] == sent


SERVE = """
import sys
from tests.lab_rig import Running, until
knobs = {name: int(value) for name, _, value in (word.partition("=") for word in sys.argv[2:])}
with Running(sys.argv[1], port=0, backlog=1024, **knobs) as server:
    print(server.port, flush=True)
    wanted = int(sys.stdin.readline() or 0)
    until(lambda: server.report().connections_total >= wanted)
    report = server.report()
    print(report.state.value, report.connections_total, report.received, flush=True)
"""


HOLDERS = (
    "discard",
    "sink",
    "slow-reader",
    "message-server",
    "never-close",
    "eof-ignorer",
    "half-close-server",
    "reset-on-close",
    "http-server",
    "chargen",
)
"""What a client that says nothing is held by; those that serve one client at a time have a test of their own."""

SELECT_CROWD = 950
"""select() knows no descriptor from FD_SETSIZE, 1,024, on (select(2)); the process has a few others."""


@contextmanager
def served(kind: str, **knobs: int) -> Iterator[tuple[int, Callable[[int], list[str]]]]:
    """A server in a process of its own, for two thousand sockets are more than one may have open: its port, and what
    waits there for so many connections and tells its state, connections and bytes."""
    command = [sys.executable, "-c", SERVE, kind, *(f"{name}={value}" for name, value in knobs.items())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        answers, questions = process.stdout, process.stdin

        def ended(crowd: int) -> list[str]:
            questions.write(f"{crowd}\n")
            questions.flush()
            return answers.readline().split()

        try:
            yield int(answers.readline()), ended
        finally:
            questions.close()


@pytest.mark.parametrize("kind", [*STYLES, *HOLDERS])
def test_a_thousand_connections_at_once(kind: str) -> None:
    knobs = {"rcvbuf": 4_096, "sndbuf": 4_096} if kind == "chargen" else {}
    with served(kind, **knobs) as (port, ended):
        crowd = SELECT_CROWD if kind == "echo-select" else CROWD
        if kind in STYLES:
            report = run_to_end(
                "many-clients", port=port, connections=crowd, ramp_s=0.5, repeat=2, interval_s=0.5, descriptors=4_096
            )
        else:
            report = run_to_end(
                "connect-client", port=port, connections=crowd, ramp_s=0.1, hold_s=0.2, descriptors=4_096
            )
        assert report.state is ActorState.DONE, report.error
        assert report.connections_total == crowd
        state, connections, received = ended(crowd)

    assert state == "running"
    assert int(connections) == crowd
    assert int(received) == (crowd * 2 * 12 if kind in STYLES else 0)


@pytest.mark.parametrize("kind", ["echo-iterative", "forked-server"])
def test_one_client_at_a_time_serves_a_thousand_in_turn(kind: str) -> None:
    with Running(kind, port=0, backlog=1_024) as server:
        for number in range(CROWD):
            with socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client:
                client.sendall(b"%d" % number)
                assert client.recv(64) == b"%d" % number
        until(lambda: server.report().connections == 0)
        # Of a forked server only those that this one of its processes took are in its counts.
        assert kind == "forked-server" or server.report().connections_total == CROWD


def test_a_thousand_wait_in_the_accept_queue_and_are_taken_late() -> None:
    with Running("accept-late", port=0, backlog=1_024, delay_s=60.0) as server:
        port = server.port
        with Running("connect-client", port=port, connections=900, ramp_s=0.1) as crowd:
            until(lambda: crowd.report().connections == 900)
            assert server.report().connections == 0
            server.command(ActorCommand.ACCEPT)
            until(lambda: server.report().connections == 1)


def test_a_flood_of_a_thousand_connections_stalls_and_is_counted() -> None:
    knobs = {"connections": CROWD, "ramp_s": 0.5, "sndbuf": 4_096, "chunk": 4_096}
    with served("sink", rcvbuf=4_096) as (port, _), Running("flood-client", port=port, **knobs) as flood:
        until(lambda: flood.report().connections_total == CROWD and flood.report().state is ActorState.STALLED, 30)
        assert flood.report().refused >= CROWD
