"""What an actor may not open itself the launcher opens for it where it may, and no descriptor of it is left behind."""

from __future__ import annotations

import errno
import socket

import pytest

from engine.lab.catalogue import KINDS
from engine.lab.knobs import set_knobs
from engine.model.lab import ActorReport, ActorSpec, ActorState
from engine.monitor import Monitor
from engine.process.launcher import ECHO_REPLIES_ONLY
from tests.lab_rig import Running, open_descriptors, until

pytestmark = pytest.mark.linux


def raw_socket(family: int, proto: int) -> socket.socket:
    try:
        return socket.socket(family, socket.SOCK_RAW, proto)
    except PermissionError:
        pytest.skip("needs CAP_NET_RAW")


def run(monitor: Monitor, kind: str, **knobs: object) -> ActorReport:
    """An actor's last report; its process is gone afterwards."""
    view = monitor.start_actor(ActorSpec(kind, set_knobs(KINDS[kind].default_knobs(), knobs)))

    def report() -> ActorReport:
        return next(one.report for one in monitor.actors() if one.number == view.number)

    until(lambda: report().state is not ActorState.RUNNING)
    return monitor.stop_actor(view.number)


@pytest.mark.parametrize(
    ("host", "family"),
    [("127.0.0.1", socket.AF_INET), pytest.param("::1", socket.AF_INET6, marks=pytest.mark.ipv6)],
)
def test_ping_is_answered_over_a_socket_that_was_handed_over(
    monitor: Monitor, host: str, family: socket.AddressFamily
) -> None:
    raw_socket(socket.AF_INET, socket.IPPROTO_ICMP).close()
    run(monitor, "ping", repeat=1)
    before = open_descriptors()
    report = run(monitor, "ping", host=host, repeat=2, interval_s=0.0)

    assert report.messages == 2
    opened = [call for call in report.calls if call.name == "socket" and not call.raised]
    unprivileged = [call for call in opened if "SOCK_DGRAM" in call.arguments]
    assert unprivileged or opened[0].arguments == f"{family.name}, SOCK_RAW, handed over"
    assert open_descriptors() == before


def test_the_sniffer_hears_over_a_socket_that_was_handed_over(monitor: Monitor) -> None:
    raw_socket(socket.AF_PACKET, 0).close()
    before = open_descriptors()
    view = monitor.start_actor(ActorSpec("sniffer", set_knobs(KINDS["sniffer"].default_knobs(), {"repeat": 10_000})))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        port = sender.getsockname()[1]

        def heard() -> bool:
            sender.sendto(b"Hello", ("127.0.0.1", port))
            (report,) = (one.report for one in monitor.actors())
            assert not report.error
            return any(f"{port} → {port} 33 bytes" in note for note in report.notes)

        until(heard)
    report = monitor.stop_actor(view.number)
    assert report.calls[0].arguments == "AF_PACKET, SOCK_RAW, handed over"
    assert open_descriptors() == before


@pytest.mark.parametrize(
    "filtered",
    [
        pytest.param(ECHO_REPLIES_ONLY[0], id="icmp"),
        pytest.param(ECHO_REPLIES_ONLY[1], id="icmp6", marks=pytest.mark.ipv6),
    ],
)
def test_the_filter_lets_echo_replies_in_and_nothing_else(
    filtered: tuple[int, int, int, int, bytes],
) -> None:
    family, proto, level, option, letting_in = filtered
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    request, reply = (8, 0) if family == socket.AF_INET else (128, 129)
    with (
        raw_socket(family, proto) as raw,
        socket.socket(family, socket.SOCK_DGRAM) as udp,
        socket.socket(family, socket.SOCK_DGRAM) as gone,
    ):
        raw.setsockopt(level, option, letting_in)
        raw.settimeout(5)
        gone.bind((host, 0))
        closed = gone.getsockname()
        gone.close()
        udp.connect(closed)
        udp.send(b"x")  # answered with port unreachable, which is kept out
        with pytest.raises(ConnectionRefusedError):
            udp.recv(1)
        header = bytes((request, 0, 0, 0, 0x12, 0x34, 0, 1))
        if family == socket.AF_INET:
            checksum = 0xFFFF - ((request << 8) + 0x1234 + 1)
            header = header[:2] + checksum.to_bytes(2, "big") + header[4:]
        raw.sendto(header, (host, 0))
        heard = b""
        while heard[-4:-2] != b"\x12\x34":  # others may ping at the same time
            heard = raw.recv(1_024)
            assert heard[20 if family == socket.AF_INET else 0] == reply


def test_who_may_not_is_told_so_by_the_actor(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.process.front.LauncherLine.open_icmp_sockets", lambda line: {})
    report = run(monitor, "ping", repeat=1)
    if report.state is ActorState.DONE:
        pytest.skip("this user may have an unprivileged ICMP socket")

    assert report.errno == errno.EPERM
    assert "net.ipv4.ping_group_range" in report.error


def test_what_was_handed_and_not_taken_is_closed() -> None:
    before = open_descriptors()
    spare, other = socket.socketpair()
    with other, Running("echo-server", port=0) as server:
        server.actor.handed["packet"] = spare.detach()
        until(lambda: server.report().local)
    assert open_descriptors() == before
