"""Comments of packets: both ends' processes and queues with the age of the sample, and the findings."""

from __future__ import annotations

import pytest

from engine.export.packet_comments import GONE_MAX, SocketSamples, packet_comment
from engine.model.packets import PacketRow
from engine.model.sockets import Owner, SocketEntry
from engine.model.tcp import SocketState

SECOND = 1_000_000_000


def entry(
    local: str, port: int, peer: str, peer_port: int, recv_q: int | None = 0, send_q: int | None = 0, name: str = "nc",
    state: SocketState = SocketState.ESTABLISHED, netid: str = "tcp",
) -> SocketEntry:  # fmt: skip
    owners = (Owner(41, 3, name),) if name else ()
    return SocketEntry(1, netid, 2, state, recv_q, send_q, local, port, peer, peer_port, owners=owners)


CLIENT = entry("127.0.0.1", 4000, "127.0.0.1", 80, send_q=7)
SERVER = entry("::ffff:127.0.0.1", 80, "::ffff:127.0.0.1", 4000, recv_q=5, name="httpd")
LISTENER = entry("0.0.0.0", 80, "0.0.0.0", 0, 1, 128, "httpd", SocketState.LISTEN)


def row(ts_ns: int = 2 * SECOND, **more: object) -> PacketRow:
    known = PacketRow(1, ts_ns, "127.0.0.1", "127.0.0.1", "TCP", 60, "", sport=4000, dport=80)
    return known if not more else PacketRow(**{name: getattr(known, name) for name in known.__struct_fields__} | more)


def samples(*entries: SocketEntry, ts_ns: int = SECOND) -> SocketSamples:
    known = SocketSamples()
    known.take(entries, (), ts_ns)
    return known


def test_both_ends_of_a_loopback_packet_are_told_with_the_age_of_their_sample() -> None:
    assert packet_comment(row(), samples(CLIENT, SERVER)) == (
        "from nc (pid 41), Recv-Q 0, Send-Q 7, sampled 1.000 s before\n"
        "to httpd (pid 41), Recv-Q 5, Send-Q 0, sampled 1.000 s before"
    )


def test_the_latest_sample_before_the_packet_counts_and_a_later_one_only_where_there_is_none() -> None:
    known = samples(entry("127.0.0.1", 4000, "127.0.0.1", 80, 1))
    known.take([entry("127.0.0.1", 4000, "127.0.0.1", 80, 2), SERVER], (), 3 * SECOND)
    assert packet_comment(row(), known) == (
        "from nc (pid 41), Recv-Q 1, Send-Q 0, sampled 1.000 s before\n"
        "to httpd (pid 41), Recv-Q 5, Send-Q 0, sampled 1.000 s after"
    )
    assert "Recv-Q 2, Send-Q 0, sampled 0.500 s before" in packet_comment(row(3 * SECOND + SECOND // 2), known)


def test_a_sample_of_the_packet_s_own_moment_counts() -> None:
    known = samples(entry("127.0.0.1", 4000, "127.0.0.1", 80, 1))
    known.take([entry("127.0.0.1", 4000, "127.0.0.1", 80, 2)], (), 3 * SECOND)
    assert packet_comment(row(3 * SECOND), known) == "from nc (pid 41), Recv-Q 2, Send-Q 0, sampled 0.000 s before"


def test_a_syn_goes_to_whoever_listens() -> None:
    assert packet_comment(row(), samples(LISTENER)) == (
        "to httpd (pid 41), listening, accept queue 1 of 128, sampled 1.000 s before"
    )


def test_a_socket_that_is_gone_is_remembered() -> None:
    known = samples(CLIENT)
    known.take([], [], 2 * SECOND)
    known.take([], [], 3 * SECOND)
    assert packet_comment(row(4 * SECOND), known).startswith("from nc (pid 41), Recv-Q 0, Send-Q 7, sampled 3.000 s")


def test_a_socket_that_opened_and_closed_between_two_samples_has_its_owner_and_no_queues() -> None:
    known = SocketSamples()
    closed = entry("127.0.0.1", 4000, "127.0.0.1", 80, None, None, state=SocketState.CLOSED)
    known.take([], [closed], 3 * SECOND)
    assert packet_comment(row(), known) == "from nc (pid 41), its queues were not sampled before it closed"


def test_what_is_remembered_of_sockets_that_are_gone_is_bounded() -> None:
    known = SocketSamples()
    for port in range(1, GONE_MAX + 100):
        known.take([], [entry("127.0.0.1", port, "127.0.0.1", 80)], port)
    assert packet_comment(row(sport=50), known) == ""
    assert packet_comment(row(sport=GONE_MAX + 99), known) != ""


def test_what_went_last_is_remembered_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.export.packet_comments.GONE_MAX", 2)
    known = SocketSamples()
    for second, port in enumerate((1, 2, 1, 3)):
        known.take([], [entry("127.0.0.1", port, "127.0.0.1", 80)], second * SECOND)
    assert [bool(packet_comment(row(sport=port), known)) for port in (1, 2, 3)] == [True, False, True]


def test_udp_and_tcp_of_one_port_are_kept_apart() -> None:
    server = entry("0.0.0.0", 80, "0.0.0.0", 0, 3, 0, "dnsd", SocketState.UNCONN, "udp")
    known = samples(server, LISTENER)
    assert packet_comment(row(protocol="UDP"), known).startswith("to dnsd (pid 41), Recv-Q 3, Send-Q 0, sampled")
    assert packet_comment(row(), known).startswith("to httpd")


def test_findings_are_told_and_whether_they_are_certain() -> None:
    assert packet_comment(row(findings=("lost_segment", "out_of_order")), SocketSamples()) == (
        "found: lost_segment, out_of_order"
    )
    assert packet_comment(row(findings=("lost_segment",), uncertain=True), SocketSamples()) == (
        "found: lost_segment (uncertain: the capture missed frames before)"
    )


def test_a_hostile_process_name_is_made_harmless() -> None:
    assert "\x1b" not in packet_comment(row(), samples(entry("127.0.0.1", 4000, "127.0.0.1", 80, name="\x1b[2J")))


def test_an_unknown_owner_says_why() -> None:
    client = entry("127.0.0.1", 4000, "127.0.0.1", 80, name="")
    assert packet_comment(row(), samples(client)).startswith("from process unknown, Recv-Q 0")


def test_what_has_no_ports_has_no_sockets() -> None:
    assert packet_comment(row(sport=0, dport=0, protocol="ARP"), samples(CLIENT, LISTENER)) == ""
