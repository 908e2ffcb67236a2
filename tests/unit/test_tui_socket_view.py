"""Which sockets a pane shows, in which order, and what it says of them."""

from __future__ import annotations

from dataclasses import replace

from engine.model.sockets import SkMem
from engine.model.tcp import SocketState
from engine.query.sockets import compile_sockets
from engine.text.cells import Look
from tests.tui.fakes import entry, snapshot, tutorial_entries
from tui.messages import Moment
from tui.widgets.columns import Ink
from tui.widgets.socket_columns import bar, recv_q, recv_q_ink, send_q_ink, state_ink
from tui.widgets.socket_view import SORTS, SocketView, totals

LOOK = Look()

NOW = Moment(snapshot())


def keys(view: SocketView) -> list[int]:
    return [row.key for row in view.entries(NOW)]


def test_by_default_tcp_and_udp_by_state_and_port() -> None:
    assert keys(SocketView()) == [10, 5, 1, 9, 12, 8, 3, 2, 11, 6, 4, 7]


def test_ties_stay_by_port_whichever_way_a_column_goes() -> None:
    largest = keys(SocketView(sort="recv_q", reverse=True))
    assert largest[:3] == [2, 5, 6]
    ports = [row.local_port for row in SocketView(sort="netid", reverse=True).entries(NOW)]
    assert ports[1:] == sorted(ports[1:])


def test_every_sort_works_on_rows_with_nothing_known() -> None:
    bare = entry(1, recv_q=None, send_q=None, local_address="", peer_address="*", owners=())
    for sort in SORTS:
        assert len(SocketView(sort=sort).entries(Moment(snapshot(entries=[bare, *tutorial_entries()])))) == 13


def test_a_column_sorts_its_largest_first_and_the_other_way_when_asked_again() -> None:
    view = SocketView().sort_by("send_q")
    assert (view.sort, view.reverse) == ("send_q", True)
    assert view.sort_by("send_q").reverse is False
    assert view.sort_by("local").reverse is False


def test_sorting_goes_round() -> None:
    view = SocketView()
    seen = []
    for _ in SORTS:
        view = view.sort_next()
        seen.append(view.sort)
    assert sorted(seen) == sorted(SORTS)
    assert view.sort == "state"


def test_the_last_family_cannot_be_taken_away() -> None:
    view = SocketView().toggle("tcp").toggle("udp")
    assert view.families == {"udp"}


def test_the_view_says_what_it_leaves_out() -> None:
    assert SocketView().chips() == []
    view = replace(SocketView().toggle("unix"), listening=True, chosen=compile_sockets("recvq>0"))
    assert view.chips() == ["tcp+udp+unix", "listening", "recvq>0"]
    assert SocketView(everything=True).chips() == ["all families"]


def test_what_is_shown_is_what_the_worker_must_read() -> None:
    assert SocketView().families_read() == ("tcp", "udp", "udpl")
    assert "unix" in SocketView().toggle("unix").families_read()


def test_accept_queues_are_never_added_to_byte_queues() -> None:
    said = totals(tutorial_entries())
    assert "3 LISTEN" in said
    assert "Σ Recv-Q 408,301" in said
    assert "Σ Send-Q 269,869" in said


def test_a_gauge_fills_by_eighths_and_shows_the_first_one() -> None:
    assert bar(0, 128, 4) == "▕    ▏"
    assert bar(1, 4_096, 4) == "▕▏   ▏"
    assert bar(64, 128, 4) == "▕██  ▏"
    assert bar(3, 5, 4) == "▕██▌ ▏"
    assert bar(129, 128, 4) == "▕████▏"
    assert bar(0, 0, 4) == "▕    ▏"


def test_a_listener_shows_its_accept_queue_and_its_colour_warns() -> None:
    listener = entry(1, state=SocketState.LISTEN, recv_q=3, send_q=5)
    assert recv_q(lambda: LOOK, gauge=True)(listener) == "▕██▌ ▏     3/5"
    assert recv_q(lambda: LOOK, gauge=False)(listener) == "3/5"
    assert recv_q_ink(listener) is Ink.WARN
    assert recv_q_ink(entry(1, state=SocketState.LISTEN, recv_q=5, send_q=5)) is Ink.BAD
    assert recv_q_ink(entry(1, state=SocketState.LISTEN, recv_q=0, send_q=5)) is Ink.MUTED


def test_a_limit_too_long_for_the_gauge_is_written_whole() -> None:
    listener = entry(1, state=SocketState.LISTEN, recv_q=12, send_q=65_535)
    assert recv_q(lambda: LOOK, gauge=True)(listener) == "12/65,535"


def test_queues_that_hold_data_are_bold_and_red_at_their_limit() -> None:
    def with_memory(rmem: int, wmem: int) -> SkMem:
        return SkMem(rmem, 1_000, 0, 2_000, 0, wmem, 0, 0, 0)

    assert recv_q_ink(entry(1, recv_q=9)) is Ink.STRONG
    assert recv_q_ink(entry(1, recv_q=9, skmem=with_memory(999, 0))) is Ink.STRONG
    assert recv_q_ink(entry(1, recv_q=9, skmem=with_memory(1_000, 0))) is Ink.BAD
    assert send_q_ink(entry(1, send_q=9, skmem=with_memory(0, 2_000))) is Ink.BAD
    assert send_q_ink(entry(1, send_q=0, skmem=with_memory(0, 2_000))) is Ink.MUTED
    assert send_q_ink(entry(1, send_q=9)) is Ink.STRONG


def test_only_a_close_wait_that_stands_too_long_is_a_leak() -> None:
    ink = state_ink(lambda key: key == 1)
    assert ink(entry(1, state=SocketState.CLOSE_WAIT)) is Ink.LEAK
    assert ink(entry(2, state=SocketState.CLOSE_WAIT)) is Ink.MUTED
    assert ink(entry(1, state=SocketState.ESTABLISHED)) is Ink.PLAIN
