"""What keys make of the folds of a ladder."""

from __future__ import annotations

from tui.widgets.ladder_folding import Folding


def test_a_run_is_opened_and_the_last_one_above_is_folded_again() -> None:
    folding = Folding().with_open(6).with_open(90)
    assert folding.opened == (6, 90)
    assert folding.nearest(5) is None
    assert folding.nearest(50) == 6
    assert folding.nearest(90) == 90
    assert folding.without(6).opened == (90,)


def test_all_runs_are_unfolded_and_folded_again() -> None:
    unfolded = Folding().with_open(6).other()
    assert unfolded == Folding(folded=False)
    assert unfolded.other() == Folding()
