"""Conversations of real sockets, as Monitor tells them through a real launcher and worker while they happen."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from engine.model.flows import FlowSummary, LadderFold, LadderStep, StreamPiece
from engine.model.packets import CaptureOptions
from engine.model.tcp import SocketState, TcpFlags
from engine.monitor import Monitor

pytestmark = [pytest.mark.linux, pytest.mark.cap_net_raw]

LIMIT_S = 30.0
MEGABYTE = 1024 * 1024
TALK = b"".join(b"line %d\n" % number for number in range(2_000))
"""More than the headers' snap length, less than a window."""


def capture(monitor: Monitor, listener: socket.socket) -> None:
    monitor.set_capture(CaptureOptions(capture_filter=f"tcp port {listener.getsockname()[1]}"))


def until(enough: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not enough():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def found(monitor: Monitor, client: socket.socket) -> list[FlowSummary]:
    return monitor.find_flow(*client.getsockname(), *client.getpeername()).flows


def whole_stream(monitor: Monitor, stream: int) -> list[StreamPiece]:
    pieces: list[StreamPiece] = []
    after = 0
    while True:
        answer = monitor.stream(stream, after)
        pieces += answer.pieces
        if not answer.more:
            return pieces
        after = answer.last


def received(server: socket.socket) -> bytes:
    parts = []
    while part := server.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def test_a_conversation_is_told_while_it_happens(monitor: Monitor, listener: socket.socket) -> None:
    capture(monitor, listener)
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        until(lambda: bool(found(monitor, client)))
        (flow,) = found(monitor, client)
        stream = flow.stream
        assert (flow.first.port, flow.second.port) == (client.getsockname()[1], client.getpeername()[1])
        until(lambda: monitor.ladder((stream,), 0, 10).total == 3)
        opened = monitor.ladder((stream,), 0, 10)
        assert [(step.first_state, step.second_state) for step in opened.items if isinstance(step, LadderStep)] == [
            (SocketState.SYN_SENT, SocketState.LISTEN),
            (SocketState.ESTABLISHED, SocketState.SYN_RECEIVED),
            (SocketState.ESTABLISHED, SocketState.ESTABLISHED),
        ]
        monitor.follow_stream(stream)
        client.sendall(TALK)
        client.shutdown(socket.SHUT_WR)
        assert received(server) == TALK
        server.sendall(b"thank you")
        server.close()
        assert received(client) == b"thank you"  # what is closed unread is answered with a reset
    until(lambda: found_again(monitor, stream).over)
    pieces = whole_stream(monitor, stream)
    assert b"".join(piece.data for piece in pieces if piece.forward) == TALK
    assert b"".join(piece.data for piece in pieces if not piece.forward) == b"thank you"
    assert not any(piece.missing for piece in pieces)
    closed = monitor.ladder((stream,), 0, 1_000)
    last = closed.items[-1]
    assert isinstance(last, LadderStep)
    assert SocketState.TIME_WAIT in (last.first_state, last.second_state)
    assert sum(1 for step in closed.items if isinstance(step, LadderStep) and step.flags & TcpFlags.FIN) == 2
    assert [flow.stream for flow in monitor.flows(0, 10).flows] == [stream]


def found_again(monitor: Monitor, stream: int) -> FlowSummary:
    return next(flow for flow in monitor.flows(0, 100).flows if flow.stream == stream)


def test_a_bulk_transfer_is_folded_and_its_bytes_are_all_accounted_for(
    monitor: Monitor, listener: socket.socket
) -> None:
    capture(monitor, listener)
    size = 20 * MEGABYTE
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        sent = got = 0
        server.setblocking(False)
        while got < size:
            if sent < size:
                sent += client.send(bytes(min(65_536, size - sent)))
            try:
                got += len(server.recv(1 << 20))
            except BlockingIOError:
                assert sent
        client.close()
    until(lambda: any(flow.over for flow in monitor.flows(0, 1).flows))
    answer = monitor.ladder((0,), 0, 1_000)
    folds = [item for item in answer.items if isinstance(item, LadderFold)]
    shown = sum(step.length for step in answer.items if isinstance(step, LadderStep) and step.forward)
    assert folds
    assert sum(fold.forward_bytes for fold in folds) + shown == answer.flows[0].first.payload_bytes >= size
    opened = monitor.ladder((0,), 0, 1_000, unfolded=(folds[0].first_number,))
    assert opened.total == answer.total - 1 + folds[0].segments + folds[0].acks


def test_what_the_headers_alone_do_not_hold_is_told_as_missing(monitor: Monitor, listener: socket.socket) -> None:
    capture(monitor, listener)
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
        client.sendall(TALK)
        client.shutdown(socket.SHUT_WR)
        assert received(server) == TALK
    until(lambda: bool(monitor.flows(0, 1).flows) and monitor.flows(0, 1).flows[0].over)
    pieces = whole_stream(monitor, 0)
    kept = b"".join(piece.data for piece in pieces)
    assert TALK.startswith(kept[:100])
    assert len(kept) < len(TALK) == len(kept) + sum(piece.missing for piece in pieces)
    assert sum(piece.cut for piece in pieces) == len(TALK) - len(kept)
