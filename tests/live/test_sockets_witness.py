"""Owners of connections that lived for a millisecond: by their SYN, and by the kernel's tracepoint."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.model.errors import BadInput, NetlinkError
from engine.model.messages import AskSockets
from engine.sockets.perf_open import open_state_trace
from engine.sockets.service import SocketsService
from tests.live.sockets_clients import LOADED_S, LOOKED_UP_LEAST, run_clients
from tests.live.sockets_rig import Asking

pytestmark = pytest.mark.linux

CONNECTIONS = 60


@pytest.fixture
def service() -> Iterator[SocketsService]:
    with closing(SocketsService()) as made:
        yield made


def trace() -> list[int]:
    try:
        return open_state_trace()
    except NetlinkError as error:
        pytest.skip(f"no tracepoint: {error}")


def packet_socket() -> int:
    try:
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).detach()
    except PermissionError:
        pytest.skip("needs CAP_NET_RAW")


def test_the_tracepoint_names_the_process_of_every_connection(service: SocketsService) -> None:
    asking = Asking(service)
    descriptors = trace()
    service.answer(AskSockets(carries=("trace",) * len(descriptors)), descriptors)
    port, pid = run_clients(asking, CONNECTIONS)
    clients = [each for each in asking.closed_on(port) if each.entry.peer_port == port]
    servers = [each for each in asking.closed_on(port) if each.entry.local_port == port]
    right = [each for each in clients if [owner.pid for owner in each.entry.owners] == [pid]]
    assert len(right) >= 0.99 * CONNECTIONS
    assert {each.tier for each in right} == {"traced"}
    assert {each.entry.owners[0].name for each in right} <= {"python", "python3"}
    assert all(os.getpid() in [owner.pid for owner in each.entry.owners] for each in servers)


def test_a_syn_leads_to_the_process_while_it_lives(service: SocketsService) -> None:
    asking = Asking(service)
    service.answer(AskSockets(carries=("syn",)), [packet_socket()])
    port, pid = run_clients(asking, CONNECTIONS, LOADED_S)
    clients = [each for each in asking.closed_on(port) if each.entry.peer_port == port]
    right = [each for each in clients if [owner.pid for owner in each.entry.owners] == [pid]]
    assert len(right) >= LOOKED_UP_LEAST * CONNECTIONS
    assert {each.tier for each in right} == {"lookup"}


def test_descriptors_that_are_not_what_was_said_are_refused_and_closed(service: SocketsService) -> None:
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(BadInput):
        service.answer(AskSockets(carries=("hammer",)), [ours.detach()])
    with theirs, pytest.raises(OSError):
        theirs.getpeername()


@pytest.mark.parametrize(("kind", "code"), [("trace", "NO_STATE_TRACE"), ("syn", "NO_SYN_TAP")])
def test_a_descriptor_that_is_of_no_use_is_told_and_closed(service: SocketsService, kind: str, code: str) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        answer = service.answer(AskSockets(carries=(kind,)), [ours.detach()])
        assert code in [degradation.code for degradation in answer.degradations]
        assert theirs.recv(1) == b""


def test_a_packet_socket_stands_in_where_the_tracepoint_s_rings_cannot_be_mapped(service: SocketsService) -> None:
    ours, theirs = socket.socketpair()
    asking = Asking(service)
    with theirs:
        service.answer(AskSockets(carries=("trace", "syn")), [ours.detach(), packet_socket()])
    port, _ = run_clients(asking, CONNECTIONS, LOADED_S)
    assert "lookup" in {each.tier for each in asking.closed_on(port)}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may trace")
def test_an_ordinary_user_is_told_what_tracing_needs() -> None:
    with pytest.raises(NetlinkError) as caught:
        open_state_trace()
    assert "CAP_PERFMON" in str(caught.value)
