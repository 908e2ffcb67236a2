"""The fields of the headers that a frame has.

Among the aliases of a field are its names in a dissected frame (`TCP.dport`) and in a display filter (`tcp.dstport`).
"""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_TCP: Final = "RFC 9293 section 3.1"
_UDP: Final = "RFC 768"
_V4: Final = "RFC 791 section 3.1"
_V6: Final = "RFC 8200 section 3"
_ICMP: Final = "RFC 792"
_ICMPV6: Final = "RFC 4443 section 2.1"
_ARP: Final = "RFC 826"
_ETHERNET: Final = "IEEE 802.3 section 3"
_VLAN: Final = "IEEE 802.1Q section 9"

_FIELDS: Final = (
    (
        "TCP Source Port", _TCP, ("TCP.sport", "tcp.srcport"),
        "The port of the end that sends the segment: of a client usually an ephemeral one that the kernel chose.",
    ),
    (
        "TCP Destination Port", _TCP, ("TCP.dport", "tcp.dstport"),
        "The port of the end that the segment is for. With both addresses and the source port it names the "
        "connection; on a SYN it names the listener.",
    ),
    (
        "TCP Sequence Number", _TCP, ("TCP.seq", "sequence number", "SEG.SEQ"),
        "The number of the segment's first byte in its direction, counted from the initial sequence number modulo "
        "2 to the 32nd. SYN and FIN take a number each, as if they were a byte. The list shows it relative to the "
        "first one.",
    ),
    (
        "TCP Acknowledgment Number", _TCP, ("TCP.ack", "acknowledgment number", "acknowledgement number", "SEG.ACK"),
        "The number of the byte that the sender of this segment expects next: everything before it has arrived. It "
        "counts only where the ACK flag is set.",
    ),
    (
        "TCP Data Offset", _TCP, ("TCP.dataofs", "tcp.hdr_len", "header length"),
        "Where the payload begins, in words of 4 bytes: 5 for a header without options, 15 at most.",
    ),
    (
        "TCP Reserved", "RFC 9293 section 3.1; RFC 9768", ("TCP.reserved", "tcp.flags.res"),
        "Bits kept for later, 0 for now; one that was among them is the AE of accurate ECN today.",
    ),
    (
        "TCP Flags", _TCP, ("TCP.flags", "control bits"),
        "The bits that say what the segment does: SYN opens, FIN closes, RST ends at once, ACK makes the "
        "acknowledgment number count, PSH hands data on, URG marks urgent data, ECE, CWR and AE speak of congestion.",
    ),
    (
        "TCP Window", "RFC 9293 section 3.1; RFC 7323 section 2", ("tcp.window_size_value", "SEG.WND"),
        "How many bytes beyond the acknowledgment number the sender of this segment takes. The header has 16 bits of "
        "it; but for segments with SYN they are shifted left by the scale that this side named in its SYN.",
    ),
    (
        "TCP Checksum", _TCP, ("TCP.chksum", "checksum offload"),
        "The ones' complement sum over header, payload and a pseudo-header of both addresses. A frame captured on its "
        "way out often has a wrong one: the card fills it in later (offload), and on loopback nobody does.",
    ),
    (
        "TCP Urgent Pointer", "RFC 9293 section 3.8.5; RFC 6093", ("TCP.urgptr",),
        "Where the urgent data ends, counted from the sequence number; it counts only with the URG flag.",
    ),
    (
        "TCP Options", "RFC 9293 section 3.2", ("TCP.options",),
        "What goes beyond the 20 bytes of the fixed header, up to 40 bytes: on a SYN what this side can do (MSS, "
        "window scale, SACK, timestamps), later mostly timestamps and SACK blocks.",
    ),
    (
        "TCP MSS Option", "RFC 9293 section 3.7.1; RFC 6691", ("TCP.MSS", "tcp.options.mss", "maximum segment size"),
        "On a SYN: the largest payload that this side takes in one segment, by the MTU of its own interface. The "
        "other side never sends more, and less where the path demands it.",
    ),
    (
        "TCP SACK Permitted Option", "RFC 2018 section 2", ("TCP.SACK permitted", "tcp.options.sack_perm"),
        "On a SYN: this side understands selective acknowledgements. They are used if both SYNs carry it.",
    ),
    (
        "TCP SACK Option", "RFC 2018 section 3", ("TCP.SACK", "tcp.options.sack"),
        "The blocks beyond a hole that have arrived, each as its first number and the one after its last. The sender "
        "needs to repeat only what lies between them.",
    ),
    (
        "TCP Timestamps Option", "RFC 7323 section 3", ("TCP.timestamps", "tcp.options.timestamp"),
        "Two numbers: this side's clock (TSval) and the last one heard from the peer (TSecr). They give a round trip "
        "time with each ACK and show up segments from long ago.",
    ),
    (
        "TCP Window Scale Option", "RFC 7323 section 2.2", ("TCP.window scale", "tcp.options.wscale"),
        "On a SYN: by how many bits this side's windows are shifted left from now on, 14 at most. It holds only if "
        "both SYNs carry the option.",
    ),
    (
        "TCP No-Operation Option", "RFC 9293 section 3.2", ("TCP.NOP", "tcp.options.nop", "NOP"),
        "A byte of padding, so that the option after it lies on a boundary of 4 bytes.",
    ),
    (
        "TCP End of Option List", "RFC 9293 section 3.2", ("TCP.end of options", "tcp.options.eol", "EOL"),
        "The options end here; what is left of the header is padding.",
    ),
    (
        "TCP Fast Open Option", "RFC 7413 section 4.1.1", ("TCP.Fast Open", "tcp.options.tfo"),
        "A cookie by which a client that was here before may send data with its SYN; empty it asks for one.",
    ),
    (
        "MPTCP Option", "RFC 8684 section 3", ("TCP.Multipath TCP", "tcp.options.mptcp", "multipath tcp"),
        "Multipath TCP: several connections carry one stream of bytes; the subtype tells whether one joins, maps its "
        "numbers or goes.",
    ),
    (
        "TCP User Timeout Option", "RFC 5482", ("TCP.user timeout", "tcp.options.user_to"),
        "How long this side keeps data that nobody acknowledges before it gives up; a hint to the peer.",
    ),
    (
        "TCP Authentication Option", "RFC 5925", ("TCP.TCP-AO", "tcp.options.ao"),
        "A code over the segment by a key that both ends have, so that nobody else can put a segment in. Routers use "
        "it between themselves.",
    ),
    (
        "TCP Len", "RFC 9293 section 3.4", ("tcp.len", "SEG.LEN"),
        "The bytes of data in the segment. No field of the TCP header says it: it is the length of the IP packet "
        "without both headers.",
    ),
    (
        "UDP Source Port", _UDP, ("UDP.sport", "udp.srcport"),
        "The port that the datagram comes from, to which an answer would go.",
    ),
    (
        "UDP Destination Port", _UDP, ("UDP.dport", "udp.dstport"),
        "The port that the datagram is for. Where no socket has it, the host answers with ICMP 3/3.",
    ),
    (
        "UDP Length", _UDP, ("UDP.len",),
        "The bytes of UDP header and payload together: at least 8, the header alone.",
    ),
    (
        "UDP Checksum", "RFC 768; RFC 8200 section 8.1", ("UDP.chksum",),
        "The ones' complement sum over header, payload and a pseudo-header of both addresses. Over IPv4 0 means that "
        "there is none; over IPv6 it has to be there. On its way out it may not be filled in yet (offload).",
    ),
    (
        "IPv4 Version", _V4, ("IP.version",), "4. The first four bits of every packet tell IPv4 from IPv6.",
    ),
    (
        "IPv4 Header Length", _V4, ("IP.ihl", "IHL", "ip.hdr_len"),
        "The length of the IP header in words of 4 bytes: 5 without options, which are rare.",
    ),
    (
        "IPv4 Type of Service", "RFC 2474; RFC 3168", ("IP.tos", "ip.dsfield", "DSCP", "ECN"),
        "Six bits say how routers should treat the packet (DSCP), two speak of congestion (ECN): 1 and 2 that the "
        "ends know ECN, 3 that a router met congestion.",
    ),
    (
        "IPv4 Total Length", _V4, ("IP.len",),
        "The bytes of the whole packet, this header and what it carries. 0 on a packet on its way out means that the "
        "card will cut it into smaller ones (TSO).",
    ),
    (
        "IPv4 Identification", "RFC 791; RFC 6864", ("IP.id",),
        "A number that the fragments of one packet have in common. On packets that may not be cut it means nothing.",
    ),
    (
        "IPv4 Flags", _V4, ("IP.flags", "DF", "MF", "don't fragment"),
        "DF: routers must not cut the packet but answer with ICMP 3/4 if it is too large, by which TCP learns the "
        "path's MTU. MF: more fragments follow.",
    ),
    (
        "IPv4 Fragment Offset", _V4, ("IP.frag", "ip.frag_offset"),
        "Where this fragment belongs in the whole packet, in units of 8 bytes; 0 for the first, or for a packet that "
        "was never cut.",
    ),
    (
        "IPv4 TTL", _V4, ("IP.ttl", "time to live"),
        "How many more routers the packet may pass; each takes one off and drops it at 0. Systems begin at 64, 128 or "
        "255, so it shows how far the packet has come.",
    ),
    (
        "IPv4 Protocol", "RFC 791; IANA, protocol numbers", ("IP.proto",),
        "What the packet carries: 6 TCP, 17 UDP, 1 ICMP.",
    ),
    (
        "IPv4 Header Checksum", _V4, ("IP.chksum", "ip.checksum"),
        "The ones' complement sum over the IP header alone; each router makes it anew, for the TTL changes. Captured "
        "on its way out it may not be filled in yet.",
    ),
    (
        "IPv4 Source Address", _V4, ("IP.src",), "The address of the host that sent the packet, as it says itself.",
    ),
    (
        "IPv4 Destination Address", _V4, ("IP.dst",), "The address of the host that the packet is for.",
    ),
    (
        "IPv4 Options", _V4, ("IP.options",),
        "What a router is asked to do besides: record its address, alert its software. Hardly used, and often dropped.",
    ),
    (
        "IPv6 Version", _V6, ("IPv6.version",), "6. The first four bits of every packet tell IPv4 from IPv6.",
    ),
    (
        "IPv6 Traffic Class", "RFC 8200 section 7; RFC 2474; RFC 3168", ("IPv6.tc", "ipv6.tclass"),
        "Six bits say how routers should treat the packet (DSCP), two speak of congestion (ECN), as IPv4's type of "
        "service.",
    ),
    (
        "IPv6 Flow Label", "RFC 6437", ("IPv6.fl", "ipv6.flow"),
        "A number that all packets of one connection share, so that routers can keep them on one path.",
    ),
    (
        "IPv6 Payload Length", _V6, ("IPv6.plen",),
        "The bytes that follow the 40 of this header, extension headers included.",
    ),
    (
        "IPv6 Next Header", "RFC 8200 section 3; IANA, protocol numbers", ("IPv6.nh", "ipv6.nxt"),
        "What follows this header: 6 TCP, 17 UDP, 58 ICMPv6, or an extension header such as 44, a fragment's.",
    ),
    (
        "IPv6 Hop Limit", _V6, ("IPv6.hlim",),
        "How many more routers the packet may pass: IPv4's TTL by its true name.",
    ),
    (
        "IPv6 Source Address", _V6, ("IPv6.src",), "The address of the host that sent the packet, as it says itself.",
    ),
    (
        "IPv6 Destination Address", _V6, ("IPv6.dst",), "The address of the host that the packet is for.",
    ),
    (
        "ICMP Type", _ICMP, ("ICMP.type",),
        "What kind of message it is: 8 and 0 are a ping and its answer, 3 and 11 tell that a packet was not delivered.",
    ),
    (
        "ICMP Code", _ICMP, ("ICMP.code",), "Why, in more detail than the type; 0 where there is nothing to add.",
    ),
    (
        "ICMP Checksum", _ICMP, ("ICMP.chksum",), "The ones' complement sum over the whole ICMP message.",
    ),
    (
        "ICMP Identifier", _ICMP, ("ICMP.id", "icmp.ident"),
        "Tells one ping program's requests from another's; the answer carries it back. On Linux's ping sockets it is "
        "the socket's port.",
    ),
    (
        "ICMP Sequence Number", _ICMP, ("ICMP.seq",),
        "The count of the request; the answer carries it back, so a missing one shows.",
    ),
    (
        "ICMP Next-Hop MTU", "RFC 1191 section 4", ("ICMP.nexthopmtu", "icmp.mtu"),
        "With 3/4 the largest packet that the next link carries; the sender makes its packets no larger from now on.",
    ),
    (
        "ICMPv6 Type", _ICMPV6, ("ICMPv6.type",),
        "What kind of message it is: below 128 an error, from 128 on information, such as a ping (128, 129) or "
        "neighbour discovery (133 to 137).",
    ),
    (
        "ICMPv6 Code", _ICMPV6, ("ICMPv6.code",), "Why, in more detail than the type; 0 where there is nothing to add.",
    ),
    (
        "ICMPv6 Checksum", "RFC 4443 section 2.3", ("ICMPv6.cksum",),
        "The ones' complement sum over the message and a pseudo-header of both addresses.",
    ),
    (
        "ICMPv6 Identifier", "RFC 4443 section 4.1", ("ICMPv6.id",),
        "Tells one ping program's requests from another's; the answer carries it back.",
    ),
    (
        "ICMPv6 Sequence Number", "RFC 4443 section 4.1", ("ICMPv6.seq",),
        "The count of the request; the answer carries it back, so a missing one shows.",
    ),
    (
        "ICMPv6 MTU", "RFC 4443 section 3.2", ("ICMPv6.mtu",), "The largest packet that the next link carries.",
    ),
    (
        "ICMPv6 Target Address", "RFC 4861 section 4.3", ("ICMPv6.tgt",),
        "The address whose link-layer address is asked for or told.",
    ),
    (
        "ARP Operation", _ARP, ("ARP.op", "arp.opcode"),
        "1 asks who has an IPv4 address, 2 answers with the link-layer address.",
    ),
    (
        "ARP Sender Hardware Address", _ARP, ("ARP.hwsrc", "arp.src.hw_mac"), "The sender's link-layer address.",
    ),
    (
        "ARP Sender Protocol Address", _ARP, ("ARP.psrc", "arp.src.proto_ipv4"), "The sender's IPv4 address.",
    ),
    (
        "ARP Target Hardware Address", _ARP, ("ARP.hwdst", "arp.dst.hw_mac"),
        "The link-layer address that is asked for, 0 in the request.",
    ),
    (
        "ARP Target Protocol Address", _ARP, ("ARP.pdst", "arp.dst.proto_ipv4"),
        "The IPv4 address that is asked about.",
    ),
    (
        "Ethernet Destination", _ETHERNET, ("Ethernet.dst", "eth.dst"),
        "The link-layer address that the frame is for; ff:ff:ff:ff:ff:ff is everyone on the link. On loopback it is 0.",
    ),
    (
        "Ethernet Source", _ETHERNET, ("Ethernet.src", "eth.src"),
        "The link-layer address of the last sender: of the host, or of the router that passed the packet on.",
    ),
    (
        "Ethernet Type", "IEEE 802.3 section 3; RFC 9542", ("Ethernet.type", "EtherType", "eth.type"),
        "What the frame carries: 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP, 0x8100 a VLAN tag.",
    ),
    (
        "VLAN ID", _VLAN, ("802.1Q.vlan", "vlan.id"), "Which of the networks that share the wire the frame belongs to.",
    ),
    (
        "VLAN Priority", _VLAN, ("802.1Q.prio", "vlan.priority"), "How urgent switches hold the frame, 0 to 7.",
    ),
    (
        "Payload", "RFC 9293 section 3.1", ("Raw.load", "ICMPv6.data", "tcp.payload"),
        "What the program sent: bytes without a meaning to TCP, IP or the wire. F reads all of a conversation's.",
    ),
)  # fmt: skip

FIELDS: Final = tuple(Explanation(Kind.FIELD, name, text, source, aliases) for name, source, aliases, text in _FIELDS)
