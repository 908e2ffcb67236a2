"""The Info line, word for word."""

from __future__ import annotations

import pytest

from engine.flow.info import ace_counter, flags_text, info_line
from engine.flow.placed import ACCURATE_ECN, CUT_OPTIONS, MALFORMED, NO_LENGTH, NO_STREAM, Placed
from engine.model.packets import Segment


def line(flags: int = 0x10, options: str = "", marks: int = 0, findings: int = 0, **fields: int | bool) -> str:
    raw = bytes.fromhex(options)
    values = {"header_length": 20 + len(raw), "len": 0, "urg": 0, "truncated": False, "header_captured": 20} | fields
    segment = Segment(
        0, b"aaaa", b"bbbb", 40000, 80, 100, 200, flags, 512, int(values["urg"]), int(values["len"]),
        int(values["header_length"]), raw, 0, 0, 64, bool(values["truncated"]), int(values["header_captured"]),
        bool(values.get("fragmented", False)),
    )  # fmt: skip
    return info_line(segment, Placed(9, 0, 1, 2, 512, findings, 7, 3, 50, marks, 0, 0, -1))


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (0x000, "<None>"),
        (0x002, "SYN"),
        (0x018, "PSH, ACK"),
        (0x1FF, "FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE"),
        (0xE10, "ACK, Reserved"),
    ],
)
def test_control_bits_are_named_in_the_headers_order(flags: int, text: str) -> None:
    assert flags_text(flags) == text


def test_with_accurate_ecn_three_bits_are_one_counter_except_on_a_syn() -> None:
    assert flags_text(0x150, 1) == "ACK, ACE=5"
    assert flags_text(0x010, 1) == "ACK, ACE=0"
    assert flags_text(0x0C2, 1) == "SYN, ECE, CWR"
    assert ace_counter(0x1C0) == 7


def test_the_parts_that_a_line_may_have() -> None:
    assert line() == "40000 → 80 [ACK] Seq=1 Ack=2 Win=512 Len=0"
    assert line(0x02) == "40000 → 80 [SYN] Seq=1 Win=512 Len=0"
    assert line(0x30, urg=5) == "40000 → 80 [ACK, URG] Seq=1 Ack=2 Win=512 Urg=5 Len=0"
    assert line(marks=ACCURATE_ECN) == "40000 → 80 [ACK, ACE=0] Seq=1 Ack=2 Win=512 Len=0"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("020405b4", " MSS=1460"),
        ("0303070000000000", " WS=128"),
        ("03030f0000000000", " WS=16384"),
        ("0402", " SACK_PERM"),
        ("0101050a0000003c00000046", " SLE=10 SRE=20"),
        ("0101080a0000000a0000000b", " TSval=10 TSecr=11"),
        ("080a0000000a0000000b0101", " TSval=10 TSecr=11"),
        ("060600000005", " ECHO=5"),
        ("0b0600000005", " CC=5"),
        ("1302", " MD5"),
        ("1404e007", " SCPS[BETS, SNACK1, SNACK2] Connection ID=7"),
        ("1b080503000000 04", " QSresp=1.28 Mbit/s"),
        ("1c048005", " USER_TO=5"),
        ("1d0401020102", "TCP AO"),
        ("2202", " TFO=R"),
        ("220a0102030405060708", " TFO=C"),
        ("fe04f989", " TFO=R"),
        ("fd0400ac", " TARR"),
        ("fd0500ac0a", " TARR=5"),
        ("fe0c0a0d0000000000000000", " ExID=A0D"),
        ("ac05000001", " EE0B=1"),
        ("ae0b000001000002000003", " EE1B=1 ECEB=2 EE0B=3"),
        ("ac02", " AccECN"),
        ("fd08acc0000001", ""),
        ("0205aabbcc", ""),
        ("1e0c20010000000000000000", ""),
        ("630401020204ffff", " MSS=65535"),
    ],
)
def test_options_have_tsharks_words(options: str, words: str) -> None:
    assert line(options=options.replace(" ", "")) == "40000 → 80 [ACK] Seq=1 Ack=2 Win=512 Len=0" + words


def test_a_wan_optimisers_mark_stands_before_the_ports() -> None:
    assert line(options="4e0401020204ffff").startswith("TRPY, 40000 → 80 [ACK]")


def test_findings_stand_in_front_in_wiresharks_order() -> None:
    assert line(findings=1 << 11) == "[TCP Dup ACK 7#3] 40000 → 80 [ACK] Seq=1 Ack=2 Win=512 Len=0"
    everything = line(findings=(1 << 15) - 1)
    names = [part.strip("[ ") for part in everything.split("]")[:15]]
    assert names == [
        "TCP ZeroWindowProbeAck", "TCP ZeroWindow", "TCP ZeroWindowProbe", "TCP Dup ACK 7#3", "TCP Keep-Alive ACK",
        "TCP Keep-Alive", "TCP Window Full", "TCP Window Update", "TCP ACKed unseen segment",
        "TCP Previous segment not captured", "TCP Out-Of-Order", "TCP Spurious Retransmission",
        "TCP Fast Retransmission", "TCP Retransmission", "TCP Port numbers reused",
    ]  # fmt: skip


def test_a_header_that_is_not_all_there_says_so_without_a_space() -> None:
    limited = "[Packet size limited during capture]"
    assert line(marks=NO_STREAM | CUT_OPTIONS, truncated=True, header_captured=8) == "40000 → 80" + limited
    cut = line(marks=CUT_OPTIONS, truncated=True, header_captured=18, header_length=32)
    assert cut == "40000 → 80 [ACK] Seq=1 Ack=2 Win=512" + limited
    assert line(marks=CUT_OPTIONS, truncated=True, options="0101", header_length=32).endswith("Len=0" + limited)
    broken = line(marks=MALFORMED | NO_LENGTH, options="0101", header_length=32, len=-1)
    assert broken == "40000 → 80 [ACK] Seq=1 Ack=2 Win=512[Malformed Packet]"
    first = line(marks=MALFORMED | NO_LENGTH, options="", header_length=32, len=-1, fragmented=True)
    assert first.endswith("[BoundErrorUnreassembled Packet]")


def test_an_impossible_header_length_is_told_in_words() -> None:
    assert line(header_length=8) == (
        "40000 → 80 [ACK] Seq=1 Ack=2 Win=512, bogus TCP header length (8, must be at least 20)"
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("0101080a00000001", ""),  # the datagram ends inside its timestamps
        ("020405", ""),
        ("1312aabb", " MD5"),
    ],
)
def test_an_option_that_reaches_past_the_datagram_is_longer_than_what_holds_it(options: str, text: str) -> None:
    raw = bytes.fromhex(options)
    segment = Segment(0, b"", b"", 40000, 80, 1, 2, 0x10, 512, 0, -1, 20 + 20, raw)
    placed = Placed(1, 0, 1, 2, 512, 0, 0, 0, 0, MALFORMED | NO_LENGTH, 0, 0, -1)
    assert info_line(segment, placed) == (
        f"40000 → 80 [ACK] Seq=1 Ack=2 Win=512{text}"
        "[Malformed Packet: length of contained item exceeds length of containing item]"
    )
