"""Each box of the byte view can be asked about, with the figure that stands in it."""

from __future__ import annotations

from engine.insight.pipeline import pipeline
from engine.model.pipeline import BOX_TITLES
from tests.tui import fakes
from tests.tui.fakes import ACCEPTED_KEY, FLOOD_KEY
from tui.widgets.bytes_cases import topics_of

ROWS = {entry.key: entry for entry in fakes.tutorial_entries()}
STALLED = pipeline(ROWS[FLOOD_KEY], ROWS[ACCEPTED_KEY], opened=True)


def test_what_stands_out_comes_before_the_boxes_of_both_directions() -> None:
    whole, *boxes = topics_of(STALLED)
    assert list(dict.fromkeys(case.explanation.name for case in whole.cases)) == ["send_q", "recv_q", "zero_window"]
    assert [topic.name for topic in boxes] == [*BOX_TITLES, "window"] * 2
    assert all(len(topic.cases) == 1 for topic in boxes)


def test_a_box_says_what_its_figure_is_made_of() -> None:
    accepted = topics_of(STALLED)[1]
    assert accepted.value == "678,168"
    [case] = accepted.cases
    assert case.here.startswith("Here 678,168 B (notsent_bytes + bytes_sent - bytes_retrans), ")


def test_a_box_that_is_not_known_says_so() -> None:
    one_end = pipeline(ROWS[FLOOD_KEY], None, opened=True)
    unread = next(topic for topic in topics_of(one_end) if topic.name == "Recv-Q")
    assert unread.value == "-"
    assert unread.cases[0].here.startswith("Here it is not known, ")
