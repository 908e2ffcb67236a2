"""`sockmon doctor` on real sockets: in the open, as an ordinary user, and in a network of its own where nothing is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.command import refused, sockmon
from tests.live.capture_namespace import Namespace
from tests.live.insight_rig import key_of, pair
from tests.terminal import ROOT, SOCKMON
from tui.cli.doctor import watch

pytestmark = pytest.mark.linux

AS_ORDINARY_USER = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups")

CROWD = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", 20000), backlog=100)
clients = [socket.create_connection(server.getsockname()) for _ in range(int(sys.argv[1]))]
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def stalled() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A sender that is full and a receiver that does not read."""
    client, server = pair(sndbuf=32_768, rcvbuf=32_768)
    client.setblocking(False)
    try:
        while True:
            client.send(bytes(8_192))
    except BlockingIOError:
        pass
    with client, server:
        yield client, server


def objects(printed: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The verdicts and the summary of --json."""
    *verdicts, last = [json.loads(line) for line in printed.splitlines()]
    summary: dict[str, Any] = last["summary"]
    return verdicts, summary


def test_it_names_what_holds_a_real_connection(stalled: tuple[socket.socket, socket.socket]) -> None:
    done = sockmon("doctor", "--json", "--seconds", "2")
    assert done.returncode == 0, done.stderr
    verdicts, summary = objects(done.stdout)
    found = {(one["rule"], one["subject"]["key"]): one for one in verdicts}
    reader = found["receiver-stalled", key_of(stalled[1])]
    assert ("zero-window", key_of(stalled[0])) in found
    assert f"({os.getpid()}) has not read for" in reader["sentence"]
    assert reader["severity"] == "problem"
    assert {"name": "own window", "value": 0, "unit": "B"} in reader["evidence"]
    assert summary["finding"] is True
    assert summary["problems"] >= 2
    assert summary["sockets"] > 2
    assert 2 <= summary["seconds"] < 20


def test_it_reads_as_a_person_reads(stalled: tuple[socket.socket, socket.socket]) -> None:
    done = sockmon("doctor", "--seconds", "2")
    assert done.returncode == 0, done.stderr
    assert "watching the sockets of this machine for 2 s" in done.stderr
    said = " ".join(done.stdout.split())
    assert "PROBLEM receiver-stalled (certain)" in said
    assert "Do: Look where the program is" in said
    assert "Not this: A busy reader" in said
    assert "Ends when the program calls recv()." in said
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_an_ordinary_user_is_told_too(stalled: tuple[socket.socket, socket.socket]) -> None:
    if os.getuid() != 0:
        pytest.skip("this user is an ordinary one: the other tests are this one")
    done = subprocess.run(
        [*AS_ORDINARY_USER, *SOCKMON, "doctor", "--json", "--seconds", "2"],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    verdicts, _ = objects(done.stdout)
    [reader] = [
        one for one in verdicts if (one["rule"], one["subject"]["key"]) == ("receiver-stalled", key_of(stalled[1]))
    ]
    assert reader["sentence"].startswith("A program of another user has not read for")


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


def inside(namespace: Namespace, *arguments: str) -> str:
    return namespace.run(*SOCKMON, "doctor", *arguments)


def test_where_nothing_is_it_says_no_finding_and_not_that_all_is_well(namespace: Namespace) -> None:
    said = " ".join(inside(namespace, "--seconds", "0.5").split())
    assert "No finding among 0 sockets in " in said
    assert "That is not to say that all is well" in said
    assert "healthy" not in said
    _, summary = objects(inside(namespace, "--json", "--seconds", "0.5").splitlines()[-1])
    assert (summary["finding"], summary["problems"], summary["warnings"]) == (False, 0, 0)


def crowd(namespace: Namespace, connections: int) -> None:
    """So many idle connections to one server, inside, until it is interrupted."""
    namespace.begin(sys.executable, "-c", CROWD, str(connections))
    until_open = "while [ $(ss -Htn state established dport = 20000 | wc -l) -lt $0 ]; do sleep 0.05; done"
    namespace.run("sh", "-c", until_open, str(connections))


def told(namespace: Namespace, seconds: float) -> list[dict[str, Any]]:
    """The verdicts inside; what `sockmon` says on standard error stands among the lines."""
    printed = inside(namespace, "--json", "--seconds", str(seconds))
    found, _ = objects("\n".join(line for line in printed.splitlines() if line.startswith("{")))
    return found


def test_idle_connections_are_one_note(namespace: Namespace) -> None:
    crowd(namespace, 5)
    [found] = [one for one in told(namespace, 2.5) if one["rule"] == "queues-empty"]
    assert (found["rows"], found["severity"]) == (5, "note")
    assert found["sentence"].startswith("5 connections, such as ")
    namespace.interrupt()


@pytest.mark.parametrize(("connections", "nearly_all"), [(5, False), (10, True)])
def test_ports_that_run_out_towards_one_server(namespace: Namespace, connections: int, nearly_all: bool) -> None:
    namespace.run("sh", "-c", "echo 40001 40010 > /proc/sys/net/ipv4/ip_local_port_range")
    crowd(namespace, connections)
    found = [one for one in told(namespace, 0.5) if one["rule"] == "ports-exhausted"]
    assert bool(found) is nearly_all
    if nearly_all:
        assert "10 of 10 local ports (100%) are used from 127.0.0.1 towards 127.0.0.1:20000" in found[0]["sentence"]
        assert found[0]["severity"] == "problem"
    namespace.interrupt()


def test_the_last_look_is_at_the_end_of_the_time_however_far_looks_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.doctor.LOOK_S", 60.0)
    assert 0.5 <= watch(0.5).seconds < 30


def test_a_time_that_makes_no_sense_is_refused() -> None:
    refused(sockmon("doctor", "--seconds", "0"), "0.5<=x<=3600")
