"""Where each field of the kernel's `struct tcp_info` lies, so that one field can be read without decoding all.

Order and sizes are those of `include/uapi/linux/tcp.h`; the struct only ever grows at its end, so an older kernel sends
fewer bytes. Byte order is the machine's own.
"""

from __future__ import annotations

import struct
from typing import Final

BIT_FIELDS: Final = ("wscale", "limits")
"""Two bytes that hold two fields each (snd_wscale and rcv_wscale; delivery_rate_app_limited and fastopen_client_fail),
whose order within the byte is the compiler's."""

RUNS: Final = (
    ("B", "state ca_state retransmits probes backoff options wscale limits"),
    ("I", "rto ato snd_mss rcv_mss unacked sacked lost retrans fackets"),
    ("I", "last_data_sent last_ack_sent last_data_recv last_ack_recv"),
    ("I", "pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss reordering rcv_rtt rcv_space total_retrans"),
    ("Q", "pacing_rate max_pacing_rate bytes_acked bytes_received"),
    ("I", "segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out"),
    ("Q", "delivery_rate busy_time rwnd_limited sndbuf_limited"),
    ("I", "delivered delivered_ce"),
    ("Q", "bytes_sent bytes_retrans"),
    ("I", "dsack_dups reord_seen rcv_ooopack snd_wnd rcv_wnd rehash"),
    ("H", "total_rto total_rto_recoveries"),
    ("I", "total_rto_time received_ce delivered_e1_bytes delivered_e0_bytes delivered_ce_bytes"),
    ("I", "received_e1_bytes received_e0_bytes received_ce_bytes"),
)
"""Runs of fields of one size (a format of `struct`), in the struct's order. No padding lies between them."""


def _layout() -> dict[str, tuple[int, struct.Struct]]:
    fields: dict[str, tuple[int, struct.Struct]] = {}
    offset = 0
    for kind, names in RUNS:
        number = struct.Struct("=" + kind)
        for name in names.split():
            if name not in BIT_FIELDS:
                fields[name] = (offset, number)
            offset += number.size
    return fields


TCP_INFO_FIELDS: Final[dict[str, tuple[int, struct.Struct]]] = _layout()
"""Kernel name without `tcpi_` to offset and size. Times are µs, but ms for `last_*` and `total_rto_time`."""


def tcp_info_field(raw: bytes, name: str) -> int | None:
    """One field in the kernel's unit, or None where this kernel does not send it."""
    offset, kind = TCP_INFO_FIELDS[name]
    if offset + kind.size > len(raw):
        return None
    value: int = kind.unpack_from(raw, offset)[0]
    return value
