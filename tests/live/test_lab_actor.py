"""Every actor's life: it starts, says where it stands, fails with one sentence, and stops at once with nothing left."""

from __future__ import annotations

import errno
import socket
import threading
import time
from typing import Any

import pytest

from engine.lab.catalogue import KINDS, Group
from engine.model.errors import LabError
from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import LIMIT_S, Running, open_descriptors, run_to_end, until

pytestmark = pytest.mark.linux

SERVERS = [kind for kind, known in KINDS.items() if known.group is Group.SERVER or kind in ("sink", "slow-reader")]
SERVERS += ["message-server", "server-by-hand", "udp-sink"]

DATAGRAMS = ("udp-echo", "udp-sink", "sntp-server")

STOP_LIMIT_S = 1.0
"""What an actor is given before its process is ended."""


def knobs_for(kind: str) -> dict[str, Any]:
    """Knobs with which servers of several test processes do not meet."""
    return {"path": f"@sockmon-test-{time.monotonic_ns()}"} if kind == "unix-echo" else {"port": 0}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_says_where_it_is_and_stops_at_once_with_nothing_left(kind: str) -> None:
    before = open_descriptors()
    with Running(kind, **knobs_for(kind)) as server:
        until(lambda: server.report().state is ActorState.RUNNING)
        assert server.report().local
        assert server.report().sockets
        begun = time.monotonic()
        server.actor.stop()
        report = server.ended()

    assert time.monotonic() - begun < STOP_LIMIT_S
    assert report.state is ActorState.STOPPED
    assert report.sockets == ()
    assert report.error == ""
    assert open_descriptors() == before


@pytest.mark.parametrize("kind", [kind for kind in SERVERS if kind not in ("unix-echo", *DATAGRAMS)])
def test_a_server_with_a_client_in_the_middle_stops_at_once(kind: str) -> None:
    with Running(kind, **knobs_for(kind)) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"Hello, world")
        until(lambda: server.report().calls_total > 4)
        begun = time.monotonic()
        server.actor.stop()
        server.ended()

        assert time.monotonic() - begun < STOP_LIMIT_S


@pytest.mark.parametrize("kind", SERVERS)
def test_a_port_in_use_is_one_sentence(kind: str) -> None:
    if kind == "unix-echo":
        path = f"@sockmon-test-{time.monotonic_ns()}"
        with socket.socket(socket.AF_UNIX) as holder:
            holder.bind("\0" + path[1:])
            report = run_to_end(kind, path=path)
    else:
        datagrams = kind in DATAGRAMS
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM) as holder:
            holder.bind(("127.0.0.1", 0))
            if not datagrams:
                holder.listen()
            host = {} if kind == "dual-stack-server" else {"host": "127.0.0.1"}
            report = run_to_end(kind, port=holder.getsockname()[1], **host)

    assert report.state is ActorState.FAILED
    assert report.errno == errno.EADDRINUSE
    assert "Address already in use" in report.error
    assert "\n" not in report.error


@pytest.mark.parametrize(
    ("kind", "knobs", "number", "words"),
    [
        ("echo-client", {"port": 1}, errno.ECONNREFUSED, "connect to 127.0.0.1:1: Connection refused"),
        ("echo-client", {"host": "nosuch.invalid."}, socket.EAI_NONAME, "look up 'nosuch.invalid.'"),
        ("echo-client", {"host": "a" * 64 + ".invalid"}, socket.EAI_NONAME, "no valid host name"),
        ("echo-client", {"host": "198.51.100.1"}, 0, "198.51.100.1:65432 is not this machine"),
        ("echo-server", {"host": "198.51.100.1", "port": 0}, errno.EADDRNOTAVAIL, "Cannot assign requested address"),
        ("unix-client", {"path": "/nosuch/echo"}, errno.ENOENT, "connect to /nosuch/echo: No such file"),
        ("unix-client", {"path": ""}, 0, "a Unix socket needs a path"),
        ("echo-server", {"port": 0, "congestion": "nosuch"}, errno.ENOENT, "set TCP_CONGESTION to nosuch"),
        ("sniffer", {"interface": "nosuch0"}, 0, "there is no interface 'nosuch0'"),
        ("udp-flood", {"chunk": 65_508}, 0, "chunk 65508 is larger than a datagram's 65507 bytes"),
        ("message-client", {"framing": "fixed", "message_size": 3}, 0, "12 bytes do not fit into a message of 3"),
        ("send-client", {"file": "/nosuch/file"}, 0, ""),
        ("error-maker", {"error": "ENOSUCH"}, 0, "there is no error 'ENOSUCH'"),
    ],
)
def test_what_cannot_be_done_is_a_state_a_sentence_and_a_number(
    kind: str, knobs: dict[str, Any], number: int, words: str
) -> None:
    report = run_to_end(kind, **knobs)

    assert report.state is ActorState.FAILED
    assert words in report.error
    assert "\n" not in report.error
    if words:
        assert report.errno in (number, socket.EAI_AGAIN if number == socket.EAI_NONAME else number)


def test_an_actor_ends_when_its_time_is_over() -> None:
    with Running("echo-server", port=0, duration_s=0.05) as server:
        assert server.ended().state is ActorState.DONE


def test_an_actor_that_blocks_ends_when_its_time_is_over() -> None:
    with Running("echo-iterative", port=0, duration_s=0.05) as server:
        assert server.ended().state is ActorState.DONE


def test_an_actor_stopped_before_it_runs_does_nothing() -> None:
    server = Running("echo-server", port=0)
    server.actor.stop()
    with server:
        report = server.ended()

    assert report.state is ActorState.STOPPED
    assert report.calls == ()


def test_stopping_twice_and_after_the_end_is_nothing() -> None:
    with Running("echo-server", port=0) as server:
        server.actor.stop()
        server.actor.stop()
        server.ended()
        server.actor.stop()
        server.command(ActorCommand.STOP)

        assert server.report().state is ActorState.STOPPED


def test_a_command_after_the_end_is_refused() -> None:
    with Running("sink", port=0) as sink:
        sink.actor.stop()
        sink.ended()

        with pytest.raises(LabError, match="comes too late"):
            sink.command(ActorCommand.DRAIN)


def test_commands_that_nobody_takes_are_bounded() -> None:
    sink = Running("sink", port=0)
    for _ in range(64):
        sink.command(ActorCommand.DRAIN)

    with pytest.raises(LabError, match="64 commands already wait"):
        sink.command(ActorCommand.DRAIN)


def test_a_name_with_two_addresses_tells_both_and_uses_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: found)
    with Running("echo-server", host="two.example", port=0) as server:
        until(lambda: server.report().local)

        assert server.report().notes == ("'two.example' has 2 addresses: 127.0.0.1:0, [::1]:0; the first is used",)
        assert server.report().local.startswith("127.0.0.1:")


def test_the_report_names_each_socket_by_its_cookie() -> None:
    with Running("echo-server", port=0) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        until(lambda: server.report().connections == 1)
        listener, connection = server.report().sockets

        assert listener.peer == ""
        assert connection.peer == f"127.0.0.1:{client.getsockname()[1]}"
        assert connection.local == f"127.0.0.1:{server.port}"
        assert 0 < listener.cookie != connection.cookie > 0


def test_calls_are_reported_once_by_their_number() -> None:
    with Running("echo-server", port=0) as server:
        first = server.report()
        until(lambda: server.report().local)
        assert first.calls_total <= server.report().calls_total
        seen = server.report().calls_total
        with socket.create_connection(("127.0.0.1", server.port)):
            until(lambda: server.report().connections == 1)

        assert all(call.number > seen for call in server.report(seen).calls)
        assert server.report(seen).calls[0].name == "accept"


def test_an_actor_that_blocks_says_where() -> None:
    with Running("echo-iterative", port=0) as server:
        until(lambda: [call.name for call in server.report().waiting] == ["accept"])
        with socket.create_connection(("127.0.0.1", server.port)):
            until(lambda: [call.name for call in server.report().waiting] == ["recv"])


def test_calls_can_be_left_out() -> None:
    from engine.lab.catalogue import make_actor
    from engine.model.lab import ActorSpec, Knobs

    actor = make_actor(ActorSpec("echo-client", Knobs(port=1), calls=False))
    actor.run()

    assert actor.report().calls == ()
    assert actor.report().error.startswith("connect to 127.0.0.1:1: Connection refused")


def test_who_waits_for_another_state_is_told_as_it_comes_and_not_for_ever() -> None:
    with Running("echo-server", port=0) as server:
        server.actor.wait_past((ActorState.STARTING,), LIMIT_S)
        assert server.report().state is ActorState.RUNNING
        server.actor.wait_past((ActorState.RUNNING,), 0.02)
        assert server.report().state is ActorState.RUNNING
        threading.Timer(0.02, server.actor.stop).start()
        begun = time.monotonic()
        server.actor.wait_past((ActorState.RUNNING,), LIMIT_S)
        assert server.report().state is ActorState.STOPPED

    assert time.monotonic() - begun < STOP_LIMIT_S
