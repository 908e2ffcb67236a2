"""The columns of the socket table."""

from __future__ import annotations

from typing import Final

from engine.text.explain.entry import Explanation, Kind

_TCP_INFO: Final = "struct tcp_info, include/uapi/linux/tcp.h"
_SS: Final = "ss(8)"
_DIAG: Final = "sock_diag(7)"

_COLUMNS: Final = (
    (
        "netid", _SS, ("Proto", "Protocol"),
        "The kind of socket in ss's letters: tcp, udp, udpl (UDP-Lite), raw, icmp (ping), u_str, u_dgr and u_seq "
        "(Unix stream, datagram, sequenced packets), p_raw and p_dgr (packet sockets), nl (netlink).",
    ),
    (
        "state", "RFC 9293 section 3.3.2", (),
        "Where the connection stands in TCP's life, by RFC 9293's names. Sockets without a connection say UNCONN.",
    ),
    (
        "recv_q", _SS, ("Recv-Q", "receive queue"),
        "Bytes that have arrived and that the program has not yet read; a Recv-Q that stands still above 0 means "
        "that the program does not read. On LISTEN it counts connections that wait for accept(), not bytes.",
    ),
    (
        "send_q", _SS, ("Send-Q", "send queue"),
        "Bytes that the program has handed to send() and that the peer has not yet acknowledged, whether sent or "
        "still waiting; a Send-Q that stays means that the peer or the path takes no more. On LISTEN it is the limit "
        "of the accept queue.",
    ),
    (
        "local", _SS, ("Local Address:Port", "Local Address"),
        "The address and port of this end. 0.0.0.0, [::] and * stand for every address of the machine; * takes IPv4 "
        "and IPv6. A name after % is the interface the socket is bound to.",
    ),
    (
        "peer", _SS, ("Peer Address:Port", "Foreign Address", "Remote Address"),
        "The address and port of the other end; * where there is none, as on LISTEN.",
    ),
    (
        "process", "proc(5), /proc/PID/fd", (),
        "Every process that holds a descriptor of the socket, with its PID; a forked server shares one socket among "
        "several. A dash and a reason stand where it is not known: another user's process, a socket that no program "
        "holds any more, or one that accept() has not yet taken.",
    ),
    (
        "pid", "proc(5)", (),
        "The PIDs of the processes that hold the socket.",
    ),
    (
        "fd", "proc(5), /proc/PID/fd", ("descriptor",),
        "The number of the descriptor by which the process knows the socket; what fileno() returns.",
    ),
    (
        "command", "proc(5)", (),
        "The name of the process that holds the socket, as the kernel keeps it: 15 bytes.",
    ),
    (
        "cmdline", "proc(5), /proc/PID/cmdline", ("Command line",),
        "The whole command line of the process that holds the socket.",
    ),
    (
        "user", _DIAG, ("uid",),
        "The user who owns the socket: by default the effective user of the process that opened it.",
    ),
    (
        "age", "sockmon's own", (),
        "Time since sockmon first saw the socket. A > stands before it where the socket was already there when "
        "sockmon began to look, so that it is older than that.",
    ),
    (
        "in_rate", _TCP_INFO, ("In/s",),
        "Data bytes received a second, between the last two refreshes, from the kernel's own count. No capture is "
        "needed.",
    ),
    (
        "out_rate", _TCP_INFO, ("Out/s",),
        "Data bytes sent a second, between the last two refreshes, retransmissions not counted.",
    ),
    (
        "in_bytes", "RFC 4898; struct tcp_info, include/uapi/linux/tcp.h", ("In total", "bytes_received"),
        "Data bytes received in order since the connection began, also before sockmon looked (tcpi_bytes_received); "
        "the FIN, which the kernel counts as one, is left out.",
    ),
    (
        "out_bytes", "RFC 4898; struct tcp_info, include/uapi/linux/tcp.h", ("Out total", "bytes_sent"),
        "Data bytes sent since the connection began, each counted once (tcpi_bytes_sent less tcpi_bytes_retrans).",
    ),
    (
        "in_packets", _TCP_INFO, ("In pkts", "segs_in"),
        "Segments received since the connection began, ACKs included.",
    ),
    (
        "out_packets", _TCP_INFO, ("Out pkts", "segs_out"),
        "Segments sent since the connection began, ACKs included.",
    ),
    (
        "rtt", "RFC 6298 section 2", ("RTT ms", "srtt"),
        "Smoothed round trip time: how long an ACK takes to come back, as the kernel measures it on its own "
        "segments. On loopback it is some tens of µs; delayed ACKs can raise it to 40 ms.",
    ),
    (
        "min_rtt", _TCP_INFO, ("Min RTT ms",),
        "The least round trip time seen lately: the path without queues. The gap between it and RTT is time spent "
        "waiting in queues.",
    ),
    (
        "rttvar", "RFC 6298 section 2", ("RTT var ms",),
        "How much the round trip time varies, smoothed. It is what keeps RTO above RTT.",
    ),
    (
        "rto", "RFC 6298 section 2", ("RTO ms",),
        "Retransmission timeout: how long the sender waits for an ACK before it repeats a segment. It follows RTT "
        "and its variation, is at least 200 ms on Linux (1 s in the RFC), and doubles with each repeat.",
    ),
    (
        "cwnd", "RFC 5681 section 3.1; RFC 6928", ("snd_cwnd", "congestion window"),
        "Congestion window in segments: what the sender may have in flight by its own judgement of the path. It "
        "starts at 10 on Linux, grows with ACKs and shrinks on loss; the sender obeys the smaller of it and the "
        "peer's window.",
    ),
    (
        "ssthresh", "RFC 5681 section 3.1", ("snd_ssthresh",),
        "Slow start threshold in segments: below it cwnd doubles each round trip, above it it grows slowly. A dash "
        "means that nothing was lost yet.",
    ),
    (
        "retrans", "RFC 6298 section 5", ("Retrans", "retransmits", "total_retrans"),
        "Segments sent again since the connection began. On loopback it should be 0; on a network a few in a "
        "thousand are usual.",
    ),
    (
        "lost", _TCP_INFO, (),
        "Segments that the sender holds for lost right now and will send again.",
    ),
    (
        "unacked", _TCP_INFO, ("in flight",),
        "Segments sent and not yet acknowledged: in flight, or lost.",
    ),
    (
        "notsent", _TCP_INFO, ("Not-sent", "notsent_bytes"),
        "Bytes of Send-Q that have not been sent even once: they wait for the peer's window, for cwnd, or for "
        "Nagle's rule.",
    ),
    (
        "rwnd", "RFC 9293 section 3.8.6; RFC 7323 section 2", ("snd_wnd", "receive window"),
        "The window that the peer last offered, in bytes after scaling: how much more it can take. 0 means that its "
        "program does not read.",
    ),
    (
        "mss", "RFC 9293 section 3.7.1", ("snd_mss",),
        "Largest payload that this side puts into one segment now. On loopback it is far above Ethernet's 1,448, "
        "because the loopback's MTU is 65,536.",
    ),
    (
        "pmtu", "RFC 8201; RFC 1191", ("path MTU",),
        "Largest IP packet that the path carries without fragments, as far as it is known.",
    ),
    (
        "congestion", "RFC 9438; tcp(7)", ("congestion control",),
        "The algorithm that sets cwnd: cubic, reno, bbr and others. A program may choose it for a socket by "
        "TCP_CONGESTION.",
    ),
    (
        "timer", _SS, (),
        "The kernel timer that runs on the socket, when it fires, and how often it has in a row: on "
        "(retransmission), persist (the peer's window is closed, a probe follows), keepalive, timewait.",
    ),
    (
        "inode", "proc(5)", ("DEVICE",),
        "The number by which /proc/PID/fd names the socket; it ties a row to its processes. Sockets that no program "
        "holds any more have none.",
    ),
    (
        "cookie", _DIAG, ("sk", "SO_COOKIE"),
        "A number that the kernel gives a socket once and never again (SO_COOKIE), in hexadecimal as ss prints it. "
        "By it a row is the same row through every refresh.",
    ),
    (
        "cgroup", "cgroups(7)", ("container", "unit"),
        "The container or the systemd unit that the socket's process runs in, by its control group: "
        "docker:3f2a1b4c5d6e, nginx.service. Where it has neither, the id of the control group in which the socket "
        "was opened.",
    ),
    (
        "interface", "socket(7)", ("dev",),
        "The interface that the socket is bound to (SO_BINDTODEVICE, or the scope of a link-local address): it hears "
        "only what comes in there.",
    ),
    (
        "service", "services(5)", (),
        "The name of the service whose port this is, by IANA's list; it need not be what really listens there.",
    ),
    (
        "known", "sock_diag(7); perf_event_open(2)", ("Known by",),
        "How the process of a socket that has closed is known: the table had shown it (table), it was looked up when "
        "its SYN was seen, the kernel's tracepoint named it, or it is inferred from who listens on the port (~). "
        "event: the kernel told that it closed, and nothing told whose it was.",
    ),
    (
        "closed", "sock_diag(7)", ("Closed ago",),
        "How long ago the socket closed, by the kernel's destroy event, or else by its absence from the table.",
    ),
    (
        "reach", "RFC 1918; RFC 4193", ("Reachable by",),
        "Who can reach a listener, by the address it is bound to: this machine (loopback), this network (a private "
        "or link-local address), or everyone (a public address or the wildcard). A firewall may say otherwise.",
    ),
    (
        "accept", "listen(2)", ("accept queue",),
        "Connections that are finished and wait for accept(). If it stands at the limit, new ones are not answered: "
        "the program is too slow or stuck.",
    ),
    (
        "backlog", "listen(2)", (),
        "How many finished connections may wait for accept(): the smaller of listen()'s argument and "
        "net.core.somaxconn. Linux lets in one more than the number.",
    ),
    (
        "family", "socket(2)", ("TYPE",),
        "IPv4, IPv6 or another address family. A dual-stack IPv6 socket carries IPv4 too.",
    ),
    (
        "shutdown", "shutdown(2)", (),
        "Which side shutdown() has closed on this socket: read, write, or both. A peer's FIN shows as read.",
    ),
    (
        "v6only", "RFC 3493 section 5.3; ipv6(7)", (),
        "Whether an IPv6 socket refuses IPv4 (IPV6_V6ONLY). If not, IPv4 peers appear as ::ffff:a.b.c.d.",
    ),
    (
        "mark", "socket(7)", ("fwmark",),
        "The firewall mark of the socket's packets (SO_MARK), by which rules and routes can tell them apart.",
    ),
    (
        "tos", "RFC 2474; RFC 3168", (),
        "The type of service byte of the socket's IP packets: six bits DSCP, two bits ECN.",
    ),
    (
        "rcvbuf", "socket(7)", (),
        "Most memory that received data may take, bookkeeping included. A program that asks for n by SO_RCVBUF gets "
        "2n; if it does not ask, the kernel tunes it.",
    ),
    (
        "sndbuf", "socket(7)", (),
        "Most memory that data to send may take, bookkeeping included; 2n where n was asked for.",
    ),
    (
        "rmem", _SS, (),
        "Memory that received data takes now, bookkeeping included: more than Recv-Q.",
    ),
    (
        "wmem", _SS, (),
        "Memory that queued data to send takes now, bookkeeping included.",
    ),
    (
        "drops", _SS, (),
        "Packets that the kernel dropped because this socket's receive buffer was full. For UDP they are gone for "
        "good.",
    ),
)  # fmt: skip

COLUMNS: Final = tuple(
    Explanation(Kind.COLUMN, name, text, source, aliases) for name, source, aliases, text in _COLUMNS
)
