"""The echo servers against plain Python sockets: bytes, half-closes, garbage, clients that vanish."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from engine.model.lab import ActorState
from tests.lab_rig import LIMIT_S, Running, open_descriptors, until
from tests.live.lab_callers import ECHO_SERVERS, connected, read_exactly, read_to_end, reset

pytestmark = pytest.mark.linux

EACH_ECHO = pytest.mark.parametrize("kind", ECHO_SERVERS)


SURVIVORS = (
    *ECHO_SERVERS,
    "discard",
    "chargen",
    "half-close-server",
    "reset-on-close",
    "never-close",
    "http-server",
    "message-server",
    "tls-echo",
    "sink",
    "slow-reader",
)


MEGABYTE = bytes(range(256)) * 4096


@EACH_ECHO
def test_what_is_sent_comes_back_and_the_end_is_answered(kind: str) -> None:
    with Running(kind, port=0) as server, connected(server) as client:
        client.sendall(b"Hello, world")

        assert read_exactly(client, 12) == b"Hello, world"
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


@EACH_ECHO
def test_a_megabyte_comes_back_unchanged(kind: str) -> None:
    with Running(kind, port=0, recv_size=65_536) as server, connected(server) as client:
        writer = threading.Thread(target=client.sendall, args=(MEGABYTE,))
        writer.start()
        back = read_exactly(client, len(MEGABYTE))
        writer.join()

        assert hashlib.sha256(back).digest() == hashlib.sha256(MEGABYTE).digest()


@EACH_ECHO
def test_a_half_closed_client_still_gets_all_of_it(kind: str) -> None:
    with Running(kind, port=0) as server, connected(server) as client:
        client.sendall(b"x" * 50_000)
        client.shutdown(socket.SHUT_WR)

        assert read_to_end(client) == b"x" * 50_000


@pytest.mark.parametrize("kind", SURVIVORS)
def test_a_server_survives_garbage_a_megabyte_and_clients_that_vanish(kind: str) -> None:
    before = open_descriptors()
    with Running(kind, port=0) as server:
        for _ in range(3):
            with connected(server) as client:
                client.settimeout(0.2)
                with suppress(OSError):
                    client.sendall(os.urandom(1_000))
                with suppress(OSError):
                    client.sendall(MEGABYTE)
                reset(client)
            with connected(server):
                pass
        if kind not in ("sink", "slow-reader", "never-close"):
            until(lambda: server.report().connections == 0)
        until(lambda: server.report().state is not ActorState.STARTING)
        assert server.report().state is ActorState.RUNNING
        with connected(server) as client:
            client.sendall(b"still there?")
    assert open_descriptors() == before


@pytest.mark.parametrize("kind", [kind for kind in ECHO_SERVERS if kind not in ("echo-iterative", "forked-server")])
def test_many_clients_come_and_go_and_leave_nothing(kind: str) -> None:
    with Running(kind, port=0) as server:
        with connected(server) as client:
            client.sendall(b"x")
            read_exactly(client, 1)
        until(lambda: server.report().connections == 0)
        before = open_descriptors()
        clients = [socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) for _ in range(100)]
        for number, client in enumerate(clients):
            client.sendall(b"%04d" % number)
        for number, client in enumerate(clients):
            assert read_exactly(client, 4) == b"%04d" % number
            client.close()
        until(lambda: server.report().connections == 0)

        assert server.report().connections_total == 101
        until(lambda: open_descriptors() == before)


def test_one_at_a_time_means_that_the_second_waits() -> None:
    with Running("echo-iterative", port=0) as server, connected(server) as first, connected(server) as second:
        first.sendall(b"1")
        assert read_exactly(first, 1) == b"1"
        second.sendall(b"2")
        second.settimeout(0.1)
        with pytest.raises(TimeoutError):
            second.recv(1)
        first.close()
        second.settimeout(LIMIT_S)

        assert read_exactly(second, 1) == b"2"


def test_selects_three_lists_are_in_the_log() -> None:
    with Running("echo-select", port=0) as server, connected(server) as client:
        client.sendall(b"Hello")
        read_exactly(client, 5)
        calls = [call for call in server.report().calls if call.name == "select"]
        listener = server.report().sockets[0].fd

        assert calls[0].arguments == f"[{listener}], [], []"
        assert calls[0].result == f"[{listener}], [], []"
        assert any(call.result.endswith("], []") and call.result.count("[]") == 2 for call in calls)


@pytest.mark.ipv6
def test_a_dual_stack_server_takes_both_families() -> None:
    with Running("dual-stack-server", port=0) as server:
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, server.port), timeout=LIMIT_S) as client:
                client.sendall(b"Hello")
                assert read_exactly(client, 5) == b"Hello"

        assert any("[::ffff:127.0.0.1]" in call.result for call in server.report().calls)


def test_a_one_family_server_refuses_the_other() -> None:
    with Running("dual-stack-server", port=0, v6only=True) as server, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_forked_listener_has_several_owners_and_they_end_with_the_server() -> None:
    with Running("forked-server", port=0, processes=3) as server:
        until(lambda: len(server.report().children) == 2)
        children = server.report().children
        inode = os.readlink(f"/proc/self/fd/{server.report().sockets[0].fd}")
        for child in children:
            owned = {os.readlink(entry) for entry in Path(f"/proc/{child}/fd").iterdir() if entry.is_symlink()}
            assert inode in owned

    assert not any(Path(f"/proc/{child}").exists() for child in children)
