"""The channel carries typed messages and descriptors, whole or in pieces, and ends on anything else."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import msgspec
import pytest

from engine.model.errors import ChannelError
from engine.model.messages import AskFrame, AskStatus, CaptureReply, CaptureRequest, Failed, FrameAnswer
from engine.process.channel import LENGTH, Channel, ChannelClosed

Pair = tuple[Channel[CaptureRequest, CaptureReply], Channel[CaptureReply, CaptureRequest]]


@pytest.fixture
def pair() -> Iterator[Pair]:
    left, right = socket.socketpair()
    front: Channel[CaptureRequest, CaptureReply] = Channel(left, CaptureReply)
    worker: Channel[CaptureReply, CaptureRequest] = Channel(right, CaptureRequest)
    yield front, worker
    front.close()
    worker.close()


@pytest.fixture
def raw() -> Iterator[tuple[socket.socket, Channel[CaptureReply, CaptureRequest]]]:
    left, right = socket.socketpair()
    worker: Channel[CaptureReply, CaptureRequest] = Channel(right, CaptureRequest, limit=1000)
    yield left, worker
    left.close()
    worker.close()


def framed(message: object) -> bytes:
    encoded = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(encoded)) + encoded


def test_a_message_arrives_as_it_was_sent_both_ways(pair: Pair) -> None:
    front, worker = pair
    front.send(AskFrame(7))
    assert worker.receive() == (AskFrame(7), [])
    worker.send(Failed("no such frame", 2))
    assert front.receive() == (Failed("no such frame", 2), [])


def test_messages_keep_their_order_and_borders(pair: Pair) -> None:
    front, worker = pair
    for number in range(100):
        front.send(AskFrame(number))
    assert [worker.receive()[0] for _ in range(100)] == [AskFrame(number) for number in range(100)]


def test_a_message_in_single_bytes_is_the_same_message(
    raw: tuple[socket.socket, Channel[CaptureReply, CaptureRequest]],
) -> None:
    wire, worker = raw
    pieces = framed(AskFrame(9)) + framed(AskStatus())

    def dribble() -> None:
        for position in range(len(pieces)):
            wire.send(pieces[position : position + 1])

    sender = threading.Thread(target=dribble)
    sender.start()
    assert worker.receive()[0] == AskFrame(9)
    assert worker.receive()[0] == AskStatus()
    sender.join()


def test_a_message_longer_than_the_socket_s_buffer_arrives_whole(pair: Pair) -> None:
    front, worker = pair
    frame = FrameAnswer(1, 2, 1, 3_000_000, os.urandom(3_000_000))
    sender = threading.Thread(target=worker.send, args=(frame,))
    sender.start()
    assert front.receive()[0] == frame
    sender.join()


def test_descriptors_come_with_their_message_and_not_with_the_next(pair: Pair) -> None:
    front, worker = pair
    reads, writes = os.pipe()
    front.send(AskFrame(1))
    front.send(AskFrame(2), [writes])
    front.send(AskFrame(3))
    os.close(writes)
    assert worker.receive() == (AskFrame(1), [])
    message, descriptors = worker.receive()
    assert message == AskFrame(2)
    os.write(descriptors[0], b"through")
    os.close(descriptors[0])
    assert os.read(reads, 100) == b"through"
    os.close(reads)
    assert worker.receive() == (AskFrame(3), [])


def test_the_end_is_told_as_the_end(pair: Pair) -> None:
    front, worker = pair
    front.close()
    with pytest.raises(ChannelClosed):
        worker.receive()
    with pytest.raises(ChannelClosed):
        worker.send(Failed("nobody hears this"))


def test_shutting_a_channel_wakes_the_thread_that_waits_in_it(pair: Pair) -> None:
    front, _ = pair
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(ChannelClosed):
            front.receive()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    front.shut()
    assert ended.wait(5)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (framed(Failed("a reply is no request")), "does not carry"),
        (LENGTH.pack(3) + b"\xc1\xc1\xc1", "does not carry"),
        (LENGTH.pack(0), "does not carry"),
        (LENGTH.pack(1001), "over the channel's limit"),
        (LENGTH.pack(0xFFFFFFFF), "over the channel's limit"),
    ],
)
def test_what_the_channel_does_not_carry_ends_it(
    raw: tuple[socket.socket, Channel[CaptureReply, CaptureRequest]], sent: bytes, sentence: str
) -> None:
    wire, worker = raw
    wire.sendall(sent)
    with pytest.raises(ChannelError, match=sentence):
        worker.receive()


def test_an_end_inside_a_message_is_the_end(raw: tuple[socket.socket, Channel[CaptureReply, CaptureRequest]]) -> None:
    wire, worker = raw
    wire.sendall(framed(AskFrame(1))[:-1])
    wire.close()
    with pytest.raises(ChannelClosed):
        worker.receive()


def test_silence_is_an_error_after_its_limit(pair: Pair) -> None:
    front, _ = pair
    with pytest.raises(ChannelError, match=r"within 0\.01 s"):
        front.receive(timeout_s=0.01)


def test_a_message_over_the_limit_is_not_sent(raw: tuple[socket.socket, Channel[CaptureReply, CaptureRequest]]) -> None:
    _, worker = raw
    with pytest.raises(ChannelError, match="over the channel's limit of 1000"):
        worker.send(Failed("x" * 2000))
