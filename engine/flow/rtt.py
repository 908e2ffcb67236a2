"""Round-trip time as RFC 6298 smooths it, in whole nanoseconds."""

from __future__ import annotations

CLOCK_GRANULARITY_NS = 1_000_000
"""RFC 6298's G: the kernel's timers tick at best every millisecond."""

MIN_RTO_NS = 200_000_000
"""Linux's TCP_RTO_MIN; RFC 6298 section 2.4 asks for a second, which no current kernel waits."""


def smoothed(srtt_ns: int, rttvar_ns: int, sample_ns: int) -> tuple[int, int]:
    """SRTT and RTTVAR after one more sample (RFC 6298 sections 2.2 and 2.3); `srtt_ns` 0 before the first."""
    if srtt_ns == 0:
        return sample_ns, sample_ns // 2
    return srtt_ns + (sample_ns - srtt_ns) // 8, rttvar_ns + (abs(srtt_ns - sample_ns) - rttvar_ns) // 4


def retransmission_timeout_ns(srtt_ns: int, rttvar_ns: int) -> int:
    """The RTO that follows (RFC 6298 section 2.3), with Linux's lower bound; 1 s before the first sample."""
    if srtt_ns == 0:
        return 1_000_000_000
    return max(MIN_RTO_NS, srtt_ns + max(CLOCK_GRANULARITY_NS, 4 * rttvar_ns))
