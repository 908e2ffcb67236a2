"""Every field that scapy names of the common headers is explained, with its value in the very frame."""

from __future__ import annotations

from typing import Any

import pytest

from engine.capture import decode_other
from engine.capture.dissect import Dissector
from engine.model.messages import FrameAnswer
from engine.model.packets import Dissection, Field, Layer, PacketRow
from engine.text.explain.case import of_packet
from engine.text.explain.field_case import of_field, of_layer, protocol_of

SYN = bytes.fromhex(
    "00000000000000000000000008004500003ce1d74000400674e37f0000017f000001"
    "cfe9005000000000a1b2c3d4a002ffd7fe280000" + "0204ffd70402080a000000070000000001030307"
)
UNREACHABLE = bytes.fromhex(
    "00000000000000000000000008004500003800004000400100007f0000017f000001" + "0303fc2100000000"
    "4500001c0000400040117ccf7f0000017f00000100350035000891ab"
)
PING6 = bytes.fromhex(
    "00000000000000000000000086dd6000000000083a3c" + "00" * 15 + "01" + "00" * 15 + "01" + "8000457e00070001"
)

LEFT_ALONE = {
    "ICMP.reserved", "ICMP.length", "ICMP.unused", "ICMP.ext", "ICMP.extpad",  # RFC 4884: not filled in as a rule
}  # fmt: skip
"""Fields without a text."""


@pytest.fixture(scope="module")
def dissector() -> Dissector:
    return Dissector()


def taken_apart(dissector: Dissector, data: bytes) -> Dissection:
    return dissector.dissect(FrameAnswer(1, 0, 1, len(data), data))


def sentences(dissection: Dissection, layer: str, field: str, row: PacketRow | None = None) -> dict[str, str]:
    """What `e` says of a field: names and sentences."""
    [found] = [one for one in dissection.layers if one.name == layer]
    [asked] = [one for one in found.fields if one.name.strip() == field]
    return {case.explanation.name: case.here for case in of_field(dissection, found, asked, row)}


@pytest.mark.parametrize("data", [SYN, UNREACHABLE, PING6], ids=["SYN", "ICMP", "ICMPv6"])
def test_every_field_of_a_common_frame_is_explained(dissector: Dissector, data: bytes) -> None:
    dissection = taken_apart(dissector, data)
    assert len(dissection.layers) >= 3
    silent = {
        f"{protocol_of(layer)}.{field.name}"
        for layer in dissection.layers
        for field in layer.fields
        if not of_field(dissection, layer, field)
    }
    assert silent <= LEFT_ALONE
    assert all(of_layer(dissection, layer) for layer in dissection.layers)


ROW = PacketRow(
    7, 0, "127.0.0.1", "127.0.0.1", "TCP", 74, "", flags=2, sport=53_225, dport=80, seq=0, ack=1, window=131_072
)


@pytest.mark.parametrize(
    ("field", "name", "here"),
    [
        ("sport", "TCP Source Port", "Here it is 53225."),
        ("dport", "TCP Destination Port", "Here it is 80 (http)."),
        ("seq", "TCP Sequence Number", "Here it is 0. The list shows it as 0, relative to the first."),
        ("dataofs", "TCP Data Offset", "Here it is 10. So the header has 40 B, 20 B of them options."),
        ("window", "TCP Window", "Here it is 65495. Scaled that is 131,072 B."),
        ("MSS", "TCP MSS Option", "Here it is 65495."),
        ("window scale", "TCP Window Scale Option", "Here it is 7 (×128)."),
        ("timestamps", "TCP Timestamps Option", "Here it is TSval 7, TSecr 0."),
        ("flags", "SYN", "Set here."),
    ],
)
def test_a_field_of_a_segment_has_its_value(dissector: Dissector, field: str, name: str, here: str) -> None:
    assert sentences(taken_apart(dissector, SYN), "TCP", field, ROW)[name] == here


def test_what_an_icmp_message_quotes_is_no_segment_of_its_own(dissector: Dissector) -> None:
    dissection = taken_apart(dissector, UNREACHABLE)
    assert sentences(dissection, "UDP in ICMP", "dport", ROW) == {"UDP Destination Port": "Here it is 53 (domain)."}
    assert sentences(dissection, "IP", "proto", ROW) == {"IPv4 Protocol": "Here it is 1 (icmp)."}


def test_type_and_code_say_which_message_it_is(dissector: Dissector) -> None:
    dissection = taken_apart(dissector, UNREACHABLE)
    assert list(sentences(dissection, "ICMP", "code")) == ["ICMP Code", "ICMP 3/3"]
    assert list(sentences(taken_apart(dissector, PING6), "ICMPv6 Echo Request", "type")) == [
        "ICMPv6 Type", "ICMPv6 128/0",
    ]  # fmt: skip


def test_a_ttl_tells_how_far_a_packet_has_come(dissector: Dissector) -> None:
    assert sentences(taken_apart(dissector, SYN), "IP", "ttl")["IPv4 TTL"].endswith("it has passed no routers.")
    hops = sentences(taken_apart(dissector, PING6), "IPv6", "hlim")["IPv6 Hop Limit"]
    assert hops == "Here it is 60. If it began at 64 it has passed 4 routers."


def test_a_field_nobody_has_written_of_says_nothing() -> None:
    strange = Layer("Riverbed", (Field("trpy", "1", 3, 1),), 3, 1)
    dissection = Dissection(1, (strange,), b"\x00" * 4)
    assert of_field(dissection, strange, strange.fields[0], ROW) == ()
    assert of_layer(dissection, strange) == ()


@pytest.mark.parametrize("size", range(len(SYN)))
def test_a_frame_cut_anywhere_is_explained_as_far_as_it_goes(dissector: Dissector, size: int) -> None:
    dissection = taken_apart(dissector, SYN[:size])
    told = [of_field(dissection, layer, field, ROW) for layer in dissection.layers for field in layer.fields]
    assert all(isinstance(cases, tuple) for cases in told)


def messages() -> list[Any]:
    """Protocol, type and code, and the line of the packet list, of all ICMP messages that the capture names."""
    tables = (("ICMP", decode_other._ICMP_TYPES), ("ICMPv6", decode_other._ICMPV6_TYPES))
    return [
        (protocol, f"{number}/{code}", name + (f" ({codes[code]})" if codes else ""))
        for protocol, table in tables
        for number, (name, codes) in table.items()
        for code in range(len(codes) or 1)
    ]


@pytest.mark.parametrize(("protocol", "code", "info"), messages())
def test_a_line_of_the_list_tells_its_icmp_message(protocol: str, code: str, info: str) -> None:
    message, layer = of_packet(PacketRow(1, 0, "", "", protocol, 60, info))
    assert message.explanation.name == f"{protocol} {code}"
    assert message.here == f"Here frame 1: {info}."
    assert layer.explanation.name == protocol


def test_a_datagram_is_explained_by_its_protocol() -> None:
    [case] = of_packet(PacketRow(1, 0, "", "", "UDP", 60, "53 → 53 Len=8"))
    assert case.explanation.name == "UDP"
