"""A flow of the table as the value that crosses to the screen."""

from __future__ import annotations

from engine.capture.ip_text import address_text
from engine.flow.flow import SPECIAL_HOLE, Direction, Flow
from engine.flow.states import pair_names
from engine.model.flows import FlowEnd, FlowSummary
from engine.model.tcp import SocketState

_WRAP = 0xFFFFFFFF
_OPENED_BY_SECOND = 2


def turned(flow: Flow) -> bool:
    """The sender of the first frame seen did not open the conversation: a SYN,ACK told that the other one did."""
    return flow.opener == _OPENED_BY_SECOND


def flow_summary(flow: Flow) -> FlowSummary:
    """Everything about one conversation, the opener first where it is known."""
    sender, receiver = pair_names(flow.states)
    first = _end(flow.src, flow.sport, sender, flow.forward, flow.backward)
    second = _end(flow.dst, flow.dport, receiver, flow.backward, flow.forward)
    if turned(flow):
        first, second = second, first
    return FlowSummary(
        stream=flow.stream,
        first=first,
        second=second,
        opener_seen=flow.opener > 0,
        first_frame=flow.first_frame,
        last_frame=flow.last_frame,
        first_ns=flow.first_ns,
        last_ns=flow.last_ns,
        syn_ns=flow.syn_ns,
        established_ns=flow.established_ns,
        first_data_ns=flow.first_data_ns,
        fin_ns=flow.fin_ns,
        over_ns=flow.over_ns,
        irtt_ns=flow.irtt_ns,
        completeness=max(flow.completeness, 0),
        findings=flow.findings,
        uncertain=bool(flow.special & SPECIAL_HOLE),
        interface=flow.interface,
        over=flow.over,
    )


def _end(address: bytes, port: int, state: SocketState, me: Direction, you: Direction) -> FlowEnd:
    scaled = me.scale > 0 and not me.fresh  # a SYN's own window is never scaled (RFC 7323 section 2.2)
    return FlowEnd(
        address=address_text(address),
        port=port,
        state=state,
        segments=me.segments,
        payload_bytes=me.payload_bytes,
        resent=me.resent,
        window=(me.window << me.scale if scaled else me.window) if me.segments else None,
        srtt_ns=me.srtt_ns,
        next_seq=me.nextseq - me.base & _WRAP if me.nextseq else 0,
        last_ack=me.lastack - you.base & _WRAP if me.lastack else 0,
    )
