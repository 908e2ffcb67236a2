"""The second line of a socket in `sockmon ls -i -m -o -e`: what ss prints there, with ss's labels."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.tcp_info import TcpInfo, decode
from engine.text.sanitize import printable

SSTHRESH_UNSET = 0x7FFFFFFF
"""TCP_INFINITE_SSTHRESH (include/net/tcp.h): slow start has not ended yet."""
QUEUE_OF_LISTEN = frozenset(("unacked", "sacked"))
"""On LISTEN these are the accept queue and its limit, which Recv-Q and Send-Q show."""
RATE_UNLIMITED = 2**64 - 1
"""tcpi_pacing_rate where nothing paces."""
REORDERING_AT_START = 3
"""TCP_FASTRETRANS_THRESH, the default of net.ipv4.tcp_reordering: left out, as ss does."""


def timer_details(entry: SocketEntry) -> list[str]:
    """`timer:(on,204ms,0)`."""
    if entry.timer is None:
        return []
    return [f"timer:({entry.timer.name},{entry.timer.expires_ms}ms,{entry.timer.retransmits})"]


def extended_details(entry: SocketEntry) -> list[str]:
    """uid, inode, cookie, and what else the kernel says of the socket itself."""
    told = {
        "uid": entry.uid,
        "ino": entry.inode or None,
        "sk": None if entry.cookie is None else f"{entry.cookie:x}",
        "cgroup": entry.cgroup,
        "mark": entry.mark or None,
        "v6only": None if entry.v6only is None else int(entry.v6only),
    }
    return [f"{name}:{value}" for name, value in told.items() if value is not None]


def memory_details(entry: SocketEntry) -> list[str]:
    """`skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d0)`, in ss's order."""
    memory = entry.skmem
    if memory is None:
        return []
    values = (
        *(f"r{memory.rmem_alloc}", f"rb{memory.rcvbuf}", f"t{memory.wmem_alloc}", f"tb{memory.sndbuf}"),
        *(f"f{memory.fwd_alloc}", f"w{memory.wmem_queued}", f"o{memory.optmem}", f"bl{memory.backlog}"),
        f"d{memory.drops}",
    )
    return [f"skmem:({','.join(values)})"]


def tcp_details(entry: SocketEntry) -> list[str]:
    """Congestion control and tcp_info; times in ms, as ss prints them."""
    if not entry.tcp_info:
        return []
    info = decode(entry.tcp_info)
    listening = entry.state is SocketState.LISTEN
    words = [printable(entry.congestion)] if entry.congestion else []
    if info.snd_wscale is not None and info.rcv_wscale is not None and (info.snd_wscale or info.rcv_wscale):
        words.append(f"wscale:{info.snd_wscale},{info.rcv_wscale}")
    if info.rto:
        words.append(f"rto:{info.rto / 1000:g}")
    if info.rtt:
        words.append(f"rtt:{info.rtt / 1000:g}/{(info.rttvar or 0) / 1000:g}")
    for label, read in COUNTS.items():
        value = read(info)
        if value and not (listening and label in QUEUE_OF_LISTEN):
            words.append(f"{label}:{value}")
    for label, microseconds in (("ato", info.ato), ("rcv_rtt", info.rcv_rtt)):
        if microseconds:
            words.append(f"{label}:{microseconds / 1000:g}")
    for label, rate in (("pacing_rate", info.pacing_rate), ("delivery_rate", info.delivery_rate)):
        if rate and rate != RATE_UNLIMITED:
            words.append(f"{label} {8 * rate}bps")
    if info.delivery_rate_app_limited:
        words.append("app_limited")
    for label, milliseconds in (
        ("lastsnd", info.last_data_sent), ("lastrcv", info.last_data_recv), ("lastack", info.last_ack_recv),
    ):  # fmt: skip
        if milliseconds:
            words.append(f"{label}:{milliseconds}")
    words += _busy(info)
    if info.min_rtt and info.min_rtt != 0xFFFFFFFF:
        words.append(f"minrtt:{info.min_rtt / 1000:g}")
    return words


def _busy(info: TcpInfo) -> list[str]:
    """How long data was waiting or in flight, and which part of it the peer's window or this end's buffer held."""
    if not info.busy_time:
        return []
    held = (("rwnd_limited", info.rwnd_limited), ("sndbuf_limited", info.sndbuf_limited))
    return [
        f"busy:{info.busy_time // 1000}ms",
        *(f"{label}:{us // 1000}ms({100 * us / info.busy_time:.1f}%)" for label, us in held if us),
    ]


def _ssthresh(info: TcpInfo) -> int | None:
    return None if info.snd_ssthresh == SSTHRESH_UNSET else info.snd_ssthresh


COUNTS: dict[str, Callable[[TcpInfo], int | None]] = {
    "mss": lambda info: info.snd_mss,
    "pmtu": lambda info: info.pmtu,
    "rcvmss": lambda info: info.rcv_mss,
    "advmss": lambda info: info.advmss,
    "cwnd": lambda info: info.snd_cwnd,
    "ssthresh": _ssthresh,
    "bytes_sent": lambda info: info.bytes_sent,
    "bytes_retrans": lambda info: info.bytes_retrans,
    "bytes_acked": lambda info: info.bytes_acked,
    "bytes_received": lambda info: info.bytes_received,
    "segs_out": lambda info: info.segs_out,
    "segs_in": lambda info: info.segs_in,
    "data_segs_out": lambda info: info.data_segs_out,
    "data_segs_in": lambda info: info.data_segs_in,
    "unacked": lambda info: info.unacked,
    "retrans": lambda info: info.total_retrans,
    "lost": lambda info: info.lost,
    "sacked": lambda info: info.sacked,
    "dsack_dups": lambda info: info.dsack_dups,
    "reordering": lambda info: info.reordering if info.reordering != REORDERING_AT_START else None,
    "reord_seen": lambda info: info.reord_seen,
    "backoff": lambda info: info.backoff,
    "delivered": lambda info: info.delivered,
    "rcv_ooopack": lambda info: info.rcv_ooopack,
    "notsent": lambda info: info.notsent_bytes,
    "rcv_space": lambda info: info.rcv_space,
    "rcv_ssthresh": lambda info: info.rcv_ssthresh,
    "snd_wnd": lambda info: info.snd_wnd,
    "rcv_wnd": lambda info: info.rcv_wnd,
}
"""ss's label to the field; a count of 0 is left out, as ss does."""
