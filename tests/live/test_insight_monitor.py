"""Verdicts that need the programs' own calls or the wire, through a real Monitor with its workers and actors."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.insight.pipeline import pipeline_in
from engine.lab.catalogue import actor_kind
from engine.lab.knobs import set_knobs
from engine.model.lab import ActorCommand, ActorSpec, ActorState
from engine.model.packets import CaptureOptions
from engine.model.pipeline import Pipeline
from engine.model.snapshot import ActorView, Snapshot
from engine.model.tcp import SocketState
from engine.model.verdicts import Certainty, Verdict
from engine.monitor import Monitor
from tests.live.insight_rig import key_of, server_below_the_ephemeral_ports

pytestmark = pytest.mark.linux

LIMIT_S = 30.0
LOOK_S = 0.25
HOST = "127.0.0.1"
LINGER_RST = struct.pack("ii", 1, 0)


def start(monitor: Monitor, kind: str, **knobs: Any) -> ActorView:
    return monitor.start_actor(ActorSpec(kind, set_knobs(actor_kind(kind).default_knobs(), knobs)))


def port_of(view: ActorView) -> int:
    return int(view.report.local.rpartition(":")[2])


def capture(monitor: Monitor, port: int) -> None:
    monitor.set_capture(CaptureOptions(capture_filter=f"tcp port {port}"))


def until(monitor: Monitor, find: Callable[[Snapshot], Any], what: str) -> Any:
    """Refresh until there is something to find."""
    end = time.monotonic() + LIMIT_S
    while True:
        snapshot = monitor.refresh()
        found = find(snapshot)
        if found:
            return found
        assert time.monotonic() < end, (
            f"not within {LIMIT_S} s: {what}; said was {[one.rule for one in snapshot.verdicts]}"
        )
        time.sleep(LOOK_S)


def said(monitor: Monitor, rule: str, whose: str) -> Verdict:
    """The verdict of a rule on an actor, once it is given."""

    def find(snapshot: Snapshot) -> Verdict | None:
        theirs = (one for one in snapshot.verdicts if one.rule == rule and one.sentence.startswith(f"{whose} ("))
        return next(theirs, None)

    found = until(monitor, find, f"{rule} of {whose}")
    assert isinstance(found, Verdict)
    return found


def about(monitor: Monitor, key: int, rule: str, stream: int = -1) -> Verdict:
    """The verdict of a rule on a socket that is asked about, once it is given."""
    found = until(
        monitor,
        lambda _: next((one for one in monitor.verdicts(key, stream) if one.rule == rule), None),
        f"{rule} of {key}",
    )
    assert isinstance(found, Verdict)
    return found


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens and that the kernel keeps from others, bound as it is."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield taken.getsockname()[1]


def test_a_program_that_was_refused_says_so_itself(monitor: Monitor, closed_port: int) -> None:
    start(monitor, "connect-client", host=HOST, port=closed_port)
    found = said(monitor, "refused", "connect-client")
    assert found.certainty is Certainty.CERTAIN
    assert f"nobody listens on {HOST}:{closed_port}" in found.sentence


def test_a_program_that_was_reset_says_so_itself(monitor: Monitor) -> None:
    server = start(monitor, "reset-on-close", port=0)
    start(monitor, "echo-client", host=HOST, port=port_of(server))
    found = said(monitor, "reset", "echo-client")
    assert "ECONNRESET" in found.sentence


def test_a_program_that_reads_the_end_for_ever_and_one_that_reads_it_once(monitor: Monitor) -> None:
    spinning, healthy = start(monitor, "eof-ignorer", port=0), start(monitor, "echo-iterative", port=0)
    for view in (spinning, healthy):
        socket.create_connection((HOST, port_of(view))).close()
    found = said(monitor, "eof-spin", "eof-ignorer")
    assert "reads b'' again and again" in found.sentence
    assert not [one for one in monitor.refresh().verdicts if "echo-iterative" in one.sentence]


def test_two_programs_that_both_wait_in_recv(monitor: Monitor) -> None:
    server = start(monitor, "echo-iterative", port=0)
    client = start(monitor, "client-by-hand", host=HOST, port=port_of(server))
    monitor.command_actor(client.number, ActorCommand.CONNECT)

    def connected(snapshot: Snapshot) -> int:
        rows = (entry for entry in snapshot.entries if entry.peer_port == port_of(server))
        return next((entry.key for entry in rows if entry.state is SocketState.ESTABLISHED), 0)

    key = until(monitor, connected, "the connection")
    assert all(one.certainty is not Certainty.CERTAIN for one in monitor.verdicts(key) if one.rule == "queues-empty")
    monitor.command_actor(client.number, ActorCommand.RECV)
    found = about(monitor, key, "queues-empty")
    until(monitor, lambda _: about(monitor, key, "queues-empty").certainty is Certainty.CERTAIN, "both waiting")
    assert key in found.keys


def test_a_program_without_a_free_port(monitor: Monitor, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    client = start(monitor, "many-clients", host=HOST, port=port, connections=4, port_range="40000-40001", hold_s=None)
    if "IP_LOCAL_PORT_RANGE" in client.report.error:
        pytest.skip(client.report.error)
    found = said(monitor, "ports-exhausted", "many-clients")
    assert "EADDRNOTAVAIL" in found.sentence


def test_a_server_that_meets_its_own_past(monitor: Monitor) -> None:
    with server_below_the_ephemeral_ports(again=False) as earlier:
        port = earlier.getsockname()[1]
        with socket.create_connection((HOST, port)) as client:
            accepted, _ = earlier.accept()
            accepted.close()  # first, so that TIME-WAIT stays with the server
            client.recv(1)
    monitor.refresh()
    start(monitor, "echo-server", host=HOST, port=port, reuseaddr=False)
    found = said(monitor, "time-wait-reuse", "echo-server")
    assert "nobody listens there, but 1 connection of an earlier server is in TIME-WAIT" in found.sentence


def stream_of(monitor: Monitor, sock: socket.socket, peer: socket.socket) -> int:
    ends = (*sock.getsockname(), *peer.getsockname())
    until(monitor, lambda _: bool(monitor.find_flow(*ends).flows), "the conversation")
    return monitor.find_flow(*ends).flows[-1].stream


@pytest.mark.cap_net_raw
@pytest.mark.parametrize("half_closed", [False, True])
def test_the_wire_says_who_reset_in_which_state(monitor: Monitor, listener: socket.socket, half_closed: bool) -> None:
    capture(monitor, listener.getsockname()[1])
    with socket.create_connection(listener.getsockname()) as client:
        server, _ = listener.accept()
        stream = stream_of(monitor, client, server)
        if half_closed:
            client.shutdown(socket.SHUT_WR)
            assert server.recv(1) == b""
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RST)
        server.close()
        found = about(monitor, 0, "reset", stream)
    own, other = ("CLOSE-WAIT", "FIN-WAIT") if half_closed else ("ESTABLISHED", "ESTABLISHED")
    port = listener.getsockname()[1]
    assert found.sentence.startswith(f"{HOST}:{port} reset the connection in {own}, while {HOST}:")
    assert f"was in {other}" in found.sentence


@pytest.mark.cap_net_raw
def test_the_wire_says_that_a_syn_was_refused(monitor: Monitor, closed_port: int) -> None:
    capture(monitor, closed_port)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, closed_port))
    until(monitor, lambda _: bool(monitor.flows(-1, 1).flows), "the conversation")
    found = about(monitor, 0, "refused", monitor.flows(-1, 1).flows[0].stream)
    assert found.sentence.startswith(f"{HOST}:{closed_port} refused {HOST}:")


@pytest.mark.cap_net_raw
def test_an_orderly_close_has_no_finding(monitor: Monitor, listener: socket.socket) -> None:
    capture(monitor, listener.getsockname()[1])
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        stream = stream_of(monitor, client, server)
        client.sendall(b"hello")
        assert server.recv(5) == b"hello"
    until(monitor, lambda _: monitor.flows(0, 1).flows[0].over, "the end of the conversation")
    assert monitor.verdicts(0, stream) == ()


@pytest.mark.owners
def test_the_bytes_of_a_flood_at_rest_add_up_with_what_the_programs_count(monitor: Monitor) -> None:
    sink = start(monitor, "sink", port=0)
    flood = start(monitor, "flood-client", host=HOST, port=port_of(sink), sndbuf=65_536)
    seen: list[Pipeline | None] = [None]

    def at_rest(snapshot: Snapshot) -> Pipeline | None:
        report = next(view.report for view in snapshot.actors if view.number == flood.number)
        if report.state is not ActorState.STALLED or not report.sockets:
            return None
        seen[0] = pipeline_in(snapshot, report.sockets[0].cookie, seen[0])
        return seen[0] if seen[0] is not None and seen[0].at_rest else None

    found = until(monitor, at_rest, "rest")
    assert isinstance(found, Pipeline)
    assert [(one.name, one.holds) for one in found.forward.equations] == [
        (name, True) for name in ("sender", "receiver", "between", "program", "at rest")
    ]
    assert found.forward.sender.startswith("flood-client (")
    assert found.forward.receiver.startswith("sink (")
    assert found.programs_apart_ns is not None
    assert about(monitor, found.forward.receiver_key, "receiver-stalled").keys[1] == found.forward.sender_key


def test_what_holds_is_asked_of_a_real_socket_by_its_cookie(monitor: Monitor, listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0]:
        found = about(monitor, key_of(client), "queues-empty")
        assert found.certainty is Certainty.POSSIBLE
