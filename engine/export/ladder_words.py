"""What is written on the rungs of a ladder, in the room that there is. Pure.

A rung tells less and less as its room shrinks: first the options go, then the window, then one of the two numbers; what
is left is cut. A window of zero, or one that a finding is about, stays longer than the sequence number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from engine.flow.info import flags_text
from engine.model.flows import FlowEnd, FlowSummary, LadderFold, LadderGap, LadderItem, LadderStep
from engine.model.tcp import TcpFlags
from engine.text.sanitize import printable
from engine.text.units import byte_size, count, duration_ns, endpoint
from engine.text.width import cell_width, cut

WINDOW_FINDINGS: Final = frozenset((
    "zero_window", "zero_window_probe_ack", "window_update",
))  # fmt: skip
"""Findings whose rung is about the window that it tells."""

BRIEF: Final = (
    ("[Previous segment not captured]", "[gap before]"),
    ("[ACKed unseen segment]", "[ACKs unseen]"),
    ("Retransmission]", "Retrans]"),
    ("[Port numbers reused]", "[reused]"),
)
"""What is said of a finding where there is no room for Wireshark's words and the numbers."""

UNCERTAIN_MARK: Final = "[?] "
LOST_REMARK: Final = "lost: sent again below"

_FINDING_WORDS: Final = re.compile(r"(?:\[TCP [^\]]*\] )*")
_TIMESTAMPS: Final = re.compile(r" ?TSval=\d+ TSecr=\d+")
_TURNING: Final = int(TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST)


def item_words(item: LadderItem, room: int) -> str:
    """What a rung says, in at most `room` cells."""
    if isinstance(item, LadderStep):
        shown = _step(item)
    elif isinstance(item, LadderFold):
        shown = _fold(item)
    elif isinstance(item, LadderGap):
        shown = _gap(item)
    else:
        shown = iter((item.info,))
    words = ""
    for told in shown:
        words = printable(told)
        if cell_width(words) <= room:
            return words
    return cut(words, room)


def finding_words(step: LadderStep) -> str:
    """`[TCP Retransmission] `, as the Info line begins; empty if nothing was found."""
    matched = _FINDING_WORDS.match(step.info)
    return matched.group() if matched else ""


def end_name(end: FlowEnd) -> str:
    """What an end is called where no process is known: its address and port."""
    return endpoint(end.address, end.port)


def names_of(flow: FlowSummary, names: Mapping[int, tuple[str, str]]) -> tuple[str, str]:
    """What both ends of a conversation are called: as in `names` by its stream, else by their addresses. One name for
    both, a program that talks to itself, is told apart by the ports."""
    first, second = (printable(name) for name in names.get(flow.stream, ("", "")))
    if first and first == second:
        return f"{first} :{flow.first.port}", f"{second} :{flow.second.port}"
    return first or end_name(flow.first), second or end_name(flow.second)


def _step(step: LadderStep) -> Iterator[str]:
    """A segment's words, the fullest first."""
    doubt = UNCERTAIN_MARK if step.uncertain else ""
    found = finding_words(step)
    flags = f"[{flags_text(step.flags)}]"
    options = _TIMESTAMPS.sub("", step.options).strip()
    seq, ack = f" Seq={step.seq}", "" if step.ack is None else f" Ack={step.ack}"
    window, size = f" Win={step.window}", f" Len={step.length}" if step.length else ""
    numbers = seq + ack + window + size
    yield f"{doubt}{found}{flags}{numbers}{f' {options}' if options else ''}"
    yield f"{doubt}{found}{flags}{numbers}"
    short = found.replace("[TCP ", "[")
    closed = not step.window and not step.flags & TcpFlags.RST
    if closed or not WINDOW_FINDINGS.isdisjoint(step.findings):
        head = f"{doubt}{short.rstrip() or flags}"
        yield f"{head}{seq}{ack}{window}{size}"
        yield f"{head}{ack}{window}{size}"
        yield f"{head}{window}"
        yield head
        return
    turning = bool(step.flags & _TURNING)
    fewer = f"{seq}{size}" if size or turning else ack
    yield f"{doubt}{short}{flags}{seq}{ack}{size}"
    for found in (short, brief(short)):
        head = f"{doubt}{found}{flags}" if turning or not found else f"{doubt}{found.rstrip()}"
        yield f"{head}{seq}{ack}{size}"
        yield f"{head}{fewer}"
    yield f"{head}{size}"
    yield head


def brief(found: str) -> str:
    """Findings in fewer words."""
    for words, fewer in BRIEF:
        found = found.replace(words, fewer)
    return found


def _fold(fold: LadderFold) -> Iterator[str]:
    span_ns = max(0, fold.last_ns - fold.first_ns)
    lasted = f", {duration_ns(span_ns)}"
    acks = f"{fold.acks:,} ACK{'s' if fold.acks != 1 else ''}"
    if not fold.segments:
        yield acks + lasted
        yield acks
        return
    segments = f"{fold.segments:,} data segment{'s' if fold.segments != 1 else ''}"
    behind = f", {acks}" if fold.acks else ""
    exact = _both_ways(f"{count(fold.forward_bytes)} B", f"{count(fold.backward_bytes)} B", fold)
    rounded = _both_ways(byte_size(fold.forward_bytes), byte_size(fold.backward_bytes), fold)
    stalls = f", window closed {fold.stalls:,}×" if fold.stalls else ""
    yield f"{segments}, {exact}{behind}{lasted}{stalls}"
    yield f"{segments}, {rounded}{behind}{lasted}{stalls}"
    yield f"{segments}, {rounded}{lasted}{stalls}"
    if stalls:
        yield f"{segments}, {rounded}{lasted}, Win=0 {fold.stalls:,}×"
        yield f"{segments}, {rounded}, Win=0 {fold.stalls:,}×"
    yield f"{segments}, {rounded}{lasted}"
    yield f"{segments}, {rounded}"
    yield rounded


def _both_ways(forward: str, backward: str, fold: LadderFold) -> str:
    there = f"{forward} ▶" if fold.forward_bytes else ""
    back = f"◀ {backward}" if fold.backward_bytes else ""
    return f"{there} {back}".strip()


def _gap(gap: LadderGap) -> Iterator[str]:
    if not gap.frames:
        yield "the capture was off here"
        return
    yield f"{gap.frames:,} frame{'s' if gap.frames != 1 else ''} not captured here"
    yield f"{gap.frames:,} not captured"


def remark(item: LadderItem) -> str:
    """What stands beside a rung where there is room; mostly nothing."""
    if isinstance(item, LadderStep) and item.lost:
        return LOST_REMARK
    return ""


def item_stream(item: LadderItem) -> int | None:
    """The conversation that a rung belongs to; None for a loss, which concerns all."""
    return None if isinstance(item, LadderGap) else item.stream


def item_ns(item: LadderItem) -> int:
    """When a rung begins."""
    return item.first_ns if isinstance(item, LadderFold) else item.ts_ns


def item_end_ns(item: LadderItem) -> int:
    """When a rung ends: a fold is as long as its run."""
    return item.last_ns if isinstance(item, LadderFold) else item.ts_ns


def item_number(item: LadderItem) -> int:
    """The frame that a rung begins with."""
    return item.first_number if isinstance(item, LadderFold) else item.number
