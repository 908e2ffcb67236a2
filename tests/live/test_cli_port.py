"""`sockmon port` on ports that are held in every way a test can make, each proven by the kernel's own errno."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.command import refused, sockmon
from tests.live.capture_namespace import Namespace
from tests.live.lab_ports import free_port
from tests.terminal import ROOT, SOCKMON, until

pytestmark = pytest.mark.linux


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def looked_at(*arguments: str) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """Exit code, the lines, and the summary."""
    done = sockmon("port", "--json", *arguments)
    assert done.stderr == "", done.stderr
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines, last["summary"]


def verdict(summary: dict[str, Any], netid: str = "tcp") -> dict[str, Any]:
    [found] = [one for one in summary["verdicts"] if one["netid"] == netid]
    return dict(found)


def errors(lines: list[dict[str, Any]], netid: str = "tcp") -> dict[tuple[str, str], str | None]:
    """What each bind() said, by address (`v6-only` beside the wildcard) and option."""
    return {
        (one["address"] + (" v6-only" if one["address"] == "::" and one["v6only"] else ""), one["option"]): one["error"]
        for one in lines
        if one["kind"] == "try" and one["netid"] == netid
    }


def bound(
    held: ExitStack, address: str, *, port: int = 0, kind: int = socket.SOCK_STREAM, v6only: bool | None = None
) -> socket.socket:
    """A socket of ours bound without any option."""
    sock = held.enter_context(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind))
    if v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    sock.bind((address, port))
    return sock


def test_a_port_that_nobody_holds_is_free() -> None:
    code, lines, summary = looked_at(str(free_port()))
    assert code == 0
    assert summary["free"]
    assert set(errors(lines).values()) == {None}
    assert "are free: bind() works." in summary["conclusion"]


@pytest.mark.ipv6
def test_a_listener_on_one_address_is_named_and_leaves_the_others_free(held: ExitStack) -> None:
    sock = bound(held, "127.0.0.1")
    sock.listen()
    port = sock.getsockname()[1]
    code, lines, summary = looked_at(str(port))
    assert code == 1
    said = errors(lines)
    assert said["127.0.0.1", "plain"] == said["0.0.0.0", "SO_REUSEADDR"] == said["::", "plain"] == "EADDRINUSE"
    assert said["::1", "plain"] is said[":: v6-only", "plain"] is None
    judged = verdict(summary)
    assert judged["reason"] == "held"
    assert f"(pid {os.getpid()}) listens on 127.0.0.1:{port}, and a wildcard covers that too" in judged["sentence"]
    assert judged["sentence"].endswith("; :: (v6-only) and ::1 are free")
    assert str(os.getpid()) in judged["cure"]
    assert verdict(summary, "udp")["free"]
    [row] = [one for one in lines if one["kind"] == "socket"]
    assert (row["state"], row["processes"][0]["pid"]) == ("LISTEN", os.getpid())


def test_a_wildcard_takes_every_ipv4_address(held: ExitStack) -> None:
    sock = bound(held, "0.0.0.0")
    sock.listen()
    _, lines, summary = looked_at("-4", str(sock.getsockname()[1]))
    assert {place for (place, _), error in errors(lines).items() if error} == {"0.0.0.0", "127.0.0.1"}
    assert "which is every IPv4 address" in verdict(summary)["sentence"]


@pytest.mark.ipv6
def test_a_dual_stack_listener_takes_ipv4_too(held: ExitStack) -> None:
    sock = bound(held, "::", v6only=False)
    sock.listen()
    _, lines, summary = looked_at(str(sock.getsockname()[1]))
    assert set(errors(lines).values()) == {"EADDRINUSE"}
    assert "dual-stack: IPv6 and IPv4 alike" in verdict(summary)["sentence"]


@pytest.mark.ipv6
def test_a_v6_only_listener_leaves_ipv4_free(held: ExitStack) -> None:
    sock = bound(held, "::", v6only=True)
    sock.listen()
    _, lines, summary = looked_at(str(sock.getsockname()[1]))
    said = errors(lines)
    assert said["0.0.0.0", "plain"] is said["127.0.0.1", "plain"] is None
    assert said["::", "plain"] == said[":: v6-only", "plain"] == said["::1", "plain"] == "EADDRINUSE"
    assert "v6-only: every IPv6 address; 0.0.0.0 and 127.0.0.1 are free" in verdict(summary)["sentence"]


def test_a_socket_that_is_bound_and_does_nothing_is_found(held: ExitStack) -> None:
    sock = bound(held, "127.0.0.1")
    _, lines, summary = looked_at("-t", str(sock.getsockname()[1]))
    assert errors(lines)["127.0.0.1", "plain"] == "EADDRINUSE"
    judged = verdict(summary)
    if judged["reason"] == "unlisted":
        pytest.skip("this kernel does not list sockets that are bound and do nothing (before Linux 6.8)")
    assert judged["reason"] == "bound"
    assert "has bound 127.0.0.1" in judged["sentence"]


def test_time_wait_is_told_from_a_holder_and_so_is_what_helps() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        server.close()  # the side that closes first waits
        client.close()
    until(lambda: "TIME-WAIT" in sockmon("ls", "-tan", f"sport = :{port}").stdout, "the connection is in TIME-WAIT")
    code, lines, summary = looked_at("-t", str(port))
    assert code == 1
    said = errors(lines)
    assert (said["0.0.0.0", "plain"], said["0.0.0.0", "SO_REUSEADDR"]) == ("EADDRINUSE", None)
    judged = verdict(summary)
    assert judged["reason"] == "time-wait"
    assert "waits in TIME-WAIT, for " in judged["sentence"]
    assert "with SO_REUSEADDR bind() works" in judged["sentence"]
    assert judged["cure"] == "set SO_REUSEADDR before bind()"


def test_an_outgoing_connection_that_has_the_port_is_named(held: ExitStack) -> None:
    listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
    client = held.enter_context(socket.create_connection(listener.getsockname()))
    port = client.getsockname()[1]
    _, lines, summary = looked_at("-t", str(port))
    assert errors(lines)["127.0.0.1", "plain"] == "EADDRINUSE"
    judged = verdict(summary)
    assert judged["reason"] == "connected"
    assert f"(pid {os.getpid()}) is connected from 127.0.0.1:{port} (ESTABLISHED)" in judged["sentence"]


def test_a_group_that_shares_its_port_says_with_what(held: ExitStack) -> None:
    sock = held.enter_context(socket.socket())
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    _, lines, summary = looked_at("-t", f"127.0.0.1:{sock.getsockname()[1]}")
    assert errors(lines) == {
        ("127.0.0.1", "plain"): "EADDRINUSE",
        ("127.0.0.1", "SO_REUSEADDR"): "EADDRINUSE",
        ("127.0.0.1", "SO_REUSEPORT"): None,
    }
    assert "with SO_REUSEPORT bind() works" in verdict(summary)["sentence"]


def test_a_held_udp_port_is_never_shared_to_prove_it(held: ExitStack) -> None:
    sock = bound(held, "127.0.0.1", kind=socket.SOCK_DGRAM)
    code, lines, summary = looked_at("-u", str(sock.getsockname()[1]))
    assert code == 1
    assert "receives on 127.0.0.1" in verdict(summary, "udp")["sentence"]
    shared = [one for one in lines if one["kind"] == "try" and one["option"] != "plain" and one["skipped"]]
    assert {one["address"] for one in shared} >= {"0.0.0.0", "127.0.0.1"}
    assert any("could be given the datagrams" in note for note in summary["notes"])


def test_an_address_that_is_not_ours_is_told_from_a_taken_port() -> None:
    _, lines, summary = looked_at("-t", "192.0.2.1:8080")  # RFC 5737: nobody's
    assert errors(lines)["192.0.2.1", "plain"] == "EADDRNOTAVAIL"
    assert verdict(summary)["reason"] == "no-address"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become a user without rights")
def test_a_privileged_port_is_refused_to_an_ordinary_user() -> None:
    done = subprocess.run(
        [*("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all"), *SOCKMON,
         "port", "--json", "-t", "1"],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    if "can't open" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("another user may not read this checkout")
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    if last["summary"]["rules"]["unprivileged_from"] <= 1:
        pytest.skip("this machine has no privileged ports")
    assert set(errors(lines).values()) == {"EACCES"}
    judged = verdict(last["summary"])
    assert judged["reason"] == "privileged"
    assert "CAP_NET_BIND_SERVICE" in judged["sentence"]
    assert "net.ipv4.ip_unprivileged_port_start=1" in judged["cure"]


def test_the_same_port_in_another_namespace_hinders_nobody() -> None:
    port = free_port()
    program = (
        "import signal, socket, sys; signal.signal(signal.SIGINT, lambda *_: sys.exit(0)); "
        "held = socket.create_server(('127.0.0.1', int(sys.argv[1]))); held.accept()"
    )
    namespace = Namespace()
    try:
        namespace.begin(sys.executable, "-c", program, str(port))
        until(lambda: "uses" in sockmon("port", "-t", str(port)).stdout, "the namespace's listener is seen")
        code, lines, summary = looked_at("-t", str(port))
        assert code == 0
        assert verdict(summary)["free"]
        [note] = [note for note in summary["notes"] if "another network namespace" in note]
        assert "tcp LISTEN" in note
        assert "hinders nobody here" in note
        [row] = [one for one in lines if one["kind"] == "socket elsewhere"]
        assert row["processes"][0]["name"].startswith("python")
        namespace.interrupt()
        namespace.end()
    finally:
        namespace.close()


def test_reserved_and_ephemeral_ports_are_told_from_each_other() -> None:
    namespace = Namespace()
    try:
        for name, value in (("ip_local_reserved_ports", "40000"), ("ip_local_port_range", "39000 41000")):
            setting = f"open('/proc/sys/net/ipv4/{name}', 'w').write('{value}')"
            namespace.run(sys.executable, "-c", setting)
        said = {
            port: json.loads(namespace.run(*SOCKMON, "port", "--json", str(port)).splitlines()[-1])["summary"]
            for port in (40_000, 40_001, 30_000)
        }
    finally:
        namespace.close()
    assert all(summary["free"] for summary in said.values())
    assert said[40_000]["rules"]["reserved"] == [[40_000, 40_000]]
    assert any("40000 is reserved" in note for note in said[40_000]["notes"])
    assert any("40001 is ephemeral (39000 to 41000)" in note for note in said[40_001]["notes"])
    assert not any("is ephemeral" in note for note in said[30_000]["notes"])


LANDLOCKED = """
import ctypes, os, struct, sys
PR_SET_NO_NEW_PRIVS, CREATE_RULESET, RESTRICT_SELF, BIND_TCP = 38, 444, 446, 1
libc = ctypes.CDLL(None, use_errno=True)
attributes = struct.pack("=QQ", 0, BIND_TCP)  # no file is restricted, binding TCP ports is
ruleset = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
if ruleset < 0 or libc.syscall(RESTRICT_SELF, ruleset, 0) != 0:
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_policy_is_told_from_a_privilege() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LANDLOCKED, *SOCKMON, "port", "--json", str(free_port())],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("this kernel cannot restrict bind() by Landlock (before Linux 6.7)")
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(errors(lines).values()) == {"EACCES"}
    assert verdict(last["summary"])["reason"] == "policy"
    assert "Landlock" in verdict(last["summary"])["sentence"]
    assert verdict(last["summary"], "udp")["free"]


def test_people_read_the_conclusion_first(held: ExitStack) -> None:
    sock = bound(held, "127.0.0.1")
    sock.listen()
    port = sock.getsockname()[1]
    done = sockmon("port", str(port))
    assert done.returncode == 1
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith(f"TCP {port} is partly taken: ")
    assert first.endswith(f"UDP {port} is free.")
    assert second.startswith("  to do: kill ")
    assert f"EADDRINUSE: {os.strerror(errno.EADDRINUSE)}" in done.stdout


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("0", "is no port"),
        ("65536", "is no port"),
        ("nosuchservice", "is no service that sockmon knows"),
        ("1.2.3:80", "is no address"),
        ("[::1]", "is no port"),
        ("80;reboot", "is no port"),
    ],
)
def test_what_is_no_port_is_refused_with_a_sentence(target: str, sentence: str) -> None:
    refused(sockmon("port", target), sentence)
