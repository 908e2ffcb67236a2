"""The bytes of a conversation, read out of a log of frames: each once, in order, with what is missing."""

from __future__ import annotations

import pytest

from engine.capture.packet_log import PacketLog
from engine.capture.store import BYTES_MIN
from engine.capture.streams import READERS_MAX, StreamReader, Streams
from engine.model.flows import StreamPiece
from engine.model.messages import AskStream
from tests.unit.capture_frames import ACK, FIN, PSH, RST, SYN, captured, conversation, tcp
from tests.unit.conversation_frames import transfer
from tests.unit.conversation_logs import always, stream, told_by


def text(pieces: list[StreamPiece], *, forward: bool) -> bytes:
    return b"".join(b"?" * piece.missing + piece.data for piece in pieces if piece.forward is forward)


def said(seq: int, data: bytes, ack: int = 1) -> bytes:
    return tcp(40000, 80, seq, ack, PSH | ACK, data)


OPEN = transfer(0)[:3]


def test_a_stream_is_each_byte_once_in_order_and_by_side() -> None:
    told = told_by(*OPEN, said(1, b"abc"), tcp(80, 40000, 1, 4, PSH | ACK, b"ABC"), said(4, b"def"), said(1, b"abc"))
    pieces = stream(told)
    assert [(piece.forward, piece.data) for piece in pieces] == [(True, b"abc"), (False, b"ABC"), (True, b"def")]


def test_what_comes_too_early_waits_for_what_is_before_it() -> None:
    told = told_by(*OPEN, said(4, b"def"), said(1, b"abc"))
    assert text(stream(told), forward=True) == b"abcdef"


def test_a_hole_is_told_once_the_other_side_has_what_lies_behind_it() -> None:
    told = told_by(*OPEN, said(4, b"def"))
    assert stream(told) == []
    told.log.take([captured(tcp(80, 40000, 1, 7))])
    assert [(piece.missing, piece.cut, piece.data) for piece in stream(told)] == [(3, 0, b"def")]


def test_a_hole_is_told_at_the_end_of_the_conversation() -> None:
    told = told_by(*OPEN, said(4, b"def"), tcp(40000, 80, 7, 1, RST | ACK))
    assert text(stream(told), forward=True) == b"???def"


def test_a_conversation_met_in_its_middle_begins_with_what_there_is() -> None:
    told = told_by(tcp(80, 40000, 1, 1_000), said(5_000, b"abc"), said(5_003, b"def"))
    assert [(piece.missing, piece.data) for piece in stream(told)] == [(4_000, b"abc"), (0, b"def")]


def test_the_end_that_was_not_captured_is_missing_and_the_fin_is_not() -> None:
    told = told_by(*OPEN, said(1, b"abc"), tcp(40000, 80, 9, 1, FIN | ACK), tcp(80, 40000, 1, 10, RST | ACK))
    assert [(piece.missing, piece.data) for piece in stream(told)] == [(0, b"abc"), (5, b"")]
    assert [piece.missing for piece in stream(told_by(*conversation()))] == [0]


def test_a_keep_alive_is_no_part_of_the_stream() -> None:
    told = told_by(tcp(80, 40000, 1, 1_000), tcp(40000, 80, 999, 1, ACK, b"\0"), said(1_000, b"abc"))
    assert [(piece.missing, piece.data) for piece in stream(told)] == [(0, b"abc")]


def test_a_header_that_cannot_be_has_no_payload() -> None:
    bogus = bytearray(said(1, b"abc"))
    bogus[46] = 0x20
    assert stream(told_by(*OPEN, bytes(bogus))) == []


def test_what_was_acknowledged_before_it_was_captured_waits_for_nothing() -> None:
    told = told_by(*OPEN, tcp(80, 40000, 1, 7), said(4, b"def"))
    assert [(piece.missing, piece.data) for piece in stream(told)] == [(3, b"def")]


def test_what_the_snap_length_cut_off_is_told() -> None:
    frame = said(1, b"abcdefgh")
    cut = captured(frame[:-5], wire_length=len(frame))
    told = told_by(*OPEN, cut, said(9, b"ij"))
    assert [(piece.data, piece.missing, piece.cut) for piece in stream(told)] == [(b"abc", 0, 0), (b"ij", 5, 5)]
    told = told_by(*OPEN, cut)
    assert [(piece.data, piece.missing, piece.cut) for piece in stream(told)] == [(b"abc", 0, 0), (b"", 5, 5)]


def test_a_stream_goes_on_where_the_answer_before_ended() -> None:
    told = told_by(*OPEN, said(1, b"abc"))
    read, flows = told.stream(AskStream(0), always)
    assert ([piece.data for piece in read.pieces], read.last, [flow.stream for flow in flows]) == ([b"abc"], 4, [0])
    told.log.take([captured(said(4, b"def"))])
    read, _ = told.stream(AskStream(0, after=4), always)
    assert ([piece.data for piece in read.pieces], read.last) == ([b"def"], 5)


def test_a_stream_whose_reader_is_forgotten_goes_on_at_the_same_place() -> None:
    told = told_by(*OPEN, said(1, b"abc"), said(4, b"def"))
    read, _ = told.stream(AskStream(0, after=4), always)
    assert [piece.data for piece in read.pieces] == [b"def"]


def test_a_stream_whose_beginning_was_evicted_starts_with_what_is_missing() -> None:
    told = told_by(*transfer(3_000, size=1_000), store_bytes=BYTES_MIN)
    pieces = stream(told)
    assert pieces[0].missing > 1_000_000
    assert sum(len(piece.data) + piece.missing for piece in pieces) == 3_000_000


def test_what_is_left_of_a_stream_waits_for_no_acknowledgment_of_what_was_evicted() -> None:
    told = told_by(*OPEN, *(said(1 + 1_000 * at, bytes(1_000)) for at in range(3_000)), store_bytes=BYTES_MIN)
    pieces = stream(told)
    assert pieces[0].missing > 1_000_000
    assert sum(len(piece.data) + piece.missing for piece in pieces) == 3_000_000


def test_the_data_of_a_syn_is_the_beginning_of_its_stream() -> None:
    told = told_by(tcp(40000, 80, 0, 0, SYN, b"abc"), tcp(80, 40000, 0, 4, SYN | ACK), said(4, b"def"))
    assert text(stream(told), forward=True) == b"abcdef"


def test_the_readers_that_were_used_last_go_on_and_no_others_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    class Noted(StreamReader):
        def __init__(self, log: PacketLog, number: int) -> None:
            begun.append(number)
            super().__init__(log, number)

    monkeypatch.setattr("engine.capture.streams.StreamReader", Noted)
    numbers = range(READERS_MAX + 1)
    streams = Streams(told_by(*(frame for at in numbers for frame in conversation(40000 + at))).log)
    last = {number: streams.read(number, 0, 100, always).last for number in numbers}
    begun.clear()
    for number in reversed(numbers):
        streams.read(number, last[number], 100, always)
    assert begun == [0]


def test_an_answer_about_a_stream_is_bounded() -> None:
    told = told_by(*transfer(100, size=1_000))
    read, _ = told.stream(AskStream(0, 0, 5_000), always)
    assert 4_000 <= sum(len(piece.data) for piece in read.pieces) <= 6_000
    assert read.more


def test_ipv6_streams_read_alike() -> None:
    syn = tcp(1, 2, 0, 0, SYN, src="::1", dst="::1")
    data = tcp(1, 2, 1, 1, ACK, b"six", src="::1", dst="::1")
    assert text(stream(told_by(syn, data)), forward=True) == b"six"
