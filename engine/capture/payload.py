"""Where the payload of a TCP segment lies in its frame."""

from __future__ import annotations

from engine.capture.ip import walk_ip
from engine.capture.link import link_payload
from engine.model.errors import MalformedMessage
from engine.model.packets import Segment

_ETHERNET = 1
_IPV4_LAYERS, _IPV6_LAYERS = "eth:ethertype:ip:tcp", "eth:ethertype:ipv6:tcp"
_IPV4_PLAIN = b"\x08\x00\x45"


def tcp_payload(link_type: int, data: bytes, wire_length: int, segment: Segment) -> bytes:
    """What was captured of a segment's payload; empty for one that was put together from IP fragments, of which its
    last frame holds only a part."""
    if segment.len <= 0 or segment.fragmented:
        return b""
    if link_type == _ETHERNET and segment.layers == _IPV4_LAYERS and data[12:15] == _IPV4_PLAIN:
        start = 34
    elif link_type == _ETHERNET and segment.layers == _IPV6_LAYERS:
        start = 54
    else:
        try:
            below = link_payload(link_type, data, max(wire_length, len(data)))
            start = walk_ip(data, below, None, segment.ts_ns).offset
        except MalformedMessage:
            return b""  # it was decoded as a fragment's whole: nothing of it lies here
    start += segment.header_length
    return data[start : start + segment.len]
