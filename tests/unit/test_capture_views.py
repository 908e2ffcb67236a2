"""Lists of frame numbers stay right while frames come and go."""

from __future__ import annotations

from engine.capture.views import LOOK_STEP, TRIM_STEP, FilterView, NumberList


def always() -> bool:
    return True


def test_a_window_counts_from_the_oldest_number_that_is_left() -> None:
    numbers = NumberList()
    for number in (2, 3, 5, 8, 13):
        numbers.add(number)
    numbers.forget_before(4)
    assert len(numbers) == 3
    assert list(numbers.window(0, 2)) == [5, 8]
    assert list(numbers.window(2, 5)) == [13]
    assert list(numbers.window(3, 5)) == []


def test_forgotten_numbers_do_not_stay_in_memory() -> None:
    numbers = NumberList()
    for number in range(10 * TRIM_STEP):
        numbers.add(number)
        if number % 1000 == 0:
            numbers.forget_before(number - 500)
    assert len(numbers._numbers) < 3 * TRIM_STEP
    assert list(numbers.window(0, 1)) == [numbers._numbers[numbers._start]]


def test_a_filter_looks_at_each_frame_once() -> None:
    asked: list[int] = []

    def even(number: int) -> bool:
        asked.append(number)
        return number % 2 == 0

    view = FilterView(even, 1)
    view.look(1, 10, always)
    view.look(1, 12, always)
    assert asked == list(range(1, 13))
    assert list(view.numbers.window(0, 99)) == [2, 4, 6, 8, 10, 12]
    assert view.pending(12) == 0


def test_a_filter_stops_in_time_and_goes_on_where_it_stopped() -> None:
    view = FilterView(lambda number: True, 1)
    looks = iter((True, False, True, True, False))
    view.look(1, 1000, lambda: next(looks))
    assert len(view.numbers) == LOOK_STEP
    assert view.pending(1000) == 1000 - LOOK_STEP
    view.look(1, 1000, lambda: next(looks))
    assert len(view.numbers) == 3 * LOOK_STEP


def test_a_filter_that_is_overtaken_by_eviction_goes_on_with_what_is_left() -> None:
    view = FilterView(lambda number: True, 1)
    view.look(500, 510, always)
    assert list(view.numbers.window(0, 99)) == list(range(500, 511))
