"""What the capture service answers about what it captured: lists, frames, losses."""

from __future__ import annotations

import socket

import pytest

from engine.capture.packet_socket import Losses
from engine.model.errors import CaptureError, FilterError
from engine.model.messages import (
    AskFrame,
    AskNewFrames,
    AskNewPackets,
    AskStatus,
    FollowStream,
    FrameAnswer,
    FramesAnswer,
    PacketsAnswer,
)
from engine.model.packets import FULL_SNAP_LENGTH, CaptureOptions
from tests.unit.capture_bpf_machine import ethernet, run
from tests.unit.capture_frames import captured, conversation, gap, tcp, udp
from tests.unit.capture_rig import CaptureRig


def test_before_any_capture_there_is_an_empty_list_and_nothing_to_wait_for(rig: CaptureRig) -> None:
    assert rig.packets().rows == []
    assert not rig.status().running
    assert list(rig.service.watch()) == []
    assert rig.service.pause_s() is None


def test_what_the_source_has_becomes_rows(rig: CaptureRig) -> None:
    assert rig.start().running
    assert list(rig.service.watch()) == [rig.source.fileno()]
    rig.deliver(*conversation(), udp())
    answer = rig.packets()
    assert (answer.total, len(answer.rows), answer.rows[0].info[:11]) == (9, 9, "40000 → 80 ")
    assert rig.packets(handshakes=True).total == 4
    assert rig.packets(text="udp").total == 1
    assert (answer.status.trust.received, answer.status.trust.kept, answer.status.last_number) == (9, 9, 9)


def new_packets(rig: CaptureRig, after: int, count: int, text: str = "", handshakes: bool = False) -> PacketsAnswer:
    answer = rig.service.answer(AskNewPackets(after, count, text, handshakes), [])
    assert isinstance(answer, PacketsAnswer)
    return answer


def test_a_listing_asks_for_what_is_new_and_goes_on_behind_it(rig: CaptureRig) -> None:
    rig.start()
    rig.deliver(*conversation(), udp())
    answer = new_packets(rig, 0, 5)
    assert ([row.number for row in answer.rows], answer.first, answer.pending) == ([1, 2, 3, 4, 5], 1, 4)
    answer = new_packets(rig, 5, 50)
    assert ([row.number for row in answer.rows], answer.first, answer.pending) == ([6, 7, 8, 9], 6, 0)
    assert new_packets(rig, 9, 50).rows == []
    assert [row.number for row in new_packets(rig, 0, 50, handshakes=True).rows] == [1, 2, 6, 7]
    answer = new_packets(rig, 0, 50, text="udp")
    assert ([row.number for row in answer.rows], answer.pending) == ([9], 0)


def test_a_listing_that_is_overtaken_sees_where_it_goes_on(rig: CaptureRig) -> None:
    rig.start()
    for _ in range(10):
        rig.deliver(*[bytes(1500)] * 100)
    answer = new_packets(rig, 0, 3)
    assert answer.first == answer.status.first_number > 1
    assert answer.rows[0].number == answer.first


def test_a_frame_is_handed_out_with_its_bytes_and_an_evicted_one_without(rig: CaptureRig) -> None:
    rig.start()
    rig.deliver(tcp(seq=5))
    assert rig.service.answer(AskFrame(1), []) == FrameAnswer(1, 1_000, 1, 54, tcp(seq=5), 1)
    assert rig.service.answer(AskFrame(2), []) == FrameAnswer(2, 0, -1, 0, b"")


def test_frames_for_a_file_come_in_order_in_pieces_and_without_places_of_losses(rig: CaptureRig) -> None:
    rig.start()
    frames = conversation(payload=bytes(1000))
    rig.source.batches.append([*map(captured, frames[:4]), gap(3), *map(captured, frames[4:])])
    rig.service.readable(rig.source.fileno())
    got: list[bytes] = []
    after = questions = 0
    while after < rig.status().last_number:
        answer = rig.service.answer(AskNewFrames(after, 500), [])
        assert isinstance(answer, FramesAnswer)
        assert answer.first == after + 1
        got += [frame.data for frame in answer.frames]
        after = answer.last
        questions += 1
    assert got == frames
    assert questions > 1


def test_frames_for_a_file_come_with_their_lines_if_asked(rig: CaptureRig) -> None:
    rig.start()
    frames = conversation()
    rig.source.batches.append([*map(captured, frames[:4]), gap(3), *map(captured, frames[4:])])
    rig.service.readable(rig.source.fileno())
    answer = rig.service.answer(AskNewFrames(0, with_rows=True), [])
    assert isinstance(answer, FramesAnswer)
    assert [row.number for row in answer.rows] == [frame.number for frame in answer.frames]
    assert answer.rows[0].info.split("]")[0].endswith("[SYN")


def test_a_display_filter_that_does_not_parse_says_where(rig: CaptureRig) -> None:
    with pytest.raises(FilterError):
        rig.packets(text="tcp.port ==")


def test_descriptors_nobody_asked_for_are_closed(rig: CaptureRig) -> None:
    ours, theirs = socket.socketpair()
    rig.service.answer(AskStatus(), [theirs.detach()])
    assert ours.recv(1) == b""
    ours.close()


def test_a_followed_stream_comes_whole_and_all_else_in_headers(rig: CaptureRig) -> None:
    rig.start()
    rig.deliver(*conversation())
    rig.service.answer(FollowStream(0), [])
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40000))) == FULL_SNAP_LENGTH
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40001))) == CaptureOptions().snap_length
    rig.start(capture_filter="tcp")
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40000))) == FULL_SNAP_LENGTH
    rig.service.answer(FollowStream(-1), [])
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40000))) == CaptureOptions().snap_length


def test_a_stream_that_is_not_known_cannot_be_followed(rig: CaptureRig) -> None:
    with pytest.raises(CaptureError, match="nothing is captured"):
        rig.service.answer(FollowStream(0), [])
    rig.start()
    with pytest.raises(CaptureError, match="stream 7"):
        rig.service.answer(FollowStream(7), [])


def test_the_flows_are_counted(rig: CaptureRig) -> None:
    rig.start()
    rig.deliver(tcp(40000), tcp(40001))
    assert (rig.status().flows, rig.status().flows_evicted) == (2, 0)


def test_a_loss_is_counted_and_stands_where_it_was(rig: CaptureRig) -> None:
    rig.start()
    rig.source.batches.append([captured(tcp()), gap(5), captured(tcp())])
    rig.source.total = Losses(passed=7, dropped=5, freezes=1)
    rig.service.readable(rig.source.fileno())
    assert "5 frames" in rig.packets().rows[1].info
    assert rig.status().trust.dropped_by_kernel == 5


def test_a_filter_with_much_to_look_at_goes_on_between_questions(
    rig: CaptureRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.capture.service.LOOK_S", 0.0)
    rig.start()
    rig.deliver(*[tcp(seq=number) for number in range(300)])
    assert rig.packets(text="tcp").pending == 300
    assert rig.service.pause_s() == 0.0
    for _ in range(300):
        rig.service.idle()
        if rig.service.pause_s() != 0.0:
            break
    answer = rig.packets(text="tcp")
    assert (answer.pending, answer.total) == (0, 300)
