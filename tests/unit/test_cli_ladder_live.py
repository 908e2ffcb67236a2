"""Of a ladder that is drawn while it grows, only what cannot be folded any more is drawn."""

from __future__ import annotations

import pytest

from engine.model.flows import LadderGap, LadderItem
from tests.unit.test_export_ladder_text import ACK, SYN, fold, step
from tui.cli.ladder_live import certain

EVENT: LadderItem = step(flags=SYN)
PLAIN: LadderItem = step(flags=ACK)
UPDATE: LadderItem = step(findings=("window_update",))


@pytest.mark.parametrize(("items", "run", "drawn"), [
    ([], 0, 0),
    ([EVENT], 0, 1),
    ([EVENT, EVENT, PLAIN], 0, 3),
    ([EVENT, PLAIN, PLAIN], 0, 3),
    ([EVENT, PLAIN, PLAIN, PLAIN, UPDATE], 0, 3),
    ([EVENT, PLAIN, PLAIN, fold(), PLAIN, PLAIN], 0, 3),
    ([EVENT, PLAIN, PLAIN, fold(), PLAIN, PLAIN, EVENT], 0, 7),
    ([PLAIN], 1, 1),
    ([PLAIN], 2, 0),
    ([PLAIN, PLAIN], 1, 1),
    ([fold(), PLAIN, PLAIN], 2, 0),
    ([fold(), PLAIN, PLAIN, EVENT], 2, 4),
    ([EVENT, PLAIN, PLAIN, step(findings=("zero_window",)), UPDATE], 0, 3),
    ([LadderGap(1, 0, 3), PLAIN, PLAIN, PLAIN], 2, 3),
    ([step(findings=("retransmission",)), step(first_moved=True), PLAIN], 2, 3),
])  # fmt: skip
def test_the_end_of_a_run_is_held_back_but_for_its_head(items: list[LadderItem], run: int, drawn: int) -> None:
    assert certain(items, run) == drawn
