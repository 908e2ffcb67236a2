"""Decoders hold on any bytes: they return, and what they return is bounded by what went in."""

from __future__ import annotations

import itertools
import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.capture.decode import _decode_slowly, decode_frame
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


_LINK_HEADS = {
    0: b"\x02\0\0\0",
    1: bytes(12) + b"\x08\x00",
    -1: bytes(12) + b"\x81\x00\x00\x07\x08\x00",
    113: bytes(14) + b"\x08\x00",
    276: b"\x08\x00" + bytes(18),
}


@given(
    st.sampled_from([*_LINK_HEADS]),
    st.sampled_from([4, 16]),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=3),
    st.integers(0, 130),
    st.integers(0, 3),
    st.sampled_from([b"", b"\x01\x01\x08\x0a" + bytes(8), bytes(20)]),
)
@settings(max_examples=600, deadline=None)
def test_the_short_ways_end_where_the_long_way_does(
    link_type: int, size: int, changes: list[tuple[int, int]], captured: int, longer: int, options: bytes
) -> None:
    """Of any link layer, with bytes changed anywhere, cut anywhere, and with padding behind."""
    whole = tcp_frame(bytes(size), bytes(size), 80, 443, 7, 9, 0x18, 500, 5, options)
    head = _LINK_HEADS[link_type]
    if size == 16:
        head = head.replace(b"\x08\x00", b"\x86\xdd").replace(b"\x02\0\0\0", b"\x1e\0\0\0")
    data = bytearray(head + whole[14:])
    for at, value in changes:
        if at < len(data):
            data[at] = value
    frame = bytes(data[:captured]) if captured < len(data) else bytes(data) + bytes(longer)
    wire_length = len(data) + longer
    link = abs(link_type)
    short = decode_frame(link, frame, wire_length, 3, 2)
    long = _decode_slowly(link, frame, wire_length, 3, 2, None)
    if isinstance(short, Segment) and isinstance(long, Segment):
        assert structs.replace(short, ends=b"") == structs.replace(long, ends=b"")
    else:
        assert short == long
