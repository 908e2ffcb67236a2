"""pcapng: sections, interfaces, clocks, comments; in pieces of any size, cut at any byte, damaged in each way."""

from __future__ import annotations

import struct

import pytest

from engine.capture.files.frames import Frame, Interface
from engine.capture.files.pcapng import MAX_BLOCK, PcapngReader, pcapng_interface, pcapng_packet, pcapng_section


def block(order: str, kind: int, body: bytes) -> bytes:
    size = 12 + len(body)
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def section(order: str = "<") -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(order: str = "<", link_type: int = 1, options: bytes = b"") -> bytes:
    return block(order, 1, struct.pack(order + "HHI", link_type, 0, 0) + options)


def packet(order: str, number: int, ticks: int, data: bytes, options: bytes = b"") -> bytes:
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) + 1)
    return block(order, 6, head + data + bytes(-len(data) % 4) + options)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_and_the_microsecond_of_old(order: str) -> None:
    reader = PcapngReader()
    frames = reader.feed(section(order) + interface(order) + packet(order, 0, 1_700_000_000_000_001, b"abcde"))
    assert frames == [Frame(1, b"abcde", 6, 1_700_000_000_000_001_000)]


@pytest.mark.parametrize(
    ("resolution", "ticks", "expected_ns", "digits"),
    [
        (b"\x09", 1_700_000_000_123_456_789, 1_700_000_000_123_456_789, 9),
        (b"\x03", 1_700_000_000_123, 1_700_000_000_123_000_000, 3),
        (b"\x00", 1_700_000_000, 1_700_000_000_000_000_000, 0),
        (b"\x0c", 1_700_000_000_123_456_789_012, 1_700_000_000_123_456_789, 9),
        (b"\x8a", 1_700_000_000 << 10 | 512, 1_700_000_000_500_000_000, 3),
    ],
)
def test_each_interface_has_its_own_clock(resolution: bytes, ticks: int, expected_ns: int, digits: int) -> None:
    reader = PcapngReader()
    ticks &= (1 << 64) - 1
    if resolution == b"\x0c":
        expected_ns = ticks // 1000
    text = section() + interface(options=option("<", 9, resolution)) + packet("<", 0, ticks, b"x")
    assert [frame.ts_ns for frame in reader.feed(text)] == [expected_ns]
    assert reader.interfaces[0].digits == digits


def test_a_clock_may_be_set_off() -> None:
    offset = option("<", 14, struct.pack("<q", -100))
    reader = PcapngReader()
    (frame,) = reader.feed(section() + interface(options=offset) + packet("<", 0, 500_000_000, b"x"))
    assert frame.ts_ns == 400_000_000_000


def test_interfaces_are_counted_over_sections_and_named() -> None:
    first = section() + interface(options=option("<", 2, b"lo")) + packet("<", 0, 1, b"a")
    second = section(">") + interface(">", 113, option(">", 2, b"any")) + packet(">", 0, 1, b"b")
    reader = PcapngReader()
    frames = reader.feed(first + second)
    assert [(frame.interface, frame.link_type) for frame in frames] == [(0, 1), (1, 113)]
    assert [each.name for each in reader.interfaces] == ["lo", "any"]


def test_comments_come_with_their_frame() -> None:
    options = option("<", 1, b"first") + option("<", 2, b"1234") + option("<", 1, "zwei ↯".encode())
    reader = PcapngReader()
    (frame,) = reader.feed(section() + interface() + packet("<", 0, 1, b"abc", options))
    assert frame.comment == "first\nzwei ↯"


def test_simple_and_old_packets_are_frames_too() -> None:
    simple = block("<", 3, struct.pack("<I", 3) + b"abc\0")
    old = block("<", 2, struct.pack("<HHIIII", 0, 0, 0, 7, 3, 9) + b"xyz\0")
    reader = PcapngReader()
    assert reader.feed(section() + interface() + simple + old) == [Frame(1, b"abc", 3, 0), Frame(1, b"xyz", 9, 7000)]


def test_unknown_blocks_are_stepped_over_and_drops_are_counted() -> None:
    statistics = block("<", 5, struct.pack("<III", 0, 0, 0) + option("<", 5, struct.pack("<Q", 41)))
    reader = PcapngReader()
    text = section() + interface() + block("<", 0xBAD, bytes(40)) + statistics + packet("<", 0, 1, b"x")
    assert len(reader.feed(text)) == 1
    assert reader.dropped == 41


WHOLE = section() + interface() + packet("<", 0, 1, b"abc") + packet("<", 0, 2, b"defg")


@pytest.mark.parametrize("size", [1, 3, 12, 13, 500])
def test_pieces_of_any_size_give_the_same_frames(size: int) -> None:
    reader = PcapngReader()
    frames = [frame for at in range(0, len(WHOLE), size) for frame in reader.feed(WHOLE[at : at + size])]
    assert [frame.data for frame in frames] == [b"abc", b"defg"]
    assert reader.end() == ""


def test_a_file_cut_anywhere_gives_what_is_whole_and_one_sentence() -> None:
    ends = [len(section()), len(section() + interface()), len(WHOLE) - 36, len(WHOLE)]
    for cut in range(1, len(WHOLE)):
        reader = PcapngReader()
        frames = reader.feed(WHOLE[:cut])
        assert len(frames) <= 1
        assert bool(reader.end()) == (cut not in ends), cut


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (section() + struct.pack("<II", 6, 4) + bytes(8), "is a block of 4 bytes"),
        (section() + struct.pack("<II", 6, MAX_BLOCK + 4) + bytes(8), "is a block of 16777220 bytes"),
        (section() + packet("<", 0, 1, b"x"), "is a frame of interface 0, which the file did not describe"),
        (section() + interface() + block("<", 6, bytes(8)), "is a block too short for its kind"),
        (section() + interface() + block("<", 6, struct.pack("<IIIII", 0, 0, 0, 99, 99)), "is a frame of 99 bytes"),
        (block("<", 0x0A0D0D0A, bytes(16)), "starts a section of unknown byte order"),
    ],
)
def test_damage_is_told_with_its_place(text: bytes, sentence: str) -> None:
    reader = PcapngReader()
    reader.feed(text)
    assert sentence in reader.end()
    assert reader.end().endswith("the file is damaged from there on")


def test_what_is_written_reads_back_with_names_and_comments() -> None:
    frame = Frame(113, b"data!", 99, 1_700_000_000_123_456_789, 0, "curl 4711\nRecv-Q 0")
    text = pcapng_section("test") + pcapng_interface(Interface(113, "lo", 64)) + pcapng_packet(frame, 0)
    reader = PcapngReader()
    assert reader.feed(text) == [frame]
    assert reader.interfaces == [Interface(113, "lo", 64, 9)]


def test_a_comment_too_long_for_the_format_is_cut_between_characters() -> None:
    text = (
        pcapng_section("test") + pcapng_interface(Interface(1)) + pcapng_packet(Frame(1, b"", 0, 0, 0, "ä" * 40_000), 0)
    )
    (frame,) = PcapngReader().feed(text)
    assert frame.comment == "ä" * 32_767
