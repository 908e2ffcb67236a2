"""Every form's socket options reach the kernel: each actor's report has them as getsockopt() read them back, and the
socket itself says the same."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from engine.lab.catalogue import KINDS, ActorKind
from engine.lab.options import OPTIONS, SOCKET_KNOBS
from engine.model.lab import ActorCommand, ActorReport, ActorState
from tests.lab_rig import LIMIT_S, Running, until

pytestmark = pytest.mark.linux

ASKED: dict[str, tuple[Any, str]] = {
    "reuseaddr": (True, "on"),
    "reuseport": (True, "on"),
    "v6only": (False, "off"),
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
    "port_range": ("40000-40999", "40000-40999"),
    "cork": (True, "on"),
    "quickack": (True, "on"),
}

PARTNERS = {
    "message-client": "message-server",
    "tls-client": "tls-echo",
    "unix-client": "unix-echo",
    "udp-client": "udp-echo",
    "udp-broadcast": "udp-echo",
    "udp-multicast": "udp-echo",
    "udp-flood": "udp-echo",
    "sntp-client": "sntp-server",
    "flood-client": "sink",
    "interactive-client": "echo-server",
}
"""Who serves a client; an echo server all others."""

SERVES = frozenset(("backlog", "reuseaddr"))

GROUPS = {"udp-broadcast": "0.0.0.0", "udp-multicast": "239.255.42.99"}
"""Where the other end of a spreading client is bound."""

ALONE = ("ping", "sniffer", "error-maker")

WITHOUT_OPTIONS = {"sniffer", "error-maker", "sntp-client"}


def options_of(kind: ActorKind) -> list[str]:
    return [knob for knob in kind.knobs if knob in SOCKET_KNOBS]


def test_only_these_forms_have_no_socket_option() -> None:
    assert {kind.kind for kind in KINDS.values() if not options_of(kind)} <= WITHOUT_OPTIONS


def wanted(kind: ActorKind) -> dict[str, Any]:
    """What is asked of an actor of this kind: every socket option of its form, and a place on the loopback."""
    asked = {knob: ASKED[knob][0] for knob in options_of(kind)}
    if "path" in kind.knobs:
        return asked | {"path": f"@sockmon-test-{kind.kind}"}
    if "host" in kind.knobs and kind.kind not in ("udp-broadcast", "udp-multicast", "dual-stack-server"):
        asked["host"] = "127.0.0.1"
    if "port" in kind.knobs and SERVES & set(kind.knobs):
        asked["port"] = 0
    if "hold_s" in kind.knobs:
        asked["hold_s"] = None
    if "repeat" in kind.knobs:
        asked["repeat"] = 1
    return asked


def names_of(kind: ActorKind) -> dict[str, str]:
    """The options that an actor of this kind should report, and what the kernel makes of each."""
    family = socket.AF_INET6 if kind.kind == "dual-stack-server" else socket.AF_INET
    return {
        option.name: ASKED[option.knob][1]
        for option in OPTIONS
        if option.knob in options_of(kind) and option.family in (None, family)
    }


MOVING = ("TCP_QUICKACK", "TCP_MAXSEG")
"""A mood, not a setting (tcp(7)); and what the peer and the timestamps leave of it once there is a connection."""


def on_the_sockets(report: ActorReport) -> dict[str, set[str]]:
    """Each option as getsockopt() has it on each of an actor's sockets that knows it."""
    seen: dict[str, set[str]] = {}
    for held in report.sockets:
        with socket.socket(fileno=os.dup(held.fd)) as sock:
            for option in OPTIONS:
                with suppress(OSError):
                    got = option.decode(sock.getsockopt(option.level, option.number, option.size))
                    seen.setdefault(option.name, set()).add(got)
    return seen


@contextmanager
def at_work(kind: ActorKind) -> Iterator[Running]:
    """An actor with every option of its form, and what it needs at the other end."""
    knobs = wanted(kind)
    serves = bool(SERVES & set(kind.knobs))
    with ExitStack() as stack:
        if not serves and kind.kind not in ALONE:
            place: dict[str, Any] = {"path": knobs["path"]} if "path" in knobs else {"port": 0}
            place |= {"host": GROUPS[kind.kind]} if kind.kind in GROUPS else {}
            server = stack.enter_context(Running(PARTNERS.get(kind.kind, "echo-server"), **place))
            until(lambda: server.report().local)
            if "path" not in knobs:
                knobs["port"] = server.port
        actor = stack.enter_context(Running(kind.kind, **knobs))
        if "backlog" in kind.knobs and "path" not in knobs:
            host = "::1" if kind.kind == "dual-stack-server" else "127.0.0.1"
            for _ in range(2):  # of a forked server's two processes each takes one
                stack.enter_context(socket.create_connection((host, actor.port), timeout=LIMIT_S))
        if ActorCommand.ACCEPT in kind.commands:
            actor.command(ActorCommand.ACCEPT)
        yield actor


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=name, marks=pytest.mark.ipv6 if name == "dual-stack-server" else ())
        for name, kind in KINDS.items()
        if options_of(kind)
    ],
)
def test_every_option_of_a_form_reaches_the_kernel(kind: ActorKind) -> None:
    expected = names_of(kind)
    with at_work(kind) as actor:

        def read_back() -> dict[str, str]:
            report = actor.report()
            if report.errno == errno.EPERM and kind.wants:
                pytest.skip(report.error)
            assert not report.error, report.error
            return {reading.name: reading.got for reading in report.options if reading.name in expected}

        until(lambda: len(read_back()) == len(expected))
        assert read_back() == expected
        seen = on_the_sockets(actor.report())
        for name, got in expected.items():
            assert name in MOVING or not seen or got in seen[name], name


def test_ss_shows_what_a_form_asked_for() -> None:
    if shutil.which("ss") is None:
        pytest.skip("needs ss")
    asked = {"rcvbuf": 50_000, "sndbuf": 40_000, "congestion": "reno", "keepalive": True, "keepidle_s": 30}
    with Running("sink", port=0, backlog=7) as sink, Running("flood-client", port=sink.port, **asked) as flood:
        until(lambda: flood.report().state is ActorState.STALLED)
        command = ["ss", "-tinomH", "dport", "=", f":{sink.port}"]
        client = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        command = ["ss", "-tlnH", "sport", "=", f":{sink.port}"]
        listener = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "rb100000" in client
    assert "tb80000" in client
    assert " reno " in client
    assert listener.split()[:3] == ["LISTEN", "0", "7"]
