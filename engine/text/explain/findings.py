"""What Wireshark's analysis, which sockmon follows, finds in a segment."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_GUIDE: Final = "Wireshark User's Guide, TCP Analysis"

_FINDINGS: Final = (
    (
        "retransmission", "RFC 6298 section 5; Wireshark User's Guide, TCP Analysis", ("TCP Retransmission",),
        "The segment carries bytes that this side has sent before, and no better name fits. Its first copy, or the "
        "ACK of it, was lost or late: the sender's timer (RTO) ran out.",
    ),
    (
        "fast_retransmission", "RFC 5681 section 3.2; Wireshark User's Guide, TCP Analysis",
        ("TCP Fast Retransmission",),
        "The sender repeats a segment because duplicate ACKs asked for it, without waiting for its timer: at least "
        "two duplicates were seen, and the latest segment of the other side is less than 20 ms old.",
    ),
    (
        "spurious_retransmission", _GUIDE, ("TCP Spurious Retransmission",),
        "The bytes had already been acknowledged when they were sent again, so the repeat was needless. The ACK was "
        "lost or came after the sender's timer had run out.",
    ),
    (
        "out_of_order", _GUIDE, ("TCP Out-Of-Order", "ooo"),
        "The segment's bytes lie before the highest ones seen, but it came so soon (within the initial round trip "
        "time, or 3 ms) that it was more likely overtaken on the way than sent twice.",
    ),
    (
        "reused_ports", _GUIDE, ("TCP Port numbers reused",),
        "A SYN opens a new connection between the same two addresses and ports as an earlier one. That is normal "
        "once TIME-WAIT is over; the new connection gets a stream number of its own.",
    ),
    (
        "lost_segment", _GUIDE,
        ("TCP Previous segment not captured", "previous_segment"),
        "The segment begins after the next byte that was expected, so one before it was not captured. Either it was "
        "lost on the way, or the capture missed it: look at the count of drops before blaming the network.",
    ),
    (
        "ack_lost_segment", _GUIDE, ("TCP ACKed unseen segment",),
        "The segment acknowledges bytes that the capture never saw, although the other side must have sent them. The "
        "capture missed packets, or it began in mid-connection.",
    ),
    (
        "window_update", "RFC 9293 section 3.8.6; Wireshark User's Guide, TCP Analysis", ("TCP Window Update",),
        "The segment has no data and repeats the last ACK with another window: the receiver's program has read and "
        "there is room again. After a zero window this is what lets the sender go on.",
    ),
    (
        "window_full", _GUIDE, ("TCP Window Full",),
        "With this segment the sender has filled the window that the receiver last offered; it must now wait. What "
        "limits the connection is the receiver, not the network.",
    ),
    (
        "keep_alive", "RFC 9293 section 3.8.4; Wireshark User's Guide, TCP Analysis", ("TCP Keep-Alive",),
        "A segment of no or one byte just below the next sequence number asks whether the peer still lives. A live "
        "peer answers with an ACK, one that has restarted with RST.",
    ),
    (
        "keep_alive_ack", "RFC 9293 section 3.8.4; Wireshark User's Guide, TCP Analysis", ("TCP Keep-Alive ACK",),
        "The answer to a keep-alive: the peer lives and nothing has changed.",
    ),
    (
        "duplicate_ack", "RFC 5681 section 2; Wireshark User's Guide, TCP Analysis", ("TCP Dup ACK", "dup_ack"),
        "The segment repeats the last ACK with the same window and no data: something arrived behind a hole. In `Dup "
        "ACK n#m`, n is the frame that first carried the number and m counts the repeats; after three of them the "
        "sender repeats the missing segment.",
    ),
    (
        "zero_window", "RFC 9293 section 3.8.6; Wireshark User's Guide, TCP Analysis",
        ("TCP ZeroWindow", "zerowindow"),
        "The receiver has no room left: its buffer is full because its program does not read fast enough. The sender "
        "must stop until a window update comes, and asks from time to time with a probe.",
    ),
    (
        "zero_window_probe", "RFC 9293 section 3.8.6.1; Wireshark User's Guide, TCP Analysis",
        ("TCP ZeroWindowProbe", "probe"),
        "One byte sent into a closed window to learn whether it has opened, so that a lost window update cannot stop "
        "the connection for ever. The time between probes doubles.",
    ),
    (
        "zero_window_probe_ack", "RFC 9293 section 3.8.6.1; Wireshark User's Guide, TCP Analysis",
        ("TCP ZeroWindowProbeAck",),
        "The answer to a zero window probe: the window is still closed. The connection lives; the receiving program "
        "still does not read.",
    ),
    (
        "tfo_syn", "RFC 7413 section 4.2", (),
        "The SYN carries a TCP Fast Open cookie, so it may bring data before the handshake is done.",
    ),
    (
        "tfo_ack", "RFC 7413 section 4.2", (),
        "The SYN, ACK acknowledges the data that came with the SYN: TCP Fast Open worked and saved a round trip.",
    ),
    (
        "tfo_ignored", "RFC 7413 section 4.2", (),
        "The SYN brought data by TCP Fast Open, but the SYN, ACK does not acknowledge it: the client sends it again "
        "after the handshake.",
    ),
)  # fmt: skip

FINDINGS: Final = tuple(
    Explanation(Kind.FINDING, name, text, source, (*aliases, f"tcp.analysis.{name}"))
    for name, source, aliases, text in _FINDINGS
)
