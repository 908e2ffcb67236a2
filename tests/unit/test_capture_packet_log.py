"""Frames go in, rows come out: in order, with tshark's text, within memory, whatever the batches."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.packet_log import ROWS_MAX, PacketLog, Window
from engine.capture.source import Frame
from engine.capture.store import BYTES_MIN
from engine.model.errors import BadInput
from engine.model.packets import PacketRow
from engine.query.packets import compile_packets
from tests.unit.capture_frames import SYN, captured, conversation, gap, ip_frame, tcp, udp


def always() -> bool:
    return True


def log_of(*frames: Frame, store_bytes: int = BYTES_MIN) -> PacketLog:
    log = PacketLog(store_bytes)
    log.take(frames)
    return log


def shown(log: PacketLog, first: int = 0, count: int = ROWS_MAX, *, handshakes: bool = False, text: str = "") -> Window:
    return log.window(first, count, handshakes, text, compile_packets(text).matches, always)


def numbers(window: Window) -> list[int]:
    return [row.number for row in window.rows]


CONNECTION = [captured(data, ts_ns=1_000 + at) for at, data in enumerate(conversation())]


def test_each_frame_becomes_a_line_as_tshark_prints_it() -> None:
    rows = shown(log_of(*CONNECTION)).rows
    assert [row.info for row in rows[:4]] == [
        "40000 → 80 [SYN] Seq=0 Win=512 Len=0",
        "80 → 40000 [SYN, ACK] Seq=0 Ack=1 Win=512 Len=0",
        "40000 → 80 [ACK] Seq=1 Ack=1 Win=512 Len=0",
        "40000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=512 Len=5",
    ]
    assert {(row.protocol, row.stream, row.source) for row in rows} == {("TCP", 0, "127.0.0.1")}
    assert [row.ts_ns for row in rows] == list(range(1_000, 1_008))
    assert rows[3].payload_length == 5


def test_the_handshakes_view_has_syn_fin_and_rst_only() -> None:
    window = shown(log_of(*CONNECTION), handshakes=True)
    assert (numbers(window), window.total) == ([1, 2, 6, 7], 4)


def test_a_window_is_taken_from_any_place_and_follows_the_newest() -> None:
    log = log_of(*CONNECTION)
    assert numbers(shown(log, 2, 3)) == [3, 4, 5]
    assert numbers(shown(log, -1, 3)) == [6, 7, 8]
    assert shown(log, -1, 3).first == 5
    assert numbers(shown(log, -1, 3, handshakes=True)) == [2, 6, 7]
    assert numbers(shown(log, 99, 3)) == []
    assert numbers(shown(log, 0, 0)) == []
    assert numbers(shown(log, 0, -5)) == []


def test_a_display_filter_numbers_what_passes_and_goes_on_with_new_frames() -> None:
    log = log_of(*CONNECTION, captured(udp()))
    assert numbers(shown(log, text="tcp.flags.fin == 1")) == [6, 7]
    log.take([captured(data) for data in conversation(40001)])
    assert numbers(shown(log, text="tcp.flags.fin == 1")) == [6, 7, 15, 16]
    assert numbers(shown(log, text="udp")) == [9]
    assert numbers(shown(log, text="tcp.port == 40001", handshakes=True)) == [10, 11, 15, 16]


def test_frames_that_a_filter_has_no_time_for_are_pending() -> None:
    log = log_of(*[captured(tcp(seq=number)) for number in range(500)])
    matches = compile_packets("tcp").matches
    looks = iter((True, False))
    window = log.window(0, 5, False, "tcp", matches, lambda: next(looks))
    assert 0 < window.total < 500
    assert window.total + window.pending == 500
    assert log.look(always) is False
    assert shown(log, text="tcp").total == 500


def test_an_icmp_error_names_the_stream_that_it_quotes() -> None:
    quoted = tcp(40000, 80, flags=SYN)[14:42]
    error = ip_frame(1, struct.pack("!BBHI", 3, 3, 0, 0) + quoted)
    rows = shown(log_of(captured(tcp(40000, 80, flags=SYN)), captured(error))).rows
    assert rows[1].protocol == "ICMP"
    assert rows[1].stream == 0


def test_a_datagram_put_together_from_fragments_shows_as_a_segment_again_and_again() -> None:
    whole = tcp(payload=bytes(range(64)) * 4)[34:]
    first = ip_frame(6, whole[:200], fragment=0x2000)
    second = ip_frame(6, whole[200:], fragment=200 // 8)
    log = log_of(captured(first), captured(second))
    for _ in range(2):
        rows = shown(log).rows
        assert rows[0].info.startswith("Fragmented IP protocol")
        assert rows[1].info == "40000 → 80 [ACK] Seq=1 Ack=1 Win=512 Len=256"


def test_lost_frames_leave_a_line_with_a_number_and_doubt_behind_them() -> None:
    frames = [captured(data) for data in conversation()]
    log = log_of(*frames[:3], gap(1234), *frames[5:])
    rows = shown(log).rows
    assert rows[3].info.startswith("1,234 frames are missing here")
    assert rows[3].ts_ns == 1_000
    assert "lost_segment" in rows[4].findings
    assert rows[4].uncertain
    assert not any(row.uncertain for row in rows[:3])
    assert 4 in numbers(shown(log, handshakes=True))
    trust = log.trust()
    assert (trust.received, trust.kept) == (6, 6)
    assert log.kept(4) is None


def test_a_capture_that_was_off_says_so_without_a_count() -> None:
    log = log_of(*CONNECTION)
    log.take_loss(0)
    assert "off" in shown(log).rows[-1].info


def test_what_is_found_in_a_capture_of_parts_is_uncertain() -> None:
    log = PacketLog(BYTES_MIN)
    log.in_parts = True
    frames = conversation()
    log.take([captured(frames[0]), captured(frames[1]), captured(frames[5])])
    rows = shown(log).rows
    assert [row.uncertain for row in rows] == [False, False, True]


def test_undecodable_frames_are_kept_and_counted() -> None:
    log = log_of(captured(b"\0" * 12 + b"\x08\x00\x45"), captured(b""))
    assert log.trust().undecodable == 2
    assert [row.protocol for row in shown(log).rows] != []
    kept = log.kept(1)
    assert kept is not None
    assert kept.data == b"\0" * 12 + b"\x08\x00\x45"


def test_every_frame_received_is_kept_or_evicted() -> None:
    log = PacketLog(BYTES_MIN)
    for at in range(0, 20_000, 100):
        log.take([captured(tcp(seq=at + number, payload=bytes(50))) for number in range(100)])
        log.take([gap(3)])
    trust = log.trust()
    assert trust.received == 20_000
    assert trust.received == trust.kept + trust.evicted
    assert trust.evicted > 0
    assert shown(log).first == 0
    assert shown(log).rows[0].number == log.oldest
    assert log.row(log.oldest - 1) is None
    assert len(shown(log, count=10**9).rows) == ROWS_MAX


def test_times_count_from_the_first_frame_even_when_it_is_gone() -> None:
    log = log_of(gap(1), captured(tcp(), ts_ns=77))
    assert log.first_ts_ns == 77
    log.take([captured(bytes(60_000)) for _ in range(100)])
    assert log.first_ts_ns == 77


@pytest.mark.parametrize("size", [0, 1 << 50])
def test_an_impossible_size_is_refused(size: int) -> None:
    with pytest.raises(BadInput):
        PacketLog(size)


def some_frames() -> list[Frame]:
    frames = [*CONNECTION, captured(udp()), gap(2)]
    frames += [captured(data, ts_ns=5_000 + at) for at, data in enumerate(conversation(40007, bytes(2000)))]
    return [*frames, captured(b"\xff" * 40), *frames[4:7]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), max_size=12))
def test_batches_of_any_size_give_the_same_rows(sizes: list[int]) -> None:
    frames = some_frames()
    log = PacketLog(BYTES_MIN)
    start = 0
    for size in [*sizes, len(frames)]:
        log.take(frames[start : start + size])
        start += size
    assert shown(log).rows == shown(log_of(*frames)).rows


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=120), st.sampled_from((1, 101, 113, 276, 0, 147, 9999)))))
def test_no_bytes_stop_the_log(frames: list[tuple[bytes, int]]) -> None:
    log = log_of(*[(1, len(data), data, 1, 0, link_type) for data, link_type in frames])
    assert len(shown(log).rows) == len(frames)
    for text in ("tcp", "hello", "frame.len > 3"):
        assert shown(log, text=text).pending == 0


def test_rows_carry_only_values_that_a_channel_can_carry() -> None:
    for row in shown(log_of(*some_frames())).rows:
        assert isinstance(row, PacketRow)
        assert all(isinstance(value, int) for value in (row.number, row.ts_ns, row.length, row.stream, row.flags))
