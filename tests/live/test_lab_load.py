"""The lab under load: a hundred thousand messages through each echo, by their hash or counted one by one.

A stream keeps no bounds of messages: what one send() gave or several did arrives as the same bytes, so over TCP and
Unix sockets they are written at once and come back as one stream.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from engine.lab.servers.udp import drops_of
from engine.lab.tls import TlsPipe, client_context
from tests.lab_rig import LIMIT_S, Running, until

pytestmark = pytest.mark.linux

STYLES = (
    "echo-server",
    "echo-threads",
    "echo-select",
    "echo-asyncio",
    "echo-socketserver",
    pytest.param("dual-stack-server", marks=pytest.mark.ipv6),
)
BLOCKING_STYLES = ("echo-iterative", "forked-server")

MESSAGES = 100_000
"""Through each style, 16 bytes each, without a byte changed."""

MESSAGE_BYTES = 16

IN_FLIGHT = 50
"""Datagrams: a receive buffer of 208 KiB, the default, held 256 of that size unread."""

PATIENCE_S = 0.02
"""Silence after which a datagram may be lost: then the kernel is asked."""

RECORDS_IN_FLIGHT = 1_000
"""38 KB of TLS records: they fit into the buffers of both sides."""

TLS_RECORD_HEADER = 5
"""RFC 8446, section 5.1."""


@pytest.mark.parametrize("kind", [*STYLES, *BLOCKING_STYLES])
def test_a_hundred_thousand_messages_come_back_without_a_byte_changed(kind: str) -> None:
    payload = b"".join(b"%016d" % number for number in range(MESSAGES))
    with (
        Running(kind, port=0, recv_size=65_536) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        assert echoed(client, payload) == hashlib.sha256(payload).digest()


def echoed(client: socket.socket, payload: bytes) -> bytes:
    """The hash of what comes back while the payload is sent."""
    writer = threading.Thread(target=client.sendall, args=(payload,))
    writer.start()
    back = hashlib.sha256()
    left = len(payload)
    while left:
        data = client.recv(65_536)
        assert data, "the server closed"
        back.update(data)
        left -= len(data)
    writer.join()
    return back.digest()


def test_a_hundred_thousand_messages_over_a_unix_socket() -> None:
    payload = b"".join(b"%016d" % number for number in range(MESSAGES))
    with (
        Running("unix-echo", path="@sockmon-test-load", recv_size=65_536) as server,
        socket.socket(socket.AF_UNIX) as client,
    ):
        until(lambda: server.report().local)
        client.settimeout(LIMIT_S)
        client.connect("\0sockmon-test-load")
        assert echoed(client, payload) == hashlib.sha256(payload).digest()


def test_a_hundred_thousand_messages_over_tls() -> None:
    """Each is a record of its own, sealed and opened by itself."""
    sent, back = hashlib.sha256(), hashlib.sha256()
    with (
        Running("tls-echo", port=0, recv_size=65_536) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        pipe = TlsPipe(client_context(), server=False)
        pipe.start()
        client.sendall(pipe.outgoing())
        while not pipe.established:
            pipe.received(client.recv(65_536))
            client.sendall(pipe.outgoing())
        for first in range(0, MESSAGES, RECORDS_IN_FLIGHT):
            for number in range(first, first + RECORDS_IN_FLIGHT):
                message = b"%016d" % number
                pipe.send(message)
                sent.update(message)
            records = pipe.outgoing()
            assert len(records) > RECORDS_IN_FLIGHT * (MESSAGE_BYTES + TLS_RECORD_HEADER)
            client.sendall(records)
            left = RECORDS_IN_FLIGHT * MESSAGE_BYTES
            while left:
                plain = pipe.received(client.recv(65_536))
                back.update(plain)
                left -= len(plain)

    assert back.digest() == sent.digest()


def test_a_hundred_thousand_framed_messages_in_one_stream() -> None:
    """Pipelined: the answers are read while later messages are on their way."""
    payload = b"".join(b"%015d\n" % number for number in range(MESSAGES))
    with (
        Running("message-server", port=0, framing="delimiter", recv_size=65_536) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        assert echoed(client, payload) == hashlib.sha256(payload).digest()
        assert server.report().messages == MESSAGES


class Datagrams(NamedTuple):
    """What became of datagrams: how many came back as they were, how many as something else or twice, how many not."""

    back: int
    changed: int
    lost: int


def datagrams_echoed(client: socket.socket, count: int, in_flight: int, dropped: Callable[[], int]) -> Datagrams:
    """Send numbered datagrams, so many at a time, until each is back or the kernel says that it dropped it."""
    client.settimeout(PATIENCE_S)
    missing: set[bytes] = set()
    back = changed = 0
    end = time.monotonic() + LIMIT_S
    for first in range(0, count, in_flight):
        sent = [b"%016d" % number for number in range(first, min(first + in_flight, count))]
        missing.update(sent)
        for datagram in sent:
            client.send(datagram)
        while missing:
            try:
                datagram = client.recv(64)
            except TimeoutError:
                if len(missing) == dropped() or time.monotonic() > end:
                    break
                continue
            if datagram in missing:
                missing.remove(datagram)
                back += 1
            else:
                changed += 1
    return Datagrams(back, changed, len(missing))


@contextmanager
def udp_echo(**knobs: int) -> Iterator[tuple[Running, socket.socket, Callable[[], int]]]:
    """An echo, a socket towards it, and how many datagrams the kernel dropped for want of room at both."""
    with Running("udp-echo", port=0, **knobs) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", server.port))
        yield server, client, lambda: drops_of(server.actor.log.held()[0]) + drops_of(client)


def test_a_hundred_thousand_datagrams_come_back_as_they_were() -> None:
    """So few in flight that every buffer has room for them; one that got lost all the same would be counted."""
    with udp_echo() as (server, client, dropped):
        told = datagrams_echoed(client, MESSAGES, IN_FLIGHT, dropped)

        assert (told, dropped()) == (Datagrams(MESSAGES, changed=0, lost=0), 0)
        assert server.report().messages == MESSAGES


def test_datagrams_lost_to_a_full_buffer_are_as_many_as_the_kernel_says() -> None:
    with udp_echo(rcvbuf=4_096) as (server, client, dropped):
        told = datagrams_echoed(client, 2_000, 500, dropped)

        assert told.lost > 0
        assert told == Datagrams(2_000 - told.lost, changed=0, lost=dropped())
        assert told.back <= server.report().messages < 2_000
