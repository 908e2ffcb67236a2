"""Clients that speak in datagrams: UDP, SNTP, ICMP; and the sniffer that hears them."""

from __future__ import annotations

import errno
import socket
import time

import pytest

from tests.lab_rig import LIMIT_S, Running, run_to_end, until

pytestmark = pytest.mark.linux


def test_udp_counts_answers_and_tells_what_stays_away() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        report = run_to_end("udp-client", port=deaf.getsockname()[1], repeat=2, timeout_s=0.05)

    assert report.messages == 0
    assert report.notes[-1] == "2 of 2 datagrams without an answer"


def test_udp_to_a_closed_port_is_refused_by_icmp() -> None:
    report = run_to_end("udp-client", port=1, repeat=2, interval_s=0.05)

    assert report.errno == 111


def test_a_broadcast_reaches_who_is_bound_to_all() -> None:
    with Running("udp-echo", host="0.0.0.0", port=0) as server:
        report = run_to_end("udp-broadcast", port=server.port, timeout_s=0.2)

    assert report.messages == 1
    assert report.reply == "Hello, world"


def test_a_broadcast_without_the_option_is_refused() -> None:
    report = run_to_end("udp-broadcast", port=9, broadcast=None)

    assert report.errno == 13
    assert "SO_BROADCAST" in report.error


@pytest.mark.parametrize("group", ["239.255.42.98", pytest.param("ff15::4298", marks=pytest.mark.ipv6)])
def test_multicast_on_the_loopback_reaches_its_members(group: str) -> None:
    with Running("udp-echo", host=group, port=0) as server:
        report = run_to_end("udp-multicast", host=group, port=server.port, timeout_s=0.2)
    if report.errno == errno.ENETUNREACH:
        pytest.skip("the loopback has no multicast route for this family (IPv6 has none by default)")

    assert report.error == ""
    assert report.reply == "Hello, world"


def test_multicast_beyond_this_machine_needs_to_be_allowed() -> None:
    report = run_to_end("udp-multicast", interface="eth0", port=9)

    assert "is not this machine (--allow-remote allows it)" in report.error


def test_a_udp_flood_keeps_its_rate_and_is_not_held_back() -> None:
    with Running("udp-sink", port=0) as sink, Running("udp-flood", port=sink.port, bytes_per_s=2_000_000) as flood:
        begun = time.monotonic()
        until(lambda: flood.report().sent > 200_000)

        assert flood.report().sent < 2_000_000 * (time.monotonic() - begun + 0.2)


def test_a_udp_flood_to_a_closed_port_goes_on() -> None:
    with Running("udp-flood", port=1, bytes_per_s=1_000_000) as flood:
        until(lambda: flood.report().notes)

        assert "ICMP port unreachable" in flood.report().notes[0]
        assert not flood.report().error


def test_sntp_tells_offset_and_delay() -> None:
    with Running("sntp-server", port=0) as server:
        report = run_to_end("sntp-client", port=server.port)

    offset_ms, delay_ms = report.reply.split()[1], report.reply.split()[4]
    assert abs(float(offset_ms)) < 1_000
    assert 0 <= float(delay_ms) < 1_000


def test_sntp_does_not_believe_garbage() -> None:
    def answer(raw: bytes) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(LIMIT_S)
            with Running("sntp-client", port=server.getsockname()[1]) as client:
                _, sender = server.recvfrom(100)
                server.sendto(raw, sender)
                return client.ended().error

    assert "an SNTP packet has 48 bytes" in answer(b"short")
    assert "not to be trusted" in answer(bytes(48))


def may_ping() -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=pytest.mark.ipv6)])
@pytest.mark.skipif(not may_ping(), reason="neither an ICMP socket nor a raw one is allowed here")
def test_ping_tells_each_reply_and_the_statistics(host: str) -> None:
    report = run_to_end("ping", host=host, repeat=3, interval_s=0.0)

    assert report.error == ""
    assert report.messages == 3
    assert report.notes[0].startswith(f"64 bytes from {host}: icmp_seq=1 ttl=64 time=")
    assert report.reply.startswith("3 packets transmitted, 3 received, 0% packet loss\nrtt min/avg/max/stddev = ")


def may_sniff() -> bool:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
    except PermissionError:
        return False
    return True


@pytest.mark.cap_net_raw
@pytest.mark.skipif(not may_sniff(), reason="needs CAP_NET_RAW")
def test_the_sniffer_hears_the_loopback_once() -> None:
    with (
        Running("sniffer", repeat=10_000_000) as sniffer,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        until(lambda: sniffer.report().local)
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        sizes = iter(range(1, 1_000))

        def heard() -> list[str]:
            # Others use the loopback too and notes are bounded, so it is sent until it is seen, each time longer.
            sender.sendto(b"x" * next(sizes), ("127.0.0.1", port))
            return [note for note in sniffer.report().notes if f"→ {port} " in note]

        until(heard)
        lines = heard()

        assert len(lines) == len(set(lines))
