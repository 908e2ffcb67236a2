"""The transition table against RFC 9293's own diagram, arrow by arrow."""

from __future__ import annotations

import pytest

from engine.flow import states
from engine.flow.states import STATES, after, over, pair, pair_names
from engine.model.tcp import SocketState

FIN, SYN, RST, ACK = 1, 2, 4, 16
NUMBER = {state: number for number, state in enumerate(STATES)}


@pytest.mark.parametrize(
    ("sender", "flags", "expected"),
    [
        ("CLOSED", SYN, "SYN-SENT"),
        ("LISTEN", SYN | ACK, "SYN-RECEIVED"),
        ("LISTEN", SYN, "SYN-SENT"),
        ("SYN-SENT", SYN | ACK, "SYN-RECEIVED"),
        ("SYN-RECEIVED", FIN | ACK, "FIN-WAIT-1"),
        ("ESTABLISHED", FIN | ACK, "FIN-WAIT-1"),
        ("CLOSE-WAIT", FIN | ACK, "LAST-ACK"),
        ("ESTABLISHED", ACK, "ESTABLISHED"),
        ("TIME-WAIT", ACK, "TIME-WAIT"),
        *((state.value, RST, "CLOSED") for state in STATES),
    ],
)
def test_what_an_end_sends_moves_it(sender: str, flags: int, expected: str) -> None:
    moved, _ = after(NUMBER[SocketState(sender)], states.ESTABLISHED, flags, 3, passive=False)
    assert STATES[moved] == expected


def test_a_fin_that_does_not_acknowledge_the_other_ones_fin_has_crossed_it() -> None:
    sender, receiver = after(states.CLOSE_WAIT, states.FIN_WAIT_1, FIN | ACK, 1, passive=False)
    assert (STATES[sender], STATES[receiver]) == (SocketState.CLOSING, SocketState.CLOSING)


@pytest.mark.parametrize(
    ("receiver", "flags", "acks", "expected"),
    [
        ("LISTEN", SYN, 0, "LISTEN"),
        ("SYN-SENT", SYN | ACK, 1, "ESTABLISHED"),
        ("SYN-SENT", SYN, 0, "SYN-RECEIVED"),
        ("SYN-RECEIVED", ACK, 1, "ESTABLISHED"),
        ("ESTABLISHED", FIN | ACK, 1, "CLOSE-WAIT"),
        ("FIN-WAIT-1", ACK, 3, "FIN-WAIT-2"),
        ("FIN-WAIT-1", FIN | ACK, 1, "CLOSING"),
        ("FIN-WAIT-1", FIN | ACK, 3, "TIME-WAIT"),
        ("FIN-WAIT-2", FIN | ACK, 3, "TIME-WAIT"),
        ("CLOSING", ACK, 3, "TIME-WAIT"),
        ("LAST-ACK", ACK, 3, "CLOSED"),
        ("FIN-WAIT-1", ACK, 1, "FIN-WAIT-1"),
        ("LAST-ACK", ACK, 1, "LAST-ACK"),
        ("LISTEN", RST, 0, "LISTEN"),
        ("SYN-SENT", RST, 0, "SYN-SENT"),
        ("SYN-SENT", RST | ACK, 1, "CLOSED"),
        ("ESTABLISHED", RST, 0, "CLOSED"),
        ("FIN-WAIT-2", RST, 0, "CLOSED"),
        ("CLOSE-WAIT", RST | ACK, 1, "CLOSED"),
        ("TIME-WAIT", RST, 0, "CLOSED"),
    ],
)
def test_what_an_end_receives_moves_it(receiver: str, flags: int, acks: int, expected: str) -> None:
    _, moved = after(states.ESTABLISHED, NUMBER[SocketState(receiver)], flags, acks, passive=False)
    assert STATES[moved] == expected


def test_a_reset_sends_a_passive_opener_back_to_listening() -> None:
    assert after(states.ESTABLISHED, states.SYN_RECEIVED, RST, 0, passive=True)[1] == states.LISTEN
    assert after(states.ESTABLISHED, states.SYN_RECEIVED, RST, 0, passive=False)[1] == states.CLOSED


def test_two_states_are_one_byte_and_back() -> None:
    for opener in range(len(STATES)):
        for responder in range(len(STATES)):
            assert pair_names(pair(opener, responder)) == (STATES[opener], STATES[responder])
    assert pair_names(0xFF) == (SocketState.UNKNOWN, SocketState.UNKNOWN)


def test_a_conversation_is_over_when_both_ends_are() -> None:
    assert over(states.TIME_WAIT, states.CLOSED)
    assert over(states.CLOSED, states.LISTEN)
    assert not over(states.TIME_WAIT, states.LAST_ACK)
    assert not over(states.LISTEN, states.LISTEN)
