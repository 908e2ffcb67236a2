"""One line for each frame that holds no TCP segment: UDP, ICMP, ICMPv6, ARP, fragments, and what cannot be read.

The words are tshark's where it has them.
"""

from __future__ import annotations

import struct

from engine.capture.ip import ICMP, ICMPV6, TCP, UDP, Walk, protocol_name
from engine.capture.ip_text import address_text
from engine.capture.link import ARP, Below
from engine.model.packets import OtherFrame

_UDP = struct.Struct("!HHH")
_ECHO = struct.Struct("!HH")

_ICMP_UNREACHABLE = (
    "Network unreachable", "Host unreachable", "Protocol unreachable", "Port unreachable", "Fragmentation needed",
    "Source route failed", "Destination network unknown", "Destination host unknown", "Source host isolated",
    "Network administratively prohibited", "Host administratively prohibited", "Network unreachable for TOS",
    "Host unreachable for TOS", "Communication administratively filtered", "Host precedence violation",
    "Precedence cutoff in effect",
)  # fmt: skip
_ICMP_TYPES: dict[int, tuple[str, tuple[str, ...]]] = {
    0: ("Echo (ping) reply", ()),
    3: ("Destination unreachable", _ICMP_UNREACHABLE),
    4: ("Source quench (flow control)", ()),
    5: ("Redirect", (
        "Redirect for network", "Redirect for host", "Redirect for TOS and network", "Redirect for TOS and host",
    )),
    8: ("Echo (ping) request", ()),
    9: ("Router advertisement", ()),
    10: ("Router solicitation", ()),
    11: ("Time-to-live exceeded", ("Time to live exceeded in transit", "Fragment reassembly time exceeded")),
    12: ("Parameter problem", ("Pointer indicates the error", "Required option missing", "Bad length")),
    13: ("Timestamp request", ()),
    14: ("Timestamp reply", ()),
    17: ("Address mask request", ()),
    18: ("Address mask reply", ()),
}  # fmt: skip
"""ICMP types and codes (RFC 792, RFC 1122, RFC 1256, RFC 1812) in tshark's words."""

_ICMPV6_TYPES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("Destination Unreachable", (
        "no route to destination", "Administratively prohibited", "Beyond scope of source address",
        "Address unreachable", "Port unreachable", "Source address failed ingress/egress policy",
        "Reject route to destination",
    )),
    2: ("Packet Too Big", ()),
    3: ("Time Exceeded", ("hop limit exceeded in transit", "fragment reassembly time exceeded")),
    4: ("Parameter Problem", (
        "erroneous header field encountered", "unrecognized Next Header type encountered",
        "unrecognized IPv6 option encountered",
    )),
    128: ("Echo (ping) request", ()),
    129: ("Echo (ping) reply", ()),
    130: ("Multicast Listener Query", ()),
    131: ("Multicast Listener Report", ()),
    132: ("Multicast Listener Done", ()),
    133: ("Router Solicitation", ()),
    134: ("Router Advertisement", ()),
    135: ("Neighbor Solicitation", ()),
    136: ("Neighbor Advertisement", ()),
    137: ("Redirect", ()),
    143: ("Multicast Listener Report Message v2", ()),
}  # fmt: skip
"""ICMPv6 types and codes (RFC 4443, RFC 4861, RFC 3810) in tshark's words."""

_ICMP_QUOTES = {3, 4, 5, 11, 12}
_ICMPV6_QUOTES = {1, 2, 3, 4}


def undecodable(
    ts_ns: int, protocol: str, reason: str, interface: int, src: bytes = b"", dst: bytes = b""
) -> OtherFrame:
    """The line for a frame that nothing here can read."""
    return OtherFrame(ts_ns, protocol, src, dst, reason, 0, 0, interface, True)


def other_frame(below: Below, data: bytes, ts_ns: int, interface: int, walk: Walk | None = None) -> OtherFrame:
    """The line for a frame whose headers were followed to `walk`, or only to `below` when it is not IP."""
    if walk is None:
        return _not_ip(below, data, ts_ns, interface)
    family = "IPv6" if len(walk.src) == 16 else "IPv4"
    if walk.fragment_note:
        return OtherFrame(ts_ns, family, walk.src, walk.dst, walk.fragment_note, 0, 0, interface)
    payload = walk.data[walk.offset : walk.end]
    on_wire = walk.end - walk.offset
    if walk.protocol == UDP:
        if len(payload) < 8:
            return undecodable(ts_ns, "UDP", "the frame ends inside its UDP header", interface, walk.src, walk.dst)
        sport, dport, length = _UDP.unpack_from(payload)
        size = (length if length >= 8 else on_wire) - 8  # 0: a jumbogram (RFC 2675 section 4)
        return OtherFrame(ts_ns, "UDP", walk.src, walk.dst, f"{sport} → {dport} Len={size}", sport, dport, interface)
    if walk.protocol in (ICMP, ICMPV6):
        return _icmp(walk, payload, ts_ns, interface)
    name = protocol_name(walk.protocol)
    return OtherFrame(ts_ns, family, walk.src, walk.dst, f"{name} ({walk.protocol})", 0, 0, interface)


def _icmp(walk: Walk, payload: bytes, ts_ns: int, interface: int) -> OtherFrame:
    six = walk.protocol == ICMPV6
    protocol = "ICMPv6" if six else "ICMP"
    if len(payload) < 4:
        return undecodable(
            ts_ns, protocol, f"the frame ends inside its {protocol} header", interface, walk.src, walk.dst
        )
    kind, code = payload[0], payload[1]
    name, codes = (_ICMPV6_TYPES if six else _ICMP_TYPES).get(kind, (f"Type {kind}", ()))
    info = name
    if codes:
        info += f" ({codes[code] if code < len(codes) else f'code {code}'})"
    if kind in ((128, 129) if six else (0, 8)) and len(payload) >= 8:
        ident, sequence = _ECHO.unpack_from(payload, 4)
        swapped = (sequence & 0xFF) << 8 | sequence >> 8
        hops = "hop limit" if six else "ttl"
        if not six:
            name = name.ljust(20)  # tshark lines request and reply up, for ICMP only
        info = f"{name} id=0x{ident:04x}, seq={sequence}/{swapped}, {hops}={walk.ttl}"
    elif six and kind in (135, 136) and len(payload) >= 24:
        word = "for" if kind == 135 else ""
        info = " ".join(part for part in (name, word, address_text(payload[8:24])) if part)
    quoted = quoted_segment(payload[8:]) if kind in (_ICMPV6_QUOTES if six else _ICMP_QUOTES) else None
    if quoted is not None:
        info += f", about TCP {quoted[2]} → {quoted[3]}"
    return OtherFrame(ts_ns, protocol, walk.src, walk.dst, info, 0, 0, interface, False, quoted)


def quoted_segment(quote: bytes) -> tuple[bytes, bytes, int, int] | None:
    """Source, destination and ports of the TCP segment that an ICMP error quotes (RFC 792: header and 8 bytes)."""
    version = quote[0] >> 4 if quote else 0
    if version == 4 and len(quote) >= 20 and quote[9] == TCP:
        src, dst, ports = quote[12:16], quote[16:20], (quote[0] & 15) * 4
    elif version == 6 and len(quote) >= 40 and quote[6] == TCP:
        src, dst, ports = quote[8:24], quote[24:40], 40
    else:
        return None
    if len(quote) < ports + 4 or ports < 20:
        return None
    sport, dport = _ECHO.unpack_from(quote, ports)
    return src, dst, sport, dport


def _not_ip(below: Below, data: bytes, ts_ns: int, interface: int) -> OtherFrame:
    if below.ethertype == ARP:
        return _arp(data[below.offset :], ts_ns, interface)
    src, dst = (data[6:12], data[:6]) if below.layers.startswith("eth") else (b"", b"")
    name = f"0x{below.ethertype:04x}" if below.ethertype else below.layers.rpartition(":")[2].upper()
    return OtherFrame(ts_ns, name, src, dst, _ETHERTYPES.get(below.ethertype, "Not IP"), 0, 0, interface)


_ETHERTYPES = {
    0x8847: "MPLS label switched packet",
    0x8848: "MPLS label switched packet",
    0x8863: "PPPoE Discovery",
    0x888E: "802.1X Authentication",
    0x88CC: "802.1 Link Layer Discovery Protocol (LLDP)",
    0x88E5: "802.1AE (MACsec)",
}

_ARP = struct.Struct("!HHBBH6s4s6s4s")  # RFC 826 for Ethernet and IPv4


def _arp(packet: bytes, ts_ns: int, interface: int) -> OtherFrame:
    if len(packet) < _ARP.size:
        return undecodable(ts_ns, "ARP", "the frame ends inside its ARP header", interface)
    _, _, hardware_size, protocol_size, operation, sender_mac, sender, target_mac, target = _ARP.unpack_from(packet)
    if (hardware_size, protocol_size) != (6, 4):
        return OtherFrame(ts_ns, "ARP", b"", b"", f"Operation {operation}", 0, 0, interface)
    if operation == 1:
        gratuitous = sender == target
        info = (
            f"ARP Announcement for {address_text(sender)}"
            if gratuitous
            else f"Who has {address_text(target)}? Tell {address_text(sender)}"
        )
        target_mac = b"\xff" * 6
    elif operation == 2:
        info = f"{address_text(sender)} is at {address_text(sender_mac)}"
    else:
        info = f"Operation {operation}"
    return OtherFrame(ts_ns, "ARP", sender_mac, target_mac, info, 0, 0, interface)
