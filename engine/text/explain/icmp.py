"""ICMP and ICMPv6 messages by type and code, and what each does to a program's socket."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_V4: Final = "RFC 792"
_V6: Final = "RFC 4443"

# IP version, type/code, name, source, text.
_MESSAGES: Final = (
    (
        4, "0/0", "echo reply", _V4,
        "The answer to a ping; it carries the request's identifier, sequence number and data back.",
    ),
    (
        4, "3/0", "network unreachable", _V4,
        "A router has no route to that network. connect() ends with ENETUNREACH; a TCP connection that already "
        "stands goes on trying.",
    ),
    (
        4, "3/1", "host unreachable", _V4,
        "The last router cannot reach the host: no answer to ARP. connect() ends with EHOSTUNREACH.",
    ),
    (
        4, "3/2", "protocol unreachable", _V4,
        "The host does not have the transport protocol. TCP ends with ENOPROTOOPT.",
    ),
    (
        4, "3/3", "port unreachable", _V4,
        "Nobody has that UDP port on the host. A connected UDP socket reads ECONNREFUSED at its next call; an "
        "unconnected one learns nothing.",
    ),
    (
        4, "3/4", "fragmentation needed", "RFC 1191",
        "The packet is too large for the next link and may not be cut; the message names the MTU. TCP then sends "
        "smaller segments. Where firewalls drop it, connections hang as soon as large data flows.",
    ),
    (
        4, "3/5", "source route failed", _V4,
        "The route that the packet itself prescribed does not work.",
    ),
    (
        4, "3/6", "destination network unknown", "RFC 1122 section 3.2.2.1",
        "A router does not know the network at all.",
    ),
    (
        4, "3/7", "destination host unknown", "RFC 1122 section 3.2.2.1",
        "The host does not exist on its network; connect() ends with EHOSTDOWN.",
    ),
    (
        4, "3/8", "source host isolated", "RFC 1122 section 3.2.2.1",
        "The sender is cut off from the network; no longer used.",
    ),
    (
        4, "3/9", "network prohibited", "RFC 1122 section 3.2.2.1",
        "A router refuses traffic to that network by policy.",
    ),
    (
        4, "3/10", "host prohibited", "RFC 1122 section 3.2.2.1",
        "A router or firewall refuses traffic to that host by policy.",
    ),
    (
        4, "3/11", "network unreachable for TOS", "RFC 1122 section 3.2.2.1",
        "No route carries that type of service to the network.",
    ),
    (
        4, "3/12", "host unreachable for TOS", "RFC 1122 section 3.2.2.1",
        "No route carries that type of service to the host.",
    ),
    (
        4, "3/13", "communication administratively filtered", "RFC 1812 section 5.2.7.1",
        "A firewall refuses the packet and says so. connect() ends with EHOSTUNREACH; a firewall that says nothing "
        "looks like a host that is down.",
    ),
    (
        4, "3/14", "host precedence violation", "RFC 1812 section 5.2.7.1",
        "The packet's precedence is not allowed for that host.",
    ),
    (
        4, "3/15", "precedence cutoff", "RFC 1812 section 5.2.7.1",
        "The packet's precedence is below what the network takes.",
    ),
    (
        4, "4/0", "source quench", "RFC 6633",
        "An old request to send slower; it is ignored today.",
    ),
    (
        4, "5/0", "redirect for network", _V4,
        "A router knows a better first hop for that network.",
    ),
    (
        4, "5/1", "redirect for host", _V4,
        "A router knows a better first hop for that host.",
    ),
    (
        4, "5/2", "redirect for TOS and network", _V4,
        "A router knows a better first hop for that network and type of service.",
    ),
    (
        4, "5/3", "redirect for TOS and host", _V4,
        "A router knows a better first hop for that host and type of service.",
    ),
    (
        4, "8/0", "echo request", _V4,
        "A ping. The host answers with 0/0 unless a firewall drops it: no reply does not prove that a host is down.",
    ),
    (
        4, "9/0", "router advertisement", "RFC 1256",
        "A router tells the link that it routes.",
    ),
    (
        4, "10/0", "router solicitation", "RFC 1256",
        "A host asks for the routers of its link.",
    ),
    (
        4, "11/0", "time to live exceeded", _V4,
        "The packet passed as many routers as its TTL allowed and was dropped. traceroute makes it on purpose; "
        "otherwise it tells of a routing loop.",
    ),
    (
        4, "11/1", "reassembly time exceeded", _V4,
        "Fragments of a packet stayed out, so the rest was dropped.",
    ),
    (
        4, "12/0", "parameter problem", _V4,
        "A field of the IP header is wrong; the pointer names its byte.",
    ),
    (
        4, "12/1", "required option missing", "RFC 1108",
        "An option that the network asks for is not in the IP header.",
    ),
    (
        4, "12/2", "bad length", "RFC 1122 section 3.2.2.5",
        "The IP header's length is wrong.",
    ),
    (
        4, "13/0", "timestamp request", _V4,
        "Asks the host for its time of day; hardly used.",
    ),
    (
        4, "14/0", "timestamp reply", _V4,
        "The host's time of day in ms since midnight UTC.",
    ),
    (
        4, "17/0", "address mask request", "RFC 950",
        "Asks for the subnet's mask; no longer used.",
    ),
    (
        4, "18/0", "address mask reply", "RFC 950",
        "The subnet's mask; no longer used.",
    ),
    (
        6, "1/0", "no route to destination", _V6,
        "A router has no route to that address. connect() ends with ENETUNREACH. The kin of ICMP 3/0.",
    ),
    (
        6, "1/1", "administratively prohibited", _V6,
        "A firewall refuses the packet and says so; on Linux connect() ends with EACCES. The kin of ICMP 3/13.",
    ),
    (
        6, "1/2", "beyond scope of source", _V6,
        "A link-local source cannot be carried to another link.",
    ),
    (
        6, "1/3", "address unreachable", _V6,
        "The host does not answer to neighbour discovery; connect() ends with EHOSTUNREACH. The kin of ICMP 3/1.",
    ),
    (
        6, "1/4", "port unreachable", _V6,
        "Nobody has that UDP port on the host; a connected UDP socket reads ECONNREFUSED at its next call. The kin "
        "of ICMP 3/3.",
    ),
    (
        6, "1/5", "source address failed policy", _V6,
        "A router refuses packets from that source address.",
    ),
    (
        6, "1/6", "reject route", _V6,
        "A router has a route that says to refuse such packets.",
    ),
    (
        6, "2/0", "packet too big", "RFC 8201",
        "The packet is too large for the next link; IPv6 routers never cut packets, so the sender must. The message "
        "names the MTU. The kin of ICMP 3/4.",
    ),
    (
        6, "3/0", "hop limit exceeded", _V6,
        "The packet passed as many routers as its hop limit allowed. The kin of ICMP 11/0.",
    ),
    (
        6, "3/1", "reassembly time exceeded", _V6,
        "Fragments of a packet stayed out. The kin of ICMP 11/1.",
    ),
    (
        6, "4/0", "erroneous header field", _V6,
        "A field of a header is wrong; the pointer names its byte.",
    ),
    (
        6, "4/1", "unrecognized next header", _V6,
        "The host does not know a header or the transport protocol.",
    ),
    (
        6, "4/2", "unrecognized IPv6 option", _V6,
        "The host does not know an option that it must know.",
    ),
    (
        6, "128/0", "echo request", _V6,
        "A ping over IPv6. The kin of ICMP 8/0.",
    ),
    (
        6, "129/0", "echo reply", _V6,
        "The answer to a ping over IPv6. The kin of ICMP 0/0.",
    ),
    (
        6, "130/0", "multicast listener query", "RFC 3810",
        "A router asks which multicast groups are wanted.",
    ),
    (
        6, "131/0", "multicast listener report", "RFC 2710",
        "A host tells a multicast group that it listens to.",
    ),
    (
        6, "132/0", "multicast listener done", "RFC 2710",
        "A host no longer listens to a multicast group.",
    ),
    (
        6, "133/0", "router solicitation", "RFC 4861",
        "A host asks for the routers of its link.",
    ),
    (
        6, "134/0", "router advertisement", "RFC 4861",
        "A router tells the link its prefixes, MTU and that it routes.",
    ),
    (
        6, "135/0", "neighbor solicitation", "RFC 4861",
        "Asks for the link-layer address of an IPv6 address: IPv6's ARP request.",
    ),
    (
        6, "136/0", "neighbor advertisement", "RFC 4861",
        "Tells the link-layer address of an IPv6 address: IPv6's ARP reply.",
    ),
    (
        6, "137/0", "redirect", "RFC 4861",
        "A router knows a better first hop.",
    ),
    (
        6, "143/0", "multicast listener report v2", "RFC 3810",
        "A host tells the multicast groups that it listens to.",
    ),
)  # fmt: skip


def _named(version: int, code: str) -> str:
    return f"ICMP{'v6' if version == 6 else ''} {code}"


ICMP: Final = tuple(
    Explanation(Kind.ICMP, _named(version, code), f"{name.capitalize()}. {text}", source, (name, code))
    for version, code, name, source, text in _MESSAGES
)
