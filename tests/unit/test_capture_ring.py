"""A block of the ring, as the kernel lays it out, becomes frames."""

from __future__ import annotations

import struct

from engine.capture.ring import block_frames
from engine.capture.source import LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL

VLAN_VALID, VLAN_TPID_VALID = 1 << 4, 1 << 6
ETHERNET_FRAME = bytes(range(12)) + b"\x08\x00" + b"ip packet"


def entry(
    data: bytes,
    *,
    length: int | None = None,
    status: int = 1,
    hardware: int = 1,
    kind: int = 0,
    link_bytes: int = 14,
    tci: int = 0,
    tpid: int = 0,
    protocol: bytes = b"\x08\x00",
) -> bytes:
    """struct tpacket3_hdr, struct sockaddr_ll and a frame; `tp_next_offset` is filled in by `block`."""
    mac = 82
    header = struct.pack(
        "=6IHHIIHH8x", 0, 7, 123, len(data), length or len(data), status, mac, mac + link_bytes, 0, tci, tpid, 0
    )
    address = struct.pack("=H2siHBB8s", 17, protocol, 3, hardware, kind, 6, b"\xaa\xbb\xcc\xdd\xee\xff\0\0")
    return (header + address).ljust(mac, b"\0") + data


def block(*entries: bytes) -> bytes:
    first = 48
    body = b""
    for one in entries:
        padded = one.ljust((len(one) + 15) // 16 * 16, b"\0")
        body += struct.pack("=I", len(padded)) + padded[4:]
    return struct.pack("=IIIIIIQ", 1, 0, 1, len(entries), first, 0, 1).ljust(first, b"\0") + body


def test_frames_come_in_order_with_time_lengths_interface_and_direction() -> None:
    frames = block_frames(block(entry(ETHERNET_FRAME), entry(ETHERNET_FRAME[:14], length=1500, kind=4)), 0)
    assert frames == [
        (7_000_000_123, 23, ETHERNET_FRAME, 3, 0, LINKTYPE_ETHERNET),
        (7_000_000_123, 1500, ETHERNET_FRAME[:14], 3, 4, LINKTYPE_ETHERNET),
    ]


def test_a_block_may_be_empty_and_may_lie_anywhere_in_the_ring() -> None:
    assert block_frames(block(), 0) == []
    assert len(block_frames(bytes(4096) + block(entry(ETHERNET_FRAME)), 4096)) == 1


def test_loopback_frames_are_ethernet() -> None:
    assert block_frames(block(entry(ETHERNET_FRAME, hardware=772)), 0)[0][5] == LINKTYPE_ETHERNET


def test_a_vlan_tag_that_the_kernel_took_off_is_put_back() -> None:
    (frame,) = block_frames(block(entry(ETHERNET_FRAME, status=1 | VLAN_VALID, tci=0x2007)), 0)
    assert frame[1] == len(ETHERNET_FRAME) + 4
    assert frame[2] == bytes(range(12)) + b"\x81\x00\x20\x07\x08\x00ip packet"


def test_the_tag_protocol_is_kept_where_the_kernel_tells_it() -> None:
    (frame,) = block_frames(block(entry(ETHERNET_FRAME, status=1 | VLAN_VALID | VLAN_TPID_VALID, tpid=0x88A8)), 0)
    assert frame[2][12:14] == b"\x88\xa8"


def test_other_hardware_becomes_a_cooked_frame() -> None:
    (frame,) = block_frames(block(entry(b"ip packet", hardware=65534, link_bytes=0, kind=4)), 0)
    assert frame[5] == LINKTYPE_LINUX_SLL
    assert frame[2] == b"\0\x04\xff\xfe\0\x06\xaa\xbb\xcc\xdd\xee\xff\0\0\x08\0" + b"ip packet"
    assert frame[1] == 16 + len(b"ip packet")


def test_a_link_header_of_other_hardware_gives_way_to_the_cooked_one() -> None:
    (frame,) = block_frames(block(entry(b"link" + b"ip packet", hardware=778, link_bytes=4, length=104)), 0)
    assert frame[2][16:] == b"ip packet"
    assert frame[1] == 116


def test_a_frame_cut_inside_its_link_header_stays_within_itself() -> None:
    (frame,) = block_frames(block(entry(b"li", hardware=778, link_bytes=4, length=104), entry(ETHERNET_FRAME)), 0)[:1]
    assert frame[2][16:] == b""
