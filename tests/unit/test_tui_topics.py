"""What `e` offers: the row itself, then each of its columns or fields with the value that stands there."""

from __future__ import annotations

import pytest

from engine.model.lab import Call
from engine.model.packets import PacketRow
from engine.model.verdicts import Certainty, Severity, Subject, SubjectKind, Verdict
from engine.text.cells import Look
from engine.text.explain.entry import Kind
from tests.tui import fakes, flows
from tests.unit.socket_entries import entry, tcp_info
from tui.widgets import call_columns, flow_columns, packet_columns, socket_detail
from tui.widgets.columns import fit
from tui.widgets.field_topics import of_frame
from tui.widgets.socket_columns import socket_columns
from tui.widgets.topics import of_columns, of_packet_row, of_socket_row

ROW = PacketRow(
    41, 0, "127.0.0.1", "127.0.0.1", "TCP", 66, "53225 → 65432 [ACK]", 7, 16, ("zero_window",), 53225, 65432, 0,
    seq=1, ack=1025, window=0,
)  # fmt: skip


def test_every_column_of_a_packet_is_offered_with_its_value_after_the_numbers_of_the_segment() -> None:
    places = fit(packet_columns.packet_columns(lambda _row: "0.000465"), 150)
    frame, *parts = of_packet_row(ROW, places)
    assert (frame.name, [case.explanation.name for case in frame.cases]) == ("frame 41", ["zero_window", "ACK"])
    assert [(one.name, one.value) for one in parts] == [
        ("Seq", "1"), ("Ack", "1,025"), ("Win", "0"), ("Len", "0"), ("No.", "41"), ("Time", "0.000465"),
        ("Source", "127.0.0.1"), ("Destination", "127.0.0.1"), ("Proto", "TCP"), ("Length", "66"),
        ("Info", "53225 → 65432 [ACK]"),
    ]  # fmt: skip
    assert all(one.cases for one in parts)
    assert parts[2].cases[0].here == "Here it is 0."


def test_a_column_whose_values_are_words_explains_the_word_too() -> None:
    places = fit(flow_columns.flow_columns(dict, lambda: 0), 200)
    topics = of_columns(places, flows.flow())
    assert [one.name for one in topics] == [place.column.title for place in places]
    states = [one for one in topics if one.name == "State"]
    assert [[case.explanation.kind for case in one.cases] for one in states] == [[Kind.COLUMN, Kind.STATE]] * 2


def test_every_column_of_a_call_is_offered() -> None:
    places = fit(call_columns.call_columns(), 120)
    call = Call(1, fakes.NOON_NS, "send", "1024 bytes", "1024", duration_ns=3_100)
    topics = of_columns(places, call)
    assert [one.name for one in topics] == ["Time", "Call", "Result", "Took"]
    assert topics[-1].cases[0].here == "Here Took is 3.10 µs."


def test_every_column_of_a_socket_is_offered_with_its_value() -> None:
    row = entry(recv_q=408_300, tcp_info=tcp_info(rtt=23))
    look = Look()
    places = fit(socket_columns(lambda: look, lambda _key: False, False, more=True), 400)
    first, *parts = of_socket_row(row, "recv_q", [place.column.id for place in places], look)
    assert [case.explanation.name for case in first.cases] == ["recv_q", "ESTABLISHED"]
    assert [one.name for one in parts] == [place.column.title for place in places]
    by_name = {one.name: one for one in parts}
    assert [case.explanation.name for case in by_name["State"].cases] == ["ESTABLISHED"]
    assert [case.explanation.name for case in by_name["RTT ms"].cases] == ["rtt"]
    assert by_name["RTT ms"].value == "0.023"


def test_the_detail_offers_what_is_known_and_what_holds_the_socket() -> None:
    row = entry(tcp_info=tcp_info(rtt=23))
    stalled = Verdict(
        "receiver-stalled", Severity.PROBLEM, Certainty.CERTAIN, Subject(SubjectKind.SOCKET, "sink", row.key),
        "sink does not read.", "It must call recv().",
    )  # fmt: skip
    topics = {one.name: one for one in socket_detail.topics_of(row, [stalled], Look())}
    assert topics["socket"].value == "ESTABLISHED"
    assert topics["holds"].cases[0].here == "Here: sink does not read."
    assert "RTT ms" in topics
    assert "Shutdown" not in topics, "nothing is known of it"


def test_a_frame_offers_its_layers_and_fields_and_begins_at_the_line_asked_about() -> None:
    dissection = fakes.dissection(1)
    topics, first = of_frame(dissection, ROW, (2, 5))
    assert (topics[first].name, topics[first].value) == ("  window", "65495")
    assert topics[first].cases[0].explanation.name == "TCP Window"
    names = [one.name for one in topics]
    assert names[:5] == ["frame 41", "Seq", "Ack", "Win", "Len"]
    assert [name for name in names if not name.startswith(" ")][5:] == ["Ethernet", "IP", "TCP"]


@pytest.mark.parametrize("key", [None, (7, 7)])
def test_a_line_that_nothing_is_written_of_is_answered_by_the_segment(key: tuple[int, int] | None) -> None:
    topics, first = of_frame(fakes.dissection(1), ROW, key)
    assert topics[first].name == "frame 41"
    assert of_frame(None, None, key) == ((), 0)
