"""What stands above the calls of an actor: counters, send() results, queues and sum of a flood, options. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.insight.ledger import FloodBalance
from engine.model.lab import ActorReport
from engine.model.snapshot import ActorView
from engine.text.sanitize import printable_within
from engine.text.units import byte_rate, count
from tui.widgets.lab_rates import Rate
from tui.widgets.lab_rows import LIGHTS, OFF, sum_words

NOTES_SHOWN: Final = 2
"""The newest remarks; Enter on the actor shows all."""

OPTIONS_SHOWN: Final = 8

BAR_CELLS: Final = 12
BAR_PARTS: Final = " ▏▎▍▌▋▊▉█"

TEXT_MAX: Final = 200

Line = Sequence[tuple[str, str]]
"""Pieces of text with their style in Textual's words; data, never markup."""

DIM: Final = "$foreground 60%"

STYLES: Final = {"good": "$text-success", "opening": "$text-warning", "bad": "$text-error", "proven": "$text-success"}


def card(
    actor: ActorView,
    rate: Rate,
    balance: FloodBalance | None,
    full: tuple[int, int] | None,
    dropped: int | None = None,
) -> list[Line]:
    """The lines. `balance` is the flood's, if this actor is one of its two ends; `full` the sizes of both buffers;
    `dropped` the datagrams that its sockets had no room for."""
    report = actor.report
    light, ink = LIGHTS.get(report.state, OFF)
    lines: list[Line] = [
        [
            (f"{light} {actor.spec.kind} {report.pid}", "bold"),
            (f"  {report.state.value}", STYLES.get(ink.value, DIM)),
            (f"  {report.local}", ""),
            (_connections(report), DIM),
        ]
    ]
    lines.append(
        [
            ("sent ", DIM), (count(report.sent), "bold"), _moving(rate.sent_per_s),
            ("   received ", DIM), (count(report.received), "bold"), _moving(rate.received_per_s),
            *((("   messages ", DIM), (count(report.messages), "bold")) if report.messages else ()),
        ]
    )  # fmt: skip
    if report.full or report.partial or report.refused:
        lines.append(
            [
                ("send() ", DIM), (count(report.full), "bold"), (" full  ", DIM),
                (count(report.partial), "bold"), (" partial  ", DIM),
                (count(report.refused), "bold"), (" refused (BlockingIOError)", DIM),
            ]
        )  # fmt: skip
    if dropped:
        lines.append([("dropped ", DIM), (count(dropped), "bold $text-error"), (" datagrams (RcvbufErrors)", DIM)])
    if balance is not None:
        lines += _flood_lines(balance, full)
    if report.error:
        lines.append([(printable_within(report.error, TEXT_MAX), "bold $text-error")])
    if report.reply:
        lines.append([("reply ", DIM), (printable_within(report.reply, TEXT_MAX), "")])
    if report.options:
        pieces = [(f"{option.name} {option.asked or '-'} → ", DIM, option.got) for option in report.options]
        line: list[tuple[str, str]] = []
        for asked, style, got in pieces[:OPTIONS_SHOWN]:
            line += [(asked, style), (f"{got}  ", "")]
        if len(pieces) > OPTIONS_SHOWN:
            line.append((f"and {len(pieces) - OPTIONS_SHOWN} more", DIM))
        lines.append(line)
    lines += [[(printable_within(note, TEXT_MAX), "$foreground 75%")] for note in report.notes[-NOTES_SHOWN:]]
    return lines


def _connections(report: ActorReport) -> str:
    """How many are open, of an actor that has any."""
    total = max(report.connections, report.connections_total)
    return f"  open {count(report.connections)} of {count(total)} connections" if total else ""


def _moving(rate: float | None) -> tuple[str, str]:
    """A rate, where there is one."""
    return (f" at {byte_rate(rate)}", "") if rate else ("", "")


def _flood_lines(balance: FloodBalance, full: tuple[int, int] | None) -> list[Line]:
    """Both queues as bars against their buffers, and the sum."""
    text, ink = sum_words(balance)
    lines: list[Line] = []
    if full is not None and balance.send_q is not None and balance.recv_q is not None:
        lines.append(
            [
                ("Send-Q ", DIM), (f"▕{bar(balance.send_q, full[0])}▏", "$text-primary"),
                (count(balance.send_q), "bold"),
                ("   Recv-Q ", DIM), (f"▕{bar(balance.recv_q, full[1])}▏", "$text-primary"),
                (count(balance.recv_q), "bold"),
            ]
        )  # fmt: skip
    lines.append([(text, f"bold {STYLES.get(ink.value, '')}".strip())])
    return lines


def bar(value: int, full: int, cells: int = BAR_CELLS) -> str:
    """`value` of `full` as a bar of so many cells, in eighths; never more than whole."""
    eighths = min(cells * 8, round(cells * 8 * value / full)) if full > 0 else 0
    if value and not eighths:
        eighths = 1
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (BAR_PARTS[part] if part else "")).ljust(cells)
