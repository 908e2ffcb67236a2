"""Foreign text is drawn, never obeyed."""

from __future__ import annotations

import pytest

from engine.text.sanitize import MARKS_MAX, printable, printable_bytes, printable_bytes_within, printable_within


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("", ""),
        ("nginx: master process", "nginx: master process"),
        ("\x1b]0;PWN\x07[/]x", r"\x1b]0;PWN\x07[/]x"),
        ("\x9b31mred", r"\x9b31mred"),
        ("a\tb\nc\rd\0", r"a\tb\nc\rd\x00"),
        ("\x7f", r"\x7f"),
        ("evil\u202egpj.exe", r"evil\u202egpj.exe"),
        ("\u2066isolate\u2069", r"\u2066isolate\u2069"),
        ("zero\u200bwidth\u200djoiner\ufeff", r"zero\u200bwidth\u200djoiner\ufeff"),
        ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
        ("byte\udcff", r"byte\udcff"),
        ("\ue000\U000f0000", r"\ue000\U000f0000"),
        ("\U000e0041tag", r"\U000e0041tag"),
        ("no\xa0break", r"no\xa0break"),
        ("blank\u3164\u2800", r"blank\u3164\u2800"),
        ("variation\ufe0f", r"variation\ufe0f"),
        (r"C:\x1b", r"C:\x1b"),
        ("Grüße 日本 مرحبا 🙂", "Grüße 日本 مرحبا 🙂"),
        ("e\u0301", "e\u0301"),
        ("\u0301e", r"\u0301e"),
    ],
)
def test_what_a_terminal_would_obey_becomes_an_escape(foreign: str, shown: str) -> None:
    assert printable(foreign) == shown


def test_a_tower_of_combining_marks_stops_growing() -> None:
    shown = printable("a" + "\u0301" * 50)
    assert shown == "a" + "\u0301" * MARKS_MAX + r"\u0301" * (50 - MARKS_MAX)


def test_bytes_that_are_no_text_show_their_values() -> None:
    assert printable_bytes(b"GET /\xff\xfe \xc3\xa9\r\n") == r"GET /\xff\xfe é\r\n"


@pytest.mark.parametrize(
    ("foreign", "limit", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("\x1b" * 3, 9, r"\x1b\x1b…"),
        ("\x1b\x1b", 8, r"\x1b\x1b"),
        ("\x1b\x1b", 7, r"\x1b…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
        ("", 0, ""),
    ],
)
def test_a_limit_never_cuts_an_escape_in_two(foreign: str, limit: int, shown: str) -> None:
    assert printable_within(foreign, limit) == shown


def test_a_limit_bounds_bytes_too() -> None:
    assert printable_bytes_within("é".encode() * 1000, 10) == "é" * 9 + "…"
