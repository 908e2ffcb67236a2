"""The capture service answers with what it captured, keeps what it has, and refuses without harm."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from engine.capture import live
from engine.capture.bpf_code import Program
from engine.capture.bpf_words import Conversation
from engine.capture.packet_socket import InterfaceState, Losses
from engine.capture.selection import Selection
from engine.capture.service import CaptureService
from engine.capture.store import BYTES_MIN
from engine.model.errors import BadInput, CaptureError, EngineError, FilterError
from engine.model.messages import (
    AskFrame,
    AskNewFrames,
    AskNewPackets,
    AskPackets,
    AskStatus,
    FollowStream,
    FrameAnswer,
    FramesAnswer,
    PacketsAnswer,
    StartCapture,
    StatusAnswer,
    StopCapture,
)
from engine.model.packets import FULL_SNAP_LENGTH, CaptureOptions, CaptureStatus
from tests.unit.capture_bpf_machine import ethernet, run
from tests.unit.capture_fake_source import FakeSource
from tests.unit.capture_frames import captured, conversation, gap, tcp, udp

SSH = Conversation(b"\x0a\0\0\x09", 50000, b"\x0a\0\0\x01", 22)


class Rig:
    """A service whose sources are fakes. Any socket will do to find interfaces with."""

    def __init__(self) -> None:
        self.service = CaptureService(SSH)
        self.sources: list[FakeSource] = []

    @property
    def source(self) -> FakeSource:
        return self.sources[-1]

    def start(self, **options: object) -> CaptureStatus:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wanted = CaptureOptions(**{"source": "fake", "store_bytes": BYTES_MIN} | options)  # type: ignore[arg-type]
        answer = self.service.answer(StartCapture(wanted), [sock.detach()])
        assert isinstance(answer, StatusAnswer)
        return answer.status

    def deliver(self, *frames: bytes) -> None:
        self.source.batches.append([captured(data) for data in frames])
        self.service.readable(self.source.fileno())

    def status(self) -> CaptureStatus:
        answer = self.service.answer(AskStatus(), [])
        assert isinstance(answer, StatusAnswer)
        return answer.status

    def packets(self, first: int = 0, count: int = 100, text: str = "", handshakes: bool = False) -> PacketsAnswer:
        answer = self.service.answer(AskPackets(first, count, text, handshakes), [])
        assert isinstance(answer, PacketsAnswer)
        return answer


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    made = Rig()

    def opener(sock: socket.socket, selection: Selection, program: Program) -> FakeSource:
        made.sources.append(FakeSource(sock, selection, program))
        return made.sources[-1]

    monkeypatch.setitem(live.SOURCES, "fake", opener)
    yield made
    made.service.close()


def test_before_any_capture_there_is_an_empty_list_and_nothing_to_wait_for(rig: Rig) -> None:
    assert rig.packets().rows == []
    assert not rig.status().running
    assert list(rig.service.watch()) == []
    assert rig.service.pause_s() is None


def test_what_the_source_has_becomes_rows(rig: Rig) -> None:
    assert rig.start().running
    assert list(rig.service.watch()) == [rig.source.fileno()]
    rig.deliver(*conversation(), udp())
    answer = rig.packets()
    assert (answer.total, len(answer.rows), answer.rows[0].info[:11]) == (9, 9, "40000 → 80 ")
    assert rig.packets(handshakes=True).total == 4
    assert rig.packets(text="udp").total == 1
    assert (answer.status.trust.received, answer.status.trust.kept, answer.status.last_number) == (9, 9, 9)


def new_packets(rig: Rig, after: int, count: int, text: str = "", handshakes: bool = False) -> PacketsAnswer:
    answer = rig.service.answer(AskNewPackets(after, count, text, handshakes), [])
    assert isinstance(answer, PacketsAnswer)
    return answer


def test_a_listing_asks_for_what_is_new_and_goes_on_behind_it(rig: Rig) -> None:
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


def test_a_listing_that_is_overtaken_sees_where_it_goes_on(rig: Rig) -> None:
    rig.start()
    for _ in range(10):
        rig.deliver(*[bytes(1500)] * 100)
    answer = new_packets(rig, 0, 3)
    assert answer.first == answer.status.first_number > 1
    assert answer.rows[0].number == answer.first


def test_a_frame_is_handed_out_with_its_bytes_and_an_evicted_one_without(rig: Rig) -> None:
    rig.start()
    rig.deliver(tcp(seq=5))
    assert rig.service.answer(AskFrame(1), []) == FrameAnswer(1, 1_000, 1, 54, tcp(seq=5), 1)
    assert rig.service.answer(AskFrame(2), []) == FrameAnswer(2, 0, -1, 0, b"")


def test_frames_for_a_file_come_in_order_in_pieces_and_without_places_of_losses(rig: Rig) -> None:
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


def test_frames_for_a_file_come_with_their_lines_if_asked(rig: Rig) -> None:
    rig.start()
    frames = conversation()
    rig.source.batches.append([*map(captured, frames[:4]), gap(3), *map(captured, frames[4:])])
    rig.service.readable(rig.source.fileno())
    answer = rig.service.answer(AskNewFrames(0, with_rows=True), [])
    assert isinstance(answer, FramesAnswer)
    assert [row.number for row in answer.rows] == [frame.number for frame in answer.frames]
    assert answer.rows[0].info.split("]")[0].endswith("[SYN")


def test_stopping_reads_what_waits_and_keeps_what_was_captured(rig: Rig) -> None:
    rig.start()
    rig.source.batches.append([captured(tcp())])
    rig.source.total = Losses(passed=3, dropped=2, freezes=1)
    rig.service.answer(StopCapture(), [])
    assert rig.source.closed
    status = rig.status()
    assert not status.running
    assert (status.trust.received, status.trust.dropped_by_kernel, status.trust.freezes) == (1, 2, 1)
    assert rig.packets().total == 1


def test_another_filter_is_swapped_in_place(rig: Rig) -> None:
    rig.start()
    rig.deliver(tcp())
    status = rig.start(capture_filter="udp", snap_length=FULL_SNAP_LENGTH)
    assert len(rig.sources) == 1
    assert status.capture_filter == "udp"
    assert run(rig.source.programs[-1], ethernet(udp())) == FULL_SNAP_LENGTH
    assert rig.packets().total == 1


def test_handshakes_only_shows_the_filter_that_does_it(rig: Rig) -> None:
    status = rig.start(handshakes_only=True, capture_filter="port 80")
    assert status.capture_filter == "(port 80) and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0"
    assert not run(rig.source.programs[-1], ethernet(tcp()))


def test_going_on_after_a_stop_leaves_a_line_where_the_capture_was_off(rig: Rig) -> None:
    rig.start()
    rig.deliver(tcp())
    rig.service.answer(StopCapture(), [])
    rig.start()
    rig.deliver(tcp())
    assert [row.number for row in rig.packets().rows] == [1, 2, 3]
    assert "off" in rig.packets().rows[1].info
    assert rig.status().trust.received == 2


def test_another_interface_begins_a_new_list(rig: Rig) -> None:
    rig.start()
    rig.deliver(tcp())
    status = rig.start(interface="any")
    assert rig.sources[0].closed
    assert (status.trust.received, status.interface) == (0, "any")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"interface": "nope0"}, CaptureError),
        ({"interface": ""}, CaptureError),
        ({"interface": "x" * 50}, CaptureError),
        ({"source": "crystal"}, CaptureError),
        ({"interface": "any", "capture_filter": "port 70000"}, FilterError),
        ({"capture_filter": "port 70000"}, FilterError),
        ({"store_bytes": 5}, BadInput),
    ],
)
def test_a_start_that_is_refused_leaves_the_running_capture_as_it_was(
    rig: Rig, options: dict[str, object], error: type[EngineError]
) -> None:
    rig.start()
    rig.deliver(tcp())
    with pytest.raises(error):
        rig.start(**options)
    assert all(source.closed for source in rig.sources[1:])
    assert not rig.sources[0].closed
    del rig.sources[1:]
    rig.deliver(tcp())
    status = rig.status()
    assert (status.running, status.interface, status.trust.received) == (True, "lo", 2)


def test_a_refused_packet_socket_is_told_with_its_reason(rig: Rig) -> None:
    with pytest.raises(CaptureError, match="Operation not permitted"):
        rig.service.answer(StartCapture(CaptureOptions(), errno=1), [])


def test_a_display_filter_that_does_not_parse_says_where(rig: Rig) -> None:
    with pytest.raises(FilterError):
        rig.packets(text="tcp.port ==")


def test_descriptors_nobody_asked_for_are_closed(rig: Rig) -> None:
    ours, theirs = socket.socketpair()
    rig.service.answer(AskStatus(), [theirs.detach()])
    assert ours.recv(1) == b""
    ours.close()


def test_a_followed_stream_comes_whole_and_all_else_in_headers(rig: Rig) -> None:
    rig.start()
    rig.deliver(*conversation())
    rig.service.answer(FollowStream(0), [])
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40000))) == FULL_SNAP_LENGTH
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40001))) == CaptureOptions().snap_length
    rig.start(capture_filter="tcp")
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40000))) == FULL_SNAP_LENGTH
    rig.service.answer(FollowStream(-1), [])
    assert run(rig.source.programs[-1], ethernet(tcp(80, 40000))) == CaptureOptions().snap_length


def test_a_stream_that_is_not_known_cannot_be_followed(rig: Rig) -> None:
    with pytest.raises(CaptureError, match="nothing is captured"):
        rig.service.answer(FollowStream(0), [])
    rig.start()
    with pytest.raises(CaptureError, match="stream 7"):
        rig.service.answer(FollowStream(7), [])


def test_the_ssh_session_is_left_out_and_said_so_but_not_on_lo_where_it_never_is(rig: Rig) -> None:
    session = ethernet(tcp(22, 50000, src="10.0.0.1", dst="10.0.0.9"))
    status = rig.start(interface="any")
    assert [degradation.code for degradation in status.degradations] == ["SSH_LEFT_OUT"]
    assert "10.0.0.9 port 50000" in status.degradations[0].sentence
    assert not run(rig.source.programs[-1], session)
    assert rig.start(interface="lo").degradations == ()
    assert rig.start(interface="any", leave_out_ssh=False).degradations == ()
    assert run(rig.source.programs[-1], session)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (InterfaceState.DOWN, "INTERFACE_DOWN"),
        (InterfaceState.GONE, "INTERFACE_GONE"),
        (InterfaceState.RENAMED, "INTERFACE_RENAMED"),
    ],
)
def test_an_interface_that_goes_is_told_and_its_return_takes_that_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, state: InterfaceState, code: str
) -> None:
    monkeypatch.setattr("engine.capture.service.TICK_S", 0.0)
    rig.start()
    rig.source.interface_states["lo"] = state
    rig.service.idle()
    assert [degradation.code for degradation in rig.status().degradations] == [code]
    rig.source.interface_states["lo"] = InterfaceState.UP
    rig.source.came_back = True
    programs = len(rig.source.programs)
    rig.service.idle()
    assert rig.status().degradations == ()
    assert len(rig.source.programs) == programs + 1


def test_a_wake_without_frames_looks_at_the_interfaces_at_once(rig: Rig) -> None:
    rig.start()
    rig.source.interface_states["lo"] = InterfaceState.GONE
    rig.deliver(tcp())
    assert rig.status().degradations == ()
    rig.service.readable(rig.source.fileno())
    assert [degradation.code for degradation in rig.status().degradations] == ["INTERFACE_GONE"]


def test_the_flows_are_counted(rig: Rig) -> None:
    rig.start()
    rig.deliver(tcp(40000), tcp(40001))
    assert (rig.status().flows, rig.status().flows_evicted) == (2, 0)


def test_a_loss_is_counted_and_stands_where_it_was(rig: Rig) -> None:
    rig.start()
    rig.source.batches.append([captured(tcp()), gap(5), captured(tcp())])
    rig.source.total = Losses(passed=7, dropped=5, freezes=1)
    rig.service.readable(rig.source.fileno())
    assert "5 frames" in rig.packets().rows[1].info
    assert rig.status().trust.dropped_by_kernel == 5


def test_scapys_socket_hears_handshakes_only_unless_a_filter_is_given() -> None:
    assert live.effective(CaptureOptions(source="scapy")).handshakes_only
    assert not live.effective(CaptureOptions(source="scapy", capture_filter="tcp")).handshakes_only
    assert not live.effective(CaptureOptions(source="ring")).handshakes_only


def test_a_snap_length_never_cuts_headers() -> None:
    assert live.effective(CaptureOptions(snap_length=1)).snap_length == live.SNAP_LENGTH_MIN


def test_a_filter_with_much_to_look_at_goes_on_between_questions(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
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
