"""No text of a lesson raises anything but the error of lessons, and what it names lies in the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lessons.doings import read_doing
from engine.lessons.expectations import read_expectation
from engine.lessons.facts import FACTS
from engine.lessons.lesson import Spot, Verb
from engine.lessons.reading import check_text
from engine.lessons.words import WordError
from engine.model.tcp import SPELLINGS

ACTORS = {"server": "server-by-hand", "client": "client-by-hand"}

WORDS = st.sampled_from(
    [*FACTS, *Verb, *SPELLINGS, *ACTORS, "server.listener", "server.1", "server.0", "server.", "packet", "packets",
     "finding", "passed", "zero_window", "[SYN, ACK]", "[", "]", '"', '"x"', "==", ">=", "contains", "100k", "0.5s",
     "9", "within", "for", "from", "to", "ever", "udp", "len", "ECONNREFUSED", "echo-server", "port=0", "to=server",
     "no", "text=",
     "port={server.port}", "{run}", "RDWR", "\\", "é", "\0", "\ud800"]
)  # fmt: skip
LINES = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=12).map(" ".join))
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), LINES),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)


def written(value: object) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ",\n ".join(map(written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(str(key))} = {written(inner)}" for key, inner in value.items()) + "}"
    shown = str(value).encode("utf-8", "replace").decode()
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in shown) + '"'


def check(text: str) -> None:
    lesson, faults = check_text(text, "x", "x.toml")
    assert (lesson is None) == bool(faults)
    lines = text.replace("\r\n", "\n").split("\n")
    for fault in faults:
        if fault.line:
            assert 1 <= fault.line <= len(lines)
            assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    check(text)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["title", "text", "topics", "needs", "families", "step", "x"]), VALUES, max_size=4),
    st.lists(st.dictionaries(st.sampled_from(["say", "look", "do", "expect", "predict", "x"]), VALUES), max_size=3),
)
def test_any_document_of_these_keys_is_read_or_refused(head: dict[str, object], steps: list[dict[str, object]]) -> None:
    lines = [f"{key} = {written(value)}" for key, value in head.items() if not (key == "step" and steps)]
    for one in steps:
        lines += ["[[step]]", *(f"{key} = {written(value)}" for key, value in one.items())]
    check("\n".join(lines))


@settings(max_examples=500, deadline=None)
@given(LINES)
def test_any_line_is_read_or_refused_at_a_column_of_it(line: str) -> None:
    for read in (read_doing, read_expectation):
        column = 0
        try:
            read(line, Spot(), ACTORS)
        except WordError as error:
            column = error.column
        assert 0 <= column <= len(line)
