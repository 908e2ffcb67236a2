"""Rows as lines of text, in tshark's columns: number, time, source, destination, protocol, length, Info."""

from __future__ import annotations

from collections.abc import Iterable

from engine.capture.ip_text import address_text
from engine.capture.read import Row
from engine.flow.info import info_line
from engine.flow.placed import MULTIPATH, UNCERTAIN

UNCERTAIN_MARK = "[?] "
"""Before an Info line whose findings depend on frames that the capture missed."""


def text_lines(rows: Iterable[Row], first_ns: int, digits: int) -> bytes:
    """One line a frame; times are since `first_ns`, with `digits` decimals."""
    lines = []
    for row in rows:
        segment, placed = row.segment, row.placed
        if segment is not None and placed is not None:
            protocol = "MPTCP" if placed.marks & MULTIPATH else "TCP"
            info = info_line(segment, placed)
            if placed.marks & UNCERTAIN:
                info = UNCERTAIN_MARK + info
            ts_ns, src, dst = segment.ts_ns, segment.src, segment.dst
        else:
            other = row.other
            if other is None:
                continue
            protocol, info, ts_ns, src, dst = other.protocol, other.info, other.ts_ns, other.src, other.dst
        seconds = relative_time(ts_ns - first_ns, digits)
        lines.append(
            f"{row.number:5} {seconds:>10} {address_text(src):>12} → {address_text(dst):12} "
            f"{protocol} {row.wire_length} {info}\n"
        )
    return "".join(lines).encode()


def relative_time(ns: int, digits: int) -> str:
    """Nanoseconds as seconds with `digits` decimals, cut, not rounded."""
    if ns < 0:
        return "-" + relative_time(-ns, digits)
    text = f"{ns:010d}"
    if not digits:
        return text[:-9]
    return f"{text[:-9]}.{text[-9 : digits - 9] if digits < 9 else text[-9:]}"
