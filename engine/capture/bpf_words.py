"""What each word of a capture filter tests: protocols, addresses, ports, flags, a conversation.

The meaning is pcap-filter(7)'s: a port is looked for in first fragments only, `tcp` over IPv6 is a next header of 6,
also behind one fragment header, a host is also looked for in ARP. One difference, on purpose: `tcp[tcpflags]` holds for
IPv6 too, where libpcap never matches.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.capture.bpf_code import (
    AD_HARDWARE_TYPE,
    AD_INTERFACE,
    AD_PACKET_TYPE,
    AD_PROTOCOL,
    AD_VLAN_TAG,
    AD_VLAN_TAG_PRESENT,
    AND_K,
    JEQ,
    JGE,
    JGT,
    JSET,
    LD_B,
    LD_B_X,
    LD_H,
    LD_H_X,
    LD_LEN,
    LD_W,
    LD_W_X,
    LDX_IP_HEADER,
    SKF_NET_OFF,
    Node,
    Not,
    Test,
    all_of,
    any_of,
)

ETH_P_IP: Final = 0x0800
ETH_P_ARP: Final = 0x0806
ETH_P_RARP: Final = 0x8035
ETH_P_IPV6: Final = 0x86DD

IPPROTO: Final[dict[str, int]] = {"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58, "sctp": 132}
"""Words for the protocols above IP (assigned numbers)."""
PORT_PROTOCOLS: Final = (IPPROTO["tcp"], IPPROTO["udp"], IPPROTO["sctp"])
"""What `port` without a protocol looks at."""

IP6_FRAGMENT: Final = 44

FIN_SYN_RST: Final = 0b111

TCP_FLAGS: Final[dict[str, int]] = {
    "tcp-fin": 0x01,
    "tcp-syn": 0x02,
    "tcp-rst": 0x04,
    "tcp-push": 0x08,
    "tcp-ack": 0x10,
    "tcp-urg": 0x20,
    "tcp-ece": 0x40,
    "tcp-cwr": 0x80,
}
"""pcap-filter(7)'s names of the bits in tcp[tcpflags]."""

_IP_LENGTH, _IP_FRAGMENT, _IP_PROTOCOL, _IP_SOURCE, _IP_DESTINATION = 0, 6, 9, 12, 16
_IP6_NEXT, _IP6_SOURCE, _IP6_DESTINATION, _IP6_END = 6, 8, 24, 40
_ARP_SENDER, _ARP_TARGET = 14, 24  # spa and tpa of IPv4 over Ethernet (RFC 826)
_TCP_FLAGS = 13
_PACKET_OUTGOING = 4  # sll_pkttype
_ARPHRD_LOOPBACK = 772


class Conversation(msgspec.Struct, frozen=True, gc=False):
    """The two ends of one TCP connection; addresses packed, of 4 or 16 bytes both."""

    address_a: bytes
    port_a: int
    address_b: bytes
    port_b: int


def _net(offset: int) -> int:
    return SKF_NET_OFF + offset


def ethertype(number: int) -> Node:
    return Test(((LD_W, AD_PROTOCOL),), JEQ, number)


def _byte(offset: int, value: int) -> Node:
    return Test(((LD_B, _net(offset)),), JEQ, value)


def ip_protocol(number: int) -> Node:
    """IPv4 that carries protocol `number`."""
    return all_of(ethertype(ETH_P_IP), _byte(_IP_PROTOCOL, number))


def ip6_protocol(number: int) -> Node:
    """IPv6 whose next header is `number`, or a fragment header followed by it."""
    behind_fragment = all_of(_byte(_IP6_NEXT, IP6_FRAGMENT), _byte(_IP6_END, number))
    return all_of(ethertype(ETH_P_IPV6), any_of(_byte(_IP6_NEXT, number), behind_fragment))


def protocol(word: str) -> Node:
    """`tcp`, `udp`, `sctp` over both, `icmp` over IPv4, `icmp6` over IPv6, `ip`, `ip6`, `arp`, `rarp`."""
    match word:
        case "ip":
            return ethertype(ETH_P_IP)
        case "ip6":
            return ethertype(ETH_P_IPV6)
        case "arp":
            return ethertype(ETH_P_ARP)
        case "rarp":
            return ethertype(ETH_P_RARP)
        case "icmp":
            return ip_protocol(IPPROTO[word])
        case "icmp6":
            return ip6_protocol(IPPROTO[word])
        case _:
            return any_of(ip_protocol(IPPROTO[word]), ip6_protocol(IPPROTO[word]))


def _address_at(offset: int, network: bytes, mask: bytes) -> Node:
    """The bits of `mask` at `offset` of the network header are those of `network`."""
    words: list[Node] = []
    for start in range(0, len(network), 4):
        wanted = int.from_bytes(network[start : start + 4], "big")
        bits = int.from_bytes(mask[start : start + 4], "big")
        if bits:
            masked = ((AND_K, bits),) if bits != 0xFFFF_FFFF else ()
            words.append(Test(((LD_W, _net(offset + start)), *masked), JEQ, wanted))
    return all_of(*words)


def _sides(direction: str, source: Node, destination: Node) -> Node:
    match direction:
        case "src":
            return source
        case "dst":
            return destination
        case "src and dst":
            return all_of(source, destination)
        case _:
            return any_of(source, destination)


def network(net: bytes, mask: bytes, direction: str, over: str = "") -> Node:
    """Addresses within a network; `over` limits it to `ip`, `ip6`, `arp` or `rarp`."""
    if len(net) == 16:
        ends = _sides(direction, _address_at(_IP6_SOURCE, net, mask), _address_at(_IP6_DESTINATION, net, mask))
        return all_of(ethertype(ETH_P_IPV6), ends)
    in_ip = _sides(direction, _address_at(_IP_SOURCE, net, mask), _address_at(_IP_DESTINATION, net, mask))
    in_arp = _sides(direction, _address_at(_ARP_SENDER, net, mask), _address_at(_ARP_TARGET, net, mask))
    places: list[Node] = []
    for word, ends in (("ip", in_ip), ("arp", in_arp), ("rarp", in_arp)):
        if over in ("", word):
            places.append(all_of(protocol(word), ends))
    return any_of(*places)


def _between(loads: tuple[tuple[int, int], ...], low: int, high: int) -> Node:
    if low == high:
        return Test(loads, JEQ, low)
    return all_of(Test(loads, JGE, low), Not(Test(loads, JGT, high)))


def ports(low: int, high: int, direction: str, over: str = "") -> Node:
    """A port from `low` to `high`; `over` limits it to `tcp`, `udp` or `sctp`."""
    numbers = (IPPROTO[over],) if over else PORT_PROTOCOLS
    header = (LDX_IP_HEADER, _net(_IP_LENGTH))
    in_ip = all_of(
        ethertype(ETH_P_IP),
        any_of(*(_byte(_IP_PROTOCOL, number) for number in numbers)),
        _first_fragment(),
        _sides(
            direction,
            _between((header, (LD_H_X, _net(0))), low, high),
            _between((header, (LD_H_X, _net(2))), low, high),
        ),
    )
    in_ip6 = all_of(
        ethertype(ETH_P_IPV6),
        any_of(*(_byte(_IP6_NEXT, number) for number in numbers)),
        _sides(
            direction,
            _between(((LD_H, _net(_IP6_END)),), low, high),
            _between(((LD_H, _net(_IP6_END + 2)),), low, high),
        ),
    )
    return any_of(in_ip, in_ip6)


def _first_fragment() -> Node:
    return Not(Test(((LD_H, _net(_IP_FRAGMENT)),), JSET, 0x1FFF))


def tcp_flags(mask: int, comparison: str, value: int) -> Node:
    """`tcp[tcpflags] & mask comparison value`."""
    masked = ((AND_K, mask),) if mask != 0xFF else ()
    in_ip = all_of(
        ip_protocol(IPPROTO["tcp"]),
        _first_fragment(),
        _compare(((LDX_IP_HEADER, _net(_IP_LENGTH)), (LD_B_X, _net(_TCP_FLAGS)), *masked), comparison, value),
    )
    in_ip6 = all_of(
        ethertype(ETH_P_IPV6),
        _byte(_IP6_NEXT, IPPROTO["tcp"]),
        _compare(((LD_B, _net(_IP6_END + _TCP_FLAGS)), *masked), comparison, value),
    )
    return any_of(in_ip, in_ip6)


def _compare(loads: tuple[tuple[int, int], ...], comparison: str, value: int) -> Node:
    match comparison:
        case "=" | "==":
            return Test(loads, JEQ, value)
        case "!=":
            return Not(Test(loads, JEQ, value))
        case ">":
            return Test(loads, JGT, value)
        case "<=":
            return Not(Test(loads, JGT, value))
        case ">=":
            return Test(loads, JGE, value)
        case _:
            return Not(Test(loads, JGE, value))


def length(comparison: str, value: int) -> Node:
    """The frame's length on the wire."""
    return _compare(((LD_LEN, 0),), comparison, value)


def vlan(identifier: int | None) -> Node:
    """A VLAN tag, of number `identifier` if one is given. The kernel keeps it beside the frame."""
    present = Test(((LD_W, AD_VLAN_TAG_PRESENT),), JEQ, 1)
    if identifier is None:
        return present
    return all_of(present, Test(((LD_W, AD_VLAN_TAG), (AND_K, 0x0FFF)), JEQ, identifier))


def handshakes() -> Node:
    """TCP segments with SYN, FIN or RST, IPv4 and IPv6."""
    return tcp_flags(FIN_SYN_RST, "!=", 0)


def conversation(ends: Conversation) -> Node:
    """Both directions of one TCP connection (of fragments the first)."""
    if len(ends.address_a) == 4:
        over = (ip_protocol(IPPROTO["tcp"]), _first_fragment())
        source, destination = _IP_SOURCE, _IP_DESTINATION
        ports_at: tuple[tuple[int, int], ...] = ((LDX_IP_HEADER, _net(_IP_LENGTH)), (LD_W_X, _net(0)))
    else:
        over = (ethertype(ETH_P_IPV6), _byte(_IP6_NEXT, IPPROTO["tcp"]))
        source, destination = _IP6_SOURCE, _IP6_DESTINATION
        ports_at = ((LD_W, _net(_IP6_END)),)
    mask = b"\xff" * len(ends.address_a)
    there = all_of(
        Test(ports_at, JEQ, ends.port_a << 16 | ends.port_b),
        _address_at(source, ends.address_a, mask),
        _address_at(destination, ends.address_b, mask),
    )
    back = all_of(
        Test(ports_at, JEQ, ends.port_b << 16 | ends.port_a),
        _address_at(source, ends.address_b, mask),
        _address_at(destination, ends.address_a, mask),
    )
    return all_of(*over, any_of(there, back))


def without_loopback_copies() -> Node:
    """All but the outgoing copy of each loopback frame, which comes in as well."""
    return Not(
        all_of(
            Test(((LD_W, AD_PACKET_TYPE),), JEQ, _PACKET_OUTGOING),
            Test(((LD_W, AD_HARDWARE_TYPE),), JEQ, _ARPHRD_LOOPBACK),
        )
    )


def on_interfaces(indexes: tuple[int, ...]) -> Node:
    """Frames of any of these interfaces."""
    return any_of(*(Test(((LD_W, AD_INTERFACE),), JEQ, index) for index in indexes))
