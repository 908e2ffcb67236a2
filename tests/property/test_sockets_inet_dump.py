"""No bytes make the inet_diag decoder raise, and none make it invent a row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.sockets.inet_dump import InetDump, InetMemory
from tests.unit.sockets_messages import ALL_ATTRIBUTES, SEQUENCE, done, framed, inet_row

RECORDED = (
    inet_row(cookie=1, attributes=ALL_ATTRIBUTES)
    + inet_row(cookie=2, state=10, source="0.0.0.0")
    + inet_row(cookie=3, family=10, source="::1", destination="::1", attributes=ALL_ATTRIBUTES)
    + inet_row(cookie=4, state=6, timer=3)
    + done()
)


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_survived(raw: bytes, remembers: bool) -> None:
    dump = InetDump("tcp", SEQUENCE, InetMemory() if remembers else None)
    dump.feed(raw)


@given(st.binary(max_size=300), st.booleans())
def test_any_payload_is_a_row_or_counted(payload: bytes, remembers: bool) -> None:
    dump = InetDump("udp", SEQUENCE, InetMemory() if remembers else None)
    dump.feed(framed(20, payload))
    assert len(dump.entries) + dump.malformed == 1


@given(st.integers(0, len(RECORDED) - 1), st.integers(0, 255), st.booleans())
def test_one_wrong_byte_costs_no_more_than_its_buffer(position: int, value: int, remembers: bool) -> None:
    raw = bytearray(RECORDED)
    raw[position] = value
    dump = InetDump("tcp", SEQUENCE, InetMemory() if remembers else None)
    dump.feed(bytes(raw))
    assert len(dump.entries) <= 4


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_with_a_memory_and_without_the_rows_are_the_same(buffers: list[bytes]) -> None:
    plain, remembering = InetDump("tcp", SEQUENCE), InetDump("tcp", SEQUENCE, InetMemory())
    for buffer in [*buffers, RECORDED]:
        plain.feed(buffer)
        remembering.feed(buffer)
    assert plain.entries == remembering.entries
    assert plain.malformed == remembering.malformed
