"""From a frame to its TCP segment, or to the one line that stands for any other frame.

Most frames are TCP in IPv4 or IPv6 in Ethernet with no extras; they are read with one `struct` call. Everything else,
and every frame that contradicts itself, takes the long way through engine.capture.link and engine.capture.ip.
"""

from __future__ import annotations

import struct

from engine.capture.decode_other import other_frame, undecodable
from engine.capture.ip import TCP, Walk, is_ip, walk_ip
from engine.capture.ip_reassembly import Reassembly
from engine.capture.link import LINK_TYPES, link_payload
from engine.flow.info import LIMITED, MALFORMED
from engine.model.errors import MalformedMessage
from engine.model.packets import OtherFrame, Segment

_ETHERNET = 1

# dst and src MAC, ethertype | version and header length, total length, id, fragment, TTL, protocol, src, dst | TCP
_ETHERNET_IPV4_TCP = struct.Struct("!12xHBxHHHBBxx4s4sHHIIHHxxH").unpack_from
_ETHERNET_IPV6_TCP = struct.Struct("!12xHIHBB16s16sHHIIHHxxH").unpack_from
_IPV4_TCP_BYTES = 54
_IPV6_TCP_BYTES = 74
_FRAGMENT_BITS = 0x3FFF  # more fragments, and the offset
_TCP = struct.Struct("!HHIIHHxxH").unpack_from
_IPV4_TCP = struct.Struct("!BxHHHBBxx4s4sHHIIHHxxH").unpack_from

_VLAN_TAG = b"\x81\x00"
_ONE_TAG = -1
_PLAIN_LINKS: dict[int, tuple[slice, int, str]] = {
    0: (slice(0, 4), 4, "null:ip:tcp"),
    _ONE_TAG: (slice(16, 18), 18, "eth:ethertype:vlan:ethertype:ip:tcp"),
    113: (slice(14, 16), 16, "sll:ethertype:ip:tcp"),
    276: (slice(0, 2), 20, "sll:ethertype:ip:tcp"),
}
"""Link layers of a fixed size by LINKTYPE_ number, and Ethernet with one VLAN tag: the bytes that tell what follows,
where that starts, and the layers of a TCP segment in IPv4."""
_IPV4_FOLLOWS = frozenset((b"\x08\x00", b"\x02\0\0\0", b"\0\0\0\x02"))
"""What those bytes are for IPv4: the ethertype, or BSD's AF_INET in either byte order."""
_IPV4_LAYERS = "eth:ethertype:ip:tcp"
_IPV6_LAYERS = "eth:ethertype:ipv6:tcp"


def decode_frame(
    link_type: int,
    data: bytes,
    wire_length: int,
    ts_ns: int,
    interface: int = 0,
    reassembly: Reassembly | None = None,
) -> Segment | OtherFrame:
    """What one frame holds. Never raises on any bytes.

    `link_type` is a LINKTYPE_ number, `data` what was captured, `wire_length` what was on the wire. With a
    `reassembly`, fragments are put together and the frame that completes a datagram gives its segment; without, a first
    fragment gives a segment of unknown length.
    """
    captured = len(data)
    if link_type == _ETHERNET and captured >= _IPV4_TCP_BYTES:
        (
            ethertype,
            version,
            total,
            ip_id,
            fragment,
            ttl,
            protocol,
            src,
            dst,
            sport,
            dport,
            seq,
            ack,
            control,
            wnd,
            urg,
        ) = _ETHERNET_IPV4_TCP(data)
        if ethertype == 0x0800 and version == 0x45 and protocol == 6 and not fragment & _FRAGMENT_BITS:
            header_length = control >> 12 << 2
            length = total - 20 - header_length
            options_end = 34 + header_length
            if length >= 0 and header_length >= 20 and options_end <= captured and 14 + total <= wire_length:
                return Segment(
                    ts_ns, src, dst, sport, dport, seq, ack, control & 0xFFF, wnd, urg, length, header_length,
                    data[54:options_end] if header_length > 20 else b"", interface, ip_id, ttl, False, 20, False,
                    _IPV4_LAYERS, data[26:38],
                )  # fmt: skip
        elif ethertype == 0x86DD and captured >= _IPV6_TCP_BYTES:
            (_, first, total, protocol, ttl, src, dst, sport, dport, seq, ack, control, wnd, urg) = _ETHERNET_IPV6_TCP(
                data
            )
            if protocol == 6 and total and first >> 28 == 6:
                header_length = control >> 12 << 2
                length = total - header_length
                options_end = 54 + header_length
                if length >= 0 and header_length >= 20 and options_end <= captured and 54 + total <= wire_length:
                    return Segment(
                        ts_ns, src, dst, sport, dport, seq, ack, control & 0xFFF, wnd, urg, length, header_length,
                        data[74:options_end] if header_length > 20 else b"", interface, 0, ttl, False, 20, False,
                        _IPV6_LAYERS, data[22:58],
                    )  # fmt: skip
    link = _PLAIN_LINKS.get(_ONE_TAG if link_type == _ETHERNET and data[12:14] == _VLAN_TAG else link_type)
    if link is not None:
        plain = _decode_plain(link, data, wire_length, ts_ns, interface)
        if plain is not None:
            return plain
    return _decode_slowly(link_type, data, wire_length, ts_ns, interface, reassembly)


def _decode_plain(
    link: tuple[slice, int, str], data: bytes, wire_length: int, ts_ns: int, interface: int
) -> Segment | None:
    """The segment of a frame of another simple link layer that holds no more than IPv4 and TCP; None for any other."""
    told, starts, layers = link
    if data[told] not in _IPV4_FOLLOWS or len(data) < starts + 40:
        return None
    (version, total, ip_id, fragment, ttl, protocol, src, dst, sport, dport, seq, ack, control, wnd, urg) = _IPV4_TCP(
        data, starts
    )
    header_length = control >> 12 << 2
    length = total - 20 - header_length
    options_end = starts + 20 + header_length
    if (
        version != 0x45
        or protocol != TCP
        or fragment & _FRAGMENT_BITS
        or length < 0
        or header_length < 20
        or options_end > len(data)
        or starts + total > wire_length
    ):
        return None
    return Segment(
        ts_ns, src, dst, sport, dport, seq, ack, control & 0xFFF, wnd, urg, length, header_length,
        data[starts + 40 : options_end], interface, ip_id, ttl, False, 20, False, layers,
        data[starts + 12 : starts + 24],
    )  # fmt: skip


def _decode_slowly(
    link_type: int, data: bytes, wire_length: int, ts_ns: int, interface: int, reassembly: Reassembly | None
) -> Segment | OtherFrame:
    name = LINK_TYPES.get(link_type, ("",))[0] or "Unknown"
    try:
        below = link_payload(link_type, data, max(wire_length, len(data)))
        if not is_ip(below.ethertype):
            return other_frame(below, data, ts_ns, interface)
        name = "IP"
        walk = walk_ip(data, below, reassembly, ts_ns)
    except MalformedMessage as error:
        return undecodable(ts_ns, name, str(error), interface)
    if walk.protocol == TCP and not walk.fragment_note:
        return _segment(walk, ts_ns, interface)
    return other_frame(below, data, ts_ns, interface, walk)


def _segment(walk: Walk, ts_ns: int, interface: int) -> Segment | OtherFrame:
    data, offset = walk.data, walk.offset
    on_wire = walk.end - offset
    captured = min(len(data) - offset, on_wire)
    if captured < 4:
        reason = LIMITED if captured < on_wire else MALFORMED
        family = "IPv6" if len(walk.src) == 16 else "IPv4"  # as tshark: too little is there to call it TCP
        return undecodable(ts_ns, family, reason, interface, walk.src, walk.dst)
    fixed = data[offset : offset + min(captured, 20)].ljust(20, b"\0")
    sport, dport, seq, ack, control, wnd, urg = _TCP(fixed)
    header_length = control >> 12 << 2
    length = on_wire - header_length
    if walk.truncated_fragment or length < 0 or captured < 16:
        length = -1
    options_end = min(offset + header_length, offset + captured)
    return Segment(
        ts_ns, walk.src, walk.dst, sport, dport, seq, ack, control & 0xFFF, wnd, urg, length, header_length,
        data[offset + 20 : options_end] if header_length > 20 else b"", interface, walk.ip_id, walk.ttl,
        captured < on_wire and captured < max(header_length, 20), min(captured, 20), walk.fragmented,
        walk.layers + ":tcp",
    )  # fmt: skip
