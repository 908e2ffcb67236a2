"""Rows as JSON Lines: one object a TCP segment, with tshark's values under short names.

Times are texts of seconds with 9 decimals, as tshark prints them: a JSON number would not hold nanoseconds since 1970.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import msgspec

from engine.capture.ip_text import address_text
from engine.capture.read import Reading, Rows
from engine.flow import placed as mark
from engine.flow.findings import DUPLICATE_ACK, OUT_OF_ORDER, RESENT, RETRANSMISSION, finding_names
from engine.flow.info import flags_text, info_line
from engine.flow.options import (
    CUT,
    FAST_OPEN,
    MAX_SHIFT,
    MPTCP,
    MSS,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    TIMESTAMPS_ALONE,
    UNREADABLE,
    WINDOW_SCALE,
    fast_open_cookie,
    is_duplicate_sack,
    parse_options,
    sack_blocks,
)
from engine.flow.placed import Placed
from engine.flow.states import pair_names
from engine.model.packets import Segment

_SYN, _RST, _ACK = 0x002, 0x004, 0x010
_FIN_SYN = 0x003
_WRAP = 0xFFFFFFFF
_BROKEN = mark.CUT_OPTIONS | mark.MALFORMED
_UNUSUAL = _BROKEN | mark.UNCERTAIN | mark.NO_LENGTH | mark.NO_STREAM
_UNVERIFIED = 2  # what tshark says of a checksum that it was not asked to check
_TIMESTAMP_KINDS = (1, 1, 8)
_TWO_NUMBERS = struct.Struct("!II").unpack_from


class SegmentObject(msgspec.Struct, omit_defaults=True, gc=False):
    """One line. Sequence numbers are relative, the window is scaled; what ends in `_raw` is as in the header."""

    frame: int
    stream: int | None
    t: str
    """Since the first frame."""
    src: str
    dst: str
    sport: int | None
    dport: int | None
    flags: str | None
    seq: int | None
    ack: int | None
    """Null without the ACK bit."""
    win: int | None
    len: int | None
    analysis: tuple[str, ...]
    """Names of tcp.analysis.*, without the plain `retransmission` that a fast or spurious one raises too."""
    t_epoch: str
    frame_len: int
    cap_len: int
    protocols: str
    info: str
    seq_raw: int | None = None
    ack_raw: int | None = None
    nxtseq: int | None = None
    win_raw: int | None = None
    win_scale: int | None = None
    """Multiplier; -1 unknown, -2 not used."""
    hdr_len: int | None = None
    flags_hex: str | None = None
    completeness: int | None = None
    """What the conversation had shown before this segment."""
    states: tuple[str, str] | None = None
    """The opener's and the responder's, after this segment."""
    t_stream: str | None = None
    t_delta: str | None = None
    option_kinds: tuple[int, ...] | None = None
    checksum_status: int | None = None
    tsval: int | None = None
    tsecr: int | None = None
    acks_frame: int | None = None
    ack_rtt: str | None = None
    bytes_in_flight: int | None = None
    irtt: str | None = None
    analysis_raw: tuple[str, ...] | None = None
    dup_ack_frame: int | None = None
    dup_ack_num: int | None = None
    mss: int | None = None
    ws: int | None = None
    ws_shift: int | None = None
    sackperm: bool = False
    sle: list[int] | None = None
    sre: list[int] | None = None
    dsack: bool = False
    mptcp: list[int] | None = None
    """Subtypes of the Multipath TCP options."""
    tfo_cookie: str | None = None
    tfo_request: bool = False
    rto: str | None = None
    rto_frame: int | None = None
    urg: int | None = None
    fragmented: bool = False
    malformed: bool = False
    uncertain: bool = False
    """A capture loss makes `analysis` doubtful."""


_encoder = msgspec.json.Encoder()


def json_lines(rows: Rows, first_ns: int) -> bytes:
    """The objects of the TCP segments among the rows, each on its line; `first_ns` is the time of frame 1."""
    objects = []
    for _, wire_length, captured, segment, placed, _ in rows.each():
        if segment is not None and placed is not None:
            objects.append(segment_object(segment, placed, wire_length, captured, first_ns))
    return _encoder.encode_lines(objects)


def seconds(ns: int) -> str:
    """Nanoseconds as seconds with 9 decimals."""
    if -_EXACT_NS < ns < _EXACT_NS:
        return f"{ns / 1e9:.9f}"
    whole, rest = divmod(abs(ns), 1_000_000_000)
    return f"{'-' if ns < 0 else ''}{whole}.{rest:09d}"


_EXACT_NS = 1 << 52  # up to here, 52 days, a float tells nanoseconds apart

_constant_seconds = lru_cache(4096)(seconds)


def segment_object(segment: Segment, placed: Placed, wire_length: int, captured: int, first_ns: int) -> SegmentObject:
    """The object of one segment, of whose frame `captured` bytes are in the file."""
    flags, length, findings, marks = segment.flags, segment.len, placed.findings, placed.marks
    now_ns, scale, raw = segment.ts_ns, placed.scale, segment.options
    seq, bytes_in_flight, acks_frame = placed.seq, placed.bytes_in_flight, placed.acks_frame
    epoch = str(now_ns)
    layers = segment.layers
    # tshark hands on no payload that was sent before, came late, is a reset's reason, or was not captured at all
    if (
        length > 0
        and not flags & _RST
        and not findings & (RETRANSMISSION | OUT_OF_ORDER)
        and (captured >= wire_length or captured > wire_length - length)
    ):
        layers += ":data"
    tsval = tsecr = irtt = None
    kinds: tuple[int, ...] = ()
    if len(raw) == 12 and raw.startswith(TIMESTAMPS_ALONE):
        tsval, tsecr = _TWO_NUMBERS(raw, 4)
        kinds = _TIMESTAMP_KINDS
    if placed.irtt_ns and (acks_frame or bytes_in_flight or findings or marks & mark.ACKS_UNSEEN_AGAIN):
        irtt = _constant_seconds(placed.irtt_ns)
    line = SegmentObject(
        placed.number,
        placed.stream,
        seconds(now_ns - first_ns),
        address_text(segment.src),
        address_text(segment.dst),
        segment.sport,
        segment.dport,
        flags_text(flags, marks & mark.ACCURATE_ECN),
        seq,
        placed.ack if flags & _ACK else None,
        placed.window,
        length,
        finding_names(findings),
        f"{epoch[:-9] or 0}.{epoch[-9:]:>09}",
        wire_length,
        captured,
        layers,
        info_line(segment, placed),
        segment.seq,
        segment.ack,
        seq + length + (1 if flags & _FIN_SYN else 0) & _WRAP,
        segment.wnd,
        None if flags & _SYN else scale if scale < 0 else 1 << scale,
        segment.header_length,
        _hexadecimal(flags),
        placed.completeness,
        _state_names(placed.states),
        seconds(placed.since_first_ns),
        seconds(placed.since_previous_ns),
        kinds,
        _UNVERIFIED,
        tsval,
        tsecr,
        acks_frame or None,
        seconds(placed.ack_rtt_ns) if placed.ack_rtt_ns else None,
        bytes_in_flight or None,
        irtt,
    )
    if raw and not kinds:
        _add_options(line, segment, placed)
    if findings:
        _add_findings(line, placed)
    if segment.urg:
        line.urg = segment.urg
    if marks & _UNUSUAL or segment.header_length < 20 or segment.fragmented:
        _correct(line, segment, placed)
    return line


def _add_findings(line: SegmentObject, placed: Placed) -> None:
    findings = placed.findings
    if findings & DUPLICATE_ACK:
        line.dup_ack_frame, line.dup_ack_num = placed.dup_ack_frame, placed.dup_ack_number
    if findings & RESENT & ~RETRANSMISSION:
        line.analysis_raw = finding_names(findings | RETRANSMISSION)
    if placed.rto_ns:
        line.rto, line.rto_frame = seconds(placed.rto_ns), placed.rto_frame


def _add_options(line: SegmentObject, segment: Segment, placed: Placed) -> None:
    raw = segment.options
    options, end = parse_options(raw, segment.header_length - 20 - len(raw))
    line.option_kinds = tuple([kind for kind, _ in options])
    for kind, value in options:
        size = len(value)
        if kind == TIMESTAMPS and size == 8:
            line.tsval, line.tsecr = int.from_bytes(value[:4], "big"), int.from_bytes(value[4:], "big")
        elif kind == MSS and size == 2:
            line.mss = int.from_bytes(value, "big")
        elif kind == WINDOW_SCALE and size == 1:
            line.ws, line.ws_shift = 1 << min(value[0], MAX_SHIFT), value[0]
        elif kind == SACK_PERMITTED:
            line.sackperm = True
        elif kind == SACK:
            blocks = sack_blocks(value)
            line.sle = [left - placed.peer_base & _WRAP for left, _ in blocks]
            line.sre = [right - placed.peer_base & _WRAP for _, right in blocks]
            line.dsack = is_duplicate_sack(blocks, segment.ack)
        elif kind == MPTCP and value:
            line.mptcp = [*(line.mptcp or ()), value[0] >> 4]
            below = line.protocols.removesuffix(":data")
            line.protocols = f"{below}:mptcp{line.protocols[len(below) :]}"
        elif kind >= FAST_OPEN:
            cookie = fast_open_cookie(kind, value)
            if cookie is not None:
                line.tfo_cookie, line.tfo_request = cookie.hex() or None, not cookie

    if end in (CUT, UNREADABLE) and options:
        _add_cut_option(line, *options[-1], placed.peer_base)


def _add_cut_option(line: SegmentObject, kind: int, value: bytes, peer_base: int) -> None:
    """The first of two numbers, where the option or the capture ends before the second."""
    first = value[len(value) & ~7 :]
    if len(first) >= 4 and kind == TIMESTAMPS:
        line.tsval = int.from_bytes(first[:4], "big")
    elif len(first) >= 4 and kind == SACK:
        line.sle = [*(line.sle or ()), int.from_bytes(first[:4], "big") - peer_base & _WRAP]


def _correct(line: SegmentObject, segment: Segment, placed: Placed) -> None:
    """Take out of a line what is not known of a segment that is not all there, and say why."""
    marks = placed.marks
    line.fragmented = segment.fragmented and segment.len >= 0
    line.malformed = bool(marks & mark.MALFORMED)
    line.uncertain = bool(marks & mark.UNCERTAIN)
    if segment.len < 0:
        line.len = line.nxtseq = None
    if marks & _BROKEN or segment.header_length < 20:
        line.protocols = line.protocols.removesuffix(":data")
        line.acks_frame = line.ack_rtt = line.irtt = line.rto = line.rto_frame = line.bytes_in_flight = None
    if segment.header_length < 20:  # past the sequence number nothing is taken for a TCP header's
        line.ack = line.win = line.ack_raw = line.win_raw = line.win_scale = line.nxtseq = line.urg = None
        line.flags_hex = line.t_stream = line.t_delta = line.option_kinds = line.checksum_status = None
    if marks & mark.NO_STREAM:
        line.stream = line.flags = line.seq = line.ack = line.win = line.len = None
        line.seq_raw = line.ack_raw = line.nxtseq = line.win_raw = line.win_scale = line.hdr_len = line.flags_hex = None
        line.completeness = line.states = line.t_stream = line.t_delta = line.option_kinds = line.urg = None
        line.checksum_status = None


@lru_cache(256)
def _state_names(states: int) -> tuple[str, str]:
    opener, responder = pair_names(states)
    return opener.value, responder.value


@lru_cache(4096)
def _hexadecimal(flags: int) -> str:
    return f"0x{flags:04x}"


def summary_line(reading: Reading) -> bytes:
    """The last line: how far the lines before it can be trusted."""
    summary = msgspec.structs.asdict(reading.trust) | {
        "segments": reading.segments,
        "streams": reading.flows.streams,
        "flows_evicted": reading.flows.evicted,
        "fragments_given_up": reading.fragments_given_up,
        "notes": reading.notes,
    }
    return _encoder.encode({"summary": summary}) + b"\n"
