"""The link layers: where in a frame the network layer starts, what it is, and how far the frame says it reaches.

Each reader takes the frame, an offset and the end of the frame on the wire, and returns a `Below`. Ends are those that
the headers give, so they may lie beyond the captured bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from engine.model.errors import MalformedMessage

IPV4 = 0x0800
IPV6 = 0x86DD
ARP = 0x0806
_PPPOE_SESSION = 0x8864
_VLAN_TAGS = {0x8100: "vlan", 0x88A8: "ieee8021ad", 0x9100: "ieee8021ad"}
"""Tag protocol identifiers: IEEE 802.1Q, 802.1ad, and what most makers used for stacked tags before it."""

_LONGEST_LENGTH = 1500
"""Up to here the 16 bits after the MAC addresses are a length and an LLC header follows (IEEE 802.3 clause 3.2.6)."""

MAX_TAGS = 16
"""Tags in a row that are followed; real frames stack 3 at most."""

_PPP_PROTOCOLS = {0x0021: (IPV4, "ip"), 0x0057: (IPV6, "ipv6")}
_LLC_SNAP = b"\xaa\xaa\x03"
_LLC_IP = b"\x06\x06\x03"
_PPP_HDLC_ADDRESS = b"\xff\x03"
_BSD_INET = 2
_BSD_INET6 = {24, 28, 30}  # AF_INET6 of NetBSD and OpenBSD, FreeBSD, macOS


class Below(NamedTuple):
    """What the layers below IP said."""

    ethertype: int
    offset: int
    """Where the network layer's header starts."""
    end: int
    """Where it ends on the wire; the capture may end before."""
    layers: str
    """As tshark's frame.protocols, up to the link layer."""
    vlan: int = 0
    """The innermost VLAN's number; 0 for none."""


def _u16(data: bytes, offset: int) -> int:
    if len(data) < offset + 2:
        raise MalformedMessage("the frame ends inside its link-layer header", offset)
    return data[offset] << 8 | data[offset + 1]


def by_ethertype(ethertype: int, data: bytes, offset: int, end: int, layers: str) -> Below:
    """Follow VLAN tags, 802.3 lengths and PPPoE down to the network layer."""
    vlan = 0
    for _ in range(MAX_TAGS):
        if ethertype in _VLAN_TAGS:
            vlan = _u16(data, offset) & 0xFFF
            layers += ":" + _VLAN_TAGS[ethertype]
            ethertype = _u16(data, offset + 2)
            offset += 4
            if ethertype > _LONGEST_LENGTH:
                layers += ":ethertype"
        elif ethertype <= _LONGEST_LENGTH:
            return _llc(data, offset, min(end, offset + ethertype), layers)._replace(vlan=vlan)
        elif ethertype == _PPPOE_SESSION:
            # version/type, code, session, length (RFC 2516 section 4); the length bounds what follows
            end = min(end, offset + 6 + _u16(data, offset + 4))
            return ppp(data, offset + 6, end, layers + ":pppoes")._replace(vlan=vlan)
        else:
            return Below(ethertype, offset, end, layers, vlan)
    raise MalformedMessage(f"the frame has more than {MAX_TAGS} tags", offset)


def _llc(data: bytes, offset: int, end: int, layers: str) -> Below:
    head = data[offset : offset + 3]
    if head == _LLC_SNAP:
        # SNAP (RFC 1042): organisation 00-00-00 means that an ethertype follows
        return Below(_u16(data, offset + 6), offset + 8, end, layers + ":llc")
    return Below(IPV4 if head == _LLC_IP else 0, offset + 3, end, layers + ":llc")


def ethernet(data: bytes, offset: int, end: int) -> Below:
    ethertype = _u16(data, offset + 12)
    layers = "eth:ethertype" if ethertype > _LONGEST_LENGTH else "eth"
    return by_ethertype(ethertype, data, offset + 14, end, layers)


def ppp(data: bytes, offset: int, end: int, layers: str = "ppp") -> Below:
    """PPP (RFC 1661, in RFC 1662's framing or without it); the protocol field may be compressed to one byte."""
    if data[offset : offset + 2] == _PPP_HDLC_ADDRESS:
        offset += 2
    if offset >= len(data):
        raise MalformedMessage("the frame ends inside its PPP header", offset)
    if not layers.endswith("ppp"):
        layers += ":ppp"
    if data[offset] & 1:  # RFC 1661 section 6.5: an odd first byte is the whole protocol number
        protocol, offset = data[offset], offset + 1
    else:
        protocol, offset = _u16(data, offset), offset + 2
    ethertype, _ = _PPP_PROTOCOLS.get(protocol, (0, ""))
    return Below(ethertype, offset, end, layers)


def cisco_hdlc(data: bytes, offset: int, end: int) -> Below:
    return by_ethertype(_u16(data, offset + 2), data, offset + 4, end, "chdlc")


def linux_cooked(data: bytes, offset: int, end: int) -> Below:
    """LINKTYPE_LINUX_SLL: 16 bytes, the protocol last."""
    return _cooked(_u16(data, offset + 14), data, offset + 16, end)


def linux_cooked_v2(data: bytes, offset: int, end: int) -> Below:
    """LINKTYPE_LINUX_SLL2: 20 bytes, the protocol first."""
    return _cooked(_u16(data, offset), data, offset + 20, end)


_COOKED_LLC = 4  # LINUX_SLL_P_802_2


def _cooked(protocol: int, data: bytes, offset: int, end: int) -> Below:
    if protocol == _COOKED_LLC:
        return _llc(data, offset, end, "sll")
    if protocol <= _LONGEST_LENGTH:
        return Below(0, offset, end, "sll")
    return by_ethertype(protocol, data, offset, end, "sll:ethertype")


def bsd_null(data: bytes, offset: int, end: int) -> Below:
    """LINKTYPE_NULL: an address family of 4 bytes in the capturing host's order, which the file does not tell."""
    if data[offset : offset + 2] == _PPP_HDLC_ADDRESS:
        return ppp(data, offset, end)
    swapped = _bsd_family(data, offset, end, "little")
    return swapped if swapped.ethertype else _bsd_family(data, offset, end, "big")


def bsd_loop(data: bytes, offset: int, end: int) -> Below:
    """LINKTYPE_LOOP: the same in the network's order."""
    return _bsd_family(data, offset, end, "big")


def _bsd_family(data: bytes, offset: int, end: int, order: Literal["little", "big"]) -> Below:
    if len(data) < offset + 4:
        raise MalformedMessage("the frame ends inside its link-layer header", offset)
    family = int.from_bytes(data[offset : offset + 4], order)
    ethertype = IPV4 if family == _BSD_INET else IPV6 if family in _BSD_INET6 else 0
    return Below(ethertype, offset + 4, end, "null")


def raw_ip(data: bytes, offset: int, end: int) -> Below:
    """LINKTYPE_RAW: the IP header says by itself which it is."""
    if data[offset : offset + 2] == _PPP_HDLC_ADDRESS:
        return ppp(data, offset, end)
    return bare_ip(data, offset, end)._replace(layers="raw")


def bare_ipv6(data: bytes, offset: int, end: int) -> Below:
    """LINKTYPE_IPV6."""
    return Below(IPV6, offset, end, "")


def bare_ip(data: bytes, offset: int, end: int) -> Below:
    """LINKTYPE_IPV4, which is believed to hold IPv6 where its header says so."""
    version = data[offset] >> 4 if len(data) > offset else 0
    return Below({4: IPV4, 6: IPV6}.get(version, 0), offset, end, "")


LINK_TYPES: dict[int, tuple[str, Callable[[bytes, int, int], Below]]] = {
    0: ("NULL", bsd_null),
    1: ("Ethernet", ethernet),
    9: ("PPP", ppp),
    12: ("raw IP", raw_ip),
    14: ("raw IP", raw_ip),
    50: ("PPP", ppp),
    51: ("PPPoE", lambda data, offset, end: by_ethertype(_PPPOE_SESSION, data, offset, end, "pppoe")),
    101: ("raw IP", raw_ip),
    104: ("Cisco HDLC", cisco_hdlc),
    108: ("LOOP", bsd_loop),
    113: ("Linux cooked", linux_cooked),
    228: ("raw IPv4", bare_ip),
    229: ("raw IPv6", bare_ipv6),
    276: ("Linux cooked v2", linux_cooked_v2),
}
"""LINKTYPE_ numbers of pcap files (www.tcpdump.org/linktypes.html) and their readers."""


def link_payload(link_type: int, data: bytes, wire_length: int) -> Below:
    """Where the network layer starts. MalformedMessage if the link type is unknown or its header is cut."""
    known = LINK_TYPES.get(link_type)
    if known is None:
        raise MalformedMessage(f"nothing here reads link type {link_type}")
    return known[1](data, 0, wire_length)
