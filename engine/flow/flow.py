"""A flow, one conversation of two endpoints, and what is known of each of its two directions.

These are the only values here that change; they belong to one FlowTable and are read by others. They are dataclasses
because a field of one is set in a third of the time that it takes in a msgspec Struct, a dozen times a segment.
Sequence numbers are raw and 32 bits wide. Where a rule says "unset", 0 says so, as in Wireshark.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from engine.flow.states import UNKNOWN, over, pair
from engine.model.tcp import TcpFlags

FIN, SYN, RST, ACK = int(TcpFlags.FIN), int(TcpFlags.SYN), int(TcpFlags.RST), int(TcpFlags.ACK)
"""As plain numbers: arithmetic on an IntFlag costs ten times as much, and every segment is tested for these."""


HOLE_OPEN, HOLE_PAST = 1, 2

SPECIAL_HOLE, SPECIAL_ECN, SPECIAL_MULTIPATH, SPECIAL_OPENING = 1, 2, 4, 8
"""A capture loss, agreement on accurate ECN, a subflow of Multipath TCP; and at first in every flow: a base number,
the handshake's time or the first data are still to come."""

COMPLETE_SYN, COMPLETE_SYN_ACK, COMPLETE_ACK, COMPLETE_DATA, COMPLETE_FIN, COMPLETE_RST = 1, 2, 4, 8, 16, 32
"""What a conversation has shown, as tcp.completeness counts it."""

NOTHING_YET = -1


class Unacked(msgspec.Struct, gc=False):
    """A segment sent and not yet acknowledged."""

    end: int
    """The sequence number after it."""
    seq: int
    """Its own, or where what is not yet acknowledged of it starts."""
    frame: int
    ts_ns: int


SCALE_UNKNOWN = -1
SCALE_OFF = -2


@dataclass(slots=True, eq=False)
class Direction:
    """What one endpoint has sent, as the rules of engine.flow.analysis need it."""

    based: bool = False
    base: int = 0
    """Subtracted from sequence numbers for display: the initial one where it was seen."""
    nextseq: int = 0
    """The highest sequence end seen, with its time and frame."""
    nextseq_ns: int = 0
    nextseq_frame: int = 0
    maxack: int = 0
    """End of the contiguous run seen: the most that the other side can acknowledge."""
    lastack: int = 0
    lastack_ns: int = 0
    window: int = 0xFFFFFFFF
    """Raw window of the latest segment; nothing seen is more than any segment can say."""
    scale: int = SCALE_UNKNOWN
    active: bool = False
    """This side sent a SYN of its own accord, not in answer to one."""
    fresh: bool = False
    """From this side's SYN to its first ACK without SYN: its window is not scaled yet."""
    dup: int = 0
    """Duplicate ACKs so far; -1 after an ACK of what was not seen."""
    newack_frame: int = 0
    """The frame that first carried the current acknowledgement number."""
    lastfindings: int = 0
    unacked: list[Unacked] | None = None
    unacked_low: int = 0
    """The lowest sequence number in `unacked`, and the highest end."""
    unacked_high: int = 0
    unacked_sorted: bool = True
    """False once a segment came that does not follow the one before it."""
    flight_known: bool = True
    """False from a lost segment until the other side sends an ACK."""
    sacked: int = 0
    """Bytes in the SACK blocks of the latest segment."""
    multipath_kinds: int = 0
    fin_end: int = 0
    """The sequence number after this side's FIN; meaningful if `fin_seen`."""
    fin_seen: bool = False
    resent_until: int = 0
    """No round-trip sample from bytes before this (Karn's rule); meaningful once something was resent."""
    resent: int = 0
    """Segments sent again."""
    srtt_ns: int = 0
    """The round trip that this side's data see at the point of capture (RFC 6298)."""
    rttvar_ns: int = 0
    segments: int = 0
    payload_bytes: int = 0
    """By the segments' lengths, sent again or not."""
    hole_end: int = 0
    """What begins before this lies before or in a hole in the capture; meaningful if `hole`."""
    hole: int = 0
    """0 no hole, HOLE_OPEN until the next segment after one, then HOLE_PAST."""


@dataclass(slots=True, eq=False)
class Flow:
    """One conversation. `src` is the sender of its first frame seen; that is the opener unless the SYN was missed."""

    stream: int
    """From 0 in the order of first appearance."""
    src: bytes
    sport: int
    dst: bytes
    dport: int
    interface: int
    first_ns: int
    first_frame: int
    forward: Direction
    """What `src` sends."""
    backward: Direction
    last_ns: int = 0
    last_frame: int = 0
    first_state: int = UNKNOWN
    """State of `src` (engine.flow.states)."""
    second_state: int = UNKNOWN
    settling: bool = True
    """The states may still change with a segment that has neither SYN, FIN nor RST."""
    completeness: int = NOTHING_YET
    """Bits COMPLETE_; NOTHING_YET before the first segment was taken in."""
    syn_ns: int = 0
    """Time of the latest SYN without ACK, 0 before one."""
    irtt_ns: int = 0
    opener: int = 0
    """1 if `src` opened the connection, 2 if `dst` did, 0 if its SYN was not seen."""
    established_ns: int = 0
    """When both ends were ESTABLISHED, 0 before."""
    first_data_ns: int = 0
    fin_ns: int = 0
    """The first FIN or RST."""
    over_ns: int = 0
    """When both ends were done."""
    special: int = SPECIAL_OPENING
    """What is rare and costs extra work on each segment: bits SPECIAL_."""
    ecn_syn: int = 0
    """The ECN bits of the SYN, for the agreement on AccECN."""
    fast_open_data: bool = False
    """The SYN carried a Fast Open cookie and data."""
    multipath: int = 0
    """The number of its Multipath TCP connection, 0 for none."""
    loss_epoch: int = 0
    """How many capture losses this flow has taken account of."""
    findings: int = 0
    """Segments with at least one finding."""
    extra_bytes: int = 0
    """Memory beyond the flow's own, as last charged to the table."""

    @property
    def states(self) -> int:
        """Both ends' states, the opener's first (engine.flow.states.pair)."""
        return pair(self.first_state, self.second_state)

    @property
    def over(self) -> bool:
        """Nothing more is expected: both ends are done, or one is and the other went back to LISTEN."""
        return over(self.first_state, self.second_state)


_COMPLETENESS_WORDS = {
    1: "Incomplete, SYN_SENT",
    3: "Incomplete, CLIENT_ESTABLISHED",
    7: "Incomplete, ESTABLISHED",
    15: "Incomplete, DATA",
    **dict.fromkeys((31, 47, 63), "Complete, WITH_DATA"),
    **dict.fromkeys((23, 39, 55), "Complete, NO_DATA"),
}


def completeness_text(completeness: int) -> str:
    """`Complete, WITH_DATA (31)`: Wireshark's words for the bits."""
    return f"{_COMPLETENESS_WORDS.get(completeness, 'Incomplete')} ({completeness})"


def completeness_of(flags: int, length: int, before: int) -> int:
    """The bits after one more segment of `length` bytes (-1 for unknown); not for a flow's first one."""
    if flags & SYN:
        if flags & ACK:
            before |= COMPLETE_SYN_ACK
    elif flags & ACK:
        before |= COMPLETE_DATA if length > 0 else COMPLETE_ACK
    if flags & FIN and flags & ACK:
        before |= COMPLETE_FIN
    if flags & RST:
        before |= COMPLETE_RST
    return before
