"""Conversations as aligned lines: what a column holds, and what goes where there is no room."""

from __future__ import annotations

import msgspec
import pytest

from engine.text.width import cell_width
from tests.unit.test_export_ladder_text import flow
from tui.cli.flow_table import COLUMNS, FlowTable

TITLES = [column.title for column in COLUMNS]


def test_every_column_is_under_its_title() -> None:
    header, line = FlowTable(0).lines([flow()])
    assert header.split("  ")[0] == "Stream"
    assert line.index("127.0.0.1:40000") == header.index("Opened by")
    assert line.index("[::1]:80") == header.index("Peer")
    assert "9.00 ms" in line


def test_an_opener_that_was_not_seen_is_doubtful() -> None:
    assert "127.0.0.1:40000 ?" in FlowTable(0).lines([flow(opener_seen=False)])[1]


def test_columns_keep_their_places_from_lot_to_lot() -> None:
    table = FlowTable(0)
    first = table.lines([flow(port=40_000)])
    wider = table.lines([flow(port=5), flow(stream=1_000_000)], header=False)
    assert len(first) == 2
    assert wider[0].index("[::1]:80") == wider[1].index("[::1]:80") == first[0].index("Peer") + 1


@pytest.mark.parametrize("width", [30, 60, 80, 100, 140, 200])
def test_no_line_is_wider_than_the_terminal_and_the_ends_stay(width: int) -> None:
    flows = [flow(), msgspec.structs.replace(flow(1), findings=12_345, completeness=31)]
    for line in FlowTable(0, width).lines(flows):
        assert cell_width(line) <= width
    assert FlowTable(0, width).lines(flows)[0].startswith("Stream  Opened by")


def test_of_a_narrow_table_the_least_telling_columns_go_first() -> None:
    wide, narrow = (FlowTable(0, width).lines([flow()])[0] for width in (200, 80))
    assert all(title in wide for title in TITLES)
    assert "Completeness" not in narrow
    assert "State" in narrow
