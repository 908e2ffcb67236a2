"""engine.lab.messages.framing: any messages in any pieces come back, and any bytes either parse or are malformed."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from engine.lab.messages.framing import framing_of
from engine.model.errors import MalformedMessage
from engine.model.lab import Knobs

names = st.sampled_from(("fixed", "delimiter", "length-prefix", "ascii-length"))
# A fixed length is filled up with NUL, so a message may not end with one; a delimiter may not occur.
bodies = st.lists(st.binary(max_size=40).filter(lambda body: b"\n" not in body and not body.endswith(b"\0")))


@given(names, bodies, st.lists(st.integers(min_value=1, max_value=50), min_size=1))
def test_messages_come_back_whatever_the_pieces(name: str, sent: list[bytes], sizes: list[int]) -> None:
    framing = framing_of(Knobs(framing=name))
    stream = b"".join(framing.encode(body) for body in sent)
    received: list[bytes] = []
    turn = 0
    while stream:
        piece, stream = stream[: sizes[turn % len(sizes)]], stream[sizes[turn % len(sizes)] :]
        received += [message.body for message in framing.feed(piece)]
        turn += 1

    assert received == sent
    assert framing.end() == []


@given(st.sampled_from(("fixed", "delimiter", "length-prefix", "ascii-length", "close")), st.lists(st.binary()))
def test_any_bytes_are_messages_or_malformed_and_never_another_error(name: str, pieces: list[bytes]) -> None:
    framing = framing_of(Knobs(framing=name, message_size=8))
    with suppress(MalformedMessage):
        for piece in pieces:
            list(framing.feed(piece))
        framing.end()
