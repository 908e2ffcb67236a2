"""Rows as lines of text, in tshark's columns: number, time, source, destination, protocol, length, Info."""

from __future__ import annotations

from functools import lru_cache

from engine.capture.ip_text import address_text
from engine.capture.read import Rows
from engine.flow.info import info_line
from engine.flow.placed import MULTIPATH, UNCERTAIN

UNCERTAIN_MARK = "[?] "
"""Before an Info line whose findings depend on frames that the capture missed."""


def text_lines(rows: Rows, first_ns: int, digits: int) -> bytes:
    """One line a frame; times are since `first_ns`, with `digits` decimals."""
    lines = []
    for number, wire_length, _, segment, placed, other in rows.each():
        if segment is not None and placed is not None:
            protocol, info, ts_ns = "TCP", info_line(segment, placed), segment.ts_ns
            ends = _ends(segment.src, segment.dst)
            if placed.marks & _MARKED:
                protocol = "MPTCP" if placed.marks & MULTIPATH else "TCP"
                info = UNCERTAIN_MARK + info if placed.marks & UNCERTAIN else info
        elif other is not None:
            protocol, info, ts_ns, ends = other.protocol, other.info, other.ts_ns, _ends(other.src, other.dst)
        else:
            continue
        seconds = relative_time(ts_ns - first_ns, digits)
        lines.append(f"{number:5} {seconds:>10} {ends} {protocol} {wire_length} {info}\n")
    return "".join(lines).encode()


_MARKED = MULTIPATH | UNCERTAIN


@lru_cache(4096)
def _ends(src: bytes, dst: bytes) -> str:
    return f"{address_text(src):>12} → {address_text(dst):12}"


def relative_time(ns: int, digits: int) -> str:
    """Nanoseconds as seconds with `digits` decimals, cut, not rounded."""
    if ns < 0:
        return "-" + relative_time(-ns, digits)
    if not digits:
        return str(ns // 1_000_000_000)
    unit_ns, units_per_s, shape = _CLOCKS[digits]
    text: str = shape % divmod(ns // unit_ns, units_per_s)
    return text


_CLOCKS = tuple((10 ** (9 - digits), 10**digits, f"%d.%0{digits}d") for digits in range(10))
"""By the number of decimals: nanoseconds of the last one, how many of it are a second, and how it is written."""
