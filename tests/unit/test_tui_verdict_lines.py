"""A verdict as lines."""

from __future__ import annotations

from engine.model.verdicts import Certainty, Figure, Severity, Subject, SubjectKind, Verdict
from tui.widgets.pane import Words
from tui.widgets.verdict_lines import cases_of, figure_text, no_finding_lines, verdict_lines

STALLED = Verdict(
    "receiver-stalled",
    Severity.PROBLEM,
    Certainty.LIKELY,
    Subject(SubjectKind.SOCKET, "sink (41210)"),
    "sink (41210) does not read: \x1b[31m408,300 B have stood in its Recv-Q for 12.0 s.",
    "See why it does not call recv().",
    (Figure("Recv-Q", 408_300, "B"), Figure("retransmitted", 1.25, "%"), Figure("timer", "persist")),
    "a busy reader",
    "it calls recv()",
    1_000_000_000,
    rows=3,
)


def text(lines: list[list[Words]]) -> list[str]:
    return ["".join(words for words, _ in line) for line in lines]


def test_a_verdict_is_its_sentence_evidence_advice_lookalike_and_end() -> None:
    drawn = text(verdict_lines(STALLED, 100, 13_000_000_000))
    assert drawn[0].startswith("✕ sink (41210) does not read")
    assert "\x1b" not in drawn[0]
    assert "  Evidence   Recv-Q 408,300 B · retransmitted 1.2 % · timer persist" in drawn
    assert "  To do      See why it does not call recv()." in drawn
    assert "  Not this   a busy reader" in drawn
    assert "  Ends when  it calls recv()" in drawn
    assert "  Rule       receiver-stalled, likely, for at least 12.0 s, 3 sockets" in drawn


def test_a_narrow_page_wraps_within_its_width() -> None:
    assert all(len(line) <= 40 for line in text(verdict_lines(STALLED, 40, 0)))


def test_no_finding_is_worded_as_that() -> None:
    said = " ".join(text(no_finding_lines(80)))
    assert said.startswith("No finding.")
    assert "healthy" not in said


def test_a_rule_is_explained_with_its_own_sentence() -> None:
    cases = cases_of([STALLED])
    assert [case.explanation.name for case in cases] == ["receiver-stalled"]
    assert cases[0].here.startswith("Here: sink")
    assert cases_of([])[0].explanation.name == "no-finding"


def test_figures_have_units_and_separators() -> None:
    assert figure_text(Figure("Send-Q", 1_000, "B")) == "Send-Q 1,000 B"
