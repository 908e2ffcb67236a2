"""What a log of frames tells of its conversations: which there are, and their ladders."""

from __future__ import annotations

import struct

import pytest

from engine.capture.conversations import STREAMS_MAX, Conversations, LadderWindow
from engine.capture.store import BYTES_MIN
from engine.model.errors import BadInput
from engine.model.flows import LadderFold, LadderGap, LadderNote, LadderStep
from engine.model.messages import AskLadder, FindFlow
from engine.model.tcp import SocketState
from tests.unit.capture_frames import ACK, PSH, SYN, captured, conversation, gap, ip_frame, tcp, udp
from tests.unit.conversation_frames import transfer
from tests.unit.conversation_logs import always, stream, told_by

LISTEN, CLOSED, SYN_SENT, SYN_RECEIVED = (
    SocketState.LISTEN, SocketState.CLOSED, SocketState.SYN_SENT, SocketState.SYN_RECEIVED,
)  # fmt: skip
ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT = SocketState.ESTABLISHED, SocketState.FIN_WAIT_1, SocketState.CLOSE_WAIT
TIME_WAIT = SocketState.TIME_WAIT


def ladder(
    told: Conversations, *streams: int, first: int = 0, count: int = 100, unfolded: tuple[int, ...] = (),
    folded: bool = True,
) -> LadderWindow:  # fmt: skip
    return told.ladder(AskLadder(streams or (0,), first, count, unfolded, folded), always)


def steps(window: LadderWindow) -> list[LadderStep]:
    return [item for item in window.items if isinstance(item, LadderStep)]


def test_each_conversation_is_summed_up() -> None:
    told = told_by(*conversation(), *conversation(40001, b"twice as long"))
    first, flows = told.flows(0, 10)
    assert (first, [flow.stream for flow in flows]) == (0, [0, 1])
    flow = flows[1]
    assert (flow.first.address, flow.first.port, flow.second.port) == ("127.0.0.1", 40001, 80)
    assert (flow.first.state, flow.second.state) == (TIME_WAIT, CLOSED)
    assert (flow.first.payload_bytes, flow.second.payload_bytes, flow.opener_seen, flow.over) == (13, 0, True, True)
    assert (flow.first.next_seq, flow.second.last_ack, flow.second.window) == (15, 15, 512)
    assert (flow.first_frame, flow.last_frame, flow.irtt_ns) == (9, 16, 2_000_000)


def test_conversations_come_in_windows_from_any_place() -> None:
    told = told_by(*(tcp(40000 + number, 80, 0, 0, SYN) for number in range(10)))
    assert [flow.stream for flow in told.flows(4, 2)[1]] == [4, 5]
    assert told.flows(-1, 3)[0] == 7
    assert [flow.stream for flow in told.flows(-1, 3)[1]] == [7, 8, 9]
    assert told.flows(99, 3) == (10, [])
    assert told.flows(0, -1) == (0, [])


def test_a_conversation_whose_syn_ack_was_first_begins_with_its_opener() -> None:
    told = told_by(tcp(80, 40000, 0, 1, SYN | ACK), tcp(40000, 80, 1, 1), tcp(80, 40000, 1, 1, PSH | ACK, b"hello"))
    (flow,) = told.flows(0, 1)[1]
    assert (flow.first.port, flow.second.port, flow.second.payload_bytes) == (40000, 80, 5)
    answer = ladder(told)
    assert [step.forward for step in steps(answer)] == [False, True, False]
    assert [(step.first_state, step.second_state) for step in steps(answer)][:2] == [
        (ESTABLISHED, SYN_RECEIVED), (ESTABLISHED, ESTABLISHED),
    ]  # fmt: skip
    assert [piece.forward for piece in stream(told)] == [False]


@pytest.mark.parametrize("one", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_conversation_is_found_by_its_two_ends_in_either_order(one: str) -> None:
    told = told_by(*conversation(), *conversation(40001))
    assert [flow.stream for flow in told.find(FindFlow(one, 40001, "127.0.0.1", 80))] == [1]
    assert [flow.stream for flow in told.find(FindFlow("127.0.0.1", 80, one, 40001))] == [1]
    assert told.find(FindFlow(one, 40002, "127.0.0.1", 80)) == []


def test_of_two_conversations_on_the_same_ports_the_latest_is_found() -> None:
    again = tcp(40000, 80, 5_000, 0, SYN)
    told = told_by(*conversation(), again)
    assert [flow.stream for flow in told.find(FindFlow("127.0.0.1", 80, "127.0.0.1", 40000))] == [1]


def test_a_scope_says_nothing_about_a_frame() -> None:
    told = told_by(tcp(1, 2, 0, 0, SYN, src="fe80::1", dst="fe80::2"))
    assert len(told.find(FindFlow("fe80::1%eth0", 1, "fe80::2", 2))) == 1


def test_a_name_instead_of_an_address_is_refused() -> None:
    with pytest.raises(BadInput, match="numeric"):
        told_by().find(FindFlow("localhost", 1, "127.0.0.1", 2))


def test_a_ladder_shows_who_sent_what_and_what_it_moved() -> None:
    shown = steps(ladder(told_by(*conversation())))
    assert [(step.first_state, step.second_state) for step in shown] == [
        (SYN_SENT, LISTEN), (ESTABLISHED, SYN_RECEIVED), (ESTABLISHED, ESTABLISHED), (ESTABLISHED, ESTABLISHED),
        (ESTABLISHED, ESTABLISHED), (FIN_WAIT_1, CLOSE_WAIT), (TIME_WAIT, SocketState.LAST_ACK), (TIME_WAIT, CLOSED),
    ]  # fmt: skip
    assert [(step.first_moved, step.second_moved) for step in shown] == [
        (True, False), (True, True), (False, True), (False, False), (False, False), (True, True), (True, True),
        (False, True),
    ]  # fmt: skip
    assert [step.forward for step in shown] == [True, False, True, True, False, True, False, True]
    assert [(step.seq, step.ack, step.length) for step in shown[:4]] == [(0, None, 0), (0, 1, 0), (1, 1, 0), (1, 1, 5)]
    assert shown[3].info == "40000 → 80 [PSH, ACK] Seq=1 Ack=1 Win=512 Len=5"


def test_options_stand_beside_the_numbers() -> None:
    head = struct.pack("!HHIIBBHHH", 40000, 80, 0, 0, 0x70, SYN, 512, 0, 0)
    told = told_by(ip_frame(6, head + bytes.fromhex("020405b4 01030307")))
    assert steps(ladder(told))[0].options == "MSS=1460 WS=128"


def test_a_long_run_of_data_is_one_line_until_it_is_opened() -> None:
    told = told_by(*transfer(50))
    folded = ladder(told)
    fold = folded.items[5]
    assert isinstance(fold, LadderFold)
    assert (fold.segments, fold.acks, fold.forward_bytes, fold.backward_bytes) == (48, 48, 4_800, 0)
    assert folded.total == len(folded.items) == 3 + 2 + 1 + 2 + 1
    opened = ladder(told, unfolded=(fold.first_number,), count=1_000)
    assert [item.number for item in steps(opened)] == list(range(1, 105))
    assert ladder(told, folded=False, count=1_000).items == opened.items


def test_a_window_of_a_ladder_starts_anywhere_and_follows_the_end() -> None:
    told = told_by(*transfer(50))
    whole = ladder(told).items
    assert ladder(told, first=4, count=3).items == whole[4:7]
    end = ladder(told, first=-1, count=3)
    assert (end.first, end.items) == (6, whole[-3:])
    assert ladder(told, first=99, count=3).items == []


def test_a_watched_ladder_grows_at_its_end_alone() -> None:
    frames = transfer(50)
    told = told_by()
    for at, frame in enumerate(frames):
        told.log.take([captured(frame, ts_ns=1_000_000 * (at + 1))])
        ladder(told)
    assert ladder(told).items == ladder(told_by(*frames)).items


def test_what_was_sent_again_shows_the_first_sending_as_lost() -> None:
    told = told_by(*transfer(0)[:3], tcp(40000, 80, 1, 1, ACK, b"once"))
    assert [step.lost for step in steps(ladder(told))] == [False] * 4
    told.log.take([captured(tcp(40000, 80, 1, 1, ACK, b"once"), ts_ns=400_000_000)])
    shown = steps(ladder(told))
    assert [step.lost for step in shown] == [False, False, False, True, False]
    assert shown[4].findings == ("retransmission",)


def test_a_gap_in_the_capture_is_a_rung_while_the_conversation_lasts() -> None:
    told = told_by(gap(7), *conversation()[:4], gap(3), *conversation()[4:], gap(9))
    gaps = [item for item in ladder(told).items if isinstance(item, LadderGap)]
    assert [item.frames for item in gaps] == [3]


def test_an_icmp_error_about_a_segment_is_a_note() -> None:
    syn = tcp(40000, 80, 0, 0, SYN)
    told = told_by(syn, ip_frame(1, b"\x03\x03\0\0\0\0\0\0" + syn[14:]), udp())
    _, note = ladder(told).items
    assert isinstance(note, LadderNote)
    assert "port" in note.info.lower()


def test_several_conversations_share_a_ladder_in_the_order_of_time() -> None:
    one, two = conversation(), conversation(40001)
    told = told_by(*(frame for both in zip(one, two, strict=True) for frame in both))
    merged = ladder(told, 0, 1)
    assert [item.number for item in steps(merged)] == list(range(1, 17))
    assert [item.stream for item in steps(merged)] == [0, 1] * 8
    assert [flow.stream for flow in merged.flows] == [0, 1]


def test_a_gap_stands_once_on_a_shared_ladder() -> None:
    told = told_by(tcp(1, 80, 0, 0, SYN), tcp(2, 80, 0, 0, SYN), gap(3))
    assert [type(item) for item in ladder(told, 0, 1).items] == [LadderStep, LadderStep, LadderGap]


def test_more_conversations_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(BadInput, match="at most"):
        ladder(told_by(), *range(STREAMS_MAX + 1))


def test_a_ladder_of_an_unknown_conversation_is_empty() -> None:
    answer = ladder(told_by(*conversation()), 7)
    assert (answer.items, answer.flows, answer.total) == ([], [], 0)


def test_frames_that_there_was_no_time_for_are_pending() -> None:
    told = told_by(*conversation())
    answer = told.ladder(AskLadder((0,), 0, 10), lambda: False)
    assert (answer.items, answer.pending) == ([], 8)
    assert not told.look(always)
    assert ladder(told).total == 8


def test_what_was_evicted_before_the_first_rung_is_told() -> None:
    told = told_by(*transfer(3_000, size=1_000), store_bytes=BYTES_MIN)
    answer = ladder(told)
    assert answer.evicted == told.log.oldest - 1 > 0
    assert [type(item) for item in answer.items][3] is LadderFold
    first = answer.items[0]
    assert isinstance(first, LadderStep)
    assert first.number == told.log.oldest


def test_a_fold_stays_while_its_frames_go_one_by_one() -> None:
    told = told_by(store_bytes=BYTES_MIN)
    frames = transfer(3_000, size=1_000)
    for at, frame in enumerate(frames):
        told.log.take([captured(frame, ts_ns=1_000_000 * (at + 1))])
        if not at % 97:
            answer = ladder(told)
            opened = ladder(told, folded=False, count=10_000)
            assert opened.total == told.log.newest - told.log.oldest + 1
    assert isinstance(answer.items[0], LadderFold)
    assert answer.items[0].first_number == 6
