"""Sockets that close, as the kernel tells it."""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.model.messages import SocketsOptions
from engine.model.tcp_info import tcp_info_field
from engine.sockets.closing import carried
from engine.sockets.events import DestroyEvents
from engine.sockets.service import SocketsService
from tests.live.sockets_rig import HOST, LIMIT_S, Asking

pytestmark = pytest.mark.linux

CONNECTIONS = 2000
PAYLOAD = b"x" * 100


@pytest.fixture
def asking() -> Iterator[Asking]:
    with closing(SocketsService()) as service:
        yield Asking(service)


def test_a_connection_that_the_table_had_shown_closes_with_its_owner_and_bytes(asking: Asking) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        asking.ask()
        client.sendall(PAYLOAD)
        assert accepted.recv(999) == PAYLOAD
        client.close()
        accepted.close()
        asking.until(lambda: len(asking.closed_on(port)) >= 2, "both ends closed")
    for closed in asking.closed_on(port):
        assert closed.by_event
        assert (closed.tier, closed.entry.owners[0].pid) == ("polled", os.getpid())
    assert sorted(tcp_info_field(each.entry.tcp_info, "bytes_sent") or 0 for each in asking.closed_on(port)) == [0, 100]


def test_a_connection_that_lived_between_two_refreshes_is_in_the_history(asking: Asking) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        asking.ask()
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        client.sendall(PAYLOAD)
        client.close()
        accepted.close()
        asking.until(lambda: len(asking.closed_on(port)) >= 2, "both ends closed")
    tiers = {each.entry.local_port == port: each.tier for each in asking.closed_on(port)}
    assert tiers == {True: "listener", False: ""}


def test_a_reset_keeps_the_last_known_counts(asking: Asking) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(server.getsockname())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(PAYLOAD)
        ours = client.getsockname()[1]
        asking.until(lambda: any(carried(row.tcp_info) >= 100 for row in asking.on(ours)), "the bytes were seen")
        client.close()
        asking.until(lambda: bool(asking.closed_on(ours)), "the client closed")
    (closed,) = [each for each in asking.closed_on(port) if each.entry.local_port == ours]
    assert carried(closed.entry.tcp_info) == 100
    assert closed.entry.peer_port == port


@pytest.mark.parametrize("source", ["netlink", "proc", "psutil"])
def test_each_end_is_reported_once_whatever_the_source(source: str) -> None:
    with closing(SocketsService()) as service, socket.create_server((HOST, 0)) as server:
        asking = Asking(service, SocketsOptions(source=source, families=("tcp",)))
        port = server.getsockname()[1]
        pairs = []
        for _ in range(5):
            client = socket.create_connection(server.getsockname())
            pairs.append((client, server.accept()[0]))
        asking.ask()
        for client, accepted in pairs:
            client.close()
            accepted.close()
        asking.until(lambda: len(asking.closed_on(port)) >= 10, "ten ends closed")
        for _ in range(3):
            asking.ask()
        assert len(asking.closed_on(port)) == 10


def test_two_thousand_short_connections_are_all_in_the_history_with_their_bytes(asking: Asking) -> None:
    """Nothing is lost while the table refreshes, also for an ordinary user when the socket is read in between."""
    with socket.create_server((HOST, 0), backlog=256) as server:
        port = server.getsockname()[1]
        done = threading.Event()

        def serve() -> None:
            for _ in range(CONNECTIONS):
                accepted, _ = server.accept()
                with accepted:
                    while accepted.recv(999):
                        pass

        def connect() -> None:
            for _ in range(CONNECTIONS):
                with socket.create_connection(server.getsockname()) as client:
                    client.sendall(PAYLOAD)
            done.set()

        threads = [threading.Thread(target=serve), threading.Thread(target=connect)]
        for thread in threads:
            thread.start()
        while not done.is_set():
            # As the host of the service does: between two questions it waits for the events.
            for _ in range(10):
                if select.select(asking.service.watch(), [], [], 0.01)[0]:
                    asking.service.readable(asking.service.watch()[0])
            asking.ask()
        for thread in threads:
            thread.join()
        asking.until(lambda: len(asking.closed_on(port)) >= 2 * CONNECTIONS, "all ends closed")
    assert asking.answer.counters.events_lost == 0
    sent = [tcp_info_field(each.entry.tcp_info, "bytes_sent") for each in asking.closed_on(port)]
    assert sent.count(len(PAYLOAD)) == CONNECTIONS
    assert len(sent) == 2 * CONNECTIONS


def test_what_the_kernel_drops_for_want_of_buffer_is_counted() -> None:
    """Nobody reads until the small buffer overflows; what follows is heard again."""
    with closing(DestroyEvents()) as events, socket.create_server((HOST, 0)) as server:
        events.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end = time.monotonic() + LIMIT_S
        while events.lost() == 0 and time.monotonic() < end:
            with socket.create_connection(server.getsockname()):
                server.accept()[0].close()
        assert events.lost() > 0
        while not events.received and time.monotonic() < end:
            events.drain()
        assert events.received > 0


def test_what_was_lost_is_told_with_its_cure_and_the_table_goes_on(asking: Asking) -> None:
    (descriptor, *_) = asking.service.watch()
    with socket.socket(fileno=os.dup(descriptor)) as events:
        events.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with socket.create_server((HOST, 0)) as server:
        for _ in range(50):
            with socket.create_connection(server.getsockname()):
                server.accept()[0].close()
        asking.until(lambda: asking.answer.counters.events_lost > 0, "the kernel dropped events")
        (told,) = [each for each in asking.answer.degradations if each.code == "EVENTS_LOST"]
        assert told.sentence.startswith(f"{asking.answer.counters.events_lost} sockets closed unseen")
        assert "rmem_max" in told.cure
        with socket.create_connection(server.getsockname()) as client:
            asking.ask()
            assert len(asking.on(client.getsockname()[1])) == 2
