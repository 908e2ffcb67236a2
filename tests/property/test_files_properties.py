"""Readers of capture files hold on any bytes, whole or in pieces; what writers write reads back."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.capture.files.frames import Frame, FrameReader, Interface
from engine.capture.files.pcap import MAGICS, PcapReader, pcap_header, pcap_record
from engine.capture.files.pcapng import MAGIC, PcapngReader, pcapng_interface, pcapng_packet, pcapng_section

FRAMES = st.lists(
    st.builds(
        Frame,
        st.just(1),
        st.binary(max_size=80),
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, (1 << 32) * 10**9 - 1),
    ),
    max_size=8,
)


def read(reader: FrameReader, text: bytes, cuts: list[int]) -> list[Frame]:
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [frame for start, end in itertools.pairwise(edges) for frame in reader.feed(text[start:end])]


@given(st.sampled_from([*MAGICS]), st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=6))
def test_pcap_of_any_bytes_is_frames_or_a_sentence_the_same_in_pieces(
    magic: bytes, rest: bytes, cuts: list[int]
) -> None:
    whole, split = PcapReader(), PcapReader()
    assert whole.feed(magic + rest) == read(split, magic + rest, cuts)
    assert whole.end() == split.end()


@given(
    st.sampled_from([MAGIC, pcapng_section("x"), pcapng_section("x") + pcapng_interface(Interface(1, "lo"))]),
    st.binary(max_size=300),
    st.lists(st.integers(0, 600), max_size=6),
)
def test_pcapng_of_any_bytes_is_frames_or_a_sentence_the_same_in_pieces(
    head: bytes, rest: bytes, cuts: list[int]
) -> None:
    whole, split = PcapngReader(), PcapngReader()
    assert whole.feed(head + rest) == read(split, head + rest, cuts)
    assert whole.end() == split.end()


@given(FRAMES, st.lists(st.integers(0, 2000), max_size=6))
def test_pcap_reads_back_what_it_wrote(frames: list[Frame], cuts: list[int]) -> None:
    reader = PcapReader()
    assert read(reader, pcap_header(1) + b"".join(map(pcap_record, frames)), cuts) == frames
    assert reader.end() == ""


@given(FRAMES, st.text(max_size=40), st.lists(st.integers(0, 2000), max_size=6))
def test_pcapng_reads_back_what_it_wrote(frames: list[Frame], comment: str, cuts: list[int]) -> None:
    comment = comment.encode("utf-8", "replace").decode()
    commented = [Frame(f.link_type, f.data, f.wire_length, f.ts_ns, 0, comment) for f in frames]
    text = pcapng_section("t") + pcapng_interface(Interface(1)) + b"".join(pcapng_packet(f, 0) for f in commented)
    reader = PcapngReader()
    assert read(reader, text, cuts) == commented
    assert reader.end() == ""
