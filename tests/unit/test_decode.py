"""Frames of every kind decode to a segment or to one line, and never to an exception."""

from __future__ import annotations

import struct

import pytest

from engine.capture.decode import decode_frame
from engine.capture.ip_reassembly import Reassembly
from engine.model.packets import OtherFrame, Segment
from tests.scenario.wire import ETHERNET, A, B, tcp_frame

A6, B6 = b"\xfd" + bytes(14) + b"\1", b"\xfd" + bytes(14) + b"\2"
MACS = bytes(6) + b"\2\0\0\0\0\1"
TCP_FRAME = tcp_frame(A, B, 41000, 80, 7, 9, 0x18, 512, 5, b"\1\1\x08\x0a" + bytes(8))
IPV4 = TCP_FRAME[14:]
IPV6 = tcp_frame(A6, B6, 41000, 80, 7, 9, 0x18, 512, 5)[14:]


def segment_of(link_type: int, data: bytes, wire_length: int | None = None) -> Segment:
    decoded = decode_frame(link_type, data, len(data) if wire_length is None else wire_length, 42)
    assert isinstance(decoded, Segment), decoded
    return decoded


def line_of(link_type: int, data: bytes) -> OtherFrame:
    decoded = decode_frame(link_type, data, len(data), 42)
    assert isinstance(decoded, OtherFrame), decoded
    return decoded


def ipv4(protocol: int, payload: bytes, *, options: bytes = b"", fragment: int = 0, total: int | None = None) -> bytes:
    length = 20 + len(options) + len(payload) if total is None else total
    first = 0x45 + len(options) // 4
    return struct.pack("!BBHHHBBH", first, 0, length, 77, fragment, 64, protocol, 0) + A + B + options + payload


def ipv6(following: int, payload: bytes) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(payload), following, 64) + A6 + B6 + payload


def ethernet(ethertype: int, payload: bytes) -> bytes:
    return MACS + struct.pack("!H", ethertype) + payload


def test_every_field_of_an_ipv4_segment_is_read() -> None:
    segment = segment_of(ETHERNET, TCP_FRAME)
    assert (segment.src, segment.dst, segment.sport, segment.dport) == (A, B, 41000, 80)
    assert (segment.seq, segment.ack, segment.flags, segment.wnd, segment.urg) == (7, 9, 0x18, 512, 0)
    assert (segment.len, segment.header_length, segment.ip_id, segment.ttl, segment.ts_ns) == (5, 32, 1, 64, 42)
    assert segment.options == b"\1\1\x08\x0a" + bytes(8)
    assert segment.ends == A + B + struct.pack("!HH", 41000, 80)
    assert segment.layers == "eth:ethertype:ip:tcp"


def test_an_ipv6_segment_says_the_same() -> None:
    segment = segment_of(ETHERNET, ethernet(0x86DD, IPV6))
    assert (segment.src, segment.dst, segment.sport, segment.seq, segment.len) == (A6, B6, 41000, 7, 5)
    assert segment.ends == A6 + B6 + struct.pack("!HH", 41000, 80)


@pytest.mark.parametrize(
    ("link_type", "head"),
    [
        (0, b"\2\0\0\0"),
        (0, b"\0\0\0\2"),
        (108, b"\0\0\0\2"),
        (9, b"\x00\x21"),
        (9, b"\xff\x03\x00\x21"),
        (9, b"\x21"),
        (50, b"\xff\x03\x00\x21"),
        (51, struct.pack("!BBHH", 0x11, 0, 1, len(IPV4) + 2) + b"\x00\x21"),
        (101, b""),
        (12, b""),
        (228, b""),
        (104, b"\x0f\x00\x08\x00"),
        (113, struct.pack("!HHH8sH", 0, 1, 6, bytes(8), 0x0800)),
        (276, struct.pack("!HHIHBB8s", 0x0800, 0, 1, 1, 0, 6, bytes(8))),
        (1, MACS + b"\x81\x00\x00\x05\x08\x00"),
        (1, MACS + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"),
        (1, MACS + b"\x91\x00\x00\x05\x08\x00"),
        (1, MACS + b"\x88\x64" + struct.pack("!BBHH", 0x11, 0, 1, len(IPV4) + 2) + b"\x00\x21"),
        (1, MACS + struct.pack("!H", len(IPV4) + 8) + b"\xaa\xaa\x03\0\0\0\x08\x00"),
        (1, MACS + struct.pack("!H", len(IPV4) + 3) + b"\x06\x06\x03"),
    ],
)
def test_the_same_segment_comes_out_of_every_link_layer(link_type: int, head: bytes) -> None:
    segment = segment_of(link_type, head + IPV4)
    expected = segment_of(ETHERNET, TCP_FRAME)
    for field in ("src", "dst", "sport", "dport", "seq", "ack", "flags", "wnd", "len", "options", "ttl", "ip_id"):
        assert getattr(segment, field) == getattr(expected, field), field


@pytest.mark.parametrize(
    ("what", "packet"),
    [
        ("IPv4 options", ipv4(6, IPV4[20:], options=b"\x94\x04\0\0")),
        ("IPv6 in IPv4", ipv4(41, IPV6)),
        ("IPv4 in IPv4", ipv4(4, IPV4)),
    ],
)
def test_tcp_is_found_under_what_ipv4_carries(what: str, packet: bytes) -> None:
    assert segment_of(ETHERNET, ethernet(0x0800, packet)).seq == 7


@pytest.mark.parametrize(
    ("what", "packet"),
    [
        ("hop-by-hop", ipv6(0, b"\x06\0\1\4\0\0\0\0" + IPV6[40:])),
        ("routing", ipv6(43, b"\x06\2\0\0" + bytes(20) + IPV6[40:])),
        ("destination options", ipv6(60, b"\x06\0\1\4\0\0\0\0" + IPV6[40:])),
        ("a fragment that is whole", ipv6(44, b"\x06\0\0\0\0\0\0\1" + IPV6[40:])),
        ("IPv4 in IPv6", ipv6(4, IPV4)),
    ],
)
def test_tcp_is_found_behind_ipv6_extension_headers(what: str, packet: bytes) -> None:
    assert segment_of(ETHERNET, ethernet(0x86DD, packet)).seq == 7


def test_ethernet_padding_is_no_payload() -> None:
    bare = tcp_frame(A, B, 1, 2, 0, 0, 0x10, 1)
    assert segment_of(ETHERNET, bare + bytes(6)).len == 0


def test_an_ip_length_of_zero_means_the_length_of_the_frame() -> None:
    frame = ethernet(0x0800, ipv4(6, IPV4[20:], total=0))
    assert segment_of(ETHERNET, frame).len == 5


def test_the_payload_length_does_not_depend_on_the_snap_length() -> None:
    segment = segment_of(ETHERNET, TCP_FRAME[:66], len(TCP_FRAME))
    assert (segment.len, segment.truncated) == (5, False)


def test_a_header_cut_by_the_snap_length_says_so() -> None:
    segment = segment_of(ETHERNET, TCP_FRAME[:60], len(TCP_FRAME))
    assert (segment.truncated, segment.options, segment.header_length) == (True, b"\1\1\x08\x0a\0\0", 32)
    assert segment_of(ETHERNET, TCP_FRAME[:50], len(TCP_FRAME)).header_captured == 16


def test_a_datagram_shorter_than_its_tcp_header_has_no_length() -> None:
    segment = segment_of(ETHERNET, ethernet(0x0800, ipv4(6, IPV4[20:46])))
    assert (segment.len, segment.truncated) == (-1, False)


@pytest.mark.parametrize("cut", range(len(TCP_FRAME)))
def test_a_frame_cut_at_any_byte_is_a_segment_or_a_line(cut: int) -> None:
    decoded = decode_frame(ETHERNET, TCP_FRAME[:cut], len(TCP_FRAME), 0)
    if isinstance(decoded, OtherFrame):
        assert cut < 38
        assert decoded.undecodable
    else:
        assert decoded.sport == 41000


def test_fragments_give_their_segment_with_the_last_of_them() -> None:
    whole = IPV4[20:] + b"x" * 40
    pieces = [(0, whole[:24], 0x2000), (24, whole[24:48], 0x2000), (48, whole[48:], 0)]
    reassembly = Reassembly()
    decoded = [
        decode_frame(ETHERNET, ethernet(0x0800, ipv4(6, part, fragment=more | at // 8)), 99, at, 0, reassembly)
        for at, part, more in (pieces[2], pieces[0], pieces[1])
    ]
    assert [type(each).__name__ for each in decoded] == ["OtherFrame", "OtherFrame", "Segment"]
    assert isinstance(decoded[2], Segment)
    assert (decoded[2].len, decoded[2].fragmented, decoded[2].seq) == (45, True, 7)
    assert isinstance(decoded[0], OtherFrame)
    assert decoded[0].info == "Fragmented IP protocol (proto=TCP 6, off=48, ID=004d)"


def test_without_reassembly_a_first_fragment_is_a_segment_of_unknown_length() -> None:
    segment = segment_of(ETHERNET, ethernet(0x0800, ipv4(6, IPV4[20:], fragment=0x2000)))
    assert (segment.len, segment.fragmented, segment.seq) == (-1, True, 7)


def test_ipv6_fragments_are_put_together_too() -> None:
    whole = IPV6[40:] + b"x" * 40
    reassembly = Reassembly()
    first = ipv6(44, struct.pack("!BBHI", 6, 0, 1, 5) + whole[:32])
    second = ipv6(44, struct.pack("!BBHI", 6, 0, 32, 5) + whole[32:])
    held = decode_frame(ETHERNET, ethernet(0x86DD, first), 99, 0, 0, reassembly)
    assert isinstance(held, OtherFrame)
    assert held.info == "IPv6 fragment (off=0 more=y ident=0x00000005 nxt=6)"
    decoded = decode_frame(ETHERNET, ethernet(0x86DD, second), 110, 0, 0, reassembly)
    assert isinstance(decoded, Segment)
    assert decoded.len == 45


@pytest.mark.parametrize(
    ("packet", "protocol", "info"),
    [
        (ipv4(17, struct.pack("!HHHH", 53, 4242, 28, 0) + bytes(20)), "UDP", "53 → 4242 Len=20"),
        (ipv4(1, struct.pack("!BBHHH", 8, 0, 0, 1, 1)), "ICMP", "Echo (ping) request  id=0x0001, seq=1/256, ttl=64"),
        (ipv4(1, struct.pack("!BBHHH", 0, 0, 0, 1, 1)), "ICMP", "Echo (ping) reply    id=0x0001, seq=1/256, ttl=64"),
        (ipv4(1, struct.pack("!BBHI", 3, 1, 0, 0)), "ICMP", "Destination unreachable (Host unreachable)"),
        (ipv4(1, struct.pack("!BBHI", 99, 1, 0, 0)), "ICMP", "Type 99"),
        (ipv4(2, bytes(8)), "IPv4", "IGMP (2)"),
    ],
)
def test_other_protocols_are_one_line(packet: bytes, protocol: str, info: str) -> None:
    line = line_of(ETHERNET, ethernet(0x0800, packet))
    assert (line.protocol, line.info, line.src, line.undecodable) == (protocol, info, A, False)


def test_icmpv6_is_told_by_name() -> None:
    echo = line_of(ETHERNET, ethernet(0x86DD, ipv6(58, struct.pack("!BBHHH", 128, 0, 0, 7, 2))))
    assert (echo.protocol, echo.info) == ("ICMPv6", "Echo (ping) request id=0x0007, seq=2/512, hop limit=64")
    sought = line_of(ETHERNET, ethernet(0x86DD, ipv6(58, struct.pack("!BBHI", 135, 0, 0, 0) + B6)))
    assert sought.info == "Neighbor Solicitation for fd00::2"


def test_an_icmp_error_names_the_segment_that_it_quotes() -> None:
    error = struct.pack("!BBHI", 3, 3, 0, 0) + IPV4[:28]
    line = line_of(ETHERNET, ethernet(0x0800, ipv4(1, error)))
    assert line.quoted == (A, B, 41000, 80)
    assert line.info == "Destination unreachable (Port unreachable), about TCP 41000 → 80"


def test_arp_asks_and_answers() -> None:
    question = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + b"\2\0\0\0\0\1" + A + bytes(6) + B
    assert line_of(ETHERNET, ethernet(0x0806, question)).info == "Who has 10.0.0.2? Tell 10.0.0.1"
    answer = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + b"\2\0\0\0\0\2" + B + b"\2\0\0\0\0\1" + A
    assert line_of(ETHERNET, ethernet(0x0806, answer)).info == "10.0.0.2 is at 02:00:00:00:00:02"


@pytest.mark.parametrize(
    ("link_type", "data", "reason"),
    [
        (147, TCP_FRAME, "nothing here reads link type 147 at byte 0"),
        (1, b"", "the frame ends inside its link-layer header at byte 12"),
        (1, ethernet(0x0800, b"\x41" + bytes(40)), "an IPv4 header of 4 bytes is impossible at byte 14"),
        (1, ethernet(0x0800, b"\x95" + bytes(40)), "IP version 9 does not exist at byte 14"),
        (1, ethernet(0x86DD, IPV4), "an IPv6 header of version 4 at byte 14"),
        (1, ethernet(0x86DD, b"\x70" + IPV6[1:]), "an IPv6 header of version 7 at byte 14"),
        (
            1,
            ethernet(0x0800, ipv4(6, b"", total=19)),
            "an IPv4 datagram of 19 bytes is shorter than its header at byte 14",
        ),
        (1, MACS + b"\x81\x00\x00\x05" * 20, "the frame has more than 16 tags at byte 78"),
    ],
)
def test_what_cannot_be_read_says_why(link_type: int, data: bytes, reason: str) -> None:
    line = line_of(link_type, data)
    assert (line.undecodable, line.info) == (True, reason)


def test_headers_in_headers_come_to_an_end() -> None:
    packet = IPV4
    for _ in range(60):
        packet = ipv4(4, packet)
    assert line_of(ETHERNET, ethernet(0x0800, packet)).undecodable


def test_linux_segments_of_over_64_kb_keep_their_length() -> None:
    payload = IPV6[40:60] + bytes(100_000)
    packet = struct.pack("!IHBB", 6 << 28, 0, 6, 64) + A6 + B6 + payload
    assert segment_of(ETHERNET, ethernet(0x86DD, packet)).len == 100_000
