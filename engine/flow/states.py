"""The state of both ends of a connection as its segments tell it: RFC 9293's machine run by an observer of the wire.

Each segment moves its sender by the table `SENT` and its receiver by `RECEIVED`, as if it arrived and was processed at
once. Three rules follow from seeing only segments, not calls:

- An end that has sent nothing is LISTEN; that it was CLOSED shows when it answers a SYN with RST.
- A SYN leaves its receiver in LISTEN until the SYN,ACK: the backlog may be full, or the port closed.
- An end first met in the middle of a connection is UNKNOWN until something tells; then it is taken for ESTABLISHED.

A state is a number so that a packet's two fit in one byte (`pair`).
"""

from __future__ import annotations

from functools import lru_cache

from engine.model.tcp import SocketState

UNKNOWN, CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED = range(6)
FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT = range(6, 12)

STATES: tuple[SocketState, ...] = (
    SocketState.UNKNOWN,
    SocketState.CLOSED,
    SocketState.LISTEN,
    SocketState.SYN_SENT,
    SocketState.SYN_RECEIVED,
    SocketState.ESTABLISHED,
    SocketState.FIN_WAIT_1,
    SocketState.FIN_WAIT_2,
    SocketState.CLOSE_WAIT,
    SocketState.CLOSING,
    SocketState.LAST_ACK,
    SocketState.TIME_WAIT,
)
"""Each state number's name."""

SYN, SYN_ACK, FIN, RST, ACK = "SYN", "SYN,ACK", "FIN", "RST", "ACK"
"""What a segment is to the machine; ACK is every segment that is none of the others."""

ACKS_SYN, ACKS_FIN = 1, 2
"""What the segment acknowledges of its receiver's."""

SENT: dict[tuple[int, str], int] = {
    (UNKNOWN, SYN): SYN_SENT,
    (CLOSED, SYN): SYN_SENT,
    (LISTEN, SYN): SYN_SENT,
    (TIME_WAIT, SYN): SYN_SENT,
    (UNKNOWN, SYN_ACK): SYN_RECEIVED,
    (CLOSED, SYN_ACK): SYN_RECEIVED,
    (LISTEN, SYN_ACK): SYN_RECEIVED,
    (SYN_SENT, SYN_ACK): SYN_RECEIVED,  # simultaneous open
    (UNKNOWN, FIN): FIN_WAIT_1,
    (LISTEN, FIN): FIN_WAIT_1,
    (SYN_SENT, FIN): FIN_WAIT_1,  # its SYN,ACK came, unseen
    (SYN_RECEIVED, FIN): FIN_WAIT_1,
    (ESTABLISHED, FIN): FIN_WAIT_1,
    (CLOSE_WAIT, FIN): LAST_ACK,
    (UNKNOWN, ACK): ESTABLISHED,
    (LISTEN, ACK): ESTABLISHED,
    (SYN_SENT, ACK): ESTABLISHED,  # only who has seen the other's SYN sends one without
    (SYN_RECEIVED, ACK): ESTABLISHED,
} | {(state, RST): CLOSED for state in range(len(STATES))}
"""Sender: (state, segment) to new state (RFC 9293 section 3.3.2, figure 5). What is not here changes nothing."""

CROSSED: dict[tuple[int, str], int] = {(CLOSE_WAIT, FIN): CLOSING}
"""The same for a segment that does not acknowledge the FIN which its sender was seen to be sent: the two crossed on
their way, and both ends close at once (RFC 9293 section 3.6, case 3)."""

RECEIVED: dict[tuple[int, str, int], int] = (
    {
        (UNKNOWN, SYN, 0): LISTEN,
        (CLOSED, SYN, 0): LISTEN,
        (TIME_WAIT, SYN, 0): LISTEN,
        (SYN_SENT, SYN, 0): SYN_RECEIVED,  # simultaneous open
        (UNKNOWN, SYN_ACK, 0): ESTABLISHED,
        (UNKNOWN, SYN_ACK, ACKS_SYN): ESTABLISHED,
        (SYN_SENT, SYN_ACK, ACKS_SYN): ESTABLISHED,
        (SYN_RECEIVED, SYN_ACK, ACKS_SYN): ESTABLISHED,
        (SYN_RECEIVED, ACK, ACKS_SYN): ESTABLISHED,
        (UNKNOWN, ACK, 0): ESTABLISHED,
        (UNKNOWN, ACK, ACKS_SYN): ESTABLISHED,
        (FIN_WAIT_1, ACK, ACKS_SYN | ACKS_FIN): FIN_WAIT_2,
        (CLOSING, ACK, ACKS_SYN | ACKS_FIN): TIME_WAIT,
        (LAST_ACK, ACK, ACKS_SYN | ACKS_FIN): CLOSED,
        (UNKNOWN, FIN, 0): CLOSE_WAIT,
        (UNKNOWN, FIN, ACKS_SYN): CLOSE_WAIT,
        (SYN_RECEIVED, FIN, ACKS_SYN): CLOSE_WAIT,
        (ESTABLISHED, FIN, 0): CLOSE_WAIT,
        (ESTABLISHED, FIN, ACKS_SYN): CLOSE_WAIT,
        (FIN_WAIT_1, FIN, 0): CLOSING,
        (FIN_WAIT_1, FIN, ACKS_SYN): CLOSING,
        (FIN_WAIT_1, FIN, ACKS_SYN | ACKS_FIN): TIME_WAIT,
        (FIN_WAIT_2, FIN, ACKS_SYN | ACKS_FIN): TIME_WAIT,
        (FIN_WAIT_2, FIN, 0): TIME_WAIT,
        (FIN_WAIT_2, FIN, ACKS_SYN): TIME_WAIT,
    }
    | {
        (state, RST, acks): CLOSED
        for state in range(len(STATES))
        if state not in (LISTEN, SYN_SENT)  # RFC 9293 section 3.10.7.2: a RST in LISTEN is ignored
        for acks in range(4)
    }
    | {(SYN_SENT, RST, ACKS_SYN): CLOSED}
)  # section 3.10.7.3: in SYN-SENT it must acknowledge the SYN
"""Receiver: (state, segment, what it acknowledges of the receiver's) to new state (RFC 9293 section 3.10.7)."""

_DONE = frozenset((CLOSED, TIME_WAIT))
"""Nothing more is expected of an end in one of these."""


def over(one: int, other: int) -> bool:
    """Both ends are done, or one is and the other went back to LISTEN."""
    return (one in _DONE and (other in _DONE or other == LISTEN)) or (other in _DONE and one == LISTEN)


def kind_of(flags: int) -> str:
    """What a segment with these TcpFlags is to the machine; RST outweighs SYN, SYN outweighs FIN (section 3.10.7)."""
    if flags & 0x04:
        return RST
    if flags & 0x02:
        return SYN_ACK if flags & 0x10 else SYN
    return FIN if flags & 0x01 else ACK


def after(sender: int, receiver: int, flags: int, acks: int, passive: bool) -> tuple[int, int]:
    """Both ends' states after a segment; `acks` are ACKS_ bits, `passive` if the receiver was opened by listening."""
    kind = kind_of(flags)
    new_receiver = RECEIVED.get((receiver, kind, acks), receiver)
    if kind == RST and receiver == SYN_RECEIVED and passive:
        new_receiver = LISTEN  # section 3.10.7.4: a passive open goes back to listening
    new_sender = SENT.get((sender, kind), sender)
    if not acks & ACKS_FIN:
        new_sender = CROSSED.get((sender, kind), new_sender)
    return new_sender, new_receiver


def pair(opener: int, responder: int) -> int:
    """Two states in one byte."""
    return opener << 4 | responder


@lru_cache(256)
def pair_names(states: int) -> tuple[SocketState, SocketState]:
    """The opener's and the responder's state out of `pair`; UNKNOWN for a number that stands for none."""
    opener, responder = states >> 4 & 15, states & 15
    known = len(STATES)
    return (
        STATES[opener] if opener < known else SocketState.UNKNOWN,
        STATES[responder] if responder < known else SocketState.UNKNOWN,
    )
