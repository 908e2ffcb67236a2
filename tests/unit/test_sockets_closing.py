"""Events and absences made one list of closed sockets, each socket once."""

from __future__ import annotations

import struct

from msgspec.structs import replace

from engine.model.messages import ClosedSocket
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.closing import Closing, DestroyEvent, carried
from engine.sockets.history import History
from tests.unit.socket_entries import entry

SINK = Owner(41210, 7, "sink")
HEARD = ("tcp", "udp")


def counts(sent: int, received: int) -> bytes:
    raw = bytearray(248)
    struct.pack_into("=Q", raw, 200, sent)
    struct.pack_into("=Q", raw, 128, received)
    return bytes(raw)


def event(ts_ns: int = 5, **given: object) -> DestroyEvent:
    fields = {"state": SocketState.CLOSED, "recv_q": None, "send_q": None, "owner_unknown": "gone"} | given
    return DestroyEvent(entry(**fields), ts_ns)


def table(*entries: SocketEntry) -> dict[int, SocketEntry]:
    return {row.key: row for row in entries}


def test_an_event_takes_its_owners_from_the_row_and_its_counts_from_itself() -> None:
    row = entry(key=1, owners=(SINK,), recv_q=5, tcp_info=counts(10, 0), inode=9)
    (closed,) = Closing().report([event(key=1, tcp_info=counts(20, 3))], [row], table(row), {}, 99, HEARD)
    assert closed == ClosedSocket(replace(row, tcp_info=counts(20, 3)), 5, True, "polled")


def test_a_reset_that_cleared_the_counts_leaves_the_last_known_ones() -> None:
    row = entry(key=1, tcp_info=counts(10, 4))
    (closed,) = Closing().report([event(key=1, peer_port=0, tcp_info=counts(0, 0))], [], table(row), {}, 99, HEARD)
    assert carried(closed.entry.tcp_info) == 14
    assert closed.entry.peer_port == 53225


def test_a_connection_nobody_saw_is_reported_without_an_owner() -> None:
    (closed,) = Closing().report([event(key=1)], [], {}, {}, 99, HEARD)
    assert (closed.entry.owners, closed.entry.owner_unknown, closed.tier) == ((), "gone", "")


def test_a_connection_nobody_saw_is_inferred_to_be_its_listeners() -> None:
    for address in ("127.0.0.1", "*", "0.0.0.0"):
        listener = entry(key=9, state=SocketState.LISTEN, local_address=address, peer_port=0, owners=(SINK,))
        (closed,) = Closing().report([event(key=1)], [], table(listener), table(listener), 99, HEARD)
        assert (closed.entry.owners, closed.tier) == ((SINK,), "listener")


def test_a_witness_is_believed_before_the_listener() -> None:
    flood = Owner(41233, -1, "flood")
    listener = entry(key=9, state=SocketState.LISTEN, peer_port=0, owners=(SINK,))
    (closed,) = Closing().report([event(key=1)], [], {}, table(listener), 99, HEARD, lambda row: ((flood,), "traced"))
    assert (closed.entry.owners, closed.entry.owner_unknown, closed.tier) == ((flood,), "", "traced")


def test_a_row_that_was_shown_without_an_owner_asks_the_witness() -> None:
    row = entry(key=1, owner_unknown="not yet accepted")
    (closed,) = Closing().report([event(key=1)], [], table(row), {}, 99, HEARD, lambda row: ((SINK,), "lookup"))
    assert (closed.entry.owners, closed.tier) == ((SINK,), "lookup")


def test_the_other_end_is_not_taken_for_the_listeners() -> None:
    listener = entry(key=9, state=SocketState.LISTEN, local_port=80, peer_port=0, owners=(SINK,))
    (closed,) = Closing().report([event(key=1, local_port=53225, peer_port=80)], [], {}, table(listener), 99, HEARD)
    assert closed.tier == ""


def test_a_row_that_is_gone_waits_one_refresh_for_its_event() -> None:
    closing, row = Closing(), entry(key=1, owners=(SINK,))
    assert closing.report([], [row], table(row), {}, 10, HEARD) == []
    assert closing.report([], [], {}, {}, 20, HEARD) == [ClosedSocket(row, 10, False, "polled")]
    assert closing.report([], [], {}, {}, 30, HEARD) == []


def test_a_late_event_replaces_the_absence() -> None:
    closing, row = Closing(), entry(key=1, owners=(SINK,))
    closing.report([], [row], table(row), {}, 10, HEARD)
    (closed,) = closing.report([event(key=1)], [], {}, {}, 20, HEARD)
    assert (closed.by_event, closed.entry.owners, closed.tier) == (True, (SINK,), "polled")
    assert closing.report([], [], {}, {}, 30, HEARD) == []


def test_where_no_events_come_an_absence_is_reported_at_once() -> None:
    row = entry(key=1, netid="raw")
    assert [each.by_event for each in Closing().report([], [row], table(row), {}, 10, HEARD)] == [False]


def test_a_row_that_lingers_after_its_event_is_reported_once() -> None:
    closing, row = Closing(), entry(key=1)
    assert len(closing.report([event(key=1)], [], table(row), table(row), 10, HEARD)) == 1
    assert closing.report([], [row], table(row), {}, 20, HEARD) == []
    assert closing.report([event(key=1)], [], {}, {}, 30, HEARD) == []


def test_rows_without_cookies_are_joined_by_their_addresses() -> None:
    row = entry(key=1 << 63 | 5, owners=(SINK,))
    (closed,) = Closing().report([event(key=1)], [row], table(row), {}, 10, HEARD)
    assert (closed.entry.key, closed.tier) == (1 << 63 | 5, "polled")


def test_remainders_and_requests_are_no_sockets_of_a_program() -> None:
    closing = Closing()
    gone = [
        entry(key=1, state=SocketState.TIME_WAIT),
        entry(key=2, state=SocketState.SYN_RECEIVED),
        entry(key=3, state=SocketState.FIN_WAIT_2),
    ]
    assert closing.report([], gone, {}, {}, 10) == []


def test_a_socket_that_was_never_bound_is_no_news() -> None:
    assert Closing().report([event(key=1, local_port=0, peer_port=0)], [], {}, {}, 10, HEARD) == []


def test_history_keeps_half_a_minute() -> None:
    history = History(keep_s=30)
    history.add(ClosedSocket(entry(key=second), second * 10**9, True) for second in range(60))
    assert [closed.entry.key for closed in history.at(60 * 10**9)] == list(range(30, 60))


def test_history_is_bounded_and_counts_what_it_forgot() -> None:
    history = History(limit=10)
    history.add(ClosedSocket(entry(key=number), 0, True) for number in range(12))
    assert [closed.entry.key for closed in history.at(0)] == list(range(2, 12))
    assert history.forgotten == 2
