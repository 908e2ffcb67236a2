"""Socket options: what each changes, and what the kernel makes of it."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_OPTIONS: Final = (
    (
        "SO_REUSEADDR", "socket(7)",
        "bind() may take a port on which only connections in TIME-WAIT (or others with this option that do not "
        "listen) are left, so a server can restart at once. It does not let two listeners share a port. On Windows "
        "it means something else: there it lets a second socket steal the port.",
    ),
    (
        "SO_REUSEPORT", "socket(7)",
        "Several sockets of one user may bind the same address and port if all set it; the kernel spreads "
        "connections and datagrams among them by their addresses.",
    ),
    (
        "SO_KEEPALIVE", "RFC 9293 section 3.8.4; tcp(7)",
        "Lets TCP ask an idle peer whether it still lives: after 2 hours, then every 75 s, 9 times, unless "
        "TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT say otherwise. A dead peer then shows as ETIMEDOUT.",
    ),
    (
        "SO_LINGER", "socket(7)",
        "With a time, close() waits for unsent data. With 0 it throws unsent data away and sends a RST instead of a "
        "FIN: the peer reads ECONNRESET and no TIME-WAIT remains.",
    ),
    (
        "SO_SNDBUF", "socket(7)",
        "Size of the send buffer. Linux doubles the number for its bookkeeping, holds it below net.core.wmem_max, "
        "and stops tuning the buffer by itself.",
    ),
    (
        "SO_RCVBUF", "socket(7); tcp(7)",
        "Size of the receive buffer, doubled and held below net.core.rmem_max; half of it or so becomes the window. "
        "Set it before connect() or listen(), or the window scale is already fixed.",
    ),
    (
        "SO_BROADCAST", "socket(7)",
        "Allows a UDP socket to send to a broadcast address; without it sendto() ends with EACCES.",
    ),
    (
        "SO_ERROR", "socket(7)",
        "The error that waits on the socket, and clears it; 0 for none. After a background connect() it says how it "
        "ended.",
    ),
    (
        "SO_TYPE", "socket(7)",
        "The socket's type: stream, datagram and so on.",
    ),
    (
        "SO_DOMAIN", "socket(7)",
        "The socket's address family.",
    ),
    (
        "SO_PROTOCOL", "socket(7)",
        "The socket's protocol number.",
    ),
    (
        "SO_ACCEPTCONN", "socket(7)",
        "1 on a listener.",
    ),
    (
        "SO_RCVTIMEO", "socket(7)",
        "The kernel's own limit for a waiting recv(); it ends with EAGAIN. Python's settimeout() is another way.",
    ),
    (
        "SO_SNDTIMEO", "socket(7)",
        "The kernel's own limit for a waiting send() or connect().",
    ),
    (
        "SO_RCVLOWAT", "socket(7)",
        "How many bytes must be there before recv() and select() call the socket readable; 1 by default.",
    ),
    (
        "SO_BINDTODEVICE", "socket(7)",
        "Ties the socket to one interface: it hears and sends there alone.",
    ),
    (
        "SO_MARK", "socket(7)",
        "A number on every packet of the socket, for firewall rules and routes; needs CAP_NET_ADMIN.",
    ),
    (
        "SO_PRIORITY", "socket(7)",
        "The queueing priority of the socket's packets.",
    ),
    (
        "SO_DONTROUTE", "socket(7)",
        "Sends only to hosts on the same link, past the routing table.",
    ),
    (
        "SO_OOBINLINE", "socket(7)",
        "Urgent data comes in line with the rest.",
    ),
    (
        "SO_TIMESTAMP", "socket(7)",
        "Each received datagram comes with the time at which it arrived.",
    ),
    (
        "SO_PEERCRED", "unix(7)",
        "PID, uid and gid of the process at the other end of a Unix socket, as it was at connect().",
    ),
    (
        "SO_PASSCRED", "unix(7)",
        "Unix messages come with the credentials of their sender.",
    ),
    (
        "SO_MEMINFO", "include/linux/sock_diag.h",
        "The socket's memory as ss -m prints it: received, to send, limits, drops.",
    ),
    (
        "SO_INCOMING_CPU", "socket(7)",
        "The CPU on which the socket's packets arrive.",
    ),
    (
        "TCP_NODELAY", "RFC 9293 section 3.7.4; tcp(7)",
        "Switches Nagle's rule off: small writes go out at once, even while earlier ones are unacknowledged. Use it "
        "for request and reply in small pieces.",
    ),
    (
        "TCP_QUICKACK", "tcp(7)",
        "Acknowledges at once instead of waiting up to 40 ms for more. It does not stay: the kernel may go back to "
        "delayed ACKs.",
    ),
    (
        "TCP_CORK", "tcp(7)",
        "Holds partial segments back until it is taken off, or 200 ms have passed, so that several writes leave as "
        "full segments.",
    ),
    (
        "TCP_MAXSEG", "tcp(7)",
        "The largest segment payload; set before connect() it limits the MSS that is offered.",
    ),
    (
        "TCP_KEEPIDLE", "tcp(7)",
        "Seconds of silence before the first keep-alive probe; 7,200 by default.",
    ),
    (
        "TCP_KEEPINTVL", "tcp(7)",
        "Seconds between keep-alive probes that stay unanswered; 75 by default.",
    ),
    (
        "TCP_KEEPCNT", "tcp(7)",
        "How many keep-alive probes may go unanswered before the connection ends; 9 by default.",
    ),
    (
        "TCP_USER_TIMEOUT", "RFC 5482; tcp(7)",
        "Milliseconds that sent data may stay unacknowledged before the connection ends with ETIMEDOUT; by default "
        "about 15 minutes of repeats.",
    ),
    (
        "TCP_SYNCNT", "tcp(7)",
        "How many times connect() repeats its SYN.",
    ),
    (
        "TCP_DEFER_ACCEPT", "tcp(7)",
        "accept() gives a connection only once data has come in.",
    ),
    (
        "TCP_LINGER2", "tcp(7)",
        "Seconds that a closed socket may stay in FIN-WAIT-2.",
    ),
    (
        "TCP_WINDOW_CLAMP", "tcp(7)",
        "The largest window that is offered.",
    ),
    (
        "TCP_CONGESTION", "tcp(7)",
        "The congestion control algorithm by name: cubic, reno, bbr.",
    ),
    (
        "TCP_INFO", "tcp(7)",
        "Everything the kernel knows of the connection, from RTT to bytes sent; the source of sockmon's columns.",
    ),
    (
        "TCP_FASTOPEN", "RFC 7413; tcp(7)",
        "Lets a listener take data with the SYN, with so many requests waiting.",
    ),
    (
        "TCP_NOTSENT_LOWAT", "tcp(7)",
        "The socket counts as writable only while fewer unsent bytes than this wait.",
    ),
    (
        "IP_TTL", "ip(7)",
        "How many routers an IPv4 packet may pass; 64 by default.",
    ),
    (
        "IP_TOS", "ip(7)",
        "The type of service byte of IPv4 packets.",
    ),
    (
        "IP_RECVTTL", "ip(7)",
        "Each received datagram comes with its TTL.",
    ),
    (
        "IP_HDRINCL", "raw(7)",
        "On a raw socket: the program writes the IP header itself.",
    ),
    (
        "IP_ADD_MEMBERSHIP", "ip(7)",
        "Joins an IPv4 multicast group on an interface.",
    ),
    (
        "IP_MULTICAST_IF", "ip(7)",
        "The interface by which multicast leaves.",
    ),
    (
        "IP_MULTICAST_TTL", "ip(7)",
        "How many routers multicast may pass; 1, the own link, by default.",
    ),
    (
        "IP_MULTICAST_LOOP", "ip(7)",
        "Whether multicast sent here is heard here too.",
    ),
    (
        "IP_LOCAL_PORT_RANGE", "ip(7)",
        "The range of local ports for this socket alone, inside the machine's (Linux 6.3).",
    ),
    (
        "IP_TRANSPARENT", "ip(7)",
        "Lets a proxy bind addresses that are not the machine's.",
    ),
    (
        "IP_FREEBIND", "ip(7)",
        "Lets bind() take an address that the machine does not have yet.",
    ),
    (
        "IPV6_V6ONLY", "RFC 3493 section 5.3; ipv6(7)",
        "1: the IPv6 socket takes IPv6 only, so another may have the port for IPv4. 0: it takes both (dual stack). "
        "Linux's default is 0 (net.ipv6.bindv6only).",
    ),
    (
        "IPV6_UNICAST_HOPS", "ipv6(7)",
        "How many routers an IPv6 packet may pass.",
    ),
    (
        "IPV6_JOIN_GROUP", "ipv6(7)",
        "Joins an IPv6 multicast group on an interface.",
    ),
    (
        "IPV6_MULTICAST_IF", "ipv6(7)",
        "The interface by which IPv6 multicast leaves.",
    ),
    (
        "PACKET_STATISTICS", "packet(7)",
        "Packets seen and dropped by a packet socket since it was last asked; asking sets them to 0.",
    ),
)  # fmt: skip

OPTIONS: Final = tuple(Explanation(Kind.OPTION, name, text, source) for name, source, text in _OPTIONS)
