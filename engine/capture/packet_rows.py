"""One line of the packet list, made of what was decoded and what the flow analysis found."""

from __future__ import annotations

from engine.capture.ip_text import address_text
from engine.flow.findings import finding_names
from engine.flow.info import info_line
from engine.flow.placed import MULTIPATH, NO_STREAM, UNCERTAIN, Placed
from engine.model.packets import OtherFrame, PacketRow, Segment

_ACK = 0x010

LOST_PROTOCOL = "(lost)"
"""Stands in the Protocol column of the row that says how many frames are missing there."""
OFF_TEXT = "the capture was off here: nobody knows what is missing"


def segment_row(segment: Segment, placed: Placed, wire_length: int) -> PacketRow:
    """The line of a TCP segment."""
    marks, flags = placed.marks, segment.flags
    known = not marks & NO_STREAM
    return PacketRow(
        placed.number,
        segment.ts_ns,
        address_text(segment.src),
        address_text(segment.dst),
        "MPTCP" if marks & MULTIPATH else "TCP",
        wire_length,
        info_line(segment, placed),
        placed.stream,
        flags,
        finding_names(placed.findings) if placed.findings else (),
        segment.sport,
        segment.dport,
        max(segment.len, 0),
        bool(marks & UNCERTAIN),
        placed.seq if known else None,
        placed.ack if known and flags & _ACK else None,
        placed.window if known else None,
    )


def other_row(number: int, frame: OtherFrame, wire_length: int, stream: int = -1) -> PacketRow:
    """The line of any other frame. `stream` is that of the segment which an ICMP error quotes."""
    return PacketRow(
        number,
        frame.ts_ns,
        address_text(frame.src),
        address_text(frame.dst),
        frame.protocol,
        wire_length,
        frame.info,
        stream,
        0,
        (),
        frame.sport,
        frame.dport,
    )


def lost_row(number: int, ts_ns: int, frames: int) -> PacketRow:
    """The line that stands where the kernel dropped frames, or where the capture was off (0 frames). It has a number of
    its own."""
    plural = "frame is" if frames == 1 else "frames are"
    info = f"{frames:,} {plural} missing here: the kernel had no room and dropped them" if frames else OFF_TEXT
    return PacketRow(number, ts_ns, "", "", LOST_PROTOCOL, 0, info, uncertain=True)
