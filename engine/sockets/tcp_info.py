"""`struct tcp_info` with names: the kernel's own, without `tcpi_`, in the kernel's units (include/uapi/linux/tcp.h).

The struct only grows at its end, so a kernel sends a prefix of what is listed here; what lies beyond it is None.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from engine.model.tcp_info import BIT_FIELDS, RUNS, TCP_INFO_FIELDS


class TcpInfo(msgspec.Struct, frozen=True, gc=False):
    """What the kernel knows of one TCP connection. Times are µs unless the field says otherwise."""

    state: int | None = None
    """Kernel state number (engine.model.tcp.KERNEL_STATES)."""
    ca_state: int | None = None
    """Congestion avoidance: 0 Open, 1 Disorder, 2 CWR, 3 Recovery, 4 Loss."""
    retransmits: int | None = None
    """Retransmission timeouts in a row without an acknowledgement."""
    probes: int | None = None
    """Zero window or keepalive probes not answered."""
    backoff: int | None = None
    """Times the RTO was doubled."""
    options: int | None = None
    """TCPI_OPT_* bits: 1 timestamps, 2 SACK, 4 window scale, 8 ECN, 16 ECN seen, 32 SYN data, 64 µs timestamps,
    128 child of a fast open listener."""
    snd_wscale: int | None = None
    """Shift of the windows that the peer advertises."""
    rcv_wscale: int | None = None
    """Shift of the windows that this end advertises."""
    delivery_rate_app_limited: int | None = None
    fastopen_client_fail: int | None = None
    rto: int | None = None
    ato: int | None = None
    snd_mss: int | None = None
    rcv_mss: int | None = None
    unacked: int | None = None
    """Segments in flight; on LISTEN the length of the accept queue."""
    sacked: int | None = None
    """Segments; on LISTEN the limit of the accept queue."""
    lost: int | None = None
    retrans: int | None = None
    """Retransmitted segments still in flight."""
    fackets: int | None = None
    last_data_sent: int | None = None
    """ms ago, as the three after it."""
    last_ack_sent: int | None = None
    last_data_recv: int | None = None
    last_ack_recv: int | None = None
    pmtu: int | None = None
    rcv_ssthresh: int | None = None
    rtt: int | None = None
    """Smoothed round trip time."""
    rttvar: int | None = None
    snd_ssthresh: int | None = None
    """Segments; 0x7fffffff means not yet set."""
    snd_cwnd: int | None = None
    """Segments."""
    advmss: int | None = None
    reordering: int | None = None
    rcv_rtt: int | None = None
    rcv_space: int | None = None
    total_retrans: int | None = None
    """Segments retransmitted so far."""
    pacing_rate: int | None = None
    """Bytes per second; all ones means no limit."""
    max_pacing_rate: int | None = None
    bytes_acked: int | None = None
    """Acknowledged by the peer. The opener's SYN and this end's FIN count one byte each."""
    bytes_received: int | None = None
    """In order, acknowledged by this end. The peer's FIN counts one byte."""
    segs_out: int | None = None
    segs_in: int | None = None
    notsent_bytes: int | None = None
    min_rtt: int | None = None
    data_segs_in: int | None = None
    data_segs_out: int | None = None
    delivery_rate: int | None = None
    """Bytes per second."""
    busy_time: int | None = None
    rwnd_limited: int | None = None
    sndbuf_limited: int | None = None
    delivered: int | None = None
    delivered_ce: int | None = None
    bytes_sent: int | None = None
    """Data bytes, retransmissions included, SYN and FIN not."""
    bytes_retrans: int | None = None
    dsack_dups: int | None = None
    reord_seen: int | None = None
    rcv_ooopack: int | None = None
    snd_wnd: int | None = None
    """The peer's window in bytes, scaled."""
    rcv_wnd: int | None = None
    """This end's window in bytes, scaled."""
    rehash: int | None = None
    total_rto: int | None = None
    """Retransmission timeouts so far."""
    total_rto_recoveries: int | None = None
    total_rto_time: int | None = None
    """ms."""
    received_ce: int | None = None
    delivered_e1_bytes: int | None = None
    delivered_e0_bytes: int | None = None
    delivered_ce_bytes: int | None = None
    received_e1_bytes: int | None = None
    received_e0_bytes: int | None = None
    received_ce_bytes: int | None = None


# Each bit-field byte takes the place of its two fields.
_FIELDS: Final = tuple((name, kind) for kind, names in RUNS for name in names.split())
_WHOLE: Final = struct.Struct("=" + "".join(kind for _, kind in _FIELDS))

_ENDS: Final = tuple(
    struct.calcsize("=" + "".join(kind for _, kind in _FIELDS[: number + 1])) for number in range(len(_FIELDS))
)

_WSCALE: Final = [name for name, _ in _FIELDS].index(BIT_FIELDS[0])
_LIMITS: Final = _WSCALE + 1

TIMES_START: Final = TCP_INFO_FIELDS["last_data_sent"][0]
"""Where `last_data_sent` begins: the first of the four fields that change although nothing happens."""
TIMES_END: Final = TCP_INFO_FIELDS["pmtu"][0]


def _bits(values: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The values with the two bit-field bytes taken apart. On a little-endian machine the first field of a byte is in
    its low bits, on a big-endian one in its high bits."""
    wscale, limits = values[_WSCALE], values[_LIMITS]
    parts: tuple[int | None, ...] = (None, None, None, None)
    if wscale is not None and limits is not None:
        if _LITTLE_ENDIAN:
            parts = (wscale & 15, wscale >> 4, limits & 1, limits >> 1 & 3)
        else:
            parts = (wscale >> 4, wscale & 15, limits >> 7, limits >> 5 & 3)
    return values[:_WSCALE] + parts + values[_LIMITS + 1 :]


_LITTLE_ENDIAN: Final = struct.pack("=H", 1) == b"\1\0"


def decode(raw: bytes) -> TcpInfo:
    """All fields of `raw`, the bytes of INET_DIAG_INFO or of getsockopt(TCP_INFO); None for those beyond its end."""
    if len(raw) >= _WHOLE.size:
        return TcpInfo(*_bits(_WHOLE.unpack_from(raw)))
    values = _WHOLE.unpack(raw + bytes(_WHOLE.size - len(raw)))
    return TcpInfo(*_bits(tuple(v if end <= len(raw) else None for v, end in zip(values, _ENDS, strict=True))))
