"""Rows as JSON Lines: one object a TCP segment, with tshark's values under short names.

The objects are written by hand: every value is a number or a text of this program's own making, and this is the inner
loop of `sockmon read --json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from engine.capture.ip_text import address_text
from engine.capture.read import Reading, Row
from engine.flow.findings import OUT_OF_ORDER, RESENT, RETRANSMISSION, finding_names
from engine.flow.info import flags_text, info_line
from engine.flow.options import (
    FAST_OPEN,
    MAX_SHIFT,
    MPTCP,
    MSS,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    fast_open_cookie,
    is_duplicate_sack,
    parse_options,
    sack_blocks,
    timestamps,
)
from engine.flow.placed import (
    ACCURATE_ECN,
    ACKS_UNSEEN_AGAIN,
    CUT_OPTIONS,
    MALFORMED,
    MULTIPATH,
    NO_STREAM,
    UNCERTAIN,
    Placed,
)
from engine.flow.states import pair_names
from engine.model.packets import OtherFrame, Segment

_ACK, _SYN, _RST = 0x10, 0x02, 0x04
_WRAP = 0xFFFFFFFF


@lru_cache(1024)
def _analysis_json(findings: int) -> str:
    names = finding_names(findings)
    text = '"analysis":[' + ",".join(f'"{name}"' for name in names) + "]"
    if findings & RESENT & ~RETRANSMISSION:
        # a fast or spurious retransmission raises the plain one too in tshark
        raw = sorted({*names, "retransmission"})
        text += ',"analysis_raw":[' + ",".join(f'"{name}"' for name in raw) + "]"
    return text


@lru_cache(256)
def _states_json(states: int) -> str:
    opener, responder = pair_names(states)
    return f'"states":["{opener.value}","{responder.value}"]'


def _seconds(ns: int) -> str:
    """Nanoseconds as seconds with 9 decimals."""
    if ns < 0:
        return "-" + _seconds(-ns)
    text = f"{ns:010d}"
    return text[:-9] + "." + text[-9:]


def json_lines(rows: Iterable[Row], first_ns: int) -> str:
    """The objects of the TCP segments among the rows, each on its line; `first_ns` is the time of frame 1."""
    lines = []
    for number, frame, content, placed in rows:
        if placed is not None and isinstance(content, Segment):
            lines.append(_object(number, frame.wire_length, len(frame.data), content, placed, first_ns))
        elif isinstance(content, OtherFrame) and content.protocol == "TCP":
            lines.append(_nearly_nothing(number, frame.wire_length, len(frame.data), content, first_ns))
    return "".join(lines)


def _object(number: int, wire_length: int, captured: int, segment: Segment, placed: Placed, first_ns: int) -> str:
    flags, length, marks, findings = segment.flags, segment.len, placed.marks, placed.findings
    now_ns = segment.ts_ns
    start = (
        f'{{"frame":{number},"stream":{placed.stream if placed.stream >= 0 else "null"},'
        f'"t":"{_seconds(now_ns - first_ns)}",'
        f'"src":"{address_text(segment.src)}","dst":"{address_text(segment.dst)}",'
        f'"sport":{segment.sport},"dport":{segment.dport},'
    )
    end = (
        f'"t_epoch":"{_seconds(now_ns)}","frame_len":{wire_length},"cap_len":{captured},'
        f'"protocols":"{segment.layers}{_layers_above(segment, placed)}","info":"{info_line(segment, placed)}"}}\n'
    )
    malformed = '"malformed":true,' if marks & MALFORMED else ""
    if marks & NO_STREAM:
        return f'{start}"flags":null,"seq":null,"ack":null,"win":null,"len":null,"analysis":[],{malformed}{end}'
    more = malformed
    if segment.fragmented and length >= 0:
        more += '"fragmented":true,'
    if segment.header_length < 20:  # nothing past the sequence number is taken for a TCP header's
        return (
            f'{start}"flags":"{flags_text(flags, bool(marks & ACCURATE_ECN))}","seq":{placed.seq},"ack":null,'
            f'"win":null,"len":{_known(length)},"analysis":[],{more}"seq_raw":{segment.seq},'
            f'"hdr_len":{segment.header_length},"completeness":{placed.completeness},{end}'
        )
    if placed.dup_ack_number:
        more += f'"dup_ack_frame":{placed.dup_ack_frame},"dup_ack_num":{placed.dup_ack_number},'
    if segment.options:
        more += _options_json(segment, placed)
    if not marks & (MALFORMED | CUT_OPTIONS):
        more += _derived_json(placed)
    if segment.urg:
        more += f'"urg":{segment.urg},'
    if marks & UNCERTAIN:
        more += '"uncertain":true,'
    scale = placed.scale
    following = placed.seq + length + (1 if flags & 3 else 0) & _WRAP if length >= 0 else "null"
    return (
        f'{start}"flags":"{flags_text(flags, bool(marks & ACCURATE_ECN))}",'
        f'"seq":{placed.seq},"ack":{placed.ack if flags & _ACK else "null"},"win":{placed.window},'
        f'"len":{_known(length)},{_analysis_json(findings)},{more}'
        f'"seq_raw":{segment.seq},"ack_raw":{segment.ack},"nxtseq":{following},"win_raw":{segment.wnd},'
        f'"win_scale":{"null" if flags & _SYN else scale if scale < 0 else 1 << scale},'
        f'"hdr_len":{segment.header_length},"flags_hex":"0x{flags:04x}","completeness":{placed.completeness},'
        f'{_states_json(placed.states)},"t_stream":"{_seconds(placed.since_first_ns)}",'
        f'"t_delta":"{_seconds(placed.since_previous_ns)}","checksum_status":2,{end}'
    )


def _nearly_nothing(number: int, wire_length: int, captured: int, content: OtherFrame, first_ns: int) -> str:
    """A frame that holds less of a TCP header than the ports."""
    return (
        f'{{"frame":{number},"stream":null,"t":"{_seconds(content.ts_ns - first_ns)}",'
        f'"src":"{address_text(content.src)}","dst":"{address_text(content.dst)}","sport":null,"dport":null,"flags":null,"seq":null,"ack":null,"win":null,'
        f'"len":null,"analysis":[],"t_epoch":"{_seconds(content.ts_ns)}","frame_len":{wire_length},'
        f'"cap_len":{captured},"info":"{content.info}"}}\n'
    )


def _known(length: int) -> int | str:
    return length if length >= 0 else "null"


def _layers_above(segment: Segment, placed: Placed) -> str:
    """The layers of options and payload; tshark hands the payload of what was sent before, or came late, to nobody."""
    text = ""
    if placed.marks & MULTIPATH:
        text = ":mptcp" * sum(kind == MPTCP for kind, _ in parse_options(segment.options).options)
    if segment.len <= 0 or segment.header_length < 20 or segment.flags & _RST:
        return text
    if placed.marks & (CUT_OPTIONS | MALFORMED) or placed.findings & (RETRANSMISSION | OUT_OF_ORDER):
        return text
    return text + ":data"


def _derived_json(placed: Placed) -> str:
    """What the analysis reckons from this and earlier segments."""
    text = ""
    if placed.acks_frame:
        text = f'"acks_frame":{placed.acks_frame},'
        if placed.ack_rtt_ns:
            text += f'"ack_rtt":"{_seconds(placed.ack_rtt_ns)}",'
    if placed.bytes_in_flight:
        text += f'"bytes_in_flight":{placed.bytes_in_flight},'
    if placed.rto_ns:
        text += f'"rto":"{_seconds(placed.rto_ns)}","rto_frame":{placed.rto_frame},'
    if placed.irtt_ns and (text or placed.findings or placed.marks & ACKS_UNSEEN_AGAIN):
        text += f'"irtt":"{_seconds(placed.irtt_ns)}",'
    return text


def _options_json(segment: Segment, placed: Placed) -> str:
    raw = segment.options
    if len(raw) == 12:
        stamps = timestamps(raw)
        if stamps is not None and raw[:2] == b"\1\1":
            return f'"tsval":{stamps[0]},"tsecr":{stamps[1]},"option_kinds":[1,1,8],'
    text = ""
    kinds = []
    multipath = []
    base = placed.peer_base
    for kind, value in parse_options(raw, segment.header_length - 20 - len(raw)).options:
        kinds.append(kind)
        size = len(value)
        if kind == TIMESTAMPS and size == 8:
            text += f'"tsval":{int.from_bytes(value[:4], "big")},"tsecr":{int.from_bytes(value[4:], "big")},'
        elif kind == MSS and size == 2:
            text += f'"mss":{int.from_bytes(value, "big")},'
        elif kind == WINDOW_SCALE and size == 1:
            text += f'"ws":{1 << min(value[0], MAX_SHIFT)},"ws_shift":{value[0]},'
        elif kind == SACK_PERMITTED:
            text += '"sackperm":true,'
        elif kind == SACK:
            text += _sack_json(sack_blocks(value), base, segment.ack)
        elif kind == MPTCP and value:
            multipath.append(value[0] >> 4)
        elif kind >= FAST_OPEN:
            cookie = fast_open_cookie(kind, value)
            if cookie:
                text += f'"tfo_cookie":"{cookie.hex()}",'
            elif cookie is not None:
                text += '"tfo_request":true,'
    if multipath:
        text += f'"mptcp":{multipath},'
    return f'{text}"option_kinds":{kinds},'


def _sack_json(blocks: list[tuple[int, int]], base: int, ack: int) -> str:
    lefts = [left - base & _WRAP for left, _ in blocks]
    rights = [right - base & _WRAP for _, right in blocks]
    duplicate = '"dsack":true,' if is_duplicate_sack(blocks, ack) else ""
    return f'"sle":{lefts},"sre":{rights},{duplicate}'


def summary_line(reading: Reading) -> str:
    """The last line: how far the lines before it can be trusted."""
    summary = msgspec.structs.asdict(reading.trust) | {
        "segments": reading.segments,
        "streams": reading.flows.streams,
        "flows_evicted": reading.flows.evicted,
        "fragments_given_up": reading.fragments_given_up,
        "notes": reading.notes,
    }
    return msgspec.json.encode({"summary": summary}).decode() + "\n"
