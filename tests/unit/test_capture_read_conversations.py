"""Capture files read for their conversations: the sums, and the same ladder as a live capture of the same frames."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from engine.capture import read_conversations
from engine.capture.conversations import Conversations
from engine.capture.packet_log import PacketLog
from engine.capture.read_conversations import ConversationReading
from engine.export.ladder_text import LadderLook, ladder_lines
from engine.flow import ladder_losses
from engine.model.errors import BadInput
from engine.model.flows import LadderFold, LadderItem, LadderNote, LadderStep
from engine.model.messages import AskLadder
from engine.query.packets import compile_packets
from tests.unit.capture_frames import ACK, captured, conversation, ip_frame, tcp
from tests.unit.conversation_frames import NS_PER_FRAME, capture_file, transfer
from tests.unit.test_files_pcapng import interface, option, packet, section


def live_items(frames: list[bytes], *streams: int, folded: bool = True) -> list[LadderItem]:
    log = PacketLog(64 * 1024 * 1024)
    log.take([captured(data, ts_ns=NS_PER_FRAME * (at + 1)) for at, data in enumerate(frames)])
    return Conversations(log).ladder(AskLadder(streams, 0, 1_000, (), folded), lambda: True).items


def lossy() -> list[bytes]:
    """A transfer in which one segment, long folded, is sent again."""
    frames = transfer(60)
    lost = tcp(40000, 80, 1 + 100 * 60, 1, ACK, bytes(100))
    behind = [tcp(40000, 80, 1 + 100 * at, 1, ACK, bytes(100)) for at in range(61, 90)]
    return [*frames[:-1], lost, *behind, lost, tcp(80, 40000, 1, 1 + 100 * 90)]


def test_every_conversation_is_summed_up(tmp_path: Path) -> None:
    path = capture_file(tmp_path, [*conversation(), *conversation(40001, b"more")])
    flows = ConversationReading([path]).summaries()
    assert [(flow.stream, flow.first.port, flow.first.payload_bytes) for flow in flows] == [
        (0, 40000, 5),
        (1, 40001, 4),
    ]


def test_a_filter_chooses_conversations_by_their_packets(tmp_path: Path) -> None:
    syn = conversation(40001)[0]
    path = capture_file(tmp_path, [*conversation(), syn, ip_frame(1, b"\x03\x03\0\0\0\0\0\0" + syn[14:])])

    def chosen(text: str) -> list[int]:
        return [flow.stream for flow in ConversationReading([path]).summaries(compile_packets(text).matches)]

    assert chosen("tcp.flags.fin == 1") == [0]
    assert chosen("tcp.port == 40001") == [1]
    assert chosen("icmp") == [1]
    assert chosen("tcp.port == 1") == []


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("frames", [conversation(), transfer(100), lossy()], ids=["short", "long", "lossy"])
def test_the_ladder_of_a_file_is_that_of_the_same_frames_live(
    tmp_path: Path, frames: list[bytes], folded: bool
) -> None:
    path = capture_file(tmp_path, frames)
    flows, items = ConversationReading([path]).ladder([0], folded=folded)
    assert items == live_items(frames, 0, folded=folded)
    assert [flow.stream for flow in flows] == [0]


def test_two_conversations_of_a_file_share_a_ladder(tmp_path: Path) -> None:
    frames = [frame for both in zip(transfer(20), transfer(20, 40001), strict=True) for frame in both]
    _, items = ConversationReading([capture_file(tmp_path, frames)]).ladder([0, 1])
    assert items == live_items(frames, 0, 1)


def test_an_icmp_error_in_a_file_is_a_note(tmp_path: Path) -> None:
    syn = conversation()[0]
    path = capture_file(tmp_path, [syn, ip_frame(1, b"\x03\x03\0\0\0\0\0\0" + syn[14:])])
    _, (_, note) = ConversationReading([path]).ladder([0])
    assert isinstance(note, LadderNote)


def test_what_is_folded_away_is_let_go_and_what_is_lost_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder_losses, "LOOK_BACK", 40)
    monkeypatch.setattr(read_conversations, "_TIDY_STEP", 16)
    monkeypatch.setattr(read_conversations, "RUNGS_MAX", 64)
    frames = lossy()
    _, items = ConversationReading([capture_file(tmp_path, frames)]).ladder([0])
    assert items == live_items(frames, 0)
    (lost,) = [item for item in items if isinstance(item, LadderStep) and item.lost]
    assert lost.number == len(transfer(60))
    assert sum(item.segments for item in items if isinstance(item, LadderFold)) > 80


def test_more_rungs_than_memory_is_for_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_conversations, "_TIDY_STEP", 16)
    monkeypatch.setattr(read_conversations, "RUNGS_MAX", 64)
    path = capture_file(tmp_path, transfer(100))
    with pytest.raises(BadInput, match="more than 64 rungs"):
        ConversationReading([path]).ladder([0], folded=False)


@pytest.mark.parametrize("clock", [option("<", 9, b"\0"), option("<", 14, struct.pack("<q", -(1 << 62)))], ids=str)
def test_times_that_no_clock_of_ours_can_tell_are_drawn_nevertheless(tmp_path: Path, clock: bytes) -> None:
    path = tmp_path / "made.pcapng"
    packets = (packet("<", 0, (1 << 64) - 1 - at, data) for at, data in enumerate(transfer(20)))
    path.write_bytes(section() + interface(options=clock) + b"".join(packets))
    flows, items = ConversationReading([str(path)]).ladder([0])
    assert all(line.text.isprintable() for line in ladder_lines(flows, items, LadderLook(80, flows[0].first_ns)))
    assert len(items) > 4
