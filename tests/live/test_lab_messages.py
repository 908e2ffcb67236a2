"""Message servers and clients: every framing over real sockets, in pieces, together, and broken."""

from __future__ import annotations

import os
import socket

import pytest

from engine.lab.messages.framing import Message, framing_of
from engine.model.lab import ActorState, Knobs
from tests.lab_rig import LIMIT_S, Running, run_to_end, until

pytestmark = pytest.mark.linux

FRAMINGS = ("fixed", "delimiter", "length-prefix", "ascii-length", "close")
EACH = pytest.mark.parametrize("framing", FRAMINGS)
STREAMED = pytest.mark.parametrize("framing", FRAMINGS[:-1])


def receive(client: socket.socket, framing: str, count: int) -> list[bytes]:
    """So many messages."""
    reader = framing_of(Knobs(framing=framing))
    messages: list[Message] = []
    while len(messages) < count:
        data = client.recv(65_536)
        assert data, "the server closed too early"
        messages += reader.feed(data)
    return [message.body for message in messages]


@EACH
def test_our_client_and_our_server_understand_each_other(framing: str) -> None:
    with Running("message-server", port=0, framing=framing) as server:
        report = run_to_end("message-client", port=server.port, framing=framing, repeat=5, text="Grüße")

        assert report.state is ActorState.DONE, report.error
        assert report.reply == "Grüße"
        assert report.messages == server.report().messages == (1 if framing == "close" else 5)


@STREAMED
def test_three_messages_in_one_send_are_three_answers(framing: str) -> None:
    encode = framing_of(Knobs(framing=framing)).encode
    with (
        Running("message-server", port=0, framing=framing) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        client.sendall(b"".join(encode(b"message %d" % number) for number in range(3)))

        assert receive(client, framing, 3) == [b"message 0", b"message 1", b"message 2"]


@STREAMED
def test_a_message_in_single_bytes_is_one_answer(framing: str) -> None:
    encoded = framing_of(Knobs(framing=framing)).encode(b"slowly")
    with (
        Running("message-server", port=0, framing=framing) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in encoded:
            client.sendall(bytes((byte,)))

        assert receive(client, framing, 1) == [b"slowly"]


@pytest.mark.parametrize("framing", ["length-prefix", "ascii-length"])
def test_a_megabyte_of_garbage_is_a_clear_event_and_the_next_client_is_served(framing: str) -> None:
    with Running("message-server", port=0, framing=framing) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client:
            try:
                client.sendall(b"\xff" * 2 + os.urandom(1_000_000))
                while client.recv(65_536):
                    pass
            except ConnectionError:
                pass  # it closed with our bytes unread, which sends RST
        until(lambda: any(f"broke the {framing} framing" in note for note in server.report().notes))

        assert "at byte" in server.report().notes[0]
        assert run_to_end("message-client", port=server.port, framing=framing).reply == "Hello, world"


@STREAMED
def test_a_client_that_leaves_inside_a_message_is_noted(framing: str) -> None:
    encoded = framing_of(Knobs(framing=framing)).encode(b"Hello")
    with Running("message-server", port=0, framing=framing) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(encoded[:-1])
        until(lambda: any("broke the" in note for note in server.report().notes))


def test_a_client_tells_a_server_that_breaks_the_framing() -> None:
    with Running("echo-server", port=0) as server:
        report = run_to_end("message-client", port=server.port, framing="ascii-length")
        assert report.state is ActorState.DONE

    with Running("chargen", port=0) as server:
        report = run_to_end("message-client", port=server.port, framing="ascii-length")

    assert report.state is ActorState.FAILED
    assert "where a digit of the length is" in report.error


def test_until_close_carries_a_megabyte() -> None:
    with Running("message-server", port=0, framing="close", recv_size=65_536) as server:
        report = run_to_end("message-client", port=server.port, framing="close", size=1_000_000, recv_size=65_536)

    assert report.state is ActorState.DONE, report.error
    assert report.received == 1_000_000
