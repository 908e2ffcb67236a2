"""Conversations as they cross from the capture worker to the screen: who, how much, in which state; the segments of one
as steps of a ladder; the bytes of its stream.

`first` and `second` are the two endpoints of a conversation throughout: `first` opened it, or where the SYN was missed
sent its first frame seen. Times are nanoseconds since the epoch, 0 for what has not happened or was not seen.
"""

from __future__ import annotations

import msgspec

from engine.model.tcp import SocketState


class FlowEnd(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An endpoint and what it has sent."""

    address: str
    """Numeric, without brackets."""
    port: int
    state: SocketState = SocketState.UNKNOWN
    """As its segments tell it (engine.flow.states)."""
    segments: int = 0
    payload_bytes: int = 0
    """By the segments' lengths, sent again or not."""
    resent: int = 0
    """Segments sent again."""
    window: int | None = None
    """What it last advertised, scaled where the scale is known; None before its first segment."""
    srtt_ns: int = 0
    """Smoothed round trip that its data see at the point of capture (RFC 6298), 0 if unknown."""
    next_seq: int = 0
    """Relative: the end of what it has sent."""
    last_ack: int = 0
    """Relative: what it has acknowledged."""


class FlowSummary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One conversation."""

    stream: int
    """tshark's tcp.stream: from 0 in the order of first appearance."""
    first: FlowEnd
    second: FlowEnd
    opener_seen: bool
    """The SYN was seen, so it is known that `first` opened it."""
    first_frame: int
    last_frame: int
    first_ns: int
    last_ns: int
    syn_ns: int = 0
    established_ns: int = 0
    first_data_ns: int = 0
    fin_ns: int = 0
    """The first FIN or RST."""
    over_ns: int = 0
    """When both ends were done."""
    irtt_ns: int = 0
    """The handshake's round trip."""
    completeness: int = 0
    """Wireshark's tcp.completeness bits."""
    findings: int = 0
    """Segments with at least one finding."""
    uncertain: bool = False
    """A capture loss makes conclusions about it doubtful."""
    interface: int = 0
    over: bool = False
    """Nothing more is expected."""


class LadderStep(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="step"):
    """One segment of a conversation as an arrow of the ladder."""

    number: int
    """The frame's number."""
    ts_ns: int
    stream: int
    forward: bool
    """Sent by `first`."""
    flags: int
    """TcpFlags."""
    seq: int
    """Relative."""
    ack: int | None
    """Relative; None without the ACK flag."""
    window: int
    """Scaled where the scale is known."""
    length: int
    """Payload bytes."""
    first_state: SocketState
    """State of each end after this segment."""
    second_state: SocketState
    findings: tuple[str, ...] = ()
    """Names of tcp.analysis.*"""
    uncertain: bool = False
    options: str = ""
    """What the Info line shows of the options: `MSS=16344 WS=128 SACK_PERM`."""
    info: str = ""
    """The whole Info line as tshark prints it."""
    first_moved: bool = False
    """This segment is what brought `first` into its state."""
    second_moved: bool = False
    lost: bool = False
    """Its bytes were sent again before anything acknowledged them: it was seen here, and did not arrive."""


class LadderFold(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="fold"):
    """A run of plain data segments and their ACKs that is shown as one line until it is opened."""

    first_number: int
    """Frame numbers of its first and its last segment; the first one names the fold."""
    last_number: int
    first_ns: int
    last_ns: int
    stream: int
    segments: int
    """Segments with data."""
    acks: int
    """Segments without."""
    forward_bytes: int
    backward_bytes: int
    stalls: int = 0
    """Times that a window was closed in it, each for less than a hundredth of a second."""


class LadderGap(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="gap"):
    """A place where the capture lost frames."""

    number: int
    ts_ns: int
    frames: int
    """How many, 0 if nobody knows."""


class LadderNote(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="note"):
    """A frame that is no segment of the conversation but concerns it: an ICMP error that quotes one of its segments."""

    number: int
    ts_ns: int
    stream: int
    info: str


LadderItem = LadderStep | LadderFold | LadderGap | LadderNote


class StreamPiece(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Bytes of one direction of a conversation as its segments carried them, each byte once, in order."""

    number: int
    """The frame that brought them."""
    ts_ns: int
    forward: bool
    data: bytes
    missing: int = 0
    """Bytes that belong before these and are not there: lost, evicted or cut by the snap length."""
    cut: int = 0
    """How many of those the snap length cut off."""
