"""A look at the table takes at most a tenth of a processor."""

from __future__ import annotations

import pytest

from engine.insight.pace import TURNS_MAX, Pace


def paced(*took_ms: float, interval_s: float = 1.0) -> Pace:
    pace = Pace(interval_s)
    for milliseconds in took_ms:
        pace.took(milliseconds)
    return pace


@pytest.mark.parametrize(
    ("took_ms", "turns"),
    [
        ((), 1),
        ((900,), 1),
        ((20, 20), 1),
        ((100, 100), 1),
        ((101, 101), 2),
        ((250, 258, 251), 3),
        ((900, 40), 1),
        ((40, 900, 900, 900, 900), 1),
        ((40, 900, 900, 900, 900, 900), 9),
        ((1e9, 1e9), TURNS_MAX),
    ],
)
def test_the_quickest_of_the_last_looks_sets_the_pace(took_ms: tuple[float, ...], turns: int) -> None:
    assert paced(*took_ms).turns == turns


def test_a_longer_interval_has_room_for_a_longer_look() -> None:
    assert paced(250, 250, interval_s=3.0).turns == 1
    assert paced(250, 250, interval_s=0.5).turns == 5


def test_reading_less_often_is_said() -> None:
    assert paced(20, 20).degradations() == ()
    (said,) = paced(258, 251).degradations()
    assert said.sentence == "every 3 s: reading the table takes 251 ms of CPU"
