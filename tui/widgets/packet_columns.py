"""The columns and colours of the packet list: Wireshark's words, and its row colours as far as a terminal has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.model.packets import PacketRow
from engine.model.tcp import TcpFlags
from tui.widgets.columns import Align, Column, Ink

NS_PER_US: Final = 1_000
US_PER_S: Final = 1_000_000

HARMLESS: Final = frozenset(("window_update", "keep_alive", "keep_alive_ack"))
"""Findings that Wireshark's rule for bad TCP leaves out."""

UNCERTAIN: Final = "? "
"""Before the info of a row whose findings a capture loss makes doubtful."""


def row_ink(row: PacketRow) -> Ink:
    """The colour of a row, by the first of Wireshark's rules that fits."""
    if any(finding.removeprefix("tcp.analysis.") not in HARMLESS for finding in row.findings):
        return Ink.BAD
    if row.flags & TcpFlags.RST:
        return Ink.RESET
    if row.flags & (TcpFlags.SYN | TcpFlags.FIN):
        return Ink.HANDSHAKE
    return Ink.DATAGRAM if row.protocol == "UDP" else Ink.PLAIN


def relative_time(ts_ns: int, start_ns: int) -> str:
    """Seconds since frame 1, six decimals, as Wireshark shows them."""
    microseconds = (ts_ns - start_ns) // NS_PER_US
    sign = "-" if microseconds < 0 else ""
    seconds, rest = divmod(abs(microseconds), US_PER_S)
    return f"{sign}{seconds}.{rest:06d}"


def packet_columns(start_ns: Callable[[], int]) -> tuple[Column[PacketRow], ...]:
    """No., Time, addresses where there is room, and Info; times count from `start_ns()`."""
    return (
        Column("number", "No.", 5, lambda row: str(row.number), _muted, Align.RIGHT, ideal=6),
        Column("time", "Time", 10, lambda row: relative_time(row.ts_ns, start_ns()), _muted, Align.RIGHT, ideal=11),
        Column("source", "Source", 11, lambda row: row.source, priority=3, ideal=15),
        Column("destination", "Destination", 11, lambda row: row.destination, priority=3, ideal=15),
        Column("protocol", "Proto", 5, lambda row: row.protocol, priority=4),
        Column("length", "Length", 6, lambda row: f"{row.length:,}", _plain, Align.RIGHT, priority=5),
        Column("info", "Info", 52, _info, flexible=True),
    )


def _muted(_row: PacketRow) -> Ink:
    return Ink.PLAIN


_plain = _muted


def _info(row: PacketRow) -> str:
    return f"{UNCERTAIN}{row.info}" if row.uncertain else row.info
