"""What the store tells of many frames without decoding them."""

from __future__ import annotations

import struct

from engine.capture.packet_log import PacketLog
from engine.capture.store import BYTES_MIN, LOST, OTHER, TCP
from tests.unit.capture_frames import ACK, FIN, SYN, captured, conversation, gap, tcp, udp

MACS_AND_TYPE = struct.Struct("!12xH")
LONGER_THAN_ANY = struct.Struct("!2000x")


def log_of(*frames: bytes, store_bytes: int = BYTES_MIN) -> PacketLog:
    log = PacketLog(store_bytes)
    log.take([captured(data, ts_ns=1_000 * (at + 1)) for at, data in enumerate(frames)])
    return log


def test_the_frames_of_some_conversations_and_the_places_of_losses_are_found() -> None:
    log = log_of(*conversation(), udp(), *conversation(40001))
    log.take([gap(3), captured(tcp(40001, 80, 5, 5))])
    assert log.belonging(1, log.newest, frozenset((0,))) == [*range(1, 9), 18]
    assert log.belonging(3, 5, frozenset((0,))) == [3, 4, 5]
    assert log.belonging(1, log.newest, frozenset((1,))) == [*range(10, 20)]
    assert log.belonging(1, log.newest, frozenset((7,))) == [18]


def test_only_frames_that_are_kept_are_looked_at() -> None:
    log = log_of(*(tcp(payload=bytes(1_000)) for _ in range(2_000)))
    assert log.oldest > 1
    found = log.belonging(1, 1 << 40, frozenset((0,)))
    assert found == list(range(log.oldest, log.newest + 1))


def test_a_glance_tells_what_the_analysis_left_and_the_head_of_the_frame() -> None:
    log = log_of(*conversation(), udp())
    log.take([gap(3)])
    glances = {number: (fields, head) for number, fields, head in log.glances([1, 6, 9, 10], MACS_AND_TYPE)}
    (ts_ns, captured_bytes, link_type, kind, flags, stream, seq, _, window, findings, _, _), head = glances[1]
    assert (ts_ns, captured_bytes, link_type, kind, flags, stream) == (1_000, 54, 1, TCP, SYN, 0)
    assert (seq, window, findings, head) == (0, 512, 0, (0x0800,))
    fields, _ = glances[6]
    assert (fields[4], fields[6], fields[7]) == (FIN | ACK, 6, 1)
    assert [glances[number][0][3] for number in (9, 10)] == [OTHER, LOST]


def test_a_frame_that_is_shorter_than_the_head_has_none() -> None:
    log = log_of(*conversation())
    assert [head for _, _, head in log.glances(range(1, 9), LONGER_THAN_ANY)] == [()] * 8


def test_a_frame_of_the_head_s_own_length_has_one() -> None:
    data = tcp()
    whole = struct.Struct(f"!{len(data) - 1}xB")
    assert [head for _, _, head in log_of(data).glances([1], whole)] == [(data[-1],)]
