"""The flow table: which flow a segment belongs to, what a flow knows, and how much memory all of them take."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from engine.flow.findings import LOST_SEGMENT, REUSED_PORTS
from engine.flow.flow import completeness_text
from engine.flow.placed import ACCURATE_ECN, NO_LENGTH, NO_STREAM, UNCERTAIN, Placed, unpack_placed
from engine.flow.table import FLOW_BYTES, UNACKED_BYTES, FlowTable
from engine.model.packets import Segment

A, B = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
FIN, SYN, RST, PSH, ACK, ECE, CWR, AE = 1, 2, 4, 8, 16, 0x40, 0x80, 0x100


def segment(
    flags: int = ACK, seq: int = 1, ack: int = 1, length: int = 0, *, back: bool = False, at_ms: float = 0,
    port: int = 41000, wnd: int = 8192, options: bytes = b"", interface: int = 0,
) -> Segment:  # fmt: skip
    src, dst, sport, dport = (B, A, 80, port) if back else (A, B, port, 80)
    return Segment(
        1_700_000_000_000_000_000 + round(at_ms * 1e6), src, dst, sport, dport, seq, ack if flags & ACK else 0, flags,
        wnd, 0, length, 20 + len(options), options, interface,
    )  # fmt: skip


class Wire:
    """Feeds a table and numbers the frames."""

    def __init__(self, table: FlowTable | None = None) -> None:
        self.table = table or FlowTable()
        self.number = 0

    def __call__(self, sent: Segment) -> Placed:
        self.number += 1
        return self.table.feed(sent, self.number)


def test_both_directions_are_one_flow_and_other_ports_another() -> None:
    wire = Wire()
    streams = [wire(segment()), wire(segment(back=True)), wire(segment(port=41001)), wire(segment())]
    assert [placed.stream for placed in streams] == [0, 0, 1, 0]


def test_interfaces_keep_flows_apart_only_where_asked() -> None:
    together, apart = Wire(), Wire(FlowTable(by_interface=True))
    assert [together(segment(interface=index)).stream for index in (1, 2)] == [0, 0]
    assert [apart(segment(interface=index)).stream for index in (1, 2, 1)] == [0, 1, 0]


def test_a_host_that_talks_to_itself_has_one_direction() -> None:
    wire = Wire()
    same = Segment(0, A, A, 80, 80, 1, 1, ACK, 1, 0, 10, 20, b"")
    assert wire(same).stream == 0
    assert wire(same).stream == 0
    assert wire.table.flows[0].forward.segments == 2
    assert wire.table.flows[0].backward.segments == 0


def test_a_flow_tells_who_opened_it_when_and_what_went_each_way() -> None:
    wire = Wire()
    wire(segment(SYN, seq=99))
    wire(segment(SYN | ACK, seq=499, ack=100, back=True, at_ms=10))
    wire(segment(ACK, seq=100, ack=500, at_ms=20))
    wire(segment(PSH | ACK, seq=100, ack=500, length=70, at_ms=30))
    wire(segment(PSH | ACK, seq=100, ack=500, length=70, at_ms=330))
    wire(segment(ACK, seq=500, ack=170, back=True, at_ms=340))
    wire(segment(FIN | ACK, seq=170, ack=500, at_ms=350))
    wire(segment(FIN | ACK, seq=500, ack=171, back=True, at_ms=360))
    wire(segment(ACK, seq=171, ack=501, at_ms=370))
    flow = wire.table.flows[0]
    start = flow.first_ns
    assert (flow.src, flow.sport, flow.dst, flow.dport, flow.opener) == (A, 41000, B, 80, 1)
    assert flow.irtt_ns == 20_000_000
    assert flow.established_ns - start == 20_000_000
    assert flow.first_data_ns - start == 30_000_000
    assert flow.fin_ns - start == 350_000_000
    assert flow.over_ns - start == 370_000_000
    assert flow.over
    assert (flow.forward.segments, flow.forward.payload_bytes, flow.forward.resent) == (6, 140, 1)
    assert (flow.backward.segments, flow.backward.payload_bytes, flow.backward.resent) == (3, 0, 0)
    assert completeness_text(flow.completeness) == "Complete, WITH_DATA (31)"


def test_the_opener_is_known_from_the_answer_where_the_syn_was_missed() -> None:
    wire = Wire()
    wire(segment(SYN | ACK, seq=499, ack=100, back=True))
    assert wire.table.flows[0].opener == 2


def test_the_round_trip_is_smoothed_and_leaves_out_what_was_sent_again() -> None:
    wire = Wire()
    wire(segment(seq=1, length=10, at_ms=0))
    wire(segment(back=True, ack=11, at_ms=8))
    flow = wire.table.flows[0]
    assert (flow.forward.srtt_ns, flow.forward.rttvar_ns) == (8_000_000, 4_000_000)
    wire(segment(seq=11, length=10, at_ms=100))
    wire(segment(seq=11, length=10, at_ms=400))
    wire(segment(back=True, ack=21, at_ms=401))
    assert flow.forward.srtt_ns == 8_000_000
    wire(segment(seq=21, length=10, at_ms=500))
    wire(segment(back=True, ack=31, at_ms=516))
    assert (flow.forward.srtt_ns, flow.forward.rttvar_ns) == (9_000_000, 5_000_000)


def test_find_sees_a_flow_from_both_ends() -> None:
    wire = Wire()
    wire(segment())
    assert wire.table.find(A, 41000, B, 80) is wire.table.flows[0]
    assert wire.table.find(B, 80, A, 41000) is wire.table.flows[0]
    assert wire.table.find(A, 41001, B, 80) is None


def test_an_older_flow_of_the_same_ports_stays_to_be_looked_at() -> None:
    wire = Wire()
    wire(segment(SYN, seq=10))
    wire(segment(SYN | ACK, seq=20, ack=11, back=True))
    again = wire(segment(SYN, seq=9000))
    assert (again.stream, again.findings, again.completeness) == (1, REUSED_PORTS, 1)
    assert wire(segment(SYN | ACK, seq=7000, ack=9001, back=True)).stream == 1
    assert list(wire.table.flows) == [0, 1]


def test_a_header_with_hardly_more_than_ports_belongs_to_no_stream() -> None:
    wire = Wire()
    cut = segment()
    cut.truncated, cut.header_captured = True, 15
    placed = wire(cut)
    assert (placed.stream, placed.marks & NO_STREAM) == (-1, NO_STREAM)
    assert wire.table.flows == {}


def test_a_header_up_to_its_window_is_enough_for_a_stream() -> None:
    wire = Wire()
    cut = segment()
    cut.truncated, cut.header_captured = True, 16
    placed = wire(cut)
    assert (placed.stream, placed.marks & NO_STREAM) == (0, 0)


def test_ecn_that_was_agreed_on_is_a_counter_except_on_a_syn() -> None:
    wire = Wire()
    wire(segment(SYN | AE | CWR | ECE, seq=10))
    answers = [wire(segment(SYN | ACK | CWR, seq=20, ack=11, back=True)) for _ in range(2)]
    assert [placed.marks & ACCURATE_ECN for placed in answers] == [0, 0]
    assert wire(segment(ACK, seq=11, ack=21)).marks & ACCURATE_ECN


def test_a_segment_of_unknown_length_is_not_analysed() -> None:
    wire = Wire()
    wire(segment(seq=1, length=10))
    unknown = segment(seq=500)
    unknown.len = -1
    placed = wire(unknown)
    assert (placed.findings, placed.marks & NO_LENGTH, placed.seq) == (0, NO_LENGTH, 500)


def test_a_loss_is_counted_and_casts_doubt() -> None:
    wire = Wire()
    wire(segment(seq=1, length=10))
    wire.table.note_loss(7)
    placed = wire(segment(seq=500, length=10))
    assert wire.table.losses == 7
    assert (placed.findings, placed.marks) == (LOST_SEGMENT, UNCERTAIN)


def test_a_placed_segment_survives_its_packing() -> None:
    wire = Wire()
    wire(segment(SYN, seq=0xFFFFFFF0, options=b"\3\3\7\0"))
    wire(segment(SYN | ACK, seq=5, ack=0xFFFFFFF1, back=True, options=b"\3\3\2\0"))
    wire(segment(seq=0xFFFFFFF1, ack=6, length=10))
    wire(segment(seq=6, ack=0xFFFFFFFB, back=True))
    placed = wire(segment(seq=6, ack=0xFFFFFFFB, back=True))
    kept = unpack_placed(placed.packed())
    for field in (
        "number", "stream", "seq", "ack", "window", "findings", "dup_ack_frame", "dup_ack_number", "peer_base", "marks",
        "states", "completeness", "scale",
    ):  # fmt: skip
        assert getattr(kept, field) == getattr(placed, field), field
    assert (kept.dup_ack_frame, kept.dup_ack_number, kept.window) == (4, 1, 8192 << 2)


def test_a_flood_holds_the_table_at_its_maximum_and_is_counted() -> None:
    table = FlowTable(max_bytes=500 * FLOW_BYTES)
    wire = Wire(table)
    for port in range(1024, 11024):
        wire(segment(SYN, seq=port, port=port))
        assert table.bytes <= table.max_bytes
    assert table.streams == 10_000
    assert table.evicted == 10_000 - len(table.flows)
    assert 400 < len(table.flows) <= 500
    assert len(table._entries) == len(table.flows)


def test_flows_that_are_over_go_first_then_the_least_recent() -> None:
    table = FlowTable(max_bytes=16 * (FLOW_BYTES + 600))
    wire = Wire(table)
    for port in range(1, 11):
        wire(segment(SYN, seq=9, port=port))
        wire(segment(RST | ACK, seq=0, ack=10, back=True, port=port))
    for port in range(11, 15):
        wire(segment(port=port))
    wire(segment(port=11))
    for port in range(100, 130):
        wire(segment(port=port))
        if table.evicted:
            break
    left = {flow.sport for flow in table.flows.values()}
    assert left >= {11, 12, 13, 14}
    assert min(left & set(range(1, 11)), default=99) > 1
    assert table.evicted


def test_an_evicted_flow_is_a_new_one_when_it_goes_on() -> None:
    table = FlowTable(max_bytes=20 * FLOW_BYTES)
    wire = Wire(table)
    wire(segment(port=1))
    for port in range(100, 140):
        wire(segment(SYN, port=port))
    assert wire(segment(port=1)).stream == 41


def test_segments_that_nobody_acknowledges_are_charged_and_bounded() -> None:
    table = FlowTable(max_bytes=4_000_000)
    wire = Wire(table)
    for number in range(12_000):
        wire(segment(seq=1 + number * 10, length=10))
    flow = table.flows[0]
    assert len(flow.forward.unacked or ()) == 10_000
    assert flow.extra_bytes >= 9_900 * UNACKED_BYTES


@pytest.mark.parametrize("answered", [False, True])
def test_the_memory_charged_for_flows_is_what_they_take(answered: bool) -> None:
    rng = random.Random(1)
    table = FlowTable(max_bytes=1 << 40)
    wire = Wire(table)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for port in range(1024, 4024):
            isn = rng.randrange(1 << 31)
            wire(segment(SYN, seq=isn, port=port, at_ms=port, wnd=60_000 + port))
            if answered:
                wire(
                    segment(
                        SYN | ACK, seq=isn + 5, ack=isn + 1, back=True, port=port, at_ms=port + 1, wnd=50_000 + port
                    )
                )
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    for flow in table.flows.values():
        table._charge(flow)
    assert 0.75 < table.bytes / (after - before) < 1.4


def test_disordered_segments_do_not_make_acknowledging_slow() -> None:
    table = FlowTable()
    wire = Wire(table)
    rng = random.Random(2)
    for _ in range(3000):
        wire(segment(seq=rng.randrange(1, 1_000_000), length=1000))
    before = len(table.flows[0].forward.unacked or ())
    for number in range(300):
        wire(segment(back=True, ack=number * 3000))
    assert len(table.flows[0].forward.unacked or ()) < before


def test_a_flood_of_syns_from_distinct_ports_holds_the_table_at_its_maximum() -> None:
    table = FlowTable(max_bytes=1_000_000)
    wire = Wire(table)
    most = fewest = 0
    for number in range(30_000):
        wire(segment(SYN, seq=number, port=1 + number))
        if number > 2_000:
            most = max(most, len(table.flows))
            fewest = min(fewest or most, len(table.flows))
    assert table.bytes <= 1_000_000
    assert table.evicted + len(table.flows) == table.streams == 30_000
    assert fewest > 0.8 * most
    assert len(table._entries) == len(table.flows)
