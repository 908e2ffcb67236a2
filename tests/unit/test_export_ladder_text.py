"""A ladder as text: what a rung says in the room it has, where its arrow begins and ends, and never too wide."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest

from engine.export.ladder_text import LadderLine, LadderLook, Role, ladder_header, ladder_line, ladder_lines, seconds
from engine.export.ladder_words import item_words
from engine.export.times import TimeFormat
from engine.model.flows import FlowEnd, FlowSummary, LadderFold, LadderGap, LadderItem, LadderNote, LadderStep
from engine.model.tcp import SocketState, TcpFlags
from engine.text.width import cell_width

FIN, SYN, RST, PSH, ACK = TcpFlags.FIN, TcpFlags.SYN, TcpFlags.RST, TcpFlags.PSH, TcpFlags.ACK
MS = 1_000_000


def step(**changes: Any) -> LadderStep:
    """Data from the first end, unless told otherwise."""
    made = LadderStep(
        number=4, ts_ns=3 * MS, stream=0, forward=True, flags=PSH | ACK, seq=1, ack=1, window=65_536, length=146,
        first_state=SocketState.ESTABLISHED, second_state=SocketState.ESTABLISHED,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def flow(stream: int = 0, port: int = 40_000, *, opener_seen: bool = True) -> FlowSummary:
    return FlowSummary(stream, FlowEnd("127.0.0.1", port), FlowEnd("::1", 80), opener_seen, 1, 9, 0, 9 * MS, syn_ns=1)


def fold(**changes: Any) -> LadderFold:
    made = LadderFold(6, 900, 5 * MS, 23 * MS, 0, 412, 206, 26_214_400, 0)
    return msgspec.structs.replace(made, **changes)


SEGMENT = step()
RETRANSMISSION = step(
    findings=("retransmission",), info="[TCP Retransmission] 40000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=65536 Len=146"
)
EVERY_ITEM: tuple[LadderItem, ...] = (
    step(flags=SYN, ack=None, length=0, first_state=SocketState.SYN_SENT, first_moved=True,
         options="MSS=65495 SACK_PERM TSval=1 TSecr=0 WS=128"),
    step(forward=False, flags=SYN | ACK, length=0, second_state=SocketState.SYN_RECEIVED, second_moved=True),
    SEGMENT, RETRANSMISSION, step(lost=True), step(lost=True, forward=False), step(flags=RST, length=0, window=0),
    step(seq=4_294_967_295, ack=4_294_967_295, window=1_073_725_440, length=65_483, uncertain=True,
         findings=("zero_window_probe_ack", "lost_segment"),
         info="[TCP ZeroWindowProbeAck] [TCP Previous segment not captured] 1 → 2 [ACK] Seq=1"),
    fold(), fold(segments=0, forward_bytes=0), fold(backward_bytes=7), fold(forward_bytes=0, backward_bytes=7),
    LadderGap(5, 4 * MS, 7), LadderGap(5, 4 * MS, 0), LadderNote(5, 4 * MS, 0, "Destination unreachable \x1b[2J"),
)  # fmt: skip


def shown(item: LadderItem, width: int = 80, **look: Any) -> LadderLine:
    return ladder_line(item, LadderLook(width, **look))


def test_an_arrow_starts_at_its_sender_and_ends_at_its_receiver() -> None:
    assert (
        shown(step(length=0, flags=ACK)).text == "  0.003000              │──[ACK] Seq=1 Ack=1 Win=65536───────────▶│"
    )
    back = shown(step(length=0, flags=ACK, forward=False))
    assert back.text == "  0.003000              │◀───────────[ACK] Seq=1 Ack=1 Win=65536──│"


def test_data_travels_on_a_double_line() -> None:
    assert shown(SEGMENT).text == "  0.003000              │══[PSH, ACK] Seq=1 Ack=1 Len=146════════▶│"


def test_a_state_stands_where_it_changed() -> None:
    opened = step(flags=SYN, ack=None, length=0, first_state=SocketState.SYN_SENT, first_moved=True)
    assert shown(opened).text == "  0.003000 SYN-SENT     │──[SYN] Seq=0 Win=65536─────────────────▶│".replace(
        "=0 ", "=1 "
    )
    both = step(first_moved=True, second_moved=True, second_state=SocketState.CLOSE_WAIT, flags=FIN | ACK, length=0)
    assert shown(both).text.split()[1] == "ESTABLISHED"
    assert shown(both).text.endswith("│ CLOSE-WAIT")


def test_a_segment_that_did_not_arrive_ends_before_the_lifeline() -> None:
    assert shown(step(lost=True)).text.endswith(" ✕      │")
    assert "│      ✕ ═" in shown(step(lost=True, forward=False)).text


def test_what_did_not_arrive_is_said_beside_it_where_there_is_room() -> None:
    assert shown(step(lost=True), 160).text.endswith("lost: sent again below")
    assert ladder_line(step(lost=True), LadderLook(160), aside="send(146) = 146").text.endswith("send(146) = 146")


def test_findings_stand_first_in_the_words_of_the_info_line() -> None:
    assert "══[TCP Retransmission] [PSH, ACK] Seq=1 Ack=1 Win=65536 Len=146═" in shown(RETRANSMISSION, 120).text
    assert "══[Retransmission] Seq=1 Ack=1 Len=146══▶" in shown(RETRANSMISSION).text


def test_a_window_of_zero_outlasts_the_sequence_number() -> None:
    closed = step(flags=ACK, length=0, window=0, findings=("zero_window",), info="[TCP ZeroWindow] 1 → 2 [ACK] Seq=1")
    assert item_words(closed, 26) == "[ZeroWindow] Ack=1 Win=0"


def test_options_are_told_without_the_timestamps() -> None:
    assert item_words(EVERY_ITEM[0], 80) == "[SYN] Seq=1 Win=65536 MSS=65495 SACK_PERM WS=128"


@pytest.mark.parametrize(("room", "words"), [
    (80, "412 data segments, 26,214,400 B ▶, 206 ACKs, 18.0 ms"),
    (51, "412 data segments, 25.0 MiB ▶, 206 ACKs, 18.0 ms"),
    (40, "412 data segments, 25.0 MiB ▶, 18.0 ms"),
    (10, "25.0 MiB ▶"),
    (5, "25.0…"),
])  # fmt: skip
def test_a_fold_tells_how_much_and_how_long(room: int, words: str) -> None:
    assert item_words(fold(), room) == words


def test_a_fold_of_both_ways_tells_both() -> None:
    assert item_words(fold(backward_bytes=7), 80) == ("412 data segments, 26,214,400 B ▶ ◀ 7 B, 206 ACKs, 18.0 ms")
    assert item_words(fold(segments=0, acks=1), 80) == "1 ACK, 18.0 ms"


def test_a_fold_tells_how_often_a_window_was_closed_in_it() -> None:
    assert item_words(fold(stalls=12), 60) == "412 data segments, 25.0 MiB ▶, 18.0 ms, window closed 12×"
    assert item_words(fold(stalls=12), 50) == "412 data segments, 25.0 MiB ▶, 18.0 ms, Win=0 12×"
    assert item_words(fold(stalls=12), 41) == "412 data segments, 25.0 MiB ▶, Win=0 12×"
    assert item_words(fold(stalls=12), 38) == "412 data segments, 25.0 MiB ▶, 18.0 ms"


def test_a_gap_says_how_many_or_that_nobody_knows() -> None:
    assert item_words(LadderGap(1, 0, 1), 80) == "1 frame not captured here"
    assert item_words(LadderGap(1, 0, 0), 80) == "the capture was off here"


def test_the_header_names_both_ends_and_how_they_were_before() -> None:
    header = ladder_header([flow()], LadderLook(80, names={0: ("flood 41233", "")}))
    assert [line.text for line in header] == [
        "      time flood 41233                                                  [::1]:80",
        "           CLOSED       │                                         │ LISTEN",
    ]
    assert len(ladder_header([flow(opener_seen=False)], LadderLook(80))) == 1
    assert ladder_header([], LadderLook(80)) == []


def test_a_program_that_talks_to_itself_is_told_apart_by_its_ports() -> None:
    header = ladder_header([flow()], LadderLook(80, names={0: ("python3 7", "python3 7")}))
    assert header[0].text.split() == ["time", "python3", "7", ":40000", "python3", "7", ":80"]


def test_several_conversations_are_named_above_and_tagged_on_each_rung() -> None:
    look = LadderLook(80, streams=(0, 12))
    lines = [line.text for line in ladder_lines([flow(), flow(12, 40_001)], [step(), step(stream=12)], look)]
    assert lines[:2] == ["#0 127.0.0.1:40000 ⇄ [::1]:80", "#12 127.0.0.1:40001 ⇄ [::1]:80"]
    assert [line.split()[1] for line in lines[3:]] == ["#0", "#12"]


@pytest.mark.parametrize(("item", "role"), [
    (EVERY_ITEM[0], Role.HANDSHAKE), (SEGMENT, Role.DATA), (step(length=0), Role.ARROW), (RETRANSMISSION, Role.AGAIN),
    (step(lost=True), Role.LOST), (step(flags=RST), Role.RESET), (step(findings=("duplicate_ack",)), Role.FOUND),
    (step(findings=("window_update",), length=0), Role.ARROW), (fold(), Role.FOLD), (LadderGap(1, 0, 1), Role.GAP),
    (LadderNote(1, 0, 0, ""), Role.NOTE),
])  # fmt: skip
def test_each_piece_tells_what_it_is(item: LadderItem, role: Role) -> None:
    assert role in [piece.role for piece in shown(item).pieces]


@pytest.mark.parametrize("item", EVERY_ITEM, ids=lambda item: item_words(item, 40))
def test_every_line_is_as_wide_as_it_was_asked_to_be(item: LadderItem) -> None:
    for width in range(20, 200):
        for streams, times in product(((), (0, 1)), TimeFormat):
            line = shown(item, width, streams=streams, times=times, names={0: ("名前" * 40, "\x1b[2J")})
            assert sum(cell_width(piece.text) for piece in line.pieces) == width
            assert line.text.isprintable()


def test_hostile_names_cannot_widen_the_header() -> None:
    for width in range(20, 200):
        for streams in ((0,), (0, 1)):
            look = LadderLook(width, names={0: ("名前" * 40, "\x1b[2J\n")}, streams=streams)
            for line in ladder_header([flow()], look):
                assert cell_width(line.text) <= width
                assert line.text.isprintable()


@pytest.mark.parametrize(("ns", "cells", "text"), [
    (0, 10, "0.000000"),
    (1_999_999_999, 10, "1.999999"), (12_345_678_901_234, 10, "12345.6789"), (-MS, 10, "-0.001000"),
    (12_345_678_901_234_567, 5, "12345678"),
])  # fmt: skip
def test_times_are_seconds_as_exact_as_there_is_room(ns: int, cells: int, text: str) -> None:
    assert seconds(ns, cells) == text


def times_of(times: TimeFormat, width: int = 100) -> list[str]:
    """The first column of a segment, a fold that begins 2 ms later and ends 20 ms after it, and a segment 1 ms on."""
    items: list[LadderItem] = [step(), fold(), step(number=901, ts_ns=24 * MS)]
    lines = ladder_lines([], items, LadderLook(width, MS, times=times))
    return [line.pieces[0].text.strip() for line in lines]


def test_times_count_from_the_first_segment_from_the_rung_before_or_from_midnight() -> None:
    assert times_of(TimeFormat.RELATIVE) == ["0.002000", "0.004000", "0.023000"]
    assert times_of(TimeFormat.DELTA) == ["-", "0.002000", "0.001000"], "a fold ends with its last segment"
    whole = times_of(TimeFormat.ABSOLUTE)
    assert [text[-10:] for text in whole] == [":00.003000", ":00.005000", ":00.024000"]
    assert [len(text) for text in whole] == [15] * 3
    assert [text[-4:] for text in times_of(TimeFormat.ABSOLUTE, 72)] == ["00.0"] * 3
