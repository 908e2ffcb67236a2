"""The columns of the other lists: packets, conversations, calls; and the places where a byte can be."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_OURS: Final = "sockmon's own"
_WIRESHARK: Final = "Wireshark User's Guide, the packet list"
_INFO: Final = "struct tcp_info, include/uapi/linux/tcp.h"

_COLUMNS: Final = (
    (
        "No.", _WIRESHARK, ("frame number", "stream number"),
        "In the packet list the number of the frame, from 1 in the order of capture and never used again; in the list "
        "of conversations tshark's tcp.stream, from 0 in the order in which they were first seen.",
    ),
    (
        "Time", _WIRESHARK, (),
        "When the frame was captured: since frame 1, since the row before, or the time of day, as T chooses. Of a "
        "call it is when the program made it.",
    ),
    (
        "Source", _WIRESHARK, (), "The address that the packet says it is from.",
    ),
    (
        "Destination", _WIRESHARK, (), "The address that the packet is for.",
    ),
    (
        "Length", _WIRESHARK, (),
        "Bytes of the whole frame on the wire, headers included; the payload of a segment is Len in its Info.",
    ),
    (
        "Info", _WIRESHARK, (),
        "What the packet says in a line, in tshark's words: ports, flags, relative Seq and Ack, window, Len, options; "
        "findings stand before it in brackets.",
    ),
    (
        "First", _OURS, ("opener",),
        "The end that opened the conversation: it sent the SYN or, where that was missed, the first segment seen.",
    ),
    (
        "Second", _OURS, (), "The other end of the conversation.",
    ),
    (
        "Bytes →", _OURS, ("bytes sent by the first",),
        "Payload that the first end sent, by the lengths of its segments; what was sent again counts again.",
    ),
    (
        "← Bytes", _OURS, ("bytes sent by the second",),
        "Payload that the second end sent, by the lengths of its segments; what was sent again counts again.",
    ),
    (
        "Segments", "RFC 9293 section 3.1", (), "Segments of the conversation both ways, those without data included.",
    ),
    (
        "Findings", "Wireshark, tcp.analysis", (),
        "Segments about which the analysis has something to say: sent again, out of order, a window of 0.",
    ),
    (
        "Began", _OURS, (), "When the first segment of the conversation was seen, since frame 1.",
    ),
    (
        "Lasted", _OURS, (), "Time from the first segment of the conversation to the last one so far.",
    ),
    (
        "Call", _OURS, (), "The socket call as the program made it, with its arguments.",
    ),
    (
        "Result", _OURS, (),
        "What the call returned (=) or the exception that it raised (→), with the errno; a call that waits has none "
        "yet.",
    ),
    (
        "Took", _OURS, (), "How long the call took: what it waited for lies in it.",
    ),
)  # fmt: skip

LISTS: Final = tuple(Explanation(Kind.COLUMN, name, text, source, aliases) for name, source, aliases, text in _COLUMNS)

_PLACES: Final = (
    (
        "accepted", _INFO, ("accepted by send()",),
        "Bytes that the kernel has taken from send() since the connection began: notsent_bytes + bytes_sent - "
        "bytes_retrans of one tcp_info, exact at any moment.",
    ),
    (
        "not sent", _INFO, (),
        "Bytes that send() handed over and that wait for their first sending: for the window, for cwnd or for Nagle's "
        "rule.",
    ),
    (
        "in flight", _INFO, ("flight",),
        "Bytes sent and not yet acknowledged. Some of them may have arrived already: then their ACK is on its way.",
    ),
    (
        "acked", _INFO, ("acknowledged",),
        "Bytes that the peer's kernel has acknowledged. That is not yet read: they may wait in its Recv-Q.",
    ),
    (
        "on its way", _OURS, ("ACK on its way",),
        "Bytes that have arrived and whose ACK has not: what the receiver's kernel counts received less what the "
        "sender's counts acknowledged. The two are read one after the other, so in motion it is not exact.",
    ),
    (
        "received", _INFO, (),
        "Bytes that have arrived in order, read or not: tcpi_bytes_received without the FIN.",
    ),
    (
        "read", _OURS, ("read by recv()",),
        "Bytes that recv() has returned to the program: its own count where it is one of ours, else received less "
        "Recv-Q.",
    ),
)  # fmt: skip

PLACES: Final = tuple(Explanation(Kind.TERM, name, text, source, aliases) for name, source, aliases, text in _PLACES)
