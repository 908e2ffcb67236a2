"""Expressions find what Python's finds, refuse what they do not know, and never take long."""

from __future__ import annotations

import time

import pytest

from engine.model.errors import FilterError
from engine.query.regex import SUBJECT_CHARACTERS_MAX, LinearRegex


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("nginx", "nginx: worker", True),
        ("NGINX", "nginx", True),
        ("nginx", "NGinx", True),
        ("^python3?$", "python3", True),
        ("^python3?$", "python", True),
        ("^python3?$", "xpython", False),
        ("a|b|c", "xxc", True),
        ("^(a|b)+$", "abba", True),
        ("^(a|b)+$", "abca", False),
        ("^a{2,3}$", "aaa", True),
        ("^a{2,3}$", "aaaa", False),
        ("^a{2}$", "aa", True),
        ("^a{2,}$", "aaaaa", True),
        ("^a{,2}$", "aaa", False),
        ("a{x}", "a{x}", True),
        (r"^\d+\.\d+$", "10.25", True),
        (r"^[\w-]+$", "web-server_1", True),
        (r"^[^0-9]+$", "abc", True),
        (r"^[^0-9]+$", "ab1", False),
        ("^[]a]+$", "]a]", True),
        ("[a-]", "-", True),
        (r"\D", "123", False),
        (r"\S", "  ", False),
        (r"\.", "a", False),
        ("a.c", "a\nc", False),
        ("", "", True),
        ("^$", "", True),
        ("^$", "a", False),
        ("x*", "", True),
        ("a+?b", "aab", True),
        ("(?:ab)*c", "ababc", True),
        ("é", "CAFÉ", True),
        ("[A-Z]", "é", False),
        ("[A-F]+0", "abc0", True),
    ],
)
def test_finds_what_it_says(pattern: str, text: str, found: bool) -> None:
    assert LinearRegex(pattern).search(text) is found


@pytest.mark.parametrize(
    ("pattern", "position", "word"),
    [
        ("(", 1, "parenthesis"),
        (")", 0, "parenthesis"),
        ("a**", 2, "repetition"),
        ("*", 0, "repeat"),
        ("[a", 2, "bracket"),
        ("[b-a]", 4, "range"),
        ("[a-\\d]", 5, "range"),
        ("a\\", 2, "backslash"),
        ("\\b", 2, "known"),
        ("\\1", 2, "known"),
        ("(?=a)", 1, "groups"),
        ("a{3,2}", 1, "repetition"),
        ("a{201}", 1, "repetition"),
        ("(a{200}){200}", 0, "unfolds"),
        ("(" * 30 + ")" * 30, 21, "deep"),
        ("a" * 201, 200, "longer"),
    ],
)
def test_what_it_does_not_know_is_said_with_its_place(pattern: str, position: int, word: str) -> None:
    with pytest.raises(FilterError, match=word) as caught:
        LinearRegex(pattern)
    assert caught.value.position == position


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*.*.*)*x", "(a?){50}a{50}", "(x+x+)+y"])
def test_expressions_that_hang_a_backtracking_matcher_do_not_hang_this_one(pattern: str) -> None:
    regex = LinearRegex(pattern)
    started = time.process_time()
    for _ in range(10):
        regex.search("a" * SUBJECT_CHARACTERS_MAX + "!" + "x" * SUBJECT_CHARACTERS_MAX)
    assert time.process_time() - started < 1


def test_only_the_head_of_a_long_text_is_searched() -> None:
    assert not LinearRegex("b").search("a" * SUBJECT_CHARACTERS_MAX + "b")
