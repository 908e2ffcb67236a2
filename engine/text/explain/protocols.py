"""The protocols that a frame is made of, from the link to the transport."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_PROTOCOLS: Final = (
    (
        "Ethernet", "IEEE 802.3 section 3", ("MAC",),
        "The frame on the link: two link-layer addresses of 6 bytes and what it carries. Loopback has it too, with "
        "addresses of 0.",
    ),
    (
        "802.1Q", "IEEE 802.1Q section 9", ("VLAN", "VLAN tag"),
        "A tag of 4 bytes after the Ethernet addresses by which several networks share one wire.",
    ),
    (
        "ARP", "RFC 826", ("address resolution protocol",),
        "Asks on the link which link-layer address has an IPv4 address. Where nobody answers, connect() ends with "
        "EHOSTUNREACH.",
    ),
    (
        "IPv4", "RFC 791", ("IP", "internet protocol"),
        "Carries a packet from host to host by its addresses, over routers that know nothing of connections. It may "
        "lose, repeat or reorder packets; TCP mends that.",
    ),
    (
        "IPv6", "RFC 8200", (),
        "IPv4's successor: addresses of 16 bytes, a header of fixed length, and no fragments made by routers.",
    ),
    (
        "TCP", "RFC 9293", ("transmission control protocol",),
        "A connection between two ports that carries bytes in order, without loss, both ways, no faster than the "
        "receiver reads. It keeps no message boundaries: what one send() wrote may be read in pieces.",
    ),
    (
        "UDP", "RFC 768", ("user datagram protocol",),
        "Single datagrams between two ports: each arrives whole or not at all, in any order, and nobody says whether "
        "it did.",
    ),
    (
        "ICMP", "RFC 792", ("internet control message protocol",),
        "Messages about IPv4 itself: pings, and what became of a packet that was not delivered. The kernel turns some "
        "of them into errors of a socket.",
    ),
    (
        "ICMPv6", "RFC 4443", (),
        "Messages about IPv6: errors and pings as ICMP has them, and neighbour discovery in ARP's place.",
    ),
)  # fmt: skip

PROTOCOLS: Final = tuple(
    Explanation(Kind.PROTOCOL, name, text, source, aliases) for name, source, aliases, text in _PROTOCOLS
)
