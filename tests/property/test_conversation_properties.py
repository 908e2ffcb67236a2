"""Whatever bytes are captured, conversations are told without an error, and a file and a capture tell the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.conversations import Conversations
from engine.capture.packet_log import PacketLog
from engine.capture.source import GAP, Frame
from engine.capture.store import BYTES_MIN
from engine.export.ladder_mermaid import mermaid_lines
from engine.export.ladder_svg import svg_lines
from engine.export.ladder_text import LadderLook, ladder_lines
from engine.model.flows import LadderFold, LadderStep
from engine.model.messages import AskLadder, AskStream
from tests.unit.capture_frames import conversation, ip_frame
from tests.unit.conversation_frames import transfer

TALK = [*conversation(), *transfer(12), *conversation(40001)]
ICMP = ip_frame(1, b"\x03\x01\0\0\0\0\0\0" + TALK[0][14:])


@st.composite
def captures(draw: st.DrawFn) -> list[Frame]:
    """Frames of some conversations, of which some are damaged, cut, lost, doubled or out of order."""
    frames: list[Frame] = []
    ts_ns = 1_000
    for data in (*TALK, ICMP):
        what = draw(st.sampled_from(("whole",) * 8 + ("damaged", "cut", "lost", "twice", "late", "gap")))
        ts_ns += draw(st.sampled_from((1_000, 1_000_000, -500, 2_000_000_000)))
        wire_length = len(data)
        if what == "damaged":
            at = draw(st.integers(12, wire_length - 1))
            data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        if what == "cut":
            data = data[: draw(st.integers(0, wire_length))]
        frame = (ts_ns, wire_length, data, 1, 0, 1)
        if what == "gap":
            frames.append((0, draw(st.integers(0, 9)), b"", 0, GAP, 1))
        elif what == "late" and frames:
            frames.insert(-1, frame)
        elif what != "lost":
            frames += [frame, frame] if what == "twice" else [frame]
    return frames


def always() -> bool:
    return True


@given(captures())
@settings(max_examples=60)
def test_no_bytes_make_an_error(frames: list[Frame]) -> None:
    log = PacketLog(BYTES_MIN)
    log.take(frames)
    told = Conversations(log)
    _, flows = told.flows(0, 100)
    for flow in flows:
        window = told.ladder(AskLadder((flow.stream,), 0, 1_000), always)
        whole = told.ladder(AskLadder((flow.stream,), 0, 1_000, folded=False), always)
        folded = sum(item.segments + item.acks for item in window.items if isinstance(item, LadderFold))
        steps = sum(isinstance(item, LadderStep) for item in window.items)
        assert steps + folded == sum(isinstance(item, LadderStep) for item in whole.items)
        assert steps + folded == flow.first.segments + flow.second.segments
        assert all(line.text.isprintable() for line in ladder_lines(window.flows, window.items, LadderLook(80)))
        assert list(svg_lines(window.flows, window.items, 0))
        assert list(mermaid_lines(window.flows, window.items))
        read, _ = told.stream(AskStream(flow.stream), always)
        assert all(piece.cut <= piece.missing for piece in read.pieces)
    merged = told.ladder(AskLadder(tuple(flow.stream for flow in flows)[:16], 0, 1_000), always)
    numbers = [item.first_number if isinstance(item, LadderFold) else item.number for item in merged.items]
    assert numbers == sorted(set(numbers))


@given(captures(), st.lists(st.integers(1, 9), min_size=1, max_size=9))
@settings(max_examples=40)
def test_batches_of_any_size_tell_the_same(frames: list[Frame], sizes: list[int]) -> None:
    whole_log, log = PacketLog(BYTES_MIN), PacketLog(BYTES_MIN)
    whole_log.take(frames)
    whole, told = Conversations(whole_log), Conversations(log)
    at = turn = 0
    while at < len(frames):
        size = sizes[turn % len(sizes)]
        log.take(frames[at : at + size])
        told.ladder(AskLadder((0, 1), 0, 10), always)
        at, turn = at + size, turn + 1
    assert told.flows(0, 100) == whole.flows(0, 100)
    for streams in ((0,), (1,), (0, 1)):
        asked = AskLadder(streams, 0, 1_000)
        assert told.ladder(asked, always) == whole.ladder(asked, always)
