"""What watching tells: ages, rates, trails and what has closed, all bounded."""

from __future__ import annotations

from engine.model.messages import ClosedSocket
from engine.model.snapshot import RowChange, Snapshot
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from tests.tui.fakes import NOON_NS, entry, snapshot, tcp_info
from tui.tracks import HISTORY_MAX, HISTORY_S, NS_PER_S, TRAIL_POINTS, TRAILS_MAX, Tracks


def at(
    second: float, *entries: SocketEntry, closed: tuple[ClosedSocket, ...] = (), new: tuple[int, ...] = ()
) -> Snapshot:
    changes = dict.fromkeys(new, RowChange.NEW)
    return snapshot(ts_ns=NOON_NS + int(second * NS_PER_S), entries=entries, closed=closed, changes=changes)


def carrying(received: int, sent: int = 0, retransmitted: int = 0) -> SocketEntry:
    info = tcp_info(bytes_received=received, bytes_sent=sent, bytes_retrans=retransmitted, rtt=31)
    return entry(1, recv_q=received, tcp_info=info)


def test_a_socket_that_was_there_first_is_older_than_we_know() -> None:
    tracks = Tracks()
    first = tracks.take(at(0, entry(1))).figures[1]
    assert (first.since_ns, first.opened) == (NOON_NS, False)
    later = tracks.take(at(5, entry(1), entry(2), entry(3), new=(2,))).figures
    assert later[1].since_ns == NOON_NS
    assert (later[2].since_ns, later[2].opened) == (NOON_NS + 5 * NS_PER_S, True)
    assert not later[3].opened  # another family came into view


def test_what_opened_counts_the_short_lived_and_not_what_is_left_of_them() -> None:
    tracks = Tracks()
    assert tracks.take(at(0, entry(1))).opened_per_s is None
    left = entry(3, state=SocketState.TIME_WAIT)
    short, shown = (ClosedSocket(entry(key), NOON_NS, by_event=True) for key in (4, 1))
    watched = tracks.take(at(2, entry(2), left, closed=(short, shown), new=(2, 3)))
    assert watched.opened_per_s == 1.0  # rows 2 and 4, in two seconds


def test_rates_are_data_bytes_by_the_time_that_went_by() -> None:
    tracks = Tracks()
    assert tracks.take(at(0, carrying(0))).figures[1].in_per_s is None
    figures = tracks.take(at(2, carrying(1_000, sent=5_000, retransmitted=1_000))).figures[1]
    assert (figures.in_per_s, figures.out_per_s) == (500.0, 2_000.0)
    figures = tracks.take(at(3, carrying(1_000, sent=5_000, retransmitted=1_000))).figures[1]
    assert (figures.in_per_s, figures.out_per_s) == (0.0, 0.0)


def test_a_rate_is_unknown_where_the_kernel_does_not_count_or_the_clock_stood() -> None:
    tracks = Tracks()
    tracks.take(at(0, entry(1)))
    assert tracks.take(at(1, entry(1))).figures[1].in_per_s is None
    tracks.take(at(2, carrying(5)))
    assert tracks.take(at(2, carrying(9))).figures[1].in_per_s is None


def test_a_trail_holds_the_last_points_the_newest_last() -> None:
    tracks = Tracks()
    for second in range(TRAIL_POINTS + 10):
        tracks.take(at(second, carrying(second * 100)))
    trail = tracks.trail(1)
    assert len(trail) == TRAIL_POINTS
    assert (trail[-1].recv_q, trail[-1].rtt_us, trail[-1].in_per_s) == ((TRAIL_POINTS + 9) * 100, 31, 100.0)
    assert tracks.trail(99) == ()


def test_a_point_tells_when_it_was_and_where_the_bytes_of_its_sender_were() -> None:
    tracks = Tracks()
    info = tcp_info(bytes_sent=5_000, bytes_acked=4_001, notsent_bytes=300, snd_wnd=65_536, unacked=1)
    still = entry(1, send_q=1_300, tcp_info=info)
    tracks.take(at(0, still, entry(2, recv_q=5)))
    tracks.take(at(1, still, entry(2, recv_q=5)))
    first, second = tracks.trail(1)
    assert (first.ts_ns, second.ts_ns) == (NOON_NS, NOON_NS + NS_PER_S)
    assert first.sender is not None
    assert (first.sender.in_flight, first.sender.not_sent, first.sender.window) == (1_000, 300, 65_536)
    assert second.sender is first.sender, "a row that did not change is not decoded again"
    assert tracks.trail(2)[0].sender is None


def test_the_trail_of_a_socket_that_is_gone_is_given_up() -> None:
    tracks = Tracks()
    tracks.take(at(0, carrying(1)))
    tracks.take(at(1))
    assert tracks.trail(1) == ()


def test_a_row_that_is_shown_once_more_because_it_closed_is_not_watched() -> None:
    tracks = Tracks()
    moment = snapshot(entries=[entry(1)], changes={1: RowChange.CLOSED})
    assert tracks.take(moment).figures == {}


def test_there_are_no_more_trails_than_are_allowed() -> None:
    tracks = Tracks()
    tracks.take(at(0, *(entry(key, recv_q=1) for key in range(TRAILS_MAX + 50))))
    assert sum(bool(tracks.trail(key)) for key in range(TRAILS_MAX + 50)) == TRAILS_MAX


def test_closed_sockets_stay_half_a_minute() -> None:
    tracks = Tracks()
    gone = ClosedSocket(entry(7), NOON_NS, by_event=True)
    assert tracks.take(at(0, closed=(gone,))).closed == (gone,)
    assert tracks.take(at(HISTORY_S)).closed == (gone,)
    assert tracks.take(at(HISTORY_S + 1)).closed == ()


def test_closed_sockets_stay_as_long_as_was_asked_for() -> None:
    tracks = Tracks(history_s=2)
    gone = ClosedSocket(entry(7), NOON_NS, by_event=True)
    assert tracks.take(at(0, closed=(gone,))).closed == (gone,)
    assert tracks.take(at(2)).closed == (gone,)
    assert tracks.take(at(3)).closed == ()


def test_a_flood_of_short_connections_is_counted_and_does_not_fill_the_memory() -> None:
    tracks = Tracks()
    flood = tuple(ClosedSocket(entry(key), NOON_NS, by_event=True) for key in range(HISTORY_MAX + 25))
    watched = tracks.take(at(0, closed=flood))
    assert len(watched.closed) == HISTORY_MAX
    assert watched.forgotten == 25
    assert watched.closed[-1].entry.key == HISTORY_MAX + 24
