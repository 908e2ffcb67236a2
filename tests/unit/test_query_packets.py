"""A display filter passes the packets that Wireshark's would."""

from __future__ import annotations

import pytest

from engine.model.errors import FilterError
from engine.model.packets import PacketRow
from engine.model.tcp import TcpFlags
from engine.query.packets import compile_packets, explain_packets


def packet(number: int, flags: TcpFlags | int = 0, **given: object) -> PacketRow:
    fields: dict[str, object] = {
        "number": number, "ts_ns": number, "source": "127.0.0.1", "destination": "127.0.0.1", "protocol": "TCP",
        "length": 66, "info": "", "stream": 7, "flags": int(flags), "sport": 53225, "dport": 443,
    }  # fmt: skip
    return PacketRow(**(fields | given))  # type: ignore[arg-type]


ROWS = {
    "syn": packet(1, TcpFlags.SYN, info="53225 → 443 [SYN] Seq=0", seq=0, window=65495),
    "synack": packet(2, TcpFlags.SYN | TcpFlags.ACK, sport=443, dport=53225, seq=0, ack=1, window=65483),
    "data": packet(3, TcpFlags.PSH | TcpFlags.ACK, payload_length=1448, length=1514, seq=1, ack=1, window=512),
    "again": packet(
        4, TcpFlags.PSH | TcpFlags.ACK, payload_length=1448, seq=1, ack=1, findings=("retransmission",), stream=8,
        source="10.0.0.1", info="[TCP Retransmission] 53225 → 443", uncertain=True,
    ),
    "reset": packet(5, TcpFlags.RST, source="::1", destination="::1", sport=80, dport=1024, stream=9),
    "dns": packet(6, protocol="UDP", stream=-1, sport=5353, dport=53, info="5353 → 53 Len=31"),
    "arp": packet(7, protocol="ARP", stream=-1, sport=0, dport=0, source="", destination="", info="Who has 10.0.0.1?"),
}  # fmt: skip


def passing(text: str) -> str:
    chosen = compile_packets(text)
    return " ".join(name for name, row in ROWS.items() if chosen.matches(row))


ALL = "syn synack data again reset dns arp"


def test_a_retransmission_of_any_kind_is_one_and_a_note_is_no_finding() -> None:
    fast = packet(1, findings=("fast_retransmission",))
    noted = packet(2, findings=("tfo_syn",))
    assert compile_packets("tcp.analysis.retransmission").matches(fast)
    assert not compile_packets("tcp.analysis.spurious_retransmission").matches(fast)
    assert not compile_packets("tcp.analysis.flags").matches(noted)
    assert compile_packets("tcp.analysis.tfo_syn").matches(noted)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", ALL),
        ("tcp.port == 443", "syn synack data again"),
        ("tcp.port==443 && ip.addr==10.0.0.1", "again"),
        ("tcp.port != 443", "reset"),
        ("!(tcp.port == 443)", "reset dns arp"),
        ("tcp.srcport == 443", "synack"),
        ("tcp.dstport eq 443", "syn data again"),
        ("tcp.port in {80, 443}", "syn synack data again reset"),
        ("tcp.port in {1..1024}", "syn synack data again reset"),
        ("tcp.port", "syn synack data again reset"),
        ("udp.port == 53", "dns"),
        ("port 53", "dns"),
        ("53", "dns"),
        ("tcp.flags.syn == 1", "syn synack"),
        ("tcp.flags.syn==1 && tcp.flags.ack==0", "syn"),
        ("tcp.flags.syn == true", "syn synack"),
        ("tcp.flags.syn", "syn synack"),
        ("tcp.flags.reset", "reset"),
        ("tcp.flags.rst eq 1", "reset"),
        ("tcp.flags.push", "data again"),
        ("tcp.flags == 0x12", "synack"),
        ("tcp.flags.syn == 0", "data again reset"),
        ("SYN", "syn synack"),
        ("flags:syn", "syn synack"),
        ("flags=syn,rst", "syn synack reset"),
        ("tcp.analysis.retransmission", "again"),
        ("tcp.analysis.flags", "again"),
        ("!tcp.analysis.flags", "syn synack data reset dns arp"),
        ("tcp.analysis.zero_window", ""),
        ("retransmission", "again"),
        ("finding:retrans", "again"),
        ("uncertain", "again"),
        ("tcp.stream eq 7", "syn synack data"),
        ("tcp.stream == 8", "again"),
        ("stream 8", "again"),
        ("tcp.len > 0", "data again"),
        ("len>=1k", "data again"),
        ("frame.len > 1000", "data"),
        ("frame.number <= 2", "syn synack"),
        ("frame.number in {1, 3}", "syn data"),
        ("tcp.seq == 1", "data again"),
        ("tcp.ack", "synack data again"),
        ("tcp.window_size < 1000", "data"),
        ("tcp", "syn synack data again reset"),
        ("not tcp", "dns arp"),
        ("udp or arp", "dns arp"),
        ("ip", "syn synack data again dns"),
        ("ipv6", "reset"),
        ("ip.src == 10.0.0.0/8", "again"),
        ("src 10.0.0.0/8", "again"),
        ("10.0.0.1:53225", "again"),
        ("ipv6.addr == ::1", "reset"),
        ("( dport = :https or sport = :https )", "syn synack data again"),
        ("proto:tcp", "syn synack data again reset"),
        ('_ws.col.info contains "who has"', "arp"),
        ('"who has"', "arp"),
        ("Who", "arp"),
        ("/seq=[0-9]$/", "syn"),
        ("info ~ /retrans/", "again"),
    ],
)
def test_a_filter_passes_the_packets_that_it_says(text: str, rows: str) -> None:
    assert passing(text) == rows


@pytest.mark.parametrize(
    ("text", "position", "sentence"),
    [
        ("tcp.prot == 443", 0, "did you mean tcp.port?"),
        ("tcp.analysis.retransmissions", 0, "did you mean tcp.analysis.retransmission?"),
        ("tcp and eth.src", 8, "not a field of a packet"),
        ("process:x", 0, "not a field of a packet"),
        ("tcp.port == 70000", 12, "not a port"),
        ("tcp.flags & 0x02", 10, "bits"),
        ("tcp.len >", 9, "needs a value"),
        ("ip.addr == host", 11, "not an address"),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(text: str, position: int, sentence: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_packets(text)
    assert sentence in str(caught.value)
    assert caught.value.position == position


def test_it_says_what_it_understood() -> None:
    assert explain_packets("tcp.port == 443 && tcp.flags.syn == 1 && !tcp.analysis.flags") == (
        "the TCP source or destination port is 443 (https) and the SYN flag is set and not (any finding is set)"
    )
    assert explain_packets("tcp.seq") == "the relative sequence number is there"
    assert explain_packets("") == "every packet"
