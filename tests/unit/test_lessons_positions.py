"""Where values stand in a TOML document: each kind of string, arrays, tables in tables, escapes."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from engine.lessons.positions import Path, Positions, line_and_column

DOCUMENT = '''\
title = "one"   # a remark with = and [ in it
'quoted key' = 7
numbers = [ 1, 2,
  # between
  3, [4, 5] ]
inline = { a = "x", b.c = ["y", 'z'] }
[table]
when = 1979-05-27 07:32:00
[[step]]
do = ["first", 'second', """
third""", "a\\tb\\u00e9c"]
[[step]]
say = """\\
   trimmed \\
   text"""
[[step.inner]]
x = 1
[[step.inner]]
x = 2
'''


def leaves(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, (*path, index))]
    return [(path, value)]


def test_every_string_of_a_document_is_found_where_it_begins() -> None:
    positions = Positions(DOCUMENT)
    for path, value in leaves(tomllib.loads(DOCUMENT)):
        offset = positions.of_value(path)
        if isinstance(value, str):
            assert DOCUMENT[offset] == value[0], path
        elif isinstance(value, int):
            assert DOCUMENT.startswith(str(value), offset), path


def test_characters_of_a_string_are_counted_as_they_are_read() -> None:
    positions = Positions(DOCUMENT)
    path: Path = ("step", 0, "do", 3)
    for character, written in enumerate(("a", "\\t", "b", "\\u00e9", "c", '"')):
        assert DOCUMENT.startswith(written, positions.of_value(path, character))
    trimmed: Path = ("step", 1, "say")
    assert DOCUMENT.startswith("trimmed", positions.of_value(trimmed))
    assert DOCUMENT.startswith("text", positions.of_value(trimmed, len("trimmed ")))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("quoted key",), 2),
        (("inline", "b", "c"), 6),
        (("table",), 7),
        (("step", 0), 9),
        (("step", 1), 12),
        (("step", 1, "inner", 1), 18),
        (("step", 1, "inner", 1, "x"), 19),
        (("step", 1, "nowhere"), 12),
        (("nowhere",), 1),
    ],
)
def test_keys_and_tables_are_found_and_what_is_missing_is_its_table_s(path: Path, line: int) -> None:
    assert line_and_column(DOCUMENT, Positions(DOCUMENT).of_key(path))[0] == line


def test_lines_and_columns_count_from_one() -> None:
    assert line_and_column("ab\ncd", 0) == (1, 1)
    assert line_and_column("ab\ncd", 2) == (1, 3)
    assert line_and_column("ab\ncd", 4) == (2, 2)
