"""Ladders are drawn byte for byte as the pictures in `ladders/`, from captures of real sockets and from scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.ladder_pictures import (
    CAPTURES,
    FOLDER,
    SCENARIOS,
    frames_of_file,
    picture_of_file,
    picture_of_frames,
    pictures_of_cases,
)
from tests.scenario.ladder_traffic import SITUATIONS


def names(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("capture", CAPTURES, ids=names)
def test_a_capture_of_real_sockets_is_drawn_as_its_picture(capture: Path) -> None:
    expected = capture.with_suffix(".txt").read_text()
    assert picture_of_file(capture) == expected
    assert picture_of_frames(frames_of_file(capture)) == expected


@pytest.mark.parametrize("file", SCENARIOS)
def test_scenarios_are_drawn_as_their_pictures(file: str) -> None:
    assert pictures_of_cases(file) == (FOLDER / f"scenario-{file}.txt").read_text()


def test_every_situation_has_its_capture_and_picture() -> None:
    assert {path.stem for path in CAPTURES} == set(SITUATIONS)
    wanted = set(SITUATIONS) | {f"scenario-{file}" for file in SCENARIOS}
    assert {path.stem for path in FOLDER.glob("*.txt")} == wanted
