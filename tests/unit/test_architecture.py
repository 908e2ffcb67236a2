"""What ARCHITECTURE.md says of the code is true of the code."""

from __future__ import annotations

import re
from pathlib import Path

from engine.insight.verdicts.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text()


def test_the_table_of_verdicts_lists_every_rule_with_its_lookalike() -> None:
    rows = {row[0].strip(" `"): row for row in _rows("Verdicts")}
    assert list(rows) == list(RULES)
    for name, rule in RULES.items():
        assert rows[name][1].strip() == "; or ".join(rule.needs)
        assert rows[name][2].strip() == rule.lookalike


def test_the_tests_that_it_names_exist() -> None:
    written = "".join(path.read_text() for path in (ROOT / "tests" / "live").glob("test_insight_*.py"))
    for row in _rows("Verdicts"):
        assert f"def {row[3].strip(' `')}(" in written


def test_every_path_that_it_names_exists() -> None:
    for path in re.findall(r"`((?:engine|tui|tests)/[\w./]+)`", PAGE):
        assert (ROOT / path).exists(), path


def _rows(section: str) -> list[list[str]]:
    """The cells of the rows of a section's table."""
    text = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [line.strip("|").split("|") for line in lines[2:]]
