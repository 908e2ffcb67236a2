"""The pure packets of the lab: SNTP, ICMP echo, a sniffed frame, an HTTP answer."""

from __future__ import annotations

import pytest

from engine.lab.clients.sniffer import frame_line
from engine.lab.messages import icmp
from engine.lab.messages.sntp import (
    MODE_SERVER,
    UNIX_EPOCH_S,
    Packet,
    answer,
    fault_of,
    from_ns,
    offset_and_delay_ns,
    to_ns,
)
from engine.lab.servers.http import answer as http_answer
from engine.model.errors import MalformedMessage

MOMENT_NS = 1_700_000_000_123_456_789


def test_an_sntp_packet_has_48_bytes_and_comes_back_as_it_was() -> None:
    packet = Packet(mode=3, transmit=from_ns(MOMENT_NS), poll=6, precision=-20, reference=b"LOCL")

    assert len(packet.encode()) == 48
    assert packet.encode()[0] == 0o43
    assert Packet.decode(packet.encode() + b"extension") == packet


def test_an_sntp_packet_cut_at_every_byte_is_malformed() -> None:
    whole = Packet().encode()
    for cut in range(len(whole)):
        with pytest.raises(MalformedMessage):
            Packet.decode(whole[:cut])


def test_ntp_counts_from_1900_and_starts_anew_in_2036() -> None:
    assert from_ns(0) >> 32 == UNIX_EPOCH_S
    assert to_ns(from_ns(MOMENT_NS)) == pytest.approx(MOMENT_NS, abs=1)
    in_2040_ns = 2_208_988_800_000_000_000
    assert to_ns(from_ns(in_2040_ns)) == in_2040_ns


def test_offset_and_delay_are_those_of_the_rfc() -> None:
    # T1 = 0, T2 = 60 ms, T3 = 61 ms, T4 = 21 ms: the server is 50 ms ahead and the way takes 20 ms.
    base = MOMENT_NS
    reply = answer(Packet(), base + 60_000_000, base + 61_000_000)
    offset, delay = offset_and_delay_ns(reply, base, base + 21_000_000)

    assert offset == pytest.approx(50_000_000, abs=2)
    assert delay == pytest.approx(20_000_000, abs=2)


def test_a_reply_to_another_question_is_not_trusted() -> None:
    asked = Packet(transmit=from_ns(MOMENT_NS))
    reply = answer(asked, MOMENT_NS, MOMENT_NS)

    assert fault_of(reply, asked) == ""
    assert fault_of(reply, Packet(transmit=1)) == "it answers another question"
    assert "mode 3" in fault_of(Packet(), asked)
    assert "stratum 0" in fault_of(Packet(mode=MODE_SERVER, originate=asked.transmit, transmit=1), asked)


def test_the_internet_checksum_of_a_message_with_its_checksum_is_zero() -> None:
    for data in (b"", b"odd", b"even", bytes(range(256))):
        assert icmp.checksum(icmp.encode(icmp.Echo(icmp.ECHO_REQUEST, 7, 1, data))) == 0


def test_the_example_of_rfc_1071_sums_up() -> None:
    assert icmp.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


def test_an_echo_comes_back_as_it_was_and_is_malformed_when_cut() -> None:
    echo = icmp.Echo(icmp.ECHO_REPLY, 0x1234, 7, b"sockmon")
    raw = icmp.encode(echo)

    assert icmp.decode(raw) == echo
    for cut in range(8):
        with pytest.raises(MalformedMessage):
            icmp.decode(raw[:cut])


def test_an_ipv4_header_is_taken_off_by_its_own_length() -> None:
    header = bytes((0x46, *([0] * 7), 64, *([0] * 15)))

    assert icmp.strip_ipv4(header + b"body") == (b"body", 64)
    for cut in range(24):
        with pytest.raises(MalformedMessage):
            icmp.strip_ipv4(header[:cut])


def test_pings_deviation_is_that_of_the_population() -> None:
    assert icmp.closing_lines(3, [0.058, 0.165, 0.164]) == (
        "3 packets transmitted, 3 received, 0% packet loss\nrtt min/avg/max/stddev = 0.058/0.129/0.165/0.050 ms"
    )


def test_no_reply_may_be_a_firewall() -> None:
    assert icmp.closing_lines(2, []) == (
        "2 packets transmitted, 0 received, 100% packet loss; no reply may be a firewall"
    )


def test_a_reply_is_a_line_as_ping_prints_it() -> None:
    assert icmp.reply_line(64, "127.0.0.1", 1, 64, 0.0581) == "64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.058 ms"


def test_a_sniffed_frame_is_a_line_at_whatever_length() -> None:
    frame = bytes(12) + b"\x08\x00" + bytes.fromhex("4500003400000000400600007f0000017f000001") + b"\x01\xbb\xff\xff"

    assert frame_line(frame) == "127.0.0.1 → 127.0.0.1 TCP 443 → 65535 52 bytes"
    for cut in range(len(frame)):
        assert frame_line(frame[:cut])
    assert frame_line(bytes(12) + b"\x08\x06" + bytes(40)) == "EtherType 0x0806, 54 bytes"


@pytest.mark.parametrize(
    ("head", "status", "keep"),
    [
        (b"GET / HTTP/1.0", 200, False),
        (b"GET /?q HTTP/1.1\r\nHost: x", 200, False),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive", 200, True),
        (b"HEAD / HTTP/1.0", 200, False),
        (b"GET /no HTTP/1.0", 404, False),
        (b"POST / HTTP/1.0\r\nContent-Length: 3", 501, False),
        (b"GET / HTTP/1.0\r\nContent-Length: 3\r\nConnection: keep-alive", 501, False),
        (b"garbage", 400, False),
        (b"\x00\xff \x80 HTTP/", 501, False),
        (b"", 400, False),
    ],
)
def test_a_request_is_answered_and_its_connection_kept_as_asked(head: bytes, status: int, keep: bool) -> None:
    reply, kept = http_answer(head, "Hello <world>")

    assert reply.startswith(f"HTTP/1.0 {status} ".encode())
    assert kept is keep
    assert (b"Content-Length" in reply) is (keep or head.startswith(b"HEAD"))
    if status == 200 and not head.startswith(b"HEAD"):
        assert reply.endswith(b"<p>Hello &lt;world&gt;\n")
