"""Reads the sysctls that say which ports may be bound by whom and which the kernel takes for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.model.ports import PortRules
from engine.sockets.totals import port_range

NET: Final = Path("/proc/sys/net")


def port_rules(net: Path = NET) -> PortRules:
    """The rules under `net`; None for what is not there (not Linux, no IPv6)."""
    start, v6only = _text(net / "ipv4/ip_unprivileged_port_start"), _text(net / "ipv6/bindv6only")
    reserved = _text(net / "ipv4/ip_local_reserved_ports")
    return PortRules(
        unprivileged_from=int(start) if start is not None and start.isdecimal() else None,
        reserved=None if reserved is None else spans(reserved),
        ephemeral=port_range(_text(net / "ipv4/ip_local_port_range") or ""),
        v6only=None if v6only is None else v6only == "1",
    )


def spans(text: str) -> tuple[tuple[int, int], ...]:
    """A list such as `8080,9000-9100` (ip-sysctl.rst); what is no port is left out."""
    found: list[tuple[int, int]] = []
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        if low.isdecimal() and (high.isdecimal() or not dash):
            found.append((int(low), int(high or low)))
    return tuple(found)


def _text(path: Path) -> str | None:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return None
