"""Clients over Unix sockets and TLS, and the descriptor that travels."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import Running, open_descriptors, run_to_end, until
from tests.live.lab_peers import echo, served

pytestmark = pytest.mark.linux


def test_a_unix_client_talks_to_a_plain_server(tmp_path: Path) -> None:
    path = str(tmp_path / "echo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                echo(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        report = run_to_end("unix-client", path=path)
        thread.join()

    assert report.reply == "Hello, world"


def test_a_tls_client_tells_a_server_that_speaks_no_tls() -> None:
    with served(lambda sock: sock.sendall(b"220 hello, I speak plainly\r\n")) as port:
        report = run_to_end("tls-client", port=port)

    assert report.state is ActorState.FAILED
    assert "speak TLS with 127.0.0.1" in report.error


def test_a_tls_client_and_a_tls_server_exchange_a_megabyte() -> None:
    with Running("tls-echo", port=0) as server:
        report = run_to_end("tls-client", port=server.port, size=1_000_000)

    assert report.error == ""
    assert report.messages == 1
    assert report.sent > 1_000_000


def test_a_passed_descriptor_changes_its_owner() -> None:
    before = open_descriptors()
    with Running("echo-server", port=0) as server, Running("fd-passing", port=server.port, delay_s=5.0) as client:
        until(lambda: client.report().connections == 1)
        connection = next(sock for sock in client.report().sockets if sock.peer.startswith("127."))
        inode = os.readlink(f"/proc/self/fd/{connection.fd}")
        (child,) = client.report().children
        assert inode not in owned_by(child)
        client.command(ActorCommand.SEND)
        until(lambda: client.report().reply == "Hello, world")

        assert inode in owned_by(child)
        assert inode not in owned_by(os.getpid())
        assert server.report().connections == 1
    assert open_descriptors() == before


def owned_by(pid: int) -> set[str]:
    links = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.add(os.readlink(entry))
        except FileNotFoundError:
            continue
    return links
