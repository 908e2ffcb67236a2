"""Every socket option that is a knob is set, read back, and is what the kernel says of the socket itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.lab.calls import CallLog
from engine.lab.logged import LoggedSocket
from engine.lab.options import OPTIONS, SOCKET_KNOBS, set_options
from engine.model.errors import LabError
from engine.model.lab import Knobs, OptionReading
from tests.lab_rig import Running, until

pytestmark = pytest.mark.linux

ASKED: dict[str, tuple[Any, str]] = {
    "reuseport": (True, "on"),
    "sndbuf": (50_000, "100000"),
    "rcvbuf": (50_000, "100000"),
    "broadcast": (True, "on"),
    "linger_s": (3, "on, 3 s"),
    "keepalive": (True, "on"),
    "keepidle_s": (30, "30"),
    "keepintvl_s": (7, "7"),
    "keepcnt": (4, "4"),
    "user_timeout_ms": (12_345, "12345"),
    "nodelay": (True, "on"),
    "mss": (1_000, "1000"),
    "congestion": ("reno", "reno"),
    "ttl": (17, "17"),
    "port_range": ("40000-40003", "40000-40003"),
    "cork": (True, "on"),
}
"""What is asked for, and what the kernel makes of it on a client's IPv4 socket."""


@pytest.mark.parametrize("knob", ASKED)
def test_an_option_is_set_and_read_back(log: CallLog, knob: str) -> None:
    asked, got = ASKED[knob]
    sock = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    knobs = Knobs(**{knob: asked})
    try:
        readings = set_options(sock, knobs) + set_options(sock, knobs, connected=True)
    except LabError as error:
        if knob == "port_range":
            pytest.skip(str(error))
        raise

    assert [reading.got for reading in readings if reading.name == name_of(knob)] == [got]


def name_of(knob: str) -> str:
    return next(option.name for option in OPTIONS if option.knob == knob)


def test_every_option_is_tried_here() -> None:
    assert set(SOCKET_KNOBS) - set(ASKED) == {"reuseaddr", "v6only", "quickack"}


def test_the_kernel_cuts_what_is_too_large_and_the_reading_says_so(log: CallLog) -> None:
    limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
    sock = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)

    (reading,) = set_options(sock, Knobs(rcvbuf=limit * 4))
    assert reading == OptionReading("SO_RCVBUF", str(limit * 4), str(limit * 2))


def test_a_backlog_is_cut_to_somaxconn() -> None:
    limit = int(Path("/proc/sys/net/core/somaxconn").read_text())
    with Running("echo-server", port=0, backlog=limit + 1_000) as server:
        until(lambda: server.report().local)

        assert OptionReading("backlog", str(limit + 1_000), str(limit)) in server.report().options


def test_an_option_of_the_other_family_is_left_alone(log: CallLog) -> None:
    sock = LoggedSocket.open(log, socket.AF_INET6, socket.SOCK_STREAM)

    assert {reading.name for reading in set_options(sock, Knobs(ttl=9, v6only=False))} == {
        "IPV6_V6ONLY",
        "IPV6_UNICAST_HOPS",
    }


def test_tcps_options_are_left_alone_on_udp_and_unix_sockets(log: CallLog) -> None:
    knobs = Knobs(nodelay=True, keepcnt=3, sndbuf=20_000)
    for family, kind in ((socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM)):
        sock = LoggedSocket.open(log, family, kind)

        assert [reading.name for reading in set_options(sock, knobs)] == ["SO_SNDBUF"]


def test_a_value_that_the_kernel_refuses_is_one_sentence(log: CallLog) -> None:
    sock = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)

    with pytest.raises(LabError, match=r"set TCP_CONGESTION to nosuch: No such file.*this kernel offers .*reno"):
        set_options(sock, Knobs(congestion="nosuch"))


def test_accepted_sockets_inherit_the_buffers_of_their_listener() -> None:
    with (
        Running("echo-server", port=0, rcvbuf=50_000, sndbuf=40_000) as server,
        socket.create_connection(("127.0.0.1", server.port)),
    ):
        until(lambda: server.report().connections == 1)
        with socket.socket(fileno=os.dup(server.report().sockets[1].fd)) as same:
            assert same.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 100_000
            assert same.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 80_000


@pytest.mark.skipif(not Path("/usr/bin/ss").exists(), reason="needs ss")
def test_ss_sees_the_options_too() -> None:
    with (
        Running("echo-server", port=0, rcvbuf=50_000, congestion="reno", keepalive=True) as server,
        socket.create_connection(("127.0.0.1", server.port)),
    ):
        until(lambda: server.report().connections == 1)
        command = ["ss", "-tinomH", "sport", "=", f":{server.port}"]
        line = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "rb100000" in line
    assert " reno " in line
    assert "timer:(keepalive" in line


def test_setting_options_does_not_log_their_reading(log: CallLog) -> None:
    sock = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    set_options(sock, Knobs(nodelay=True))

    assert [call.name for call in log.account().calls] == ["socket", "setsockopt"]
    assert log.account().calls[1].arguments == "IPPROTO_TCP, TCP_NODELAY, 1"


def test_an_actor_that_runs_out_of_descriptors_says_so_and_goes_on() -> None:
    """In a process of its own: the limit is the process's."""
    program = """
import sys
from tests.lab_rig import Running, until
with Running(sys.argv[1], port=0, descriptors=32) as server:
    print(server.port, flush=True)
    until(lambda: any("Too many open files" in note for note in server.report().notes), 20)
    print("scarce", flush=True)
    until(lambda: server.report().connections == 0, 20)
    print(server.report().state, server.report().connections_total, flush=True)
"""
    for kind in ("echo-server", "echo-threads", "echo-select", "echo-socketserver", "discard", "sink"):
        with subprocess.Popen(
            [sys.executable, "-c", program, kind], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        ) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
            assert process.stdout.readline() == "scarce\n", kind
            for client in clients:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()
            assert process.stdout.readline().startswith("running "), kind
            assert process.wait(20) == 0
