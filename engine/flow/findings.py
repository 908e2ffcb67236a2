"""Names, bits and words of what the analysis finds in a segment: Wireshark's tcp.analysis.* and its Info prefixes.

A segment's findings are one number, a bit each, so that a packet can be kept in a few bytes.
"""

from __future__ import annotations

from functools import lru_cache

RETRANSMISSION = 1 << 0
FAST_RETRANSMISSION = 1 << 1
SPURIOUS_RETRANSMISSION = 1 << 2
OUT_OF_ORDER = 1 << 3
REUSED_PORTS = 1 << 4
LOST_SEGMENT = 1 << 5
ACK_LOST_SEGMENT = 1 << 6
WINDOW_UPDATE = 1 << 7
WINDOW_FULL = 1 << 8
KEEP_ALIVE = 1 << 9
KEEP_ALIVE_ACK = 1 << 10
DUPLICATE_ACK = 1 << 11
ZERO_WINDOW = 1 << 12
ZERO_WINDOW_PROBE = 1 << 13
ZERO_WINDOW_PROBE_ACK = 1 << 14
TFO_SYN = 1 << 15
TFO_ACK = 1 << 16
TFO_IGNORED = 1 << 17

ACK_LOST_AGAIN = 1 << 18
"""ACK_LOST_SEGMENT for a gap that was told of already: not shown, and no finding outside the analysis."""

RESENT = RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION
"""The kinds of segment that carry again what was sent before."""

FINDINGS: dict[int, str] = {
    RETRANSMISSION: "retransmission",
    FAST_RETRANSMISSION: "fast_retransmission",
    SPURIOUS_RETRANSMISSION: "spurious_retransmission",
    OUT_OF_ORDER: "out_of_order",
    REUSED_PORTS: "reused_ports",
    LOST_SEGMENT: "lost_segment",
    ACK_LOST_SEGMENT: "ack_lost_segment",
    WINDOW_UPDATE: "window_update",
    WINDOW_FULL: "window_full",
    KEEP_ALIVE: "keep_alive",
    KEEP_ALIVE_ACK: "keep_alive_ack",
    DUPLICATE_ACK: "duplicate_ack",
    ZERO_WINDOW: "zero_window",
    ZERO_WINDOW_PROBE: "zero_window_probe",
    ZERO_WINDOW_PROBE_ACK: "zero_window_probe_ack",
    TFO_SYN: "tfo_syn",
    TFO_ACK: "tfo_ack",
    TFO_IGNORED: "tfo_ignored",
}
"""Each bit and its name without `tcp.analysis.`."""

PREFIXES: tuple[tuple[int, str], ...] = (
    (ZERO_WINDOW_PROBE_ACK, "[TCP ZeroWindowProbeAck] "),
    (ZERO_WINDOW, "[TCP ZeroWindow] "),
    (ZERO_WINDOW_PROBE, "[TCP ZeroWindowProbe] "),
    (DUPLICATE_ACK, "[TCP Dup ACK {frame}#{number}] "),
    (KEEP_ALIVE_ACK, "[TCP Keep-Alive ACK] "),
    (KEEP_ALIVE, "[TCP Keep-Alive] "),
    (WINDOW_FULL, "[TCP Window Full] "),
    (WINDOW_UPDATE, "[TCP Window Update] "),
    (ACK_LOST_SEGMENT, "[TCP ACKed unseen segment] "),
    (LOST_SEGMENT, "[TCP Previous segment not captured] "),
    (OUT_OF_ORDER, "[TCP Out-Of-Order] "),
    (SPURIOUS_RETRANSMISSION, "[TCP Spurious Retransmission] "),
    (FAST_RETRANSMISSION, "[TCP Fast Retransmission] "),
    (RETRANSMISSION, "[TCP Retransmission] "),
    (REUSED_PORTS, "[TCP Port numbers reused] "),
)
"""What stands before the Info line, leftmost first. The three notes on TCP Fast Open do not show there."""


@lru_cache(1024)
def finding_names(findings: int) -> tuple[str, ...]:
    """The names of a number's bits, sorted."""
    return tuple(sorted(name for bit, name in FINDINGS.items() if findings & bit))
