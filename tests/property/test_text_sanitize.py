"""Whatever comes in, what goes out is printable, stays as it is, and keeps to its bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.text.sanitize import printable, printable_bytes, printable_bytes_within, printable_within

# Lone surrogates too: os.fsdecode makes them of file names.
any_text = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("ae \\x1b\x1b\x07\x9b\u202e\u2066\u200b\u0301\u0302\u3164\ufe0f\udcff日\n")
)


@given(any_text)
def test_the_result_is_printable(text: str) -> None:
    assert printable(text).isprintable()


@given(any_text)
def test_a_second_pass_changes_nothing(text: str) -> None:
    once = printable(text)
    assert printable(once) == once


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs"))))
def test_plain_ascii_passes_unchanged(text: str) -> None:
    assert printable(text) == text


@given(st.binary())
def test_bytes_become_printable(data: bytes) -> None:
    assert printable_bytes(data).isprintable()


@given(any_text, st.integers(0, 40))
def test_a_bound_is_kept_and_only_the_end_is_missing(text: str, limit: int) -> None:
    shown = printable_within(text, limit)
    whole = printable(text)
    assert len(shown) <= limit
    assert shown.isprintable()
    if len(whole) <= limit:
        assert shown == whole
    elif limit:
        assert shown.endswith("…")
        assert whole.startswith(shown[:-1])


@given(st.binary(), st.integers(0, 40))
def test_bounded_bytes_are_the_head_of_all_bytes(data: bytes, limit: int) -> None:
    shown = printable_bytes_within(data, limit)
    assert len(shown) <= limit
    assert printable_bytes(data).startswith(shown.removesuffix("…"))
