"""A segment placed in its flow: what the analysis knows about it beyond its own header."""

from __future__ import annotations

import struct

import msgspec

UNCERTAIN = 1
"""A capture loss makes the findings doubtful."""
ACCURATE_ECN = 2
"""AE, CWR and ECE are one counter (RFC 9768)."""
NO_STREAM = 4
"""Too little of the header was captured to know more than the ports."""
CUT_OPTIONS = 8
"""The capture ends inside the header: nothing found is shown."""
MALFORMED = 16
"""The header says it is longer than the datagram, or an option is broken beyond repair: nothing found is shown."""
NO_LENGTH = 32
"""The segment's length is unknown, so it was not analysed."""
MULTIPATH = 64
"""The flow is a subflow of Multipath TCP."""
ACKS_UNSEEN_AGAIN = 128
"""It acknowledges what was not captured, of which an earlier segment told already."""

_PACKED = struct.Struct("<IiIIIIIIIBBBb")

PACKED_BYTES = _PACKED.size
"""What `Placed.packed` takes for each packet kept."""


class Placed(msgspec.Struct, array_like=True, gc=False):
    """The result of FlowTable.feed. Sequence numbers are relative, the window is scaled, times are nanoseconds."""

    number: int
    """The frame's number."""
    stream: int
    """The flow's number, -1 if there is none."""
    seq: int
    ack: int
    """Raw where the ACK bit is off."""
    window: int
    findings: int
    """Bits of engine.flow.findings."""
    dup_ack_frame: int
    dup_ack_number: int
    peer_base: int
    """What the receiver's sequence numbers count from: SACK blocks are shown relative to it."""
    marks: int
    """Bits of this module."""
    states: int
    """Opener's and responder's state after the segment, in the upper and lower 4 bits (engine.flow.states)."""
    completeness: int
    """Before this segment, as a single pass of tshark shows it."""
    scale: int
    """The sender's window shift; -1 unknown, -2 known not to be used."""
    acks_frame: int = 0
    """The frame whose last byte this segment acknowledges, 0 for none."""
    ack_rtt_ns: int = 0
    bytes_in_flight: int = 0
    """After this segment, 0 if unknown."""
    rto_ns: int = 0
    """For a retransmission: how long its first sending was ago."""
    rto_frame: int = 0
    irtt_ns: int = 0
    """The handshake's round trip as known at this segment, 0 if unknown."""
    since_first_ns: int = 0
    """Since the flow's first frame."""
    since_previous_ns: int = 0

    def packed(self) -> bytes:
        """The part that the packet list needs, in PACKED_BYTES bytes; `unpack_placed` reads it back."""
        return _PACKED.pack(
            self.number, self.stream, self.seq, self.ack, self.window, self.findings, self.dup_ack_frame,
            self.dup_ack_number & 0xFFFFFFFF, self.peer_base, self.marks, self.states, self.completeness, self.scale,
        )  # fmt: skip


def unpack_placed(packed: bytes, offset: int = 0) -> Placed:
    """What `Placed.packed` packed; the fields it leaves out have their defaults."""
    return Placed(*_PACKED.unpack_from(packed, offset))
