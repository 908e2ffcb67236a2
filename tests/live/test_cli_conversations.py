"""`sockmon flows -i` and `sockmon ladder -i` on real traffic: what they print while it happens, and how they end."""

from __future__ import annotations

import json
import os
import socket
import subprocess

import pytest

from tests.command import first_line, interrupted, refused, sockmon
from tests.live.conftest import Started

HOST = "127.0.0.1"

pytestmark = [pytest.mark.linux, pytest.mark.cap_net_raw]


def port_of(sock: socket.socket) -> str:
    return str(sock.getsockname()[1])


def capturing(started: Started, *arguments: str) -> subprocess.Popen[str]:
    process = started(*arguments)
    assert "Capturing on 'lo'" in first_line(process)
    return process


def greet(listening: socket.socket, *, close: bool = True) -> socket.socket:
    """A loopback connection that carries five bytes; its client's socket."""
    client = socket.create_connection(listening.getsockname())
    with listening.accept()[0] as server:
        client.sendall(b"hello")
        server.recv(5)
        if close:
            client.close()
            assert server.recv(1) == b""
    return client


def test_conversations_are_listed_when_they_are_over_and_the_rest_at_the_end(
    started: Started, listener: socket.socket
) -> None:
    process = capturing(started, "flows", "-i", "lo", "--json", "tcp", "port", port_of(listener))
    greet(listener)
    assert process.stdout is not None
    over = json.loads(process.stdout.readline())
    assert (over["over"], over["first"]["payload_bytes"], over["second"]["port"]) == (
        True,
        5,
        listener.getsockname()[1],
    )
    with socket.create_connection(listener.getsockname()), listener.accept()[0]:
        out, err = interrupted(process)
    *still_open, summary = map(json.loads, out.splitlines())
    assert [flow["first"]["state"] for flow in still_open] == ["ESTABLISHED"]
    assert summary["summary"]["printed"] == 2
    assert err == "2 conversations\n"


def test_a_reader_that_leaves_ends_the_listing_quietly(started: Started, listener: socket.socket) -> None:
    process = capturing(started, "flows", "-i", "lo", "--json", "tcp", "port", port_of(listener))
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdout = None
    greet(listener)
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == ""


def test_a_filter_chooses_among_live_conversations(started: Started, listener: socket.socket) -> None:
    process = capturing(started, "flows", "-i", "lo", "-Y", "tcp.len == 5", "tcp", "port", port_of(listener))
    for _ in range(2):
        with socket.create_connection(listener.getsockname()), listener.accept()[0]:
            pass
    greet(listener)
    assert process.stdout is not None
    header, row = process.stdout.readline(), process.stdout.readline()
    assert header.startswith("Stream")
    assert row.split()[0] == "2"
    out, err = interrupted(process)
    assert (out, err) == ("", "1 conversation\n")


def test_a_ladder_is_drawn_while_it_happens_and_ends_with_its_conversation(
    started: Started, listener: socket.socket
) -> None:
    process = capturing(started, "ladder", "-i", "lo", "--width", "120", "tcp", "port", port_of(listener))
    client = greet(listener)
    out, err = process.communicate(timeout=30)
    lines = out.splitlines()
    assert process.returncode == 0, err
    assert lines[0].split()[0] == "time"
    assert [word for line in lines for word in ("[SYN]", "Len=5", "[FIN, ACK]") if word in line] == [
        "[SYN]", "Len=5", "[FIN, ACK]", "[FIN, ACK]",
    ]  # fmt: skip
    assert "TIME-WAIT" in out
    assert err.endswith(" rungs\n")
    assert client.fileno() == -1


def test_the_ends_of_a_live_ladder_are_processes(started: Started, listener: socket.socket) -> None:
    process = capturing(started, "ladder", "-i", "lo", "--width", "120", "tcp", "port", port_of(listener))
    with socket.create_connection(listener.getsockname()), listener.accept()[0]:
        assert process.stdout is not None
        names = process.stdout.readline()
        assert names.count(str(os.getpid())) == 2
        interrupted(process)


def test_a_ladder_of_nothing_says_so(listener: socket.socket) -> None:
    done = sockmon("ladder", "-i", "lo", "--for", "0.3", "tcp", "port", port_of(listener))
    assert done.returncode == 2
    assert done.stderr.endswith("sockmon: draw stream 0 (no such conversation was seen)\n")


@pytest.mark.parametrize("arguments", [["--svg"], ["--all"], ["--stream", "1", "--stream", "2"]])
def test_what_a_live_ladder_cannot_be_is_refused(arguments: list[str]) -> None:
    refused(sockmon("ladder", "-i", "lo", *arguments), "with -i one conversation")
