"""engine.insight.judge: which rows are judged, how often, and what is forgotten."""

from __future__ import annotations

import pytest

from engine.insight import judge as judge_module
from engine.insight.judge import Judge
from engine.insight.verdicts.rules import RULES
from engine.model.snapshot import RowChange
from engine.text.explain.entry import Kind
from engine.text.explain.table import EXPLANATIONS, explained
from tests.unit.judges_day import Day, away, client, leaking, server, snapshot


def test_every_rule_of_the_table_is_explained_and_every_explanation_is_a_rule() -> None:
    assert {one.rule for one in judge_module.DETECTORS} <= {*RULES}
    for name in (*RULES, "no-finding"):
        [told] = explained(name, Kind.VERDICT)
        assert told.name == name
    assert {one.name for one in EXPLANATIONS if one.kind is Kind.VERDICT} == {*RULES, "no-finding"}


def test_what_a_filter_leaves_out_is_not_gone() -> None:
    judge = Judge()
    for second in (0, 1, 2, 3, 4):
        assert judge.take(snapshot(second, [client()]), whole=False) == ()


def test_when_there_are_too_many_each_has_its_turn(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_module, "JUDGED_MAX", 100)
    rows = [leaking(key=100 + n, cookie=100 + n, local_port=1_000 + n) for n in range(300)]
    for second in (0, 10, 11, 12):
        day.at(second, *rows)
    assert day.judge.unjudged == 200
    assert day.only().rows == 300
    day.at(13, *(away(key=100 + n, cookie=100 + n, local_port=1_000 + n, send_q=1) for n in range(300)))
    assert day.said == ()  # what was said of CLOSE-WAIT is not said of another state
    day.at(14)
    assert day.at(15) == []


def test_a_row_that_closed_is_not_judged(day: Day) -> None:
    row = server(recv_q=500)
    day.at(0, row)
    assert day.at(5, row, changes={8: RowChange.CLOSED}) == []
