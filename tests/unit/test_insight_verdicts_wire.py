"""engine.insight.verdicts.wire: what the segments of a conversation say."""

from __future__ import annotations

from typing import Any

import pytest

from engine.insight.judge import Judge
from engine.insight.verdicts.rule import Wire
from engine.insight.verdicts.wire import wire_verdicts
from engine.model.flows import FlowEnd, FlowSummary, LadderStep
from engine.model.snapshot import Snapshot
from engine.model.sockets import Timer
from engine.model.tcp import SocketState, TcpFlags
from engine.model.verdicts import Certainty, Severity, SubjectKind, Verdict
from tests.unit.socket_entries import entry

S = SocketState
SYN, ACK, FIN, RST = TcpFlags.SYN, TcpFlags.ACK, TcpFlags.FIN, TcpFlags.RST
OPEN = (S.ESTABLISHED, S.ESTABLISHED)


class Tape:
    """A conversation, segment by segment; times in ms."""

    def __init__(self, **flow: Any) -> None:
        self.steps: list[LadderStep] = []
        self.flow = flow

    def seg(self, ms: float, forward: bool, flags: int, states: tuple[S, S] = OPEN, **given: Any) -> Tape:
        """One segment, and the states of the two ends after it."""
        fields: dict[str, Any] = {"seq": 1, "ack": 1, "window": 65_536, "length": 0} | given
        number = len(self.steps) + 1
        self.steps.append(
            LadderStep(number, int(ms * 1e6), 0, forward, int(flags), first_state=states[0], second_state=states[1],
                       **fields)
        )  # fmt: skip
        return self

    def opened(self) -> Tape:
        self.flow.setdefault("established_ns", 1)
        return (
            self.seg(0, True, SYN, (S.SYN_SENT, S.LISTEN))
            .seg(0.05, False, SYN | ACK, (S.SYN_SENT, S.SYN_RECEIVED))
            .seg(0.1, True, ACK)
        )

    def wire(self) -> Wire:
        flow = FlowSummary(
            0, FlowEnd("127.0.0.1", 40_000), FlowEnd("127.0.0.1", 80), True, 1, len(self.steps), 0, 0, **self.flow
        )
        return Wire(flow, self.steps)

    def at(self, ms: float) -> dict[str, Verdict]:
        """What it says then, by rule."""
        return {one.rule: one for one in wire_verdicts(self.wire(), int(ms * 1e6))}


@pytest.fixture
def tape() -> Tape:
    return Tape()


def test_a_refused_syn_names_who_refused(tape: Tape) -> None:
    tape.seg(0, True, SYN, (S.SYN_SENT, S.CLOSED)).seg(0.1, False, RST | ACK, (S.CLOSED, S.CLOSED))
    said = tape.at(1)
    assert list(said) == ["refused"]
    assert said["refused"].sentence.startswith("127.0.0.1:80 refused 127.0.0.1:40000")
    assert said["refused"].subject.kind is SubjectKind.FLOW


@pytest.mark.parametrize(
    ("before", "by"),
    [
        ((S.ESTABLISHED, S.ESTABLISHED), False),
        ((S.FIN_WAIT_2, S.CLOSE_WAIT), True),
        ((S.ESTABLISHED, S.SYN_RECEIVED), True),
        ((S.CLOSE_WAIT, S.FIN_WAIT_2), False),
    ],
)
def test_a_reset_names_who_sent_it_and_in_which_state(tape: Tape, before: tuple[S, S], by: bool) -> None:
    tape.opened().seg(5, True, ACK, before).seg(6, by, RST, (S.CLOSED, S.CLOSED))
    found = tape.at(7)["reset"]
    own, other = before if by else before[::-1]
    names = ("127.0.0.1:40000", "127.0.0.1:80") if by else ("127.0.0.1:80", "127.0.0.1:40000")
    assert found.sentence == f"{names[0]} reset the connection in {own}, while {names[1]} was in {other}."


def test_a_reset_whose_beginning_is_not_seen_makes_no_state_up(tape: Tape) -> None:
    tape.seg(6, True, RST, (S.CLOSED, S.CLOSED))
    assert tape.at(7)["reset"].sentence == "127.0.0.1:40000 reset the connection."


def test_a_reset_after_the_close_is_none(tape: Tape) -> None:
    tape.opened().seg(5, True, FIN | ACK, (S.TIME_WAIT, S.CLOSED)).seg(6, False, RST, (S.CLOSED, S.CLOSED))
    assert tape.at(7) == {}


def test_syns_without_an_answer(tape: Tape) -> None:
    tape.seg(0, True, SYN, (S.SYN_SENT, S.UNKNOWN))
    assert tape.at(500) == {}
    tape.seg(1_000, True, SYN, (S.SYN_SENT, S.UNKNOWN), findings=("retransmission",))
    assert tape.at(1_500)["syn-unanswered"].sentence == (
        "127.0.0.1:80 answers nothing at all: 127.0.0.1:40000 sent 2 SYNs in 1.50 s."
    )


def test_a_window_of_0_lasts_until_its_update(tape: Tape) -> None:
    tape.opened().seg(5, True, ACK, length=500).seg(6, False, ACK, window=0, findings=("zero_window",))
    assert tape.at(100) == {}
    tape.seg(210, True, ACK, length=1, findings=("zero_window_probe",)).seg(211, False, ACK, window=0)
    found = tape.at(1_006)["zero-window"]
    assert found.sentence.startswith("The window of 127.0.0.1:80 has been 0 for 1.00 s: 127.0.0.1:40000 may send")
    assert {one.name: one.value for one in found.evidence}["probes since"] == 1
    tape.seg(1_010, False, ACK, window=500)
    assert tape.at(2_000) == {}


def test_segments_sent_again_are_loss_while_some_arrive(tape: Tape) -> None:
    tape.opened().seg(5, True, ACK, length=10).seg(205, True, ACK, length=10, findings=("retransmission",))
    tape.seg(206, False, ACK)
    assert tape.at(300)["path-loss"].severity is Severity.WARNING
    assert "half-open" not in tape.at(300)
    assert tape.at(30_000) == {}


def test_segments_sent_again_and_again_into_silence_are_a_peer_that_is_gone(tape: Tape) -> None:
    tape.opened().seg(5, True, ACK, length=10)
    for ms in (205, 605, 1_405):
        tape.seg(ms, True, ACK, length=10, findings=("retransmission",))
    assert list(tape.at(1_500)) == ["half-open"]


def test_two_keep_alive_probes_without_an_answer(tape: Tape) -> None:
    tape.opened().seg(1_000, True, ACK, findings=("keep_alive",))
    assert tape.at(1_500) == {}
    tape.seg(2_000, True, ACK, findings=("keep_alive",))
    assert list(tape.at(2_500)) == ["keepalive-failing"]
    tape.seg(2_001, False, ACK, findings=("keep_alive_ack",))
    assert tape.at(2_500) == {}


@pytest.mark.parametrize(("delay_ms", "told"), [(40, True), (1, False), (300, False)])
def test_steps_of_40_ms(tape: Tape, delay_ms: float, told: bool) -> None:
    tape.opened()
    now = 10.0
    for _ in range(4):
        tape.seg(now, True, ACK, length=4).seg(now + delay_ms, False, ACK).seg(
            now + delay_ms + 0.1, True, ACK, length=4
        )
        now += delay_ms + 5
    assert ("nagle-delayed-ack" in tape.at(now)) is told


def test_ports_used_again(tape: Tape) -> None:
    tape.seg(0, True, SYN, (S.SYN_SENT, S.LISTEN), findings=("reused_ports",))
    assert tape.at(1)["time-wait-reuse"].severity is Severity.NOTE


def test_an_orderly_conversation_says_nothing(tape: Tape) -> None:
    tape.opened().seg(5, True, ACK, length=5).seg(6, False, ACK, length=5)
    tape.seg(7, True, FIN | ACK, (S.FIN_WAIT_1, S.CLOSE_WAIT)).seg(8, False, FIN | ACK, (S.FIN_WAIT_1, S.LAST_ACK))
    tape.seg(9, True, ACK, (S.TIME_WAIT, S.CLOSED))
    assert tape.at(60_000) == {}


def test_the_judge_tells_of_a_conversation_whose_sockets_are_gone(tape: Tape) -> None:
    tape.seg(0, True, SYN, (S.SYN_SENT, S.CLOSED)).seg(0.1, False, RST | ACK, (S.CLOSED, S.CLOSED))
    [found] = Judge().about(0, tape.wire())
    assert found.rule == "refused"


def test_the_wires_word_on_a_reset_stands_over_a_guess_from_the_table(tape: Tape) -> None:
    judge = Judge()
    row = entry(key=3, local_port=40_000, peer_port=80, local_address="192.0.2.1", peer_address="198.51.100.2")
    judge.take(Snapshot(10**18, [row]))
    judge.take(Snapshot(10**18 + 1, [], moved={"TcpEstabResets": 1}))
    assert [one.certainty for one in judge.about(3)] == [Certainty.LIKELY]
    [found] = judge.about(3, tape.opened().seg(5, False, RST, (S.CLOSED, S.CLOSED)).wire())
    assert (found.rule, found.certainty) == ("reset", Certainty.CERTAIN)


def test_where_both_are_as_sure_the_sockets_speak(tape: Tape) -> None:
    judge = Judge()
    row = entry(key=3, local_port=40_000, peer_port=80, timer=Timer("keepalive", 900, 3))
    judge.take(Snapshot(10**18, [row]))
    tape.opened().seg(1_000, True, ACK, findings=("keep_alive",)).seg(2_000, True, ACK, findings=("keep_alive",))
    [found] = judge.about(3, tape.wire())
    assert found.subject.kind is SubjectKind.SOCKET
