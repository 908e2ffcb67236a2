"""Decoders hold on any bytes: they return, and what they return is bounded by what went in."""

from __future__ import annotations

import itertools
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.decode import decode_frame
from engine.capture.ip_reassembly import Reassembly
from engine.capture.link import LINK_TYPES
from engine.flow.info import info_line
from engine.flow.options import parse_options
from engine.flow.table import FlowTable
from engine.model.packets import OtherFrame, Segment
from tests.scenario.wire import tcp_frame

LINKS = st.sampled_from([*LINK_TYPES, 147])
HEADS = st.sampled_from(
    [
        b"",
        bytes(12) + b"\x08\x00",
        bytes(12) + b"\x86\xdd",
        bytes(12) + b"\x81\x00\x00\x01\x08\x00",
        bytes(12) + b"\x88\x64\x11\x00\x00\x01\x00\x50\x00\x21",
        bytes(12) + b"\x08\x06",
        bytes(12) + b"\x08\x00\x45\x00\x00\x40\x00\x00\x20\x00\x40\x06",
        bytes(12) + b"\x86\xdd\x60\x00\x00\x00\x00\x40\x2c\x40" + bytes(32) + b"\x06\x00\x00\x01",
    ]
)


@given(LINKS, HEADS, st.binary(max_size=120), st.integers(0, 200), st.booleans())
@settings(max_examples=400)
def test_any_bytes_decode_to_something_that_can_be_placed_and_printed(
    link_type: int, head: bytes, tail: bytes, longer: int, together: bool
) -> None:
    data = head + tail
    reassembly = Reassembly() if together else None
    decoded = decode_frame(link_type, data, len(data) + longer, 5, 0, reassembly)
    if isinstance(decoded, OtherFrame):
        assert decoded.info
        assert len(decoded.info) < 400
        return
    assert len(decoded.options) <= 40
    assert decoded.len <= len(data) + longer
    table = FlowTable()
    assert info_line(decoded, table.feed(decoded, 1))
    assert info_line(decoded, table.feed(decoded, 2))


@given(st.binary(max_size=44), st.integers(0, 40))
def test_options_of_any_bytes_are_parsed_once_from_left_to_right(raw: bytes, missing: int) -> None:
    options = parse_options(raw, missing).options
    assert sum(1 if kind < 2 else 2 + len(value) for kind, value in options) <= len(raw)


@st.composite
def _fragments(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, bytes]]]:
    """A payload and how it is cut, in any order."""
    payload = draw(st.binary(min_size=9, max_size=200))
    cuts = sorted(draw(st.sets(st.integers(1, (len(payload) - 1) // 8), max_size=10)))
    edges = [0, *(cut * 8 for cut in cuts), len(payload)]
    pieces = [(start, payload[start:end]) for start, end in itertools.pairwise(edges)]
    return payload, draw(st.permutations(pieces))


@given(_fragments())
def test_a_payload_cut_anyhow_is_put_together_as_it_was(cut: tuple[bytes, list[tuple[int, bytes]]]) -> None:
    payload, pieces = cut
    reassembly = Reassembly()
    results = [reassembly.add(1, at, at + len(piece) < len(payload), piece, 0) for at, piece in pieces]
    assert results[-1] == payload
    assert results[:-1] == [None] * (len(pieces) - 1)
    assert reassembly.held_bytes == 0


@given(
    st.sampled_from([4, 16]), st.integers(0, 65535), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFF), st.integers(0, 65535), st.integers(0, 50), st.integers(0, 10), st.data(),
)  # fmt: skip
def test_what_is_built_decodes_to_the_same_numbers_by_the_short_way_and_the_long(
    size: int, port: int, seq: int, ack: int, flags: int, window: int, length: int, words: int, data: st.DataObject
) -> None:
    src, dst = data.draw(st.binary(min_size=size, max_size=size)), data.draw(st.binary(min_size=size, max_size=size))
    options = data.draw(st.binary(min_size=words * 4, max_size=words * 4))
    frame = tcp_frame(src, dst, port, 80, seq, ack, flags, window, length, options)
    short = decode_frame(1, frame, len(frame), 1)
    tagged = frame[:12] + struct.pack("!HH", 0x8100, 7) + frame[12:]
    long = decode_frame(1, tagged, len(tagged), 1)
    assert isinstance(short, Segment)
    assert isinstance(long, Segment)
    for decoded in (short, long):
        assert (decoded.src, decoded.dst, decoded.sport, decoded.dport) == (src, dst, port, 80)
        assert (decoded.seq, decoded.ack, decoded.flags, decoded.wnd) == (seq, ack, flags, window)
        assert (decoded.len, decoded.options, decoded.truncated) == (length, options, False)
