"""scapy takes frames apart for us: with places that fit the bytes, in time, and with text that no terminal obeys."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capture.dissect import Dissector
from engine.capture.dissect_fields import VALUE_MAX
from engine.capture.dissect_service import DissectorService
from engine.model.messages import Dissect, DissectAnswer, FrameAnswer
from engine.model.packets import Dissection, Layer
from tests.unit.capture_frames import ACK, PSH, SYN, tcp, udp

ETHERNET, RAW_IP, LINUX_SLL = 1, 101, 113


@pytest.fixture(scope="module")
def dissector() -> Dissector:
    return Dissector()


def frame(data: bytes, link_type: int = ETHERNET, wire_length: int | None = None) -> FrameAnswer:
    return FrameAnswer(7, 1_000, link_type, len(data) if wire_length is None else wire_length, data)


def layer(dissection: Dissection, name: str) -> Layer:
    return next(layer for layer in dissection.layers if layer.name == name)


def bytes_of(dissection: Dissection, layer_name: str, field_name: str) -> bytes:
    field = next(field for field in layer(dissection, layer_name).fields if field.name == field_name)
    return dissection.data[field.offset : field.offset + field.size]


def value_of(dissection: Dissection, layer_name: str, field_name: str) -> str:
    return next(field.value for field in layer(dissection, layer_name).fields if field.name == field_name)


def test_a_frame_comes_apart_into_layers_one_behind_the_other(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp(dport=65432, payload=b"hello", flags=PSH | ACK)))
    assert [(layer.name, layer.offset, layer.size) for layer in dissection.layers] == [
        ("Ethernet", 0, 14),
        ("IP", 14, 20),
        ("TCP", 34, 20),
        ("Raw", 54, 5),
    ]
    assert (dissection.number, dissection.note) == (7, "")


def test_each_field_lies_on_the_bytes_that_it_was_read_from(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp(40000, 65432, seq=7, ack=9, flags=SYN, payload=b"hello")))
    assert bytes_of(dissection, "TCP", "sport") == struct.pack("!H", 40000)
    assert bytes_of(dissection, "TCP", "dport") == struct.pack("!H", 65432)
    assert bytes_of(dissection, "TCP", "seq") == struct.pack("!I", 7)
    assert bytes_of(dissection, "TCP", "ack") == struct.pack("!I", 9)
    assert bytes_of(dissection, "IP", "src") == socket.inet_aton("127.0.0.1")
    assert bytes_of(dissection, "Raw", "load") == b"hello"
    assert value_of(dissection, "TCP", "flags") == "SYN (0x002)"


def test_ports_are_numbers_though_a_service_has_them(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp(1, 443)))
    assert (value_of(dissection, "TCP", "sport"), value_of(dissection, "TCP", "dport")) == ("1", "443")
    assert value_of(dissector.dissect(frame(udp(dport=53))), "UDP", "dport") == "53"


def test_bit_fields_lie_on_the_bytes_that_hold_them(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp()))
    fields = {field.name: (field.offset, field.size) for field in layer(dissection, "IP").fields}
    assert (fields["version"], fields["ihl"]) == ((14, 1), (14, 1))
    assert (fields["flags"], fields["frag"]) == ((20, 1), (20, 2))
    fields = {field.name: (field.offset, field.size) for field in layer(dissection, "TCP").fields}
    assert (fields["dataofs"], fields["reserved"], fields["flags"]) == ((46, 1), (46, 1), (46, 2))


def with_options(options: bytes) -> bytes:
    plain = tcp(flags=SYN)
    whole = plain[:46] + bytes([(5 + len(options) // 4) << 4]) + plain[47:] + options
    return whole[:16] + struct.pack("!H", len(whole) - 14) + whole[18:]


def test_each_tcp_option_is_a_field_on_its_own_bytes(dissector: Dissector) -> None:
    options = bytes.fromhex("0204ffd7 0402 080a000000010000ffff 01 03030a")
    dissection = dissector.dissect(frame(with_options(options)))
    assert bytes_of(dissection, "TCP", "options") == options
    assert value_of(dissection, "TCP", "options") == "MSS, SACK permitted, timestamps, NOP, window scale"
    assert bytes_of(dissection, "TCP", "  MSS") == options[:4]
    assert value_of(dissection, "TCP", "  MSS") == "65495"
    assert value_of(dissection, "TCP", "  timestamps") == "TSval 1, TSecr 65535"
    assert bytes_of(dissection, "TCP", "  NOP") == b"\x01"
    assert (bytes_of(dissection, "TCP", "  window scale"), value_of(dissection, "TCP", "  window scale")) == (
        b"\x03\x03\x0a", "10 (×1024)",
    )  # fmt: skip


def test_an_option_that_cannot_be_read_is_shown_as_its_bytes(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(with_options(bytes.fromhex("4c05abcdef 01 0209"))))
    assert value_of(dissection, "TCP", "  option 76") == "ab cd ef"
    assert value_of(dissection, "TCP", "  not readable") == "02 09"


def test_a_list_without_anything_in_it_is_not_shown(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp()))
    names = [(each.name, field.name) for each in dissection.layers for field in each.fields]
    assert ("IP", "options") not in names
    assert ("TCP", "options") not in names


@pytest.mark.parametrize(
    ("link_type", "data", "first"),
    [
        (RAW_IP, tcp()[14:], "IP"),
        (RAW_IP, tcp(src="::1", dst="::1")[14:], "IPv6"),
        (LINUX_SLL, b"\0\0\x03\x04\0\x06" + bytes(8) + b"\x08\x00" + tcp()[14:], "cooked linux"),
        (ETHERNET, bytes(12) + b"\x81\x00\x00\x05" + tcp()[12:], "Ethernet"),
    ],
)
def test_other_link_layers_lead_to_tcp_too(dissector: Dissector, link_type: int, data: bytes, first: str) -> None:
    dissection = dissector.dissect(frame(data, link_type))
    assert dissection.layers[0].name == first
    assert bytes_of(dissection, "TCP", "dport") == struct.pack("!H", 80)


def test_an_unknown_link_layer_is_raw_bytes(dissector: Dissector) -> None:
    assert [layer.name for layer in dissector.dissect(frame(b"abc", 9999)).layers] == ["Raw"]


def test_padding_behind_the_packet_is_a_layer_at_the_end(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp() + bytes(6)))
    assert (dissection.layers[-1].name, dissection.layers[-1].offset) == ("Padding", 54)


def test_a_name_server_answer_is_known_with_its_places(dissector: Dissector) -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04test\x00\x00\x01\x00\x01"
    dissection = dissector.dissect(frame(udp(dport=53, payload=query)))
    assert bytes_of(dissection, "DNS", "id") == b"\x12\x34"
    assert bytes_of(dissection, "DNS", "qd") == query[12:]


def test_a_cut_frame_says_by_how_much(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp(payload=bytes(100)), wire_length=1514))
    assert dissection.note == "cut by the snap length: 154 of 1,514 bytes were kept"


def test_an_evicted_frame_says_so(dissector: Dissector) -> None:
    assert "no longer kept" in dissector.dissect(FrameAnswer(7, 0, -1, 0, b"")).note


def test_an_empty_frame_has_no_layers(dissector: Dissector) -> None:
    assert dissector.dissect(frame(b"", wire_length=60)).layers == ()


def test_control_characters_of_a_payload_stay_inside_the_text(dissector: Dissector) -> None:
    evil = "\x1b]0;PWN\x07[/]x\x9b\u202e".encode()
    dissection = dissector.dissect(frame(tcp(payload=evil)))
    assert "PWN" in value_of(dissection, "Raw", "load")
    assert all(field.value.isprintable() for layer in dissection.layers for field in layer.fields)


def test_a_long_value_is_cut(dissector: Dissector) -> None:
    dissection = dissector.dissect(frame(tcp(payload=bytes(60_000))))
    assert len(value_of(dissection, "Raw", "load")) <= VALUE_MAX


def slow(*arguments: Any, **more: Any) -> Any:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            time.sleep(0.01)
        except Exception:  # as scapy's own code does
            continue


def test_a_frame_that_takes_too_long_is_taken_apart_to_its_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    from scapy.layers.dns import DNS

    monkeypatch.setattr(DNS, "do_dissect", slow)
    started = time.monotonic()
    dissection = Dissector(time_limit_s=0.1).dissect(frame(udp(dport=53, payload=bytes(12))))
    assert time.monotonic() - started < 5
    assert dissection.note == "scapy took longer than 0.1 s"
    assert [layer.name for layer in dissection.layers] == ["Ethernet", "IP", "UDP", "Raw"]


def test_whatever_scapy_raises_becomes_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    from scapy.layers.l2 import Ether

    def broken(*arguments: Any) -> Any:
        raise KeyError("\x1b[2J")

    monkeypatch.setattr(Ether, "do_dissect", broken)
    dissection = Dissector().dissect(frame(tcp()))
    assert dissection.note == "scapy gave up: KeyError '\\x1b[2J'"
    assert [layer.name for layer in dissection.layers] == ["Raw"]
    assert dissection.data == tcp()


def test_outside_the_main_thread_there_is_no_limit_but_an_answer(dissector: Dissector) -> None:
    answers: list[Dissection] = []
    thread = threading.Thread(target=lambda: answers.append(dissector.dissect(frame(tcp()))))
    thread.start()
    thread.join(10)
    assert len(answers[0].layers) == 3


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from((ETHERNET, RAW_IP, LINUX_SLL, 0, 9)), st.integers(0, 60))
def test_no_bytes_make_it_raise_and_no_place_lies_outside_the_frame(tail: bytes, link_type: int, kept: int) -> None:
    data = (udp(dport=53) if kept % 2 else tcp())[:kept] + tail
    dissection = QUICK.dissect(frame(data, link_type))
    assert dissection.data == data
    for each in dissection.layers:
        assert 0 <= each.offset <= each.offset + each.size <= len(data)
        for field in each.fields:
            assert 0 <= field.offset <= field.offset + field.size <= len(data)
            assert field.value.isprintable()


QUICK = Dissector()


@pytest.mark.parametrize("size", range(1, 60))
def test_a_frame_cut_at_any_byte_still_comes_apart(dissector: Dissector, size: int) -> None:
    dissection = dissector.dissect(frame(tcp(payload=b"hello")[:size]))
    assert dissection.layers[0].name == ("Raw" if size < 14 else "Ethernet")


def test_the_service_answers_and_closes_what_it_did_not_ask_for() -> None:
    service = DissectorService()
    ours, theirs = socket.socketpair()
    reply = service.answer(Dissect(frame(tcp())), [theirs.detach()])
    assert isinstance(reply, DissectAnswer)
    assert len(reply.dissection.layers) == 3
    assert ours.recv(1) == b""
    ours.close()
    assert (list(service.watch()), service.pause_s()) == ([], None)
    service.close()
    assert os.getpid()
