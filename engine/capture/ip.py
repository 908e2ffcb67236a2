"""The IP headers: from the network layer to the transport header, through options, extensions, tunnels and fragments.

IPv4 is RFC 791, IPv6 RFC 8200. One reader a header, in the table `_READERS` by IP protocol number; each moves the
`Walk` past its header and names the next. What no reader knows is the transport protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from engine.capture.ip_reassembly import Reassembly
from engine.capture.link import IPV4, IPV6, Below
from engine.model.errors import MalformedMessage

IPIP, TCP, UDP, IPV6_IN_IP, ICMP, ICMPV6 = 4, 6, 17, 41, 1, 58

MAX_HEADERS = 32
"""IP, extension and tunnel headers followed in one frame; a frame of nothing but headers must end somewhere."""

_IPV4 = struct.Struct("!BxHHHBBxx4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_FRAGMENT = struct.Struct("!BxHI")

_MORE_FRAGMENTS = 0x2000
_OFFSET_MASK = 0x1FFF
_JUMBO_PAYLOAD = 0xC2  # RFC 2675
_LONGEST_PAYLOAD = 65_535


class Walk:
    """Where a walk down the headers of one frame is, and what it has met."""

    __slots__ = (
        "cut", "data", "dst", "end", "fragment_note", "fragmented", "ip_id", "layers", "offset",
        "protocol", "reassembly", "src", "truncated_fragment", "ts_ns", "ttl", "vlan",
    )  # fmt: skip

    def __init__(self, data: bytes, below: Below, reassembly: Reassembly | None, ts_ns: int) -> None:
        self.data = data
        self.offset = below.offset
        self.end = below.end
        self.vlan = below.vlan
        self.cut = False
        """The frame holds less than the IPv6 header says."""
        self.layers = below.layers
        self.reassembly = reassembly
        self.ts_ns = ts_ns
        self.protocol = -1
        self.src = b""
        self.dst = b""
        self.ttl = 0
        self.ip_id = 0
        self.fragmented = False
        self.fragment_note = ""
        """Not empty: the frame is a fragment whose datagram is not complete; the line that says so."""
        self.truncated_fragment = False
        """A first fragment that is read as it stands, since it was cut or there is no reassembly."""


def _need(walk: Walk, size: int, name: str) -> None:
    if len(walk.data) - walk.offset < size:
        raise MalformedMessage(f"the frame ends inside its {name} header", walk.offset)


def _ip(walk: Walk) -> None:
    """IPv4 or IPv6, by the version that the header itself gives."""
    _need(walk, 1, "IP")
    version = walk.data[walk.offset] >> 4
    if version == 4:
        _ipv4(walk)
    elif version == 6:
        _ipv6(walk)
    else:
        raise MalformedMessage(f"IP version {version} does not exist", walk.offset)


def _ipv4(walk: Walk) -> None:
    _need(walk, 20, "IPv4")
    offset = walk.offset
    first, total, walk.ip_id, fragment, walk.ttl, walk.protocol, walk.src, walk.dst = _IPV4.unpack_from(
        walk.data, offset
    )
    header_length = (first & 15) * 4
    walk.layers += ":ip" if walk.layers else "ip"
    if header_length < 20:
        raise MalformedMessage(f"an IPv4 header of {header_length} bytes is impossible", offset)
    if total == 0:
        total = walk.end - offset  # segmentation left to the card: the length was not filled in yet
    if total < header_length:
        raise MalformedMessage(f"an IPv4 datagram of {total} bytes is shorter than its header", offset)
    declared = offset + total
    present = min(walk.end, len(walk.data))
    walk.end = min(walk.end, declared)
    walk.offset = offset + header_length
    if fragment & (_MORE_FRAGMENTS | _OFFSET_MASK):
        at = (fragment & _OFFSET_MASK) * 8
        key = (walk.src, walk.dst, walk.protocol, walk.ip_id, walk.vlan)
        name = f"{protocol_name(walk.protocol)} {walk.protocol}"
        note = f"Fragmented IP protocol (proto={name}, off={at}, ID={walk.ip_id:04x})"
        _fragment_of(walk, key, at, bool(fragment & _MORE_FRAGMENTS), declared > present, note)


def _ipv6(walk: Walk) -> None:
    _need(walk, 40, "IPv6")
    offset = walk.offset
    if walk.data[offset] >> 4 != 6:
        raise MalformedMessage(f"an IPv6 header of version {walk.data[offset] >> 4}", offset)
    _, length, walk.protocol, walk.ttl, walk.src, walk.dst = _IPV6.unpack_from(walk.data, offset)
    walk.layers += ":ipv6" if walk.layers else "ipv6"
    walk.ip_id = 0
    walk.offset = offset + 40
    if length == 0:
        # more than 16 bits can tell: a jumbogram (RFC 2675), or what Linux hands over as one segment of over 64 KB
        present = walk.end - walk.offset
        length = _jumbo_length(walk) or (present if present > _LONGEST_PAYLOAD else 0)
    walk.cut = walk.offset + length > min(walk.end, len(walk.data))
    walk.end = min(walk.end, walk.offset + length)


def _jumbo_length(walk: Walk) -> int:
    """The payload length of a jumbogram, in its hop-by-hop options (RFC 2675); 0 if there is none."""
    data, offset = walk.data, walk.offset
    if walk.protocol == 0 and len(data) >= offset + 8 and data[offset + 2] == _JUMBO_PAYLOAD and data[offset + 3] == 4:
        length = int.from_bytes(data[offset + 4 : offset + 8], "big")
        return length if length > _LONGEST_PAYLOAD else 0
    return 0


def _extension(walk: Walk, name: str) -> None:
    """Step over an extension header (RFC 8200 section 4)."""
    _need(walk, 8, name)
    offset = walk.offset
    size = (walk.data[offset + 1] + 1) * 8
    walk.layers += ":" + name
    walk.protocol = walk.data[offset]
    walk.offset = offset + size
    if walk.offset > min(walk.end, len(walk.data)):
        raise MalformedMessage(f"the {name} header reaches past the datagram", offset)


def _hop_by_hop(walk: Walk) -> None:
    _extension(walk, "ipv6.hopopts")


def _destination_options(walk: Walk) -> None:
    _extension(walk, "ipv6.dstopts")


def _routing(walk: Walk) -> None:
    _extension(walk, "ipv6.routing")


def _ipv6_fragment(walk: Walk) -> None:
    _need(walk, 8, "IPv6 fragment")
    following, field, ident = _FRAGMENT.unpack_from(walk.data, walk.offset)
    walk.offset += 8
    walk.layers += ":ipv6.fraghdr"
    walk.protocol = following
    at, more = field & 0xFFF8, bool(field & 1)
    if at or more:
        note = f"IPv6 fragment (off={at} more={'y' if more else 'n'} ident=0x{ident:08x} nxt={following})"
        _fragment_of(walk, (walk.src, walk.dst, ident), at, more, walk.cut, note)


def _fragment_of(walk: Walk, key: tuple[object, ...], at: int, more: bool, cut: bool, note: str) -> None:
    """Go on with the whole datagram if this fragment completes it, else say that it does not.

    `cut`: the frame holds less of the fragment than its header says; then it cannot be put together.
    """
    whole = None
    walk.fragmented = True
    if walk.reassembly is not None and not cut:
        whole = walk.reassembly.add(key, at, more, walk.data[walk.offset : walk.end], walk.ts_ns)
    if whole is not None:
        walk.data, walk.offset, walk.end = whole, 0, len(whole)
    elif at == 0 and (walk.reassembly is None or (cut and len(walk.src) == 4)):
        walk.truncated_fragment = True
    else:
        walk.fragment_note = note


_READERS: dict[int, Callable[[Walk], None]] = {
    0: _hop_by_hop,
    IPIP: _ip,
    IPV6_IN_IP: _ipv6,
    43: _routing,
    44: _ipv6_fragment,
    60: _destination_options,
}

_PROTOCOL_NAMES = {
    0: "IPv6 Hop-by-Hop Option", 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 17: "UDP", 41: "IPv6",
    43: "Routing Header for IPv6", 44: "Fragment Header for IPv6", 46: "Reservation Protocol",
    47: "Generic Routing Encapsulation", 50: "Encap Security Payload",
    51: "Authentication Header", 58: "ICMPv6", 60: "Destination Options for IPv6", 88: "EIGRP", 89: "OSPF IGP",
    103: "PIM", 112: "VRRP", 132: "SCTP",
}  # fmt: skip
"""IANA's protocol numbers as tshark spells them, those met in practice."""


def protocol_name(number: int) -> str:
    """An IP protocol's name, `Unknown` for one that is not in the table."""
    return _PROTOCOL_NAMES.get(number, "Unknown")


def walk_ip(data: bytes, below: Below, reassembly: Reassembly | None, ts_ns: int) -> Walk:
    """Walk from the network header to the transport header. MalformedMessage where a header contradicts itself."""
    walk = Walk(data, below, reassembly, ts_ns)
    (_ipv6 if below.ethertype == IPV6 else _ip)(walk)
    for _ in range(MAX_HEADERS):
        reader = _READERS.get(walk.protocol)
        if reader is None or walk.fragment_note or walk.truncated_fragment:
            return walk
        reader(walk)
    raise MalformedMessage(f"the frame has more than {MAX_HEADERS} IP headers", walk.offset)


def is_ip(ethertype: int) -> bool:
    return ethertype in (IPV4, IPV6)
