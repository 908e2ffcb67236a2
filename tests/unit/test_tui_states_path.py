"""The path of both ends through the states, out of a ladder's items."""

from __future__ import annotations

from engine.model.flows import LadderGap
from engine.model.lab import Call
from engine.model.tcp import SocketState
from tests.tui import flows
from tests.tui.fakes import NOON_NS
from tui.widgets.states_path import NOT_SEEN, Visit, polled, stay_ns, walk

S = SocketState


def test_a_graceful_close_walks_both_ends_with_times_and_causes() -> None:
    flow = flows.flow(
        first=flows.flow().first.__class__("127.0.0.1", 1, S.TIME_WAIT),
        second=flows.flow().second.__class__("127.0.0.1", 2, S.CLOSED),
    )
    first, second = walk(flow, flows.closed_by_first())
    assert [visit.state for visit in first] == [
        S.CLOSED, S.SYN_SENT, S.ESTABLISHED, S.FIN_WAIT_1, S.FIN_WAIT_2, S.TIME_WAIT,
    ]  # fmt: skip
    assert [visit.state for visit in second] == [
        S.LISTEN, S.SYN_RECEIVED, S.ESTABLISHED, S.CLOSE_WAIT, S.LAST_ACK, S.CLOSED,
    ]  # fmt: skip
    assert [visit.cause for visit in first][1:] == [
        "sent SYN", "received SYN, ACK", "sent FIN, ACK", "received ACK", "received FIN, ACK",
    ]  # fmt: skip
    assert stay_ns(first[3], 0) == 100_000
    assert stay_ns(first[0], 0) is None
    assert stay_ns(first[-1], NOON_NS + 60_000_000_000) == 60_000_000_000 - 3_000_000


def test_the_call_behind_a_segment_is_named_if_it_came_just_before_it() -> None:
    calls = (
        Call(1, NOON_NS - 20_000, "connect", "", "None"),
        Call(2, NOON_NS + 1_990_000, "close", "", "None"),
        Call(3, NOON_NS + 900_000_000, "close", "", "None"),
    )
    first, _ = walk(flows.flow(), flows.closed_by_first(), (calls, ()))
    assert first[1].cause == "sent SYN by connect()"
    assert first[3].cause == "sent FIN, ACK by close()"


def test_without_the_syn_the_beginning_is_not_known() -> None:
    first, second = walk(flows.flow(opener_seen=False), flows.stalled()[3:])
    assert [visit.state for visit in first] == [S.UNKNOWN, S.ESTABLISHED]
    assert second[0].state is S.UNKNOWN


def test_a_state_that_changed_where_items_are_missing_has_no_cause() -> None:
    after = flows.step(9, 5, False, flows.ACK, first_state=S.FIN_WAIT_2, first_moved=False)
    first, _ = walk(flows.flow(), [*flows.handshake(), LadderGap(0, 0, 0), after])
    assert [(visit.state, visit.cause) for visit in first][3] == (S.FIN_WAIT_2, NOT_SEEN)


def test_a_summary_that_is_ahead_of_the_items_adds_its_state() -> None:
    flow = flows.flow(second=flows.flow().second.__class__("127.0.0.1", 2, S.CLOSE_WAIT))
    _, second = walk(flow, flows.handshake())
    assert (second[-1].state, second[-1].cause) == (S.CLOSE_WAIT, NOT_SEEN)


def test_without_packets_the_socket_table_tells_the_path() -> None:
    path = polled((), S.ESTABLISHED, 5)
    assert path == (Visit(S.ESTABLISHED, 0, 0, "as found"),)
    assert polled(path, S.ESTABLISHED, 6) is path
    path = polled(path, S.CLOSE_WAIT, 7)
    assert path[0].until_ns == 7
    assert polled(path, None, 9)[-1].state is S.CLOSED
