"""Flows are the same however their segments come in, and stay within their memory whatever comes in."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.decode import decode_frame
from engine.capture.files.frames import Frame
from engine.capture.files.pcap import PcapReader, pcap_header, pcap_record
from engine.flow.findings import (
    DUPLICATE_ACK,
    FAST_RETRANSMISSION,
    KEEP_ALIVE_ACK,
    OUT_OF_ORDER,
    RETRANSMISSION,
    SPURIOUS_RETRANSMISSION,
    WINDOW_UPDATE,
    ZERO_WINDOW_PROBE_ACK,
)
from engine.flow.placed import Placed
from engine.flow.states import STATES
from engine.flow.table import FlowTable
from engine.model.packets import Segment
from tests.scenario.traffic import made_up_frames

ONE_OF_RESENT = (RETRANSMISSION, FAST_RETRANSMISSION, SPURIOUS_RETRANSMISSION, OUT_OF_ORDER)
ONE_OF_REPEATS = (DUPLICATE_ACK, WINDOW_UPDATE, KEEP_ALIVE_ACK, ZERO_WINDOW_PROBE_ACK)


def fed(frames: list[Frame], table: FlowTable | None = None) -> list[Placed]:
    table = table or FlowTable()
    placed = []
    for number, frame in enumerate(frames, 1):
        segment = decode_frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns)
        if isinstance(segment, Segment):
            placed.append(table.feed(segment, number))
    return placed


@given(st.integers(0, 10_000), st.lists(st.integers(1, 5000), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_capture_gives_the_same_flows_whole_and_in_pieces_of_any_size(seed: int, sizes: list[int]) -> None:
    frames = made_up_frames(random.Random(seed), conversations=4)
    text = pcap_header(1) + b"".join(map(pcap_record, frames))
    reader, at = PcapReader(), 0
    pieces: list[list[Frame]] = []
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(reader.feed(text[at : at + size]))
        at += size
    table, number = FlowTable(), 0
    placed: list[Placed] = []
    for piece in pieces:
        for frame in piece:
            number += 1
            segment = decode_frame(frame.link_type, frame.data, frame.wire_length, frame.ts_ns)
            assert isinstance(segment, Segment)
            placed.append(table.feed(segment, number))
    assert placed == fed(frames)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_findings_that_exclude_each_other_do_not_meet(seed: int) -> None:
    for placed in fed(made_up_frames(random.Random(seed), conversations=6)):
        for group in (ONE_OF_RESENT, ONE_OF_REPEATS):
            assert sum(bool(placed.findings & finding) for finding in group) <= 1
        assert bool(placed.findings & DUPLICATE_ACK) == bool(placed.dup_ack_number)


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.integers(0, 0xFFF), st.integers(-3, 3), st.integers(-3, 3), st.integers(-1, 3),
            st.integers(0, 2), st.integers(-5, 5), st.binary(max_size=12),
        ),
        max_size=60,
    ),
    st.sampled_from([1, 0xFFFFFFFE, 0x7FFFFFFF]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_no_order_of_segments_breaks_the_analysis(
    told: list[tuple[bool, int, int, int, int, int, int, bytes]], base: int
) -> None:
    """Small numbers around one base meet each other often, so that every rule is reached."""
    table = FlowTable(max_bytes=20_000)
    now_ns = 10**18
    for number, (back, flags, seq, ack, length, wnd, step, options) in enumerate(told, 1):
        now_ns += step * 1_000_000
        src, dst = (b"bbbb", b"aaaa") if back else (b"aaaa", b"bbbb")
        segment = Segment(
            now_ns, src, dst, 1, 1, base + seq & 0xFFFFFFFF, base + ack & 0xFFFFFFFF, flags, wnd, 0, length,
            20 + len(options), options,
        )  # fmt: skip
        if step == 5:
            table.note_loss(1)
        placed = table.feed(segment, number)
        assert placed.states >> 4 < len(STATES)
        assert placed.states & 15 < len(STATES)
        assert 0 <= placed.seq <= 0xFFFFFFFF
        assert placed.completeness < 64
        assert placed.bytes_in_flight >= 0
        placed.packed()


@given(st.integers(0, 1000), st.integers(2_000, 60_000))
@settings(max_examples=20, deadline=None)
def test_the_table_stays_within_its_bytes(seed: int, max_bytes: int) -> None:
    table = FlowTable(max_bytes)
    placed = fed(made_up_frames(random.Random(seed), conversations=40), table)
    one_flow_may_stand_alone = 2_000 + 200 * len(placed)
    assert table.bytes <= max(max_bytes, one_flow_may_stand_alone)
    assert table.evicted + len(table.flows) == table.streams
