"""A socket as the kernel holds it: one row of the table, its owners, its tcp_info.

Queues, on every state but LISTEN, are bytes. On LISTEN `recv_q` is the length of the accept queue now and `send_q` its
limit (`sk_ack_backlog` and `sk_max_ack_backlog`), both in connections: they are never added to byte queues.
Unknown is `None`, never 0.
"""

from __future__ import annotations

import msgspec

from engine.model.tcp import SocketState


class Owner(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A process that holds a descriptor of the socket. `start_time` (clock ticks since boot, /proc/PID/stat field 22)
    tells it from a later process with the same PID."""

    pid: int
    fd: int
    name: str
    start_time: int = 0
    cmdline: str = ""
    ours: str = ""
    """`sockmon`, or the name of the lab actor, when the process is one of ours."""
    unit: str = ""
    """The container (`docker:3f2a1b4c5d6e`) or the systemd unit (`nginx.service`) it runs in; empty if unknown."""


class Timer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The running kernel timer: `name` as ss prints it (on, keepalive, timewait, persist, unknown), `expires_ms` until
    it fires, `retransmits` so far (inet_diag_msg idiag_timer, idiag_expires, idiag_retrans)."""

    name: str
    expires_ms: int
    retransmits: int


class SkMem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Socket memory in bytes, `drops` in packets (INET_DIAG_SKMEMINFO, names as in sock(7) of ss: skmem)."""

    rmem_alloc: int
    rcvbuf: int
    wmem_alloc: int
    sndbuf: int
    fwd_alloc: int
    wmem_queued: int
    optmem: int
    backlog: int
    drops: int


class SocketEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One socket. `key` names it for as long as it lives: the kernel's cookie, or where a source has none a number that
    is made of its addresses and inode and has bit 63 set."""

    key: int
    netid: str
    """tcp, udp, udpl, raw, icmp, u_str, u_dgr, u_seq, p_raw, p_dgr, nl: as in ss."""
    family: int
    """AF_INET (2), AF_INET6 (10), AF_UNIX (1), AF_PACKET (17), AF_NETLINK (16)."""
    state: SocketState
    recv_q: int | None
    send_q: int | None
    local_address: str
    """Numeric, without brackets; `*` for the wildcard of a dual-stack socket; a path or `@name` for Unix sockets."""
    local_port: int
    """0 where there is none."""
    peer_address: str
    peer_port: int
    interface: int = 0
    """Index of the interface the socket is bound to (SO_BINDTODEVICE or a scope), 0 for none."""
    uid: int | None = None
    inode: int = 0
    """0 for a socket that no descriptor stands for any more (TIME-WAIT, FIN-WAIT-2 orphans)."""
    cookie: int | None = None
    timer: Timer | None = None
    owners: tuple[Owner, ...] = ()
    owner_unknown: str = ""
    """Why `owners` is empty: other user, gone, other namespace, not yet accepted, closed by program, refused …"""
    tcp_info: bytes = b""
    """`struct tcp_info` as the kernel sent it; `engine.sockets.tcp_info.decode` names its fields. Empty if unknown."""
    skmem: SkMem | None = None
    congestion: str = ""
    mark: int | None = None
    cgroup: int | None = None
    v6only: bool | None = None
    shutdown: int | None = None
    """Bits RCV_SHUTDOWN (1) and SEND_SHUTDOWN (2)."""
    tos: int | None = None
    tclass: int | None = None
    """Traffic class of an IPv6 socket."""
    peer_inode: int = 0
    """Inode of the socket at the other end of a Unix socket, 0 for none."""
    peer_owners: tuple[Owner, ...] = ()
    """Who holds the socket at the other end of a Unix socket."""


class SocketFigures(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What only watching a socket over time can tell: since when it is known and how fast its bytes go."""

    since_ns: int
    """Wall clock, nanoseconds since the epoch, of the first refresh that had it."""
    opened: bool = True
    """It was not there one refresh earlier, so `since_ns` is when it was opened; else it is older than that."""
    in_per_s: float | None = None
    """Data bytes received a second between the last two refreshes."""
    out_per_s: float | None = None
    """Data bytes sent a second, without retransmissions."""


class SocketCounters(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a refresh of the table cost and what it missed."""

    dump_ms: float = 0.0
    """Wall time of the last dump with owners."""
    interrupted: int = 0
    """Dumps that the kernel marked NLM_F_DUMP_INTR: the table changed while it was read."""
    events: int = 0
    """Destroy events received."""
    events_lost: int = 0
    """Destroy events that the kernel dropped for want of buffer (/proc/net/netlink Drops, ENOBUFS)."""
    malformed: int = 0
    """Messages that did not decode."""
    events_forgotten: int = 0
    """Destroy events that arrived but were given up because nobody asked in time."""
    processes_refused: int = 0
    """Processes that may not be looked into now, so that what they hold shows no owner."""
    processes_vanished: int = 0
    """Processes that ended while they were looked at."""
    dump_cpu_ms: float = 0.0
    """What of a processor the last dump with owners took: its wall time grows with whatever else runs."""
