"""What holds a conversation, as lines: the sentence, what it rests on, what to do, what looks alike. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from engine.model.verdicts import NO_FINDING, Certainty, Figure, Severity, Verdict
from engine.text.explain.case import Case
from engine.text.explain.entry import Kind
from engine.text.explain.table import explained
from engine.text.sanitize import printable
from engine.text.units import duration_ns
from tui.widgets.pane import Words

INDENT: Final = 2
NAME_CELLS: Final = 11
"""For the words before a paragraph: `Ends when`."""

GREY: Final = "$foreground 60%"

STYLES: Final[Mapping[Severity, tuple[str, str]]] = {
    Severity.PROBLEM: ("✕", "bold $text-error"),
    Severity.WARNING: ("!", "bold $text-warning"),
    Severity.NOTE: ("·", "bold"),
}
"""Sign and style of the sentence."""

CERTAINTIES: Final[Mapping[Certainty, str]] = {
    Certainty.CERTAIN: "certain",
    Certainty.LIKELY: "likely",
    Certainty.POSSIBLE: "possible: what looks alike could not be ruled out",
}


def figure_text(figure: Figure) -> str:
    """`Recv-Q 408,300 B`; a number without a unit only names something (a PID, a frame), so it stands as it is."""
    value = figure.value
    if not figure.unit:
        return f"{figure.name} {value}"
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else value
    return f"{figure.name} {shown} {figure.unit}"


def verdict_lines(verdict: Verdict, width: int, now_ns: int) -> list[list[Words]]:
    """One verdict: a few lines, wrapped at `width`."""
    sign, style = STYLES[verdict.severity]
    room = max(20, width - INDENT)
    sentence = textwrap.wrap(printable(verdict.sentence), room) or [""]
    lines: list[list[Words]] = [[(f"{sign} " if not number else "  ", style), (text, style)]
                                for number, text in enumerate(sentence)]  # fmt: skip
    evidence = " · ".join(figure_text(figure) for figure in verdict.evidence)
    for name, text, told_style in (
        ("Evidence", evidence, ""),
        ("To do", verdict.advice, "$text-success"),
        ("Not this", verdict.lookalike, GREY),
        ("Ends when", verdict.ends_when, GREY),
        ("Rule", _rule_words(verdict, now_ns), GREY),
    ):
        lines += _paragraph(name, text, told_style, width)
    return lines


def _rule_words(verdict: Verdict, now_ns: int) -> str:
    parts = [verdict.rule, CERTAINTIES[verdict.certainty]]
    if verdict.since_ns:
        since = duration_ns(max(0, now_ns - verdict.since_ns))
        parts.append(f"for {since}" if verdict.since_exact else f"for at least {since}")
    if verdict.rows > 1:
        parts.append(f"{verdict.rows:,} sockets")
    return ", ".join(parts)


def _paragraph(name: str, text: str, style: str, width: int) -> list[list[Words]]:
    if not text:
        return []
    room = max(20, width - INDENT - NAME_CELLS)
    return [
        [(" " * INDENT + (name if not number else "").ljust(NAME_CELLS), GREY), (part, style)]
        for number, part in enumerate(textwrap.wrap(printable(text), room))
    ]


def no_finding_lines(width: int) -> list[list[Words]]:
    """What is said where no rule applies: never that all is well."""
    text = explained(NO_FINDING, Kind.VERDICT)[0].text
    return [[("No finding.", "bold")], *([(line, "")] for line in textwrap.wrap(text, max(20, width)))]


def cases_of(verdicts: Sequence[Verdict]) -> tuple[Case, ...]:
    """Each rule explained, with the sentence of this case."""
    if not verdicts:
        return tuple(Case(one) for one in explained(NO_FINDING, Kind.VERDICT))
    return tuple(
        Case(one, f"Here: {verdict.sentence}") for verdict in verdicts for one in explained(verdict.rule, Kind.VERDICT)
    )
