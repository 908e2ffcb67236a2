"""Rows as lines of text, in tshark's columns: number, time, source, destination, protocol, length, Info."""

from __future__ import annotations

from collections.abc import Iterable

from engine.capture.ip_text import address_text
from engine.capture.read import Row
from engine.flow.info import info_line
from engine.flow.placed import MULTIPATH, UNCERTAIN
from engine.model.packets import Segment

UNCERTAIN_MARK = "[?] "
"""Before an Info line whose findings depend on frames that the capture missed."""


def text_lines(rows: Iterable[Row], first_ns: int, digits: int) -> str:
    """One line a frame; times are since `first_ns`, with `digits` decimals."""
    lines = []
    for number, frame, content, placed in rows:
        if isinstance(content, Segment) and placed is not None:
            protocol = "MPTCP" if placed.marks & MULTIPATH else "TCP"
            info = info_line(content, placed)
            if placed.marks & UNCERTAIN:
                info = UNCERTAIN_MARK + info
        elif isinstance(content, Segment):
            continue
        else:
            protocol, info = content.protocol, content.info
        lines.append(
            f"{number:5} {relative_time(frame.ts_ns - first_ns, digits):>10} {address_text(content.src):>12} → "
            f"{address_text(content.dst):12} {protocol} {frame.wire_length} {info}\n"
        )
    return "".join(lines)


def relative_time(ns: int, digits: int) -> str:
    """Nanoseconds as seconds with `digits` decimals, cut, not rounded."""
    if ns < 0:
        return "-" + relative_time(-ns, digits)
    text = f"{ns:010d}"
    return f"{text[:-9]}.{text[-9:]}"[: len(text) - 8 + digits] if digits else text[:-9]
