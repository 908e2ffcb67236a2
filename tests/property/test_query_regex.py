"""Our expressions and Python's find the same."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import FilterError
from engine.query.regex import LinearRegex

atoms = st.sampled_from(["a", "b", "B", ".", "[ab]", "[^a]", r"\d", r"\w", r"\W", "1", "^", "$", "[a-c1-3]", r"\."])


def joined(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = children.map("({})".format)
    return st.one_of(
        st.lists(children, min_size=1, max_size=3).map("".join),
        st.lists(children, min_size=2, max_size=3).map("|".join).map("(?:{})".format),
        st.tuples(group, st.sampled_from(["*", "+", "?", "{1,2}", "{2}", "{0,1}", "*?"])).map("".join),
    )


patterns = st.recursive(atoms, joined, max_leaves=8)


@settings(max_examples=500)
@given(patterns, st.lists(st.text("abAB1.x", max_size=8), max_size=5))
def test_agrees_with_python(pattern: str, texts: list[str]) -> None:
    ours, theirs = LinearRegex(pattern), re.compile(pattern.replace("$", r"\Z"), re.IGNORECASE)
    for text in texts:
        assert ours.search(text) is (theirs.search(text) is not None)


@given(st.text("ab()[]{}*+?|^$.\\-,12d") | st.text())
def test_any_pattern_compiles_or_is_refused(pattern: str) -> None:
    refused: FilterError | None = None
    try:
        LinearRegex(pattern).search("abba 12")
    except FilterError as error:
        refused = error
    assert refused is None or 0 <= refused.position <= len(pattern)
