"""The kernel's own counters that sockmon shows when they move: losses, overflows, resets."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_NETSTAT: Final = "/proc/net/netstat; kernel documentation, networking/snmp_counter"
_SNMP: Final = "/proc/net/snmp; RFC 4022"
_UDP: Final = "/proc/net/snmp; RFC 4113"

_COUNTERS: Final = (
    (
        "TcpRetransSegs", _SNMP,
        "Segments that TCP sent again, SYNs and probes of lost tails included. On loopback it should stand still.",
    ),
    (
        "TcpExtListenOverflows", _NETSTAT,
        "Connections that found a listener's accept queue full: the server does not call accept() fast enough. The "
        "client tries again and is slow, or gives up.",
    ),
    (
        "TcpExtListenDrops", _NETSTAT,
        "SYNs and last ACKs of handshakes that a listener dropped for any reason, a full accept queue the most "
        "frequent.",
    ),
    (
        "TcpExtTCPBacklogDrop", _NETSTAT,
        "Segments dropped because a socket was in use by its program just then and its backlog was full. They are "
        "sent again.",
    ),
    (
        "TcpExtTCPRcvQDrop", _NETSTAT,
        "Segments dropped because the receive queue had no room although the window had: many small segments take "
        "more memory than their bytes.",
    ),
    (
        "TcpExtTCPZeroWindowDrop", _NETSTAT,
        "Segments dropped because they came while the window was 0.",
    ),
    (
        "TcpExtTCPTimeouts", _NETSTAT,
        "Retransmission timeouts: nothing was acknowledged for a whole RTO.",
    ),
    (
        "TcpExtTCPFastRetrans", _NETSTAT,
        "Segments sent again without waiting for the RTO, because ACKs for later ones came in.",
    ),
    (
        "TcpExtTCPSynRetrans", _NETSTAT,
        "SYNs and SYN-ACKs sent again: the other end did not answer the first.",
    ),
    (
        "TcpExtTCPLossProbes", _NETSTAT,
        "Tail loss probes: the last segment was sent again because its ACK was late, to find out whether it was lost.",
    ),
    (
        "TcpExtTCPOFOQueue", _NETSTAT,
        "Segments that came before one that should precede them, and were kept.",
    ),
    (
        "TcpExtTCPAbortOnData", _NETSTAT,
        "Connections ended by RST because data came for a socket that its program had closed, or closed with "
        "SO_LINGER 0.",
    ),
    (
        "TcpExtTCPAbortOnTimeout", _NETSTAT,
        "Connections that the kernel gave up: the peer answered neither data nor probes.",
    ),
    (
        "TcpExtTCPAbortOnClose", _NETSTAT,
        "Connections ended by RST because the program closed them with data unread.",
    ),
    (
        "TcpExtTCPReqQFullDrop", _NETSTAT,
        "SYNs dropped because the queue of unfinished handshakes was full and SYN cookies were off.",
    ),
    (
        "TcpExtTCPTimeWaitOverflow", _NETSTAT,
        "Connections that skipped TIME-WAIT because there were too many in it (net.ipv4.tcp_max_tw_buckets).",
    ),
    (
        "TcpEstabResets", _SNMP,
        "Connections that went from ESTABLISHED or CLOSE-WAIT straight to CLOSED, by an RST sent or received. Each "
        "end on this machine counts one.",
    ),
    (
        "TcpOutRsts", _SNMP,
        "Segments sent with RST: refusals of closed ports and connections ended by force.",
    ),
    (
        "TcpAttemptFails", _SNMP,
        "Handshakes that failed: refused, reset half way, or given up.",
    ),
    (
        "UdpRcvbufErrors", _UDP,
        "Datagrams dropped because the receive buffer of their socket was full. They are lost.",
    ),
    (
        "UdpSndbufErrors", _UDP,
        "Datagrams that could not be sent for want of send buffer.",
    ),
    (
        "UdpNoPorts", _UDP,
        "Datagrams for a port on which nobody receives; the kernel answers by ICMP 3/3.",
    ),
)  # fmt: skip

COUNTERS: Final = tuple(
    Explanation(Kind.COUNTER, name, text, source, (name.removeprefix("TcpExt"),) if name.startswith("TcpExt") else ())
    for name, source, text in _COUNTERS
)
