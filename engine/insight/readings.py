"""One reading of a socket's row, reduced to the figures that rules compare from one reading to the next."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from engine.insight.ledger import FIN_QUEUED, FIN_RECEIVED, SYN_QUEUED
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import TCP_INFO_FIELDS, tcp_info_field

_FIELDS: Final = (
    "ca_state", "probes", "rto", "ato", "snd_mss", "unacked", "lost", "last_data_sent", "last_data_recv",
    "last_ack_recv", "rtt", "snd_cwnd", "total_retrans", "bytes_acked", "bytes_received", "segs_out", "segs_in",
    "notsent_bytes", "min_rtt", "data_segs_out", "busy_time", "rwnd_limited", "bytes_sent", "bytes_retrans",
    "dsack_dups", "snd_wnd", "rcv_wnd",
)  # fmt: skip
"""In the struct's order."""


def _picking() -> struct.Struct:
    """Takes the fields out of a tcp_info in one step, skipping what lies between."""
    pattern, at = "=", 0
    for name in _FIELDS:
        offset, kind = TCP_INFO_FIELDS[name]
        pattern += f"{offset - at}x" * (offset > at) + kind.format[-1]
        at = offset + kind.size
    return struct.Struct(pattern)


_PICK: Final = _picking()


class Reading(NamedTuple):
    """A row's figures at one moment; data bytes in queues, tcp_info's own names and units else. None is unknown: the
    source gives no tcp_info, or this kernel's is shorter."""

    ts_ns: int
    recv_q: int | None
    """Without a FIN."""
    send_q: int | None
    """Without SYN and FIN."""
    drops: int | None
    ca_state: int | None = None
    probes: int | None = None
    rto: int | None = None
    ato: int | None = None
    snd_mss: int | None = None
    unacked: int | None = None
    lost: int | None = None
    last_data_sent: int | None = None
    last_data_recv: int | None = None
    last_ack_recv: int | None = None
    rtt: int | None = None
    snd_cwnd: int | None = None
    total_retrans: int | None = None
    bytes_acked: int | None = None
    bytes_received: int | None = None
    segs_out: int | None = None
    segs_in: int | None = None
    notsent_bytes: int | None = None
    min_rtt: int | None = None
    data_segs_out: int | None = None
    busy_time: int | None = None
    rwnd_limited: int | None = None
    bytes_sent: int | None = None
    bytes_retrans: int | None = None
    dsack_dups: int | None = None
    snd_wnd: int | None = None
    rcv_wnd: int | None = None

    @property
    def progress(self) -> tuple[int | None, ...]:
        """What changes if and only if the connection carries something; keep-alive probes leave it as it is."""
        return self.recv_q, self.send_q, self.bytes_acked, self.bytes_received, self.bytes_sent

    @property
    def read(self) -> int | None:
        """Bytes that recv() has returned, by the kernel's counts (a FIN may count one); None if unknown."""
        return None if self.bytes_received is None or self.recv_q is None else self.bytes_received - self.recv_q


def reading(entry: SocketEntry, ts_ns: int) -> Reading:
    """The figures of a row that was read at `ts_ns`."""
    state, raw = entry.state, entry.tcp_info
    recv_q, send_q = entry.recv_q, entry.send_q
    if state is not SocketState.LISTEN:
        recv_q = None if recv_q is None else max(recv_q - (state in FIN_RECEIVED), 0)
        send_q = None if send_q is None else max(send_q - (state in FIN_QUEUED) - (state in SYN_QUEUED), 0)
    drops = None if entry.skmem is None else entry.skmem.drops
    if not raw or state is SocketState.LISTEN:
        return Reading(ts_ns, recv_q, send_q, drops)
    if len(raw) >= _PICK.size:
        return Reading._make((ts_ns, recv_q, send_q, drops, *_PICK.unpack_from(raw)))
    return Reading._make((ts_ns, recv_q, send_q, drops, *(tcp_info_field(raw, name) for name in _FIELDS)))
