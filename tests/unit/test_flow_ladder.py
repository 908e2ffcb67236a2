"""What is folded on a ladder and what never is, who is lost, and what stays when the beginning goes."""

from __future__ import annotations

import pytest

from engine.flow import ladder as ladder_module
from engine.flow import ladder_losses
from engine.flow.findings import (
    DUPLICATE_ACK,
    FAST_RETRANSMISSION,
    KEEP_ALIVE,
    OUT_OF_ORDER,
    RETRANSMISSION,
    SPURIOUS_RETRANSMISSION,
    WINDOW_FULL,
    WINDOW_UPDATE,
    ZERO_WINDOW,
)
from engine.flow.ladder import PAUSE_NS, STALL_NS, Ladder, Run

OPEN = 0x55
FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


class Talk:
    """A ladder that is fed one segment after the other, numbered from 1, a microsecond apart."""

    def __init__(self) -> None:
        self.ladder = Ladder()
        self._number = self._ts_ns = 0
        self._next = [1, 1]
        self.say(flags=SYN, states=0x32)

    def say(
        self, length: int = 0, *, back: bool = False, flags: int = ACK, findings: int = 0, states: int = OPEN,
        window: int = 500, after_ns: int = 1_000, seq: int | None = None,
    ) -> int:  # fmt: skip
        """Feed a segment; its number."""
        self._number += 1
        self._ts_ns += after_ns
        me = 1 if back else 0
        at = self._next[me] if seq is None else seq
        self.ladder.feed(self._number, self._ts_ns, not back, flags, at, window, length, findings, states)
        self._next[me] = max(self._next[me], at + length)
        return self._number

    def say_many(self, count: int, length: int = 10) -> None:
        for _ in range(count):
            self.say(length)

    @property
    def shown(self) -> list[int | tuple[int, int]]:
        """Numbers of frames, and of folds the first one and how many are in it."""
        return [
            (entry.first_number, entry.stop - entry.start)
            if isinstance(entry, Run)
            else self.ladder.rungs.number(entry)
            for entry in self.ladder.entries()
        ]


def run_of(count: int) -> Talk:
    """A SYN, a segment that opens, and so many plain ones; the first of these is frame 3."""
    talk = Talk()
    talk.say()
    talk.say_many(count)
    return talk


def test_a_short_run_is_shown_whole() -> None:
    assert run_of(7).shown == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_long_run_is_folded_but_for_its_ends() -> None:
    assert run_of(8).shown == [1, 2, 3, 4, (5, 4), 9, 10]
    assert run_of(100).shown == [1, 2, 3, 4, (5, 96), 101, 102]


@pytest.mark.parametrize("event", [
    {"flags": FIN | ACK}, {"flags": RST}, {"flags": SYN}, {"flags": URG | ACK}, {"findings": DUPLICATE_ACK},
    {"findings": KEEP_ALIVE}, {"states": 0x56}, {"states": 0x56, "length": 10},
])  # fmt: skip
def test_an_event_is_never_folded(event: dict[str, int]) -> None:
    talk = run_of(20)
    number = talk.say(**event)  # type: ignore[arg-type]
    talk.say_many(20)
    assert number in talk.shown
    assert talk.shown[: talk.shown.index(number)] == [1, 2, 3, 4, (5, 16), 21, 22]


def test_a_window_that_grew_or_was_filled_is_folded() -> None:
    talk = run_of(8)
    talk.say(back=True, findings=WINDOW_UPDATE)
    talk.say(10, findings=WINDOW_FULL)
    talk.say_many(7)
    assert talk.shown == [1, 2, 3, 4, (5, 13), 18, 19]


def test_a_window_that_closes_for_a_moment_is_folded_and_counted() -> None:
    talk = run_of(20)
    closed = talk.say(back=True, window=0, findings=ZERO_WINDOW)
    assert talk.shown == [1, 2, 3, 4, (5, 16), 21, 22, closed]
    opened = talk.say(back=True, findings=WINDOW_UPDATE, after_ns=STALL_NS - 1)
    assert talk.shown == [1, 2, 3, 4, (5, 18), closed, opened]
    talk.say_many(10)
    run = talk.ladder.entries()[4]
    assert isinstance(run, Run)
    assert (run.start, run.stop, run.segments, run.acks, talk.ladder.stalls(run)) == (4, 32, 26, 2, 1)


def test_a_window_that_stays_closed_ends_the_run_where_it_closed() -> None:
    talk = run_of(20)
    closed = talk.say(back=True, window=0, findings=ZERO_WINDOW)
    opened = talk.say(back=True, findings=WINDOW_UPDATE, after_ns=STALL_NS)
    talk.say_many(20)
    assert talk.shown == [1, 2, 3, 4, (5, 16), 21, 22, closed, opened, 25, 26, (27, 16), 43, 44]


def test_what_the_other_side_sends_while_a_window_is_closed_is_no_end_of_the_stall() -> None:
    talk = run_of(20)
    closed = talk.say(back=True, window=0, findings=ZERO_WINDOW)
    talk.say()
    assert closed in talk.shown
    talk.say(after_ns=STALL_NS)
    talk.say_many(20)
    assert closed in talk.shown


def test_a_stall_at_the_beginning_of_a_run_is_folded_with_it() -> None:
    talk = run_of(3)
    talk.say(back=True, window=0, findings=ZERO_WINDOW)
    talk.say(back=True, findings=WINDOW_UPDATE)
    assert talk.shown == [1, 2, 3, 4, 5, 6, 7]
    talk.say_many(20)
    assert talk.shown == [1, 2, 3, 4, (5, 21), 26, 27]


def test_an_event_in_a_stall_keeps_it_in_sight() -> None:
    talk = run_of(20)
    closed = talk.say(back=True, window=0, findings=ZERO_WINDOW)
    probe = talk.say(flags=ACK, findings=KEEP_ALIVE)
    opened = talk.say(back=True, findings=WINDOW_UPDATE)
    talk.say_many(20)
    assert {closed, probe, opened} <= set(talk.shown)


def test_a_pause_ends_a_run() -> None:
    talk = run_of(20)
    after_pause = talk.say(10, after_ns=PAUSE_NS)
    talk.say_many(20)
    assert talk.shown == [1, 2, 3, 4, (5, 16), 21, 22, after_pause, 24, (25, 17), 42, 43]


def test_a_run_knows_its_bytes_each_way() -> None:
    talk = run_of(10)
    for _ in range(10):
        talk.say(7, back=True)
        talk.say()
    run = talk.ladder.entries()[4]
    assert isinstance(run, Run)
    assert (run.segments, run.acks, run.forward_bytes, run.backward_bytes) == (8 + 9, 9, 80, 63)


@pytest.mark.parametrize("found", [RETRANSMISSION, RETRANSMISSION | FAST_RETRANSMISSION, OUT_OF_ORDER])
def test_what_is_sent_again_was_lost_the_first_time(found: int) -> None:
    talk = Talk()
    first = talk.say(10)
    talk.say(10)
    talk.say(10, findings=found, seq=1)
    assert talk.ladder.lost == {first}


@pytest.mark.parametrize("found", [0, KEEP_ALIVE, RETRANSMISSION | SPURIOUS_RETRANSMISSION])
def test_what_is_sent_again_for_other_reasons_was_not_lost(found: int) -> None:
    talk = Talk()
    talk.say(10)
    talk.say(10, findings=found, seq=1)
    assert not talk.ladder.lost


def test_a_retransmission_may_be_lost_too() -> None:
    talk = Talk()
    tries = [talk.say(10, findings=RETRANSMISSION if again else 0, seq=1) for again in range(3)]
    assert talk.ladder.lost == set(tries[:2])


def test_a_syn_that_is_sent_again_was_lost() -> None:
    talk = Talk()
    talk._next[0] = 0
    talk.say(flags=SYN, findings=RETRANSMISSION, states=0x32, seq=1)
    assert talk.ladder.lost == {1}


def test_a_syn_that_is_answered_by_a_syn_was_not_lost() -> None:
    talk = Talk()
    for _ in range(2):
        talk.say(flags=SYN | ACK, findings=RETRANSMISSION, states=0x42, seq=1)
    assert talk.ladder.lost == {2}


def test_a_lost_segment_comes_out_of_its_fold() -> None:
    talk = run_of(30)
    talk.say(10, findings=RETRANSMISSION, seq=1 + 10 * 12)  # frame 15 of 3 to 32
    assert talk.shown == [1, 2, 3, 4, (5, 10), 15, (16, 15), 31, 32, 33]
    assert talk.ladder.lost == {15}


def test_what_is_left_of_a_fold_is_folded_only_if_it_is_long() -> None:
    talk = run_of(30)
    talk.say(10, findings=RETRANSMISSION, seq=1 + 10 * 4)  # frame 7
    assert talk.shown == [1, 2, 3, 4, 5, 6, 7, (8, 23), 31, 32, 33]


def test_a_run_goes_on_after_a_loss_was_taken_out_of_its_end() -> None:
    talk = run_of(12)
    talk.say(10, findings=OUT_OF_ORDER, seq=1 + 10 * 9, states=OPEN)  # frame 12 of 3 to 14, folded last
    assert talk.shown == [1, 2, 3, 4, (5, 7), 12, 13, 14, 15]
    talk.say_many(10)
    assert talk.shown == [1, 2, 3, 4, (5, 7), 12, 13, 14, 15, 16, 17, (18, 6), 24, 25]


def test_a_note_stands_where_it_happened() -> None:
    talk = run_of(10)
    talk.ladder.note(50, 99)
    assert talk.shown[-1] == 50
    assert talk.shown[:-1] == run_of(10).shown


def test_a_segment_moves_the_ends_whose_states_are_others_after_it() -> None:
    talk = Talk()
    talk.ladder.note(50, 99)
    for states in (0x54, 0x55, 0x55, 0x68):
        talk.say(states=states)
    assert [talk.ladder.moved(position) for position in (0, 2, 3, 4, 5)] == [
        (True, False), (True, True), (False, True), (False, False), (True, True),
    ]  # fmt: skip


def test_what_was_lost_moved_nobody_else_until_it_came_again() -> None:
    talk = Talk()
    talk.say(flags=FIN | ACK, states=0x68)
    for _ in range(2):
        talk.say(flags=FIN | ACK, findings=RETRANSMISSION, states=0x68, seq=1)
    assert [talk.ladder.moved(position) for position in (1, 2, 3)] == [(True, False), (False, False), (False, True)]
    assert [talk.ladder.states(position) for position in (1, 2, 3)] == [0x62, 0x62, 0x68]


def test_a_fold_goes_when_its_last_frame_has_gone() -> None:
    talk = run_of(20)
    talk.say(flags=FIN | ACK)
    talk.ladder.forget_before(20)
    assert talk.shown == [(5, 16), 21, 22, 23]
    assert list(talk.ladder.entries(frozenset({5}))) == [19, 20, 21, 22]
    talk.ladder.forget_before(21)
    assert talk.shown == [21, 22, 23]


def test_a_run_that_was_evicted_while_it_grew_begins_anew() -> None:
    talk = run_of(20)
    talk.ladder.forget_before(22)
    assert talk.shown == [22]
    talk.say_many(8)
    assert talk.shown == [22, 23, (24, 5), 29, 30]


def test_evicted_frames_are_taken_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_module, "TRIM_STEP", 4)
    talk, whole = run_of(20), run_of(20)
    for oldest in (3, 7, 12, 18):
        talk.ladder.forget_before(oldest)
    assert len(talk.ladder) == 5
    talk.say_many(10)
    whole.say_many(10)
    assert talk.shown == whole.shown[4:]
    talk.say(10, findings=RETRANSMISSION, seq=1 + 10 * 18)  # frame 21: the fold's own beginning is forgotten
    assert talk.ladder.lost == {21}


def test_losses_are_looked_for_only_while_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_losses, "LOOK_BACK", 8)
    talk = run_of(20)
    talk.say(10, findings=OUT_OF_ORDER, seq=1)  # its first sending is too long ago
    assert not talk.ladder.lost
    talk.say_many(30)
    talk.say(10, findings=RETRANSMISSION, seq=1 + 10 * 49)
    assert talk.ladder.lost == {53}
    assert talk.ladder.wanted() >= {47, 50, 54}
    assert 40 not in talk.ladder.wanted()


def test_the_segments_that_losses_are_looked_for_among_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_losses, "LOOK_BACK", 8)
    talk = run_of(0)
    for at in range(100):
        talk.say(10, findings=OUT_OF_ORDER, seq=1_000 + 10 * at)
    assert len(talk.ladder.wanted()) == 102
    assert len(talk.ladder._losses._latest) <= 17
    assert not talk.ladder.lost
