"""engine.insight.watch: what is kept of a socket from one look to the next, and when it is forgotten."""

from __future__ import annotations

from engine.insight.watch import FORGET_NS, READINGS_KEPT, Track, Watch
from engine.model.tcp import SocketState
from tests.unit.judges_day import NOON_NS, away, sending

SECOND = 1_000_000_000


def test_memory_is_bounded_and_goes_with_the_socket() -> None:
    watch = Watch()
    track = watch.add(away(send_q=1), NOON_NS, opened=True)
    for second in range(100):
        track.take(away(send_q=2 + second), NOON_NS + second * SECOND)
    assert len(track.readings or ()) == READINGS_KEPT
    watch.drop(7, NOON_NS)
    assert (watch.tracks, watch.by_ends) == ({}, {})


def test_readings_of_a_socket_that_rests_are_kept_for_a_while() -> None:
    track = Track(sending(0), NOON_NS, opened=True)
    track.take(sending(900), NOON_NS + SECOND)
    track.take(sending(900, rtt=5), NOON_NS + FORGET_NS)
    assert track.readings is not None
    assert track.over(FORGET_NS, NOON_NS + FORGET_NS)[0].bytes_sent == 0
    track.take(sending(900, rtt=6), NOON_NS + 2 * FORGET_NS)
    assert track.readings is None


def test_with_a_new_state_the_waiting_begins_anew() -> None:
    track = Track(away(send_q=9, recv_q=9), NOON_NS, opened=True)
    track.take(away(send_q=9, recv_q=9, state=SocketState.CLOSE_WAIT), NOON_NS + SECOND)
    assert (track.state_ns, track.read_ns, track.acked_ns) == (NOON_NS + SECOND,) * 3
