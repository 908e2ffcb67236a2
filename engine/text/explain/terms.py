"""Words of the field that are no state, call or number; those with two meanings say both."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_TERMS: Final = (
    (
        "half-open", "RFC 9293 sections 3.5.1 and 3.6", ("half open",),
        "Two meanings. RFC 9293: one end has lost the connection (a crash) and the other does not know it. Many "
        "tutorials: one side has closed and the other may still send, which the RFC calls half-close. The state "
        "tells which: CLOSE-WAIT and FIN-WAIT-2 are the second.",
    ),
    (
        "half-close", "RFC 9293 section 3.6; RFC 1122 section 4.2.2.13", ("half-closed",),
        "One side has sent its FIN by shutdown(SHUT_WR) and still reads; the other may go on sending until it closes "
        "too. Tutorials often call it half-open.",
    ),
    (
        "timeout", "Python, socket module; tcp(7)", ("TimeoutError", "socket.timeout"),
        "Two meanings under one class, TimeoutError. Python's own limit (settimeout) ran out: errno is None and the "
        "connection still stands. Or the kernel gave up on the peer: errno is ETIMEDOUT and the connection is over.",
    ),
    (
        "TypeError", "Python, socket module", ("str payload",),
        "Sockets carry bytes, not text: send() was given a str. Encode it, as in text.encode('utf-8'), and decode what "
        "comes in, once a whole message is there.",
    ),
    (
        "accept queue", "listen(2)", (),
        "Connections whose handshake is finished and that accept() has not yet taken. The kernel finishes handshakes "
        "by itself, so connect() succeeds before the server's program knows of it.",
    ),
    (
        "syn queue", "tcp(7); RFC 4987", ("SYN cookies",),
        "Connections of a listener whose last ACK is still missing (SYN-RECEIVED). When it overflows Linux answers "
        "by SYN cookies.",
    ),
    (
        "loopback", "RFC 1122 section 3.2.1.3", ("lo", "localhost"),
        "The interface lo by which a machine talks to itself: 127.0.0.0/8 and ::1. It loses nothing, has an MTU of "
        "65,536 and carries segments far larger than a network's.",
    ),
    (
        "wildcard address", "ip(7)", ("any address",),
        "0.0.0.0, :: or *: a listener bound to it takes connections to every address of the machine, so others can "
        "reach it too.",
    ),
    (
        "ephemeral port", "RFC 6056; ip(7)", ("ephemeral ports",),
        "A local port that the kernel chooses for a client or for port 0, on Linux from 32768 to 60999 "
        "(net.ipv4.ip_local_port_range).",
    ),
    (
        "five-tuple", "RFC 9293 section 3.3.1", ("5-tuple", "four-tuple", "4-tuple"),
        "Protocol, local address and port, peer address and port: what tells one connection from all others. So one "
        "server port can carry thousands of connections, and one client port two, to different peers.",
    ),
    (
        "nagle", "RFC 9293 section 3.7.4; RFC 896", ("Nagle's algorithm",),
        "A sender with data in flight holds a small segment back until the ACK comes, so that tiny writes do not "
        "fill the network. Together with delayed ACKs it makes steps of 40 ms. TCP_NODELAY switches it off.",
    ),
    (
        "delayed ack", "RFC 9293 section 3.8.6.3", ("delayed acknowledgement",),
        "A receiver waits up to 40 ms on Linux (500 ms in the RFC) for something to send, so that the ACK can ride "
        "on it; every second full segment is acknowledged at once.",
    ),
    (
        "window", "RFC 9293 section 3.8.6", ("receive window", "advertised window"),
        "How many bytes beyond the last ACK the receiver takes: its free buffer. The sender may not have more than "
        "that in flight. Shown after scaling.",
    ),
    (
        "window scale", "RFC 7323 section 2", ("WS",),
        "The 16-bit window is shifted left by a number that each side names in its SYN; without it a window ends at "
        "65,535.",
    ),
    (
        "silly window", "RFC 9293 section 3.8.6.2", ("silly window syndrome",),
        "Tiny windows and tiny segments that a careless receiver or sender would make; both sides wait until more is "
        "worth it.",
    ),
    (
        "sack", "RFC 2018", ("SACK_PERM", "selective acknowledgment"),
        "Selective acknowledgement: the receiver names the blocks it has beyond a hole, so that only the hole is "
        "sent again.",
    ),
    (
        "timestamps", "RFC 7323 section 3", ("TSval", "TSecr"),
        "A TCP option by which each segment carries a clock and echoes the peer's: for round trip times and against "
        "old segments.",
    ),
    (
        "isn", "RFC 9293 section 3.4.1; RFC 6528", ("initial sequence number", "Seq"),
        "Initial sequence number: where a side begins to count its bytes, chosen so that it cannot be guessed. Shown "
        "numbers are relative to it.",
    ),
    (
        "msl", "RFC 9293 section 3.4.2", ("2MSL",),
        "Maximum segment lifetime: how long a segment may wander in the network, 2 minutes by the RFC. TIME-WAIT "
        "lasts two of them, 60 s on Linux.",
    ),
    (
        "slow start", "RFC 5681 section 3.1", (),
        "A sender begins with a small congestion window (10 segments) and doubles it each round trip until loss or "
        "the slow start threshold.",
    ),
    (
        "handshake", "RFC 9293 section 3.5", ("three-way handshake",),
        "SYN; SYN, ACK; ACK: both sides tell where their numbers begin and that they have heard the other. connect() "
        "returns after the second, accept() may return after the third.",
    ),
    (
        "simultaneous open", "RFC 9293 section 3.5", (),
        "Both sides send a SYN to each other's port at once; one connection comes of it, without a listener.",
    ),
    (
        "simultaneous close", "RFC 9293 section 3.6", (),
        "Both sides send their FIN before the other's arrives; both pass through CLOSING to TIME-WAIT.",
    ),
    (
        "eof", "recv(2)", ("b''", "end of file"),
        "The end of the data: the peer has closed its sending side and everything it sent has been read. recv() "
        "returns b'' at once, each time it is called.",
    ),
    (
        "partial send", "send(2)", ("short send", "partial write"),
        "send() took fewer bytes than it was given, because the buffer had no more room. The program must send the "
        "rest; sendall() does.",
    ),
    (
        "short recv", "recv(2)", ("short read",),
        "recv() returned fewer bytes than asked for: it gives what is there. Messages need a length or a delimiter.",
    ),
    (
        "blocking", "socket(7)", (),
        "A call waits until it can do something. Sockets begin so.",
    ),
    (
        "non-blocking", "socket(7)", ("nonblocking",),
        "A call that would wait raises BlockingIOError instead; select() or a selector tells when to try again.",
    ),
    (
        "dual-stack", "RFC 3493 section 3.7", ("IPv4-mapped",),
        "One IPv6 listener that takes IPv4 connections too; their peers appear as ::ffff:a.b.c.d.",
    ),
    (
        "network byte order", "RFC 1700; byteorder(3)", ("big-endian", "endianness", "byte order"),
        "The most significant byte first (big-endian), as all numbers of TCP/IP headers stand. `!` in struct, "
        "htons() and its kin convert.",
    ),
    (
        "mtu", "RFC 1191", (),
        "The largest packet that a link carries: 1,500 on Ethernet, 65,536 on loopback.",
    ),
    (
        "ttl", "RFC 791", ("hop limit",),
        "Time to live: how many more routers a packet may pass. A ping's ttl shows how many it has passed.",
    ),
    (
        "backpressure", "RFC 9293 section 3.8.6", (),
        "A slow receiver slows its sender: Recv-Q fills, the window closes, Send-Q fills, and send() waits or says "
        "EAGAIN. Nothing is lost on the way.",
    ),
    (
        "orphan", "tcp(7)", (),
        "A connection that no process holds any more but that TCP has not finished: FIN-WAIT, LAST-ACK, CLOSING.",
    ),
)  # fmt: skip

TERMS: Final = tuple(Explanation(Kind.TERM, name, text, source, aliases) for name, source, aliases, text in _TERMS)
