"""The echo styles under load, and the lab's actors against other people's programs."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.model.lab import ActorState
from tests.lab_rig import LIMIT_S, Running, run_to_end, until
from tests.live.lab_ports import free_port, listens

pytestmark = pytest.mark.linux

STYLES = ("echo-server", "echo-threads", "echo-select", "echo-asyncio", "echo-socketserver", "dual-stack-server")
BLOCKING_STYLES = ("echo-iterative", "forked-server")

MESSAGES = 100_000
"""Through each style, 16 bytes each, without a byte changed."""

MESSAGE_BYTES = 16

CROWD = 1_000


@pytest.mark.parametrize("kind", [*STYLES, *BLOCKING_STYLES])
def test_a_hundred_thousand_messages_come_back_without_a_byte_changed(kind: str) -> None:
    payload = b"".join(b"%016d" % number for number in range(MESSAGES))
    with (
        Running(kind, port=0, recv_size=65_536) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client,
    ):
        writer = threading.Thread(target=client.sendall, args=(payload,))
        writer.start()
        back = hashlib.sha256()
        left = len(payload)
        while left:
            data = client.recv(65_536)
            assert data, "the server closed"
            back.update(data)
            left -= len(data)
        writer.join()

    assert back.digest() == hashlib.sha256(payload).digest()


SERVE = """
import sys
from tests.lab_rig import Running, until
with Running(sys.argv[1], port=0, backlog=1024) as server:
    print(server.port, flush=True)
    sys.stdin.read()
    report = server.report()
    print(report.state.value, report.connections_total, report.received, flush=True)
"""


@pytest.mark.parametrize("kind", [*STYLES, "discard", "sink", "message-server", "never-close"])
def test_a_thousand_connections_at_once(kind: str) -> None:
    """The server in a process of its own: two thousand sockets are more than one process may have open."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port = int(process.stdout.readline())
        crowd = 950 if kind == "echo-select" else CROWD  # select() knows no descriptor from 1,024 on
        if kind in STYLES:
            report = run_to_end(
                "many-clients", port=port, connections=crowd, ramp_s=0.5, repeat=2, interval_s=0.5, descriptors=4_096
            )
        else:
            report = run_to_end(
                "connect-client", port=port, connections=crowd, ramp_s=0.1, hold_s=0.2, descriptors=4_096
            )
        assert report.state is ActorState.DONE, report.error
        assert report.connections_total == crowd
        process.stdin.close()
        state, connections, received = process.stdout.readline().split()

    assert state == "running"
    assert int(connections) == crowd
    assert int(received) == (crowd * 2 * 12 if kind in STYLES else 0)


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")


@pytest.mark.parametrize("kind", [*STYLES, *BLOCKING_STYLES])
def test_ncat_is_echoed(kind: str) -> None:
    needs("ncat")
    with Running(kind, port=0) as server:
        command = ["ncat", "-i", "300ms", "127.0.0.1", str(server.port)]
        result = subprocess.run(command, input=b"Hello, world\n", capture_output=True, timeout=LIMIT_S, check=False)

    assert result.stdout == b"Hello, world\n"


def test_socat_is_echoed_over_udp_and_unix(tmp_path: Path) -> None:
    needs("socat")
    path = tmp_path / "echo"
    with Running("udp-echo", port=0) as udp, Running("unix-echo", path=str(path)) as unix:
        until(lambda: unix.report().local)
        for target in (f"UDP:127.0.0.1:{udp.port}", f"UNIX-CONNECT:{path}"):
            command = ["socat", "-t", "0.3", "-", target]
            result = subprocess.run(command, input=b"Hello\n", capture_output=True, timeout=LIMIT_S, check=False)
            assert result.stdout == b"Hello\n", target


def test_curl_reads_the_page_twice_over_one_connection() -> None:
    needs("curl")
    with Running("http-server", port=0, text="Grüße") as server:
        url = f"http://127.0.0.1:{server.port}/"
        plain = subprocess.run(["curl", "-sS", "-0", url], capture_output=True, timeout=LIMIT_S, check=True)
        kept = ["curl", "-sS", "-0", "-H", "Connection: keep-alive", url, url]
        twice = subprocess.run(kept, capture_output=True, timeout=LIMIT_S, check=True)

        assert plain.stdout.decode().endswith("<p>Grüße\n")
        assert twice.stdout.count(b"<p>") == 2
        assert server.report().connections_total == 2


def test_openssl_speaks_with_the_tls_server() -> None:
    needs("openssl")
    with Running("tls-echo", port=0) as server:
        command = ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{server.port}"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as ours:
            assert ours.stdin is not None
            assert ours.stdout is not None
            ours.stdin.write(b"Hello, world\n")
            ours.stdin.flush()
            assert ours.stdout.readline() == b"Hello, world\n"
            ours.kill()


def test_our_clients_are_served_by_ncat_and_socat(tmp_path: Path) -> None:
    needs("ncat")
    needs("socat")
    port = free_port()
    commands = (
        ["ncat", "-l", "-k", "-e", "/bin/cat", "127.0.0.1", str(port)],
        ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "EXEC:cat"],
    )
    for command in commands:
        with subprocess.Popen(command, process_group=0) as server:
            try:
                until(lambda: listens(port))
                report = run_to_end("echo-client", port=port, repeat=3, size=10_000)
                assert report.error == "", command
                assert report.messages == 3
            finally:
                subprocess.run(["kill", "-9", "--", f"-{server.pid}"], check=False)
        until(lambda: not listens(port))
