"""tui.widgets.ladder_cases: what a line of the ladder means, in figures of its own conversation."""

from __future__ import annotations

import pytest

from engine.model.flows import LadderFold, LadderGap, LadderItem
from engine.model.tcp import SocketState
from tests.tui import flows
from tests.tui.fakes import NOON_NS
from tui.conversations import Conversation, of_flow
from tui.widgets.ladder_cases import of_item, of_state, row_of
from tui.widgets.states_path import Visit

CONVERSATION = Conversation(of_flow(flows.flow()), flows.flow())


def here(item: LadderItem) -> list[str]:
    return [case.here for case in of_item(item, CONVERSATION)]


@pytest.mark.parametrize(("forward", "ports"), [(True, (53_225, 65_432)), (False, (65_432, 53_225))])
def test_a_segment_goes_from_who_sent_it(forward: bool, ports: tuple[int, int]) -> None:
    row = row_of(flows.step(4, 1, forward, flags=flows.ACK), flows.flow())
    assert (row.sport, row.dport) == ports


def test_a_fold_counts_the_bytes_of_both_ways() -> None:
    [said] = here(LadderFold(6, 380, NOON_NS, NOON_NS + 2_000_000, 0, 300, 75, 4_000, 1_000))
    assert said == "Here 300 segments with 5,000 B and 75 ACKs in 2.00 ms, frames 6 to 380."


def test_a_gap_says_how_many_frames_if_anybody_knows() -> None:
    assert here(LadderGap(7, 0, 12)) == ["Here, before frame 7: 12 frames."]
    assert here(LadderGap(7, 0, 0)) == ["Here, before frame 7: nobody knows how many frames."]


def test_each_end_is_told_with_the_state_that_it_was_left_in() -> None:
    step = flows.step(2, 0.031, False, flows.SYN | flows.ACK, second_state=SocketState.SYN_RECEIVED)
    one, other = CONVERSATION.names
    told = " ".join(here(step))
    assert f"Here {one} stood in ESTABLISHED after this segment" in told
    assert f"Here {other} stood in SYN-RECEIVED after this segment" in told


@pytest.mark.parametrize(("kernel", "told"), [(SocketState.FIN_WAIT_1, True), (SocketState.ESTABLISHED, False)])
def test_the_kernel_is_quoted_where_it_says_otherwise(kernel: SocketState, told: bool) -> None:
    path = (Visit(SocketState.ESTABLISHED, NOON_NS, cause="received SYN, ACK"),)
    [case, *_] = of_state("sink", path, NOON_NS + 1_000_000, kernel)
    assert case.here.startswith("Here sink is in ESTABLISHED for 1.00 ms since it received SYN, ACK.")
    assert ("The kernel says FIN-WAIT-1." in case.here) is told
