"""The table of rules: what each needs to see, the healthy case that looks alike, and when it ends.

The functions that find them are elsewhere, by what they look at: rows of the socket table (flow_control, path, opening,
closing, datagrams), the calls of programs of ours (programs), the segments of a conversation (wire), or the whole
machine (machine). Several of them may find the same thing.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """What can be said of a rule without a case."""

    name: str
    needs: tuple[str, ...]
    """The figures without which it says nothing; any one of them will do."""
    lookalike: str
    ends_when: str


_RULES: Final = (
    Rule(
        "receiver-stalled",
        ("Recv-Q and bytes_received of two readings a second apart",),
        "A busy reader: its Recv-Q stands above 0 too, but what it has read goes up.",
        "the program calls recv()",
    ),
    Rule(
        "zero-window",
        ("Send-Q with tcpi_snd_wnd or the persist timer", "the windows of a conversation"),
        "A fast flow touches a window of 0 for moments; here it stayed.",
        "a window update arrives: the peer's program has read",
    ),
    Rule(
        "app-limited",
        ("bytes_sent, notsent_bytes and rwnd_limited of two readings a second apart",),
        "A sender held back by the window or the path: then something waits unsent in Send-Q.",
        "the program sends faster than the connection carries",
    ),
    Rule(
        "queues-empty",
        ("Recv-Q and Send-Q of both ends, and that nothing moved for 2 s", "the calls in which both programs wait"),
        "An idle connection kept for later: the same figures. Only the programs know which of the two it is.",
        "either side sends",
    ),
    Rule(
        "path-loss",
        ("total_retrans and data_segs_out of two readings", "the segments of a conversation"),
        "Segments that overtook each other: sent again needlessly, as the peer reports (DSACK). A total that stands "
        "is loss of long ago.",
        "nothing was sent again for 10 s",
    ),
    Rule(
        "half-open",
        ("the retransmission timer", "both ends in the table of this machine"),
        "A path that loses some packets: there some acknowledgments still come. A connection that a firewall's DNAT "
        "leads into another namespace: it carries data.",
        "the peer answers (a restarted one by RST), or the kernel gives up with ETIMEDOUT",
    ),
    Rule(
        "keepalive-failing",
        ("the keep-alive timer with its count of probes",),
        "A probe that was just sent: its answer takes a round trip, so one alone says nothing.",
        "the peer answers, or after TCP_KEEPCNT probes",
    ),
    Rule(
        "nagle-delayed-ack",
        ("bytes_sent, notsent_bytes, busy_time, rtt and min_rtt of two readings", "the segments of a conversation"),
        "A path that really takes 40 ms: then its least RTT is as long. A slow reader: then its Recv-Q is not empty.",
        "the program writes larger pieces, or sets TCP_NODELAY",
    ),
    Rule(
        "accept-queue-full",
        ("Recv-Q and Send-Q of the listener in two readings", "the kernel's count of overflows"),
        "A burst of clients: the queue is full for a moment and the server takes them in.",
        "the server calls accept()",
    ),
    Rule(
        "syn-unanswered",
        ("the retransmission timer of a socket in SYN-SENT", "the segments of a conversation"),
        "A long path: its answer takes less than the second after which the SYN is repeated.",
        "an answer comes, or connect() gives up with ETIMEDOUT after about two minutes (net.ipv4.tcp_syn_retries)",
    ),
    Rule(
        "refused",
        ("the error of connect() in a program of ours", "the RST that answers the SYN", "TcpAttemptFails"),
        "A port that a firewall drops: there nothing comes back at all.",
        "a server listens there and the program tries again",
    ),
    Rule(
        "reset",
        ("the error of a call in a program of ours", "the RST itself", "TcpEstabResets and the rows that are gone"),
        "A close in order: there a FIN goes each way.",
        "at once: the connection is gone",
    ),
    Rule(
        "close-wait-leak",
        ("the state's age: watched, or tcpi_last_ack_recv",),
        "A program that still sends its last data: its Send-Q or its totals move.",
        "the program calls close() or ends",
    ),
    Rule(
        "fin-wait-2",
        ("the state's age: watched, or tcpi_last_ack_recv",),
        "A half-close: the peer still has data to send, and the totals move.",
        "the peer's FIN comes; without a program the kernel forgets it after 60 s (net.ipv4.tcp_fin_timeout)",
    ),
    Rule(
        "time-wait-reuse",
        ("the port's rows in TIME-WAIT", "the error of bind() in a program of ours", "a SYN that reuses the addresses"),
        "A port that another program listens on: then EADDRINUSE is for good.",
        "TIME-WAIT is over (60 s), or the server sets SO_REUSEADDR",
    ),
    Rule(
        "ports-exhausted",
        (
            "local ports towards one peer, and net.ipv4.ip_local_port_range",
            "the error of connect() in a program of ours",
        ),
        "Many connections to different peers: a port can be used towards each of them.",
        "connections close and their TIME-WAIT is over (60 s)",
    ),
    Rule(
        "udp-overflow",
        ("the socket's count of drops in two readings", "UdpRcvbufErrors"),
        "Drops of long ago: the count stands above 0 and does not go up.",
        "no datagram was dropped for 10 s",
    ),
    Rule(
        "eof-spin",
        ("the calls of a program of ours",),
        "b'' once: that is how the end of the data is read.",
        "the program closes the socket or stops calling",
    ),
    Rule(
        "open-listener",
        ("the address that the socket is bound to",),
        "A server that is meant for others: the same figures. Only who runs it knows.",
        "it is bound to an address of this machine alone",
    ),
)

RULES: Final[dict[str, Rule]] = {rule.name: rule for rule in _RULES}
"""By name, in the order in which a connection meets them."""
