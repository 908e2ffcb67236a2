"""pcap: every byte order and unit of time, in pieces of any size, cut at any byte."""

from __future__ import annotations

import struct

import pytest

from engine.capture.files.frames import MAX_CAPTURED, Frame
from engine.capture.files.pcap import MICROSECONDS, NANOSECONDS, PATCHED, PcapReader, pcap_header, pcap_record

FRAMES = [Frame(1, b"abc", 3, 1_700_000_000_000_001_000), Frame(1, b"", 60, 1_700_000_001_000_000_000)]


def written(order: str, magic: int) -> bytes:
    text = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    unit = 1 if magic == NANOSECONDS else 1000
    for frame in FRAMES:
        seconds, rest = divmod(frame.ts_ns, 1_000_000_000)
        text += struct.pack(order + "IIII", seconds, rest // unit, len(frame.data), frame.wire_length)
        text += (bytes(8) if magic == PATCHED else b"") + frame.data
    return text


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [MICROSECONDS, NANOSECONDS, PATCHED])
def test_every_variant_gives_the_same_frames(order: str, magic: int) -> None:
    reader = PcapReader()
    assert reader.feed(written(order, magic)) == FRAMES
    assert reader.end() == ""
    assert reader.interfaces[0].digits == (9 if magic == NANOSECONDS else 6)
    assert reader.interfaces[0].snap_length == 65535


@pytest.mark.parametrize("size", [1, 2, 7, 16, 24, 1000])
def test_pieces_of_any_size_give_the_same_frames(size: int) -> None:
    text = written("<", MICROSECONDS)
    reader = PcapReader()
    frames = [frame for at in range(0, len(text), size) for frame in reader.feed(text[at : at + size])]
    assert frames == FRAMES
    assert reader.end() == ""


def test_a_file_cut_anywhere_gives_what_is_whole_and_one_sentence() -> None:
    text = written("<", MICROSECONDS)
    for cut in range(len(text)):
        reader = PcapReader()
        frames = reader.feed(text[:cut])
        assert frames == FRAMES[: len(frames)]
        whole = cut in (24, 24 + 16 + 3)
        assert bool(reader.end()) != whole, cut


def test_an_impossible_length_ends_the_reading_where_it_stands() -> None:
    text = written("<", MICROSECONDS)[: 24 + 19] + struct.pack("<IIII", 0, 0, MAX_CAPTURED + 1, 9) + bytes(99)
    reader = PcapReader()
    assert reader.feed(text) == FRAMES[:1]
    assert reader.damage == "frame 2 at byte 43 claims 262145 bytes: the file is damaged from there on"
    assert reader.feed(b"more") == []


def test_the_length_of_a_frame_check_sequence_is_no_part_of_the_link_type() -> None:
    reader = PcapReader()
    reader.feed(struct.pack("<IHHiIII", MICROSECONDS, 2, 4, 0, 0, 0, 0x5000_0071))
    assert reader.interfaces[0].link_type == 0x71


def test_what_is_written_reads_back_to_the_nanosecond() -> None:
    frame = Frame(113, b"data", 99, 1_700_000_000_123_456_789)
    reader = PcapReader()
    assert reader.feed(pcap_header(113) + pcap_record(frame)) == [frame]
