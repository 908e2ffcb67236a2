"""Reads the kernel's TCP and UDP counters and the ephemeral port range, and tells what moved."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.sockets.proc_source import PROC_NET
from engine.sockets.totals import counters, moved, port_range

PORT_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


class KernelCounters:
    """The counters under `net`, compared with the last reading and the first."""

    def __init__(self, net: Path = PROC_NET) -> None:
        self._net = net
        self._first = self._last = self._read()

    def moved(self) -> tuple[dict[str, int], dict[str, int]]:
        """How far the watched counters went up since the last call, and since the beginning."""
        now = self._read()
        lately, in_all = moved(self._last, now), moved(self._first, now)
        self._last = now
        return lately, in_all

    def _read(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for name in ("netstat", "snmp"):
            try:
                found |= counters((self._net / name).read_text("ascii", "replace"))
            except OSError:
                continue  # not Linux, or hidden: nothing moves
        return found


def ephemeral_range() -> tuple[int, int] | None:
    """net.ipv4.ip_local_port_range, None where it cannot be read."""
    try:
        return port_range(PORT_RANGE.read_text("ascii", "replace"))
    except OSError:
        return None
