"""The control bits of the TCP header."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_FLAGS: Final = (
    (
        "SYN", "RFC 9293 sections 3.1 and 3.5", ("synchronize",),
        "Opens a connection and says with which sequence number this side begins. It counts as one byte, carries the "
        "options that both sides must agree on (MSS, window scale, SACK), and is answered by SYN, ACK.",
    ),
    (
        "ACK", "RFC 9293 section 3.1", ("acknowledgment",),
        "The acknowledgement number is valid: it names the next byte that the sender of this segment expects. Every "
        "segment after the first SYN has it.",
    ),
    (
        "FIN", "RFC 9293 section 3.6", (),
        "The sender will send no more data; it may still receive. It counts as one byte and is acknowledged like "
        "data; the program on the other side sees it as the end of the data, b'' from recv().",
    ),
    (
        "RST", "RFC 9293 section 3.5.2", ("reset",),
        "Ends the connection at once: nothing is acknowledged and unread data is lost. A kernel sends it to a port "
        "where nobody listens (ECONNREFUSED), for a connection it does not know, or when a program closes with data "
        "unread or with SO_LINGER set to 0 (ECONNRESET).",
    ),
    (
        "PSH", "RFC 9293 section 3.9.1", ("push",),
        "Asks the receiver to hand the data to its program without waiting for more. Linux sets it on the last "
        "segment of what a send() wrote; it marks no message boundary.",
    ),
    (
        "URG", "RFC 9293 section 3.8.5; RFC 6093", ("urgent",),
        "The urgent pointer is valid: it marks a byte that the receiver may want before the others (MSG_OOB). New "
        "programs should not use it.",
    ),
    (
        "ECE", "RFC 3168 section 6.1", ("ECN-Echo",),
        "On a SYN it offers explicit congestion notification. Later it echoes that a router marked a packet as "
        "having met congestion, until the sender answers with CWR.",
    ),
    (
        "CWR", "RFC 3168 section 6.1", (),
        "The sender has reduced its congestion window after an ECE. On a SYN, together with ECE, it offers explicit "
        "congestion notification.",
    ),
    (
        "AE", "RFC 9768 section 3.1", ("NS",),
        "Part of the three-bit counter of accurate ECN, together with CWR and ECE. The bit was once the nonce sum "
        "(NS) of an experiment that has ended.",
    ),
)  # fmt: skip

FLAGS: Final = tuple(Explanation(Kind.FLAG, name, text, source, aliases) for name, source, aliases, text in _FLAGS)
