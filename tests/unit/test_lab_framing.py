"""engine.lab.messages.framing: where a message ends, whatever pieces the stream comes in."""

from __future__ import annotations

import json
import struct

import pytest

from engine.lab.messages.framing import (
    MESSAGE_MAX,
    AsciiLength,
    Delimited,
    FixedLength,
    Framing,
    LengthPrefix,
    Message,
    UntilClose,
    framing_of,
)
from engine.model.errors import BadInput, MalformedMessage
from engine.model.lab import Knobs

NAMES = ("fixed", "delimiter", "length-prefix", "ascii-length")
EACH = pytest.mark.parametrize("name", NAMES)


def made(name: str) -> Framing:
    return framing_of(Knobs(framing=name, message_size=16))


def bodies(messages: list[Message]) -> list[bytes]:
    return [message.body for message in messages]


def prefixed(header: object, body: bytes = b"") -> bytes:
    raw = json.dumps(header).encode()
    return struct.pack("!H", len(raw)) + raw + body


@EACH
def test_two_messages_in_one_piece_are_two(name: str) -> None:
    framing = made(name)
    stream = framing.encode(b"Hello") + framing.encode(b"world")

    assert bodies(list(framing.feed(stream))) == [b"Hello", b"world"]


@EACH
def test_a_message_cut_at_every_byte_is_one(name: str) -> None:
    stream = made(name).encode(b"Hello")
    for cut in range(len(stream) + 1):
        framing = made(name)
        messages = [*framing.feed(stream[:cut]), *framing.feed(stream[cut:])]

        assert bodies(messages) == [b"Hello"]


@EACH
def test_bytes_that_come_one_at_a_time_make_the_same_messages(name: str) -> None:
    framing = made(name)
    stream = framing.encode(b"Hello") + framing.encode(b"") + framing.encode(b"world")
    messages = [message for byte in stream for message in framing.feed(bytes((byte,)))]

    assert bodies(messages) == [b"Hello", b"", b"world"]


@EACH
def test_what_is_left_over_waits_for_the_next(name: str) -> None:
    framing = made(name)
    second = framing.encode(b"world")
    first = list(framing.feed(framing.encode(b"Hello") + second[:3]))

    assert bodies(first) == [b"Hello"]
    assert bodies(list(framing.feed(second[3:]))) == [b"world"]
    assert framing.end() == []


@EACH
def test_a_stream_that_ends_inside_a_message_is_malformed_at_every_byte(name: str) -> None:
    stream = made(name).encode(b"Hello")
    for cut in range(1, len(stream)):
        framing = made(name)
        list(framing.feed(stream[:cut]))

        with pytest.raises(MalformedMessage):
            framing.end()


def test_until_close_is_one_message_at_the_end() -> None:
    framing = UntilClose()

    assert list(framing.feed(b"Hello, ")) == []
    assert list(framing.feed(b"world")) == []
    assert bodies(framing.end()) == [b"Hello, world"]


def test_the_length_prefix_carries_its_header() -> None:
    framing = LengthPrefix("big")
    (message,) = framing.feed(framing.encode("Grüße".encode()))

    assert message.body.decode() == "Grüße"
    assert message.header == {
        "byteorder": "big",
        "content-type": "text/plain",
        "content-encoding": "utf-8",
        "content-length": 7,
    }


def test_the_header_length_is_big_endian_in_two_bytes() -> None:
    encoded = LengthPrefix().encode(b"x")

    assert int.from_bytes(encoded[:2], "big") == len(encoded) - 3


def test_the_five_digits_may_come_in_two_pieces() -> None:
    framing = AsciiLength()

    assert list(framing.feed(b"000")) == []
    assert bodies(list(framing.feed(b"05Hello00"))) == [b"Hello"]


@pytest.mark.parametrize(
    ("framing", "stream", "sentence"),
    [
        (AsciiLength(), b"00x05Hello", "b'x' where a digit of the length is at byte 2"),
        (AsciiLength(), b"GET / HTTP/1.0", "b'G' where a digit of the length is at byte 0"),
        (LengthPrefix(), struct.pack("!H", 4) + b"{]xx", "a header that is no JSON at byte 2"),
        (LengthPrefix(), struct.pack("!H", 2) + b"\xff\xff", "a header that is no JSON at byte 2"),
        (LengthPrefix(), prefixed([1]), "a header without byteorder, content-type"),
        (LengthPrefix(), prefixed({"byteorder": "big"}), "a header without content-type"),
        (
            LengthPrefix(),
            prefixed({"byteorder": "", "content-type": "", "content-encoding": "", "content-length": -1}),
            f"a content-length that is not 0 to {MESSAGE_MAX}",
        ),
        (
            LengthPrefix(),
            prefixed({"byteorder": "", "content-type": "", "content-encoding": "", "content-length": True}),
            "a content-length that is not",
        ),
    ],
)
def test_what_breaks_the_framing_is_named_with_its_byte(framing: Framing, stream: bytes, sentence: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        list(framing.feed(stream))

    assert sentence in str(caught.value)


def test_messages_before_the_fault_are_given_before_it() -> None:
    framing = AsciiLength()
    messages = framing.feed(b"00002okGARBAGE")

    assert next(messages).body == b"ok"
    with pytest.raises(MalformedMessage, match="at byte 7"):
        next(messages)


def test_a_mark_cut_in_two_is_found() -> None:
    framing = Delimited(b"\r\n")

    assert list(framing.feed(b"Hello\r")) == []
    assert bodies(list(framing.feed(b"\nworld\r\n"))) == [b"Hello", b"world"]


def test_a_message_without_end_is_given_up() -> None:
    framing = Delimited(b"\n")
    for _ in range(MESSAGE_MAX // 2**20):
        assert list(framing.feed(b"x" * 2**20)) == []

    with pytest.raises(MalformedMessage, match="a message of more than"):
        list(framing.feed(b"x" * 2**20))


@pytest.mark.parametrize(
    ("framing", "body"),
    [(FixedLength(4), b"12345"), (Delimited(b"\n"), b"a\nb"), (AsciiLength(), bytes(100_000))],
)
def test_what_a_framing_cannot_carry_is_refused(framing: Framing, body: bytes) -> None:
    with pytest.raises(BadInput):
        framing.encode(body)


def test_a_delimiter_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="an empty delimiter"):
        framing_of(Knobs(framing="delimiter", delimiter=""))
