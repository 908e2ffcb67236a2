"""The lab's plain clients against plain Python sockets and the lab's own servers."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from engine.model.lab import ActorState
from tests.lab_rig import LIMIT_S, Running, run_to_end, until
from tests.live.lab_peers import echo, served

pytestmark = pytest.mark.linux


def test_the_echo_client_shows_hello_world() -> None:
    with served(echo) as port:
        report = run_to_end("echo-client", port=port)

    assert report.state is ActorState.DONE
    assert report.reply == "Hello, world"
    assert (report.sent, report.received, report.messages) == (12, 12, 1)
    assert [call.name for call in report.calls] == [
        "getaddrinfo",
        "socket",
        "connect",
        "sendall",
        "recv",
        "close",
    ]


def test_the_echo_client_repeats_and_waits_between() -> None:
    with served(echo) as port:
        begun = time.monotonic()
        report = run_to_end("echo-client", port=port, repeat=3, interval_s=0.05)

    assert report.messages == 3
    assert time.monotonic() - begun >= 0.1


def test_the_echo_client_tells_a_server_that_closes_too_early() -> None:
    with served(lambda sock: sock.recv(100)) as port:
        report = run_to_end("echo-client", port=port)

    assert report.state is ActorState.FAILED
    assert report.error.endswith("it closed after 0 of 12 bytes")


def test_the_echo_client_tells_an_answer_that_is_not_the_echo() -> None:
    with served(lambda sock: sock.sendall(sock.recv(100)[::-1])) as port:
        report = run_to_end("echo-client", port=port)

    assert report.error.endswith("what came back is not what was sent")
    assert report.reply == "dlrow ,olleH"


def test_the_echo_client_gives_up_after_its_timeout() -> None:
    release = threading.Event()
    with served(lambda sock: release.wait(LIMIT_S)) as port:
        report = run_to_end("echo-client", port=port, timeout_s=0.05)
        release.set()

    assert report.state is ActorState.FAILED
    assert report.error == f"recv on 127.0.0.1:{port}: timed out"
    assert report.errno == 0


def test_a_client_that_waits_for_an_answer_is_stopped_at_once() -> None:
    release = threading.Event()
    with served(lambda sock: release.wait(LIMIT_S)) as port, Running("echo-client", port=port) as client:
        until(lambda: [call.name for call in client.report().waiting] == ["recv"])
        client.actor.stop()
        report = client.ended()
        release.set()

    assert report.state is ActorState.STOPPED
    assert report.error == ""


def test_a_client_that_waits_in_connect_is_stopped_at_once() -> None:
    with (
        Running("accept-late", port=0, backlog=0) as server,
        socket.create_connection(("127.0.0.1", server.port)),
        Running("echo-client", port=server.port) as client,
    ):
        until(lambda: [call.name for call in client.report().waiting] == ["connect"])
        client.actor.stop()

        assert client.ended().state is ActorState.STOPPED


def test_a_payload_larger_than_all_buffers_comes_back() -> None:
    with served(echo) as port:
        report = run_to_end("echo-client", port=port, size=5_000_000, recv_size=65_536)

    assert report.state is ActorState.DONE
    assert report.received == 5_000_000


def test_a_client_uses_its_own_address_and_port() -> None:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        own = finder.getsockname()[1]
    with served(echo) as port:
        report = run_to_end("echo-client", port=port, bind_host="127.0.0.2", bind_port=own)

    assert report.error == ""
    assert report.local == f"127.0.0.2:{own}"
