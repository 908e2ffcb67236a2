"""Names of TCP's states and flags, and every spelling of them that another program or the kernel uses.

States are those of RFC 9293 section 3.3.2. The kernel's numbers are those of `include/net/tcp_states.h`; `ss` and
`/proc` abbreviate some of them, psutil spells them as `/proc` does in capitals with underscores.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum


class SocketState(StrEnum):
    """A TCP state in RFC 9293's spelling, or what stands in its place for sockets without one."""

    LISTEN = "LISTEN"
    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN-WAIT-1"
    FIN_WAIT_2 = "FIN-WAIT-2"
    CLOSE_WAIT = "CLOSE-WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST-ACK"
    TIME_WAIT = "TIME-WAIT"
    CLOSED = "CLOSED"
    UNCONN = "UNCONN"
    """A datagram socket without a peer, or a stream socket that was neither bound to a peer nor listens."""
    UNKNOWN = "UNKNOWN"
    """A state number that this version of sockmon has no name for."""


KERNEL_STATES: dict[int, SocketState] = {
    1: SocketState.ESTABLISHED,
    2: SocketState.SYN_SENT,
    3: SocketState.SYN_RECEIVED,
    4: SocketState.FIN_WAIT_1,
    5: SocketState.FIN_WAIT_2,
    6: SocketState.TIME_WAIT,
    7: SocketState.CLOSED,
    8: SocketState.CLOSE_WAIT,
    9: SocketState.LAST_ACK,
    10: SocketState.LISTEN,
    11: SocketState.CLOSING,
    12: SocketState.SYN_RECEIVED,  # TCP_NEW_SYN_RECV: the request sockets of a listener
    13: SocketState.CLOSED,  # TCP_BOUND_INACTIVE: bound, neither listening nor connected
}
"""The kernel's state numbers. Two of them share a name, so the way back is `KERNEL_NUMBERS`."""

KERNEL_NUMBERS: dict[SocketState, int] = {state: number for number, state in KERNEL_STATES.items() if number <= 11}

SS_SPELLINGS: dict[SocketState, str] = {
    SocketState.ESTABLISHED: "ESTAB",
    SocketState.SYN_RECEIVED: "SYN-RECV",
    SocketState.CLOSED: "UNCONN",
}
"""Where `ss` prints another word than RFC 9293; all other states print alike."""

SPELLINGS: dict[str, SocketState] = (
    {state.value: state for state in SocketState}
    | {state.value.replace("-", "_"): state for state in SocketState}
    | {
        "ESTAB": SocketState.ESTABLISHED,
        "SYN-RECV": SocketState.SYN_RECEIVED,
        "SYN_RECV": SocketState.SYN_RECEIVED,
        "FIN_WAIT1": SocketState.FIN_WAIT_1,
        "FIN_WAIT2": SocketState.FIN_WAIT_2,
        "LISTENING": SocketState.LISTEN,
        "CLOSE": SocketState.CLOSED,
        "NONE": SocketState.UNCONN,
    }
)
"""Every spelling, in capitals, to the state it means: RFC 9293, ss, `/proc` and psutil."""


def kernel_state(number: int) -> SocketState:
    """The state behind a kernel state number; UNKNOWN for one that has no name here."""
    return KERNEL_STATES.get(number, SocketState.UNKNOWN)


class TcpFlags(IntFlag):
    """The control bits of RFC 9293 section 3.1 with AE (RFC 9768), in the header's order from the lowest."""

    FIN = 0x001
    SYN = 0x002
    RST = 0x004
    PSH = 0x008
    ACK = 0x010
    URG = 0x020
    ECE = 0x040
    CWR = 0x080
    AE = 0x100
