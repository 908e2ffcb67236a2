"""Verdicts: what holds a connection, a listener or the machine, in the words of engine.insight's rules."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_VERDICTS: Final = (
    (
        "receiver-stalled", "RFC 9293 section 3.8.6", ("receiver not reading",),
        "The receiving program does not read: its Recv-Q stands still above 0, its window goes to 0, and the "
        "sender's data waits in Send-Q. A busy reader looks alike but its Recv-Q moves. It ends when the program "
        "calls recv().",
    ),
    (
        "zero-window", "RFC 9293 section 3.8.6.1", (),
        "The peer offers no room, so nothing may be sent but a probe from time to time. It ends with a window "
        "update, when the peer's program has read.",
    ),
    (
        "app-limited", "struct tcp_info, tcpi_delivery_rate_app_limited", ("sender-idle",),
        "Nothing holds the connection back but the sending program: it has given the kernel nothing to send. Look "
        "there, or at what it waits for.",
    ),
    (
        "path-loss", "RFC 5681; RFC 6298", (),
        "Segments are lost on the way: the kernel sends again and shrinks its congestion window. A few "
        "retransmissions on a network are usual; on loopback they are not.",
    ),
    (
        "accept-queue-full", "listen(2)", (),
        "The listener's accept queue stands at its limit: the server does not call accept() fast enough. New clients "
        "wait or get no answer although the port is open.",
    ),
    (
        "syn-unanswered", "RFC 9293 section 3.8.1", (),
        "The SYN gets no answer at all: the host is down, a firewall drops it silently, or the listener's queue is "
        "full. connect() ends with ETIMEDOUT after about two minutes.",
    ),
    (
        "refused", "RFC 9293 section 3.5.2", (),
        "The SYN was answered by RST: the host is up and nobody listens on that address and port.",
    ),
    (
        "reset", "RFC 9293 section 3.5.2", (),
        "One side ended the connection by RST: its program closed with data unread, set SO_LINGER to 0, or was no "
        "longer there. The verdict names the side and the state in which it came.",
    ),
    (
        "close-wait-leak", "RFC 9293 section 3.6", (),
        "The peer has closed and this program has not: the socket stays in CLOSE-WAIT until the program calls "
        "close() or ends. A program that is still at work on the last data looks alike for a moment.",
    ),
    (
        "fin-wait-2", "RFC 9293 section 3.6", (),
        "This side has closed, the peer has not: what is left to do is the peer's. It is no fault where a half-close "
        "is meant.",
    ),
    (
        "time-wait-reuse", "RFC 9293 section 3.6.1", (),
        "The port is held by connections in TIME-WAIT, so bind() fails or a new connection takes the same pair of "
        "addresses. SO_REUSEADDR on the server cures the first.",
    ),
    (
        "half-open", "RFC 9293 section 3.5.1", ("half-open-crash",),
        "One end thinks that the connection stands, the other no longer knows it, after a crash or a pulled cable. "
        "It shows when data is sent: RST comes back, or nothing.",
    ),
    (
        "keepalive-failing", "RFC 9293 section 3.8.4", (),
        "Keep-alive probes go unanswered. After the last of them the kernel ends the connection with ETIMEDOUT.",
    ),
    (
        "nagle-delayed-ack", "RFC 9293 sections 3.7.4 and 3.8.6.3", ("nagle",),
        "Small writes wait for an ACK (Nagle's rule) while the peer delays its ACK: steps of 40 ms. TCP_NODELAY, or "
        "one larger write, cures it.",
    ),
    (
        "ports-exhausted", "ip(7), ip_local_port_range", (),
        "Nearly all local ports towards one peer are used, mostly by TIME-WAIT; then connect() ends with "
        "EADDRNOTAVAIL. Keep connections open and use them again.",
    ),
    (
        "udp-overflow", "udp(7)", ("rcvbuf-errors",),
        "Datagrams arrive faster than the program reads: its receive buffer is full and the kernel drops them. They "
        "are lost for good.",
    ),
    (
        "queues-empty", "RFC 9293 section 3.9.1", ("both-wait",),
        "All queues are empty and the wire is silent: the data is still in a program's own buffer (a file object not "
        "flushed), or both sides wait in recv() for the other.",
    ),
    (
        "eof-spin", "recv(2)", (),
        "A program reads b'' again and again after the peer has closed: it takes the end of the data for an empty "
        "message and burns a core.",
    ),
    (
        "open-listener", "ip(7)", (),
        "A listener is bound to an address that others can reach. That is right for a server for others, and a "
        "mistake for one meant for this machine only: bind it to 127.0.0.1.",
    ),
    (
        "no-finding", "sockmon's own", (),
        "None of the rules applies to what was seen. It does not mean that all is well: only what the figures can "
        "show was looked at.",
    ),
)  # fmt: skip

VERDICTS: Final = tuple(
    Explanation(Kind.VERDICT, name, text, source, aliases) for name, source, aliases, text in _VERDICTS
)
