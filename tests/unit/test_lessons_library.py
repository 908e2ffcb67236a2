"""engine.lessons.library: what is read as a path, and how many names are suggested."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lessons import library
from engine.lessons.library import NEAR_MAX, lesson_named
from engine.model.errors import BadInput


def test_no_more_names_are_suggested_than_are_read_at_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = {f"close-{number}": Path(f"{number}.toml") for number in range(NEAR_MAX + 3)}
    monkeypatch.setattr(library, "shelf", lambda: shelf)
    with pytest.raises(BadInput) as refused:
        lesson_named("close")
    assert refused.value.hint == f"did you mean {', '.join(list(shelf)[:NEAR_MAX])}?"


def test_what_has_a_folder_is_a_path_whatever_its_ending(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=str(tmp_path / "mine")):
        lesson_named(f"{tmp_path}/mine")
