"""Our decoder and scapy's builders agree on every field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.capture.decode import decode_frame
from engine.flow.options import SACK, fast_open_cookie, parse_options, sack_blocks, timestamps
from engine.model.packets import Segment

pytest.importorskip("scapy")

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
OPTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("MSS"), U16),
        st.tuples(st.just("WScale"), st.integers(0, 255)),
        st.just(("SAckOK", b"")),
        st.just(("NOP", None)),
        st.tuples(st.just("Timestamp"), st.tuples(U32, U32)),
        st.tuples(st.just("SAck"), st.tuples(U32, U32)),
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def inet() -> Any:
    """scapy's layers, loaded once, by the tests alone."""
    import scapy.layers.inet
    import scapy.layers.inet6
    import scapy.layers.l2

    return scapy.layers


@given(
    U16, U16, U32, U32, st.integers(0, 0x1FF), U16, U16, st.integers(1, 255), U16, st.binary(max_size=60), OPTIONS,
    st.booleans(), st.booleans(),
)  # fmt: skip
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_field_that_scapy_writes_is_read(
    inet: Any, sport: int, dport: int, seq: int, ack: int, flags: int, window: int, urgent: int, ttl: int, ident: int,
    payload: bytes, options: list[tuple[str, Any]], six: bool, tagged: bool,
) -> None:  # fmt: skip
    tcp = inet.inet.TCP(
        sport=sport, dport=dport, seq=seq, ack=ack, flags=flags, window=window, urgptr=urgent, options=options
    )  # fmt: skip
    ip = inet.inet6.IPv6(src="fd00::1", dst="fd00::2", hlim=ttl) if six else inet.inet.IP(
        src="10.0.0.1", dst="10.0.0.2", ttl=ttl, id=ident
    )  # fmt: skip
    ether = inet.l2.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")  # else scapy asks the network for them
    below = ether / inet.l2.Dot1Q(vlan=5) if tagged else ether
    data = bytes(below / ip / tcp / payload)
    segment = decode_frame(1, data, len(data), 0)
    assert isinstance(segment, Segment)
    assert (segment.sport, segment.dport, segment.seq, segment.ack) == (sport, dport, seq, ack)
    assert (segment.flags & 0x1FF, segment.wnd, segment.urg, segment.len) == (flags, window, urgent, len(payload))
    assert (segment.ttl, segment.ip_id) == (ttl, 0 if six else ident)
    read = {kind: value for kind, value in parse_options(segment.options).options if kind > 1}
    for name, _value in options:
        if name == "MSS":
            assert 2 in read
        elif name == "WScale":
            assert 3 in read
        elif name == "SAckOK":
            assert read[4] == b""
        elif name == "SAck":
            assert SACK in read
    stamps = [value for name, value in options if name == "Timestamp"]
    assert timestamps(segment.options) == (stamps[0] if stamps else None)
    blocks = [value for name, value in options if name == "SAck"]
    if blocks:
        assert sack_blocks(read[SACK]) == [blocks[-1]]
    assert all(fast_open_cookie(kind, value) is None for kind, value in read.items())
