"""Times of frames as text."""

from __future__ import annotations

import pytest

from engine.export.times import TimeFormat, following, time_of_day

NOON_NS = 1_700_000_000_123_456_789


def test_T_goes_round() -> None:
    seen = [TimeFormat.RELATIVE]
    while (after := following(seen[-1])) is not seen[0]:
        seen.append(after)
    assert seen == list(TimeFormat)


def test_a_time_of_day_is_cut_not_rounded() -> None:
    assert time_of_day(NOON_NS).endswith(":20.123456")
    assert time_of_day(NOON_NS, 3).endswith(":20.123")


@pytest.mark.parametrize("ts_ns", [0, -1, 2**63, 2**90, -(2**90)])
def test_a_clock_that_the_calendar_does_not_reach_still_has_a_time_of_day(ts_ns: int) -> None:
    text = time_of_day(ts_ns)
    assert len(text) == len("12:04:31.000465")
    assert text[8] == "."
