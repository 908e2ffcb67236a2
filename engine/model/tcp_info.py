"""Where each field of the kernel's `struct tcp_info` lies, so that one field can be read without decoding all.

Offsets and sizes are those of `include/uapi/linux/tcp.h`; the struct only ever grows at its end, so an older kernel
sends fewer bytes. Byte order is the machine's own. The two bit-fields (window scales, application-limited flag) are not
here: their order within the byte is the compiler's.
"""

from __future__ import annotations

import struct
from typing import Final

_U8: Final = struct.Struct("=B")
_U16: Final = struct.Struct("=H")
_U32: Final = struct.Struct("=I")
_U64: Final = struct.Struct("=Q")


def _layout() -> dict[str, tuple[int, struct.Struct]]:
    fields: dict[str, tuple[int, struct.Struct]] = {}
    offset = 0
    for kind, names in (
        (_U8, "state ca_state retransmits probes backoff options"),
        (_U8, "- -"),  # the bit-fields
        (_U32, "rto ato snd_mss rcv_mss unacked sacked lost retrans fackets"),
        (_U32, "last_data_sent last_ack_sent last_data_recv last_ack_recv"),
        (_U32, "pmtu rcv_ssthresh rtt rttvar snd_ssthresh snd_cwnd advmss reordering rcv_rtt rcv_space total_retrans"),
        (_U64, "pacing_rate max_pacing_rate bytes_acked bytes_received"),
        (_U32, "segs_out segs_in notsent_bytes min_rtt data_segs_in data_segs_out"),
        (_U64, "delivery_rate busy_time rwnd_limited sndbuf_limited"),
        (_U32, "delivered delivered_ce"),
        (_U64, "bytes_sent bytes_retrans"),
        (_U32, "dsack_dups reord_seen rcv_ooopack snd_wnd rcv_wnd rehash"),
        (_U16, "total_rto total_rto_recoveries"),
        (_U32, "total_rto_time"),
    ):
        for name in names.split():
            if name != "-":
                fields[name] = (offset, kind)
            offset += kind.size
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
