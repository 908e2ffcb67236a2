"""The columns and colours of the packet list: Wireshark's words, and its row colours as far as a terminal has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.export.times import TimeFormat, time_of_day
from engine.model.packets import PacketRow
from engine.model.tcp import TcpFlags
from engine.text.units import UNKNOWN
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


def time_text(row: PacketRow, time_format: TimeFormat, start_ns: int, before_ns: int | None) -> str:
    """The time of a row; `before_ns` is that of the row before it in the list, None where it is not known."""
    if time_format is TimeFormat.RELATIVE:
        return relative_time(row.ts_ns, start_ns)
    if time_format is TimeFormat.DELTA:
        return UNKNOWN if before_ns is None else relative_time(row.ts_ns, before_ns)
    return time_of_day(row.ts_ns)


def packet_columns(written: Callable[[PacketRow], str]) -> tuple[Column[PacketRow], ...]:
    """No., Time as `written` says, addresses where there is room, and Info."""
    return (
        Column("number", "No.", 5, lambda row: str(row.number), align=Align.RIGHT, ideal=7),
        Column("time", "Time", 11, written, align=Align.RIGHT, ideal=15),
        Column("source", "Source", 11, lambda row: row.source, priority=3, ideal=15),
        Column("destination", "Destination", 11, lambda row: row.destination, priority=3, ideal=15),
        Column("protocol", "Proto", 5, lambda row: row.protocol, priority=4),
        Column("length", "Length", 6, lambda row: f"{row.length:,}", align=Align.RIGHT, priority=5),
        Column("info", "Info", 52, _info, flexible=True),
    )


def _info(row: PacketRow) -> str:
    return f"{UNCERTAIN}{row.info}" if row.uncertain else row.info
