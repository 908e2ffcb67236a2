"""`sockmon explain` tells what a word means, as text and as JSON."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from engine.model.errors import BadInput
from engine.text.explain.entry import Kind
from engine.text.explain.table import EXPLANATIONS
from tui.cli.explain import explain_command, family_here


def explain(*arguments: str) -> str:
    done = CliRunner().invoke(explain_command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_a_word_is_explained_with_its_source_and_numbers() -> None:
    text = explain("ECONNRESET")
    assert text.startswith("ECONNRESET (error)\n")
    assert "Number: 104 on Linux, 54 on macOS, 10054 (WSAECONNRESET) on Windows." in text
    assert text.endswith("See RFC 9293 section 3.5.2.\n")
    assert max(map(len, text.splitlines())) <= 100


def test_several_words_are_one_name_or_several() -> None:
    assert explain("accept", "queue").startswith("accept (column)")
    assert [line for line in explain("SYN", "104").splitlines() if line.endswith(")")] == [
        "SYN (flag)",
        "ECONNRESET (error)",
    ]


def test_json_has_an_object_a_meaning() -> None:
    objects = [json.loads(line) for line in explain("--json", "zero_window").splitlines()]
    assert [(one["name"], one["kind"]) for one in objects] == [("zero_window", "finding"), ("zero-window", "verdict")]
    [error] = [json.loads(line) for line in explain("--json", "EPIPE").splitlines()]
    assert error["numbers"]["linux"] == 32


def test_a_family_has_its_address_and_says_whether_it_is_here() -> None:
    assert "Address: ('127.0.0.1', 65432). This machine has it." in explain("AF_INET")
    assert family_here("AF_SYSTEM").endswith("does not know it.") or family_here("AF_SYSTEM") == "This machine has it."
    assert family_here("AF_UNSPEC") == "No socket has it."


def test_words_are_listed_by_kind() -> None:
    assert len(explain("--list", "state").splitlines()) == sum(one.kind is Kind.STATE for one in EXPLANATIONS)
    assert len(explain("--list", "all", "--json").splitlines()) == len(EXPLANATIONS)


def test_an_unknown_word_is_refused_with_the_likest() -> None:
    with pytest.raises(BadInput, match="ECONNRESET"):
        explain("ECONRESET")
    with pytest.raises(BadInput, match="nothing is known of") as refused:
        explain("\x1b]0;x\x07")
    assert str(refused.value).isprintable()


def test_no_word_is_a_mistake_of_usage() -> None:
    done = CliRunner().invoke(explain_command, [])
    assert done.exit_code == 2
    assert "which word?" in done.output
