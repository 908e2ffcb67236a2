"""The short way of an ordinary segment ends where the long way does."""

from __future__ import annotations

import random
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.decode import decode_frame
from engine.flow import plain, table
from engine.flow.flow import Direction, Flow
from engine.flow.placed import Placed
from engine.flow.table import FlowTable
from engine.model.packets import Segment
from tests.scenario.traffic import made_up_frames

STAMPS = b"\x01\x01\x08\x0a" + bytes(8)


def fed(segments: list[Segment]) -> tuple[list[Placed], FlowTable]:
    flows = FlowTable()
    return [flows.feed(segment, number) for number, segment in enumerate(segments, 1)], flows


def long_way(segments: list[Segment]) -> tuple[list[Placed], FlowTable]:
    with patch.object(table, "place_plain", lambda *_: None):
        return fed(segments)


def made_up(seed: int) -> list[Segment]:
    decoded = [
        decode_frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns)
        for frame in made_up_frames(random.Random(seed), conversations=6)
    ]
    return [segment for segment in decoded if isinstance(segment, Segment)]


@given(st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_made_up_conversations_are_placed_the_same_both_ways(seed: int) -> None:
    segments = made_up(seed)
    (short, short_table), (long, long_table) = fed(segments), long_way(segments)
    assert short == long
    assert list(map(repr, short_table.flows.values())) == list(map(repr, long_table.flows.values()))


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.sampled_from([0x10, 0x10, 0x10, 0x18, 0x11, 0x14, 0x30, 0x50]), st.integers(-2, 2),
            st.integers(-2, 2), st.integers(0, 3), st.integers(0, 2), st.sampled_from([b"", STAMPS, b"\1" * 12]),
        ),
        max_size=80,
    ),
    st.sampled_from([1, 1000, 0xFFFFFFFA, 0x7FFFFFFA]),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_segments_about_the_next_number_are_placed_the_same_both_ways(
    told: list[tuple[bool, int, int, int, int, int, bytes]], base: int
) -> None:
    """A handshake and data first, so that the short way is open; then numbers near what comes next."""
    next_of = {False: base, True: base + 500}
    segments: list[Segment] = []

    def say(back: bool, flags: int, off: int, ack_off: int, length: int, wnd: int, options: bytes) -> None:
        src, dst = (b"bbbb", b"aaaa") if back else (b"aaaa", b"bbbb")
        seq, ack = next_of[back] + off & 0xFFFFFFFF, next_of[not back] + ack_off & 0xFFFFFFFF
        segments.append(
            Segment(
                10**18 + len(segments) * 1_000_000, src, dst, 1, 1, seq, ack if flags & 0x10 else 0, flags, wnd, 0,
                length, 20 + len(options), options,
            )
        )  # fmt: skip
        if not off:
            next_of[back] += length + (flags & 3 > 0)

    for back, flags, length in ((False, 2, 0), (True, 18, 0), (False, 16, 0), (False, 24, 5), (True, 24, 5)):
        say(back, flags, 0, 0, length, 500, b"")
    for back, flags, off, ack_off, length, wnd, options in told:
        say(back, flags, off, ack_off, length, wnd * 250, options)
    (short, short_table), (long, long_table) = fed(segments), long_way(segments)
    assert short == long
    assert list(map(repr, short_table.flows.values())) == list(map(repr, long_table.flows.values()))


def test_most_segments_of_an_orderly_transfer_go_the_short_way() -> None:
    taken = []

    def counted(flow: Flow, me: Direction, you: Direction, segment: Segment, number: int) -> Placed | None:
        placed = plain.place_plain(flow, me, you, segment, number)
        taken.append(placed is not None)
        return placed

    segments = [Segment(1, b"aaaa", b"bbbb", 1, 2, 99, 0, 2, 500, 0, 0, 20, b"")]
    segments.append(Segment(2, b"bbbb", b"aaaa", 2, 1, 499, 100, 18, 500, 0, 0, 20, b""))
    segments.append(Segment(3, b"aaaa", b"bbbb", 1, 2, 100, 500, 16, 500, 0, 0, 20, b""))
    for step in range(50):
        segments.append(Segment(10, b"aaaa", b"bbbb", 1, 2, 100 + step * 9, 500, 24, 500, 0, 9, 20, b""))
        segments.append(Segment(11, b"bbbb", b"aaaa", 2, 1, 500, 109 + step * 9, 16, 500, 0, 0, 20, b""))
    with patch.object(table, "place_plain", counted):
        fed(segments)
    assert sum(taken) >= 98
