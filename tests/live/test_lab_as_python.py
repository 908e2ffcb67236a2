"""Copy as Python: each program runs as it stands and does what its actor does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.lab.as_python import as_python
from engine.lab.catalogue import KINDS, actor_kind
from engine.lab.knobs import set_knobs
from engine.lab.templates import TEMPLATES, template_knobs
from engine.model.lab import ActorSpec
from tests.lab_rig import LIMIT_S, Running, run_to_end, until
from tests.live.lab_callers import ECHO_SERVERS
from tests.live.lab_ports import free_port, listens

pytestmark = pytest.mark.linux

LINES_MAX = 35
"""The framings and the selectors need more than the usual 10 to 20."""

FRAMINGS = ("fixed", "delimiter", "length-prefix", "ascii-length", "close")


def program(kind: str, **knobs: Any) -> str:
    return as_python(ActorSpec(kind, set_knobs(actor_kind(kind).default_knobs(), knobs)))


@contextmanager
def running(text: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program in a process of its own, killed with its children at the end."""
    script = tmp_path / f"program-{time.monotonic_ns()}.py"
    script.write_text(text)
    with subprocess.Popen(
        [sys.executable, "-u", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            subprocess.run(["kill", "-9", "--", f"-{process.pid}"], check=False, capture_output=True)


def output(text: str, tmp_path: Path, given: str = "") -> str:
    """What a program prints until it ends by itself, which it does without an error."""
    script = tmp_path / f"program-{time.monotonic_ns()}.py"
    script.write_text(text)
    result = subprocess.run(
        [sys.executable, str(script)], input=given, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_short_program(kind: str) -> None:
    text = program(kind)
    lines = [line for line in text.splitlines() if line.strip()]

    compile(text, kind, "exec")
    assert len(lines) <= LINES_MAX
    assert max(len(line) for line in lines) <= 130
    assert "$" not in text
    assert "# options" not in text


@pytest.mark.parametrize("kind", ECHO_SERVERS)
def test_a_program_that_echoes_serves_our_clients(kind: str, tmp_path: Path) -> None:
    port = free_port()
    with running(program(kind, port=port), tmp_path):
        until(lambda: listens(port))
        report = run_to_end("echo-client", port=port, size=100_000)
        assert report.error == ""
        report = run_to_end("many-clients", port=port, connections=5, repeat=2, ramp_s=0.0, nodelay=True)
        assert report.error == ""


@pytest.mark.parametrize(
    ("kind", "knobs", "expected"),
    [
        ("echo-client", {"repeat": 2}, "b'Hello, world'\nb'Hello, world'\n"),
        ("many-clients", {"connections": 3, "ramp_s": 0.3}, "same\n" * 3),
        ("connect-client", {"connections": 2, "hold_s": 0.0}, "127.0.0.1"),
        ("background-client", {}, "EINPROGRESS"),
        ("any-address-client", {"host": "127.0.0.1"}, "connected to"),
        ("send-client", {"size": 1_000}, ""),
        ("half-close-client", {}, "b'Hello, world'\n"),
        ("slow-writer", {"interval_s": 0.01}, ""),
        ("buffered-client", {"delay_s": 0.01}, ""),
        ("fd-passing", {"delay_s": 0.01}, "b'Hello, world'\n"),
    ],
)
def test_a_program_that_speaks_is_answered_by_our_server(
    kind: str, knobs: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    with Running("echo-server", port=0) as server:
        assert expected in output(program(kind, port=server.port, **knobs), tmp_path)


@pytest.mark.parametrize("call", ["send", "sendall", "sendmsg", "sendfile", "makefile"])
def test_a_program_sends_by_the_call_that_was_chosen(call: str, tmp_path: Path) -> None:
    with Running("discard", port=0) as server:
        output(program("send-client", port=server.port, send_call=call, size=50_000, shutdown="WR"), tmp_path)
        until(lambda: server.report().received == 50_000)


def test_a_program_to_talk_with(tmp_path: Path) -> None:
    with Running("echo-server", port=0) as server:
        assert output(program("interactive-client", port=server.port), tmp_path, "one\n") == "b'one\\n'\n"


@pytest.mark.parametrize("framing", FRAMINGS)
def test_message_programs_understand_each_other_and_our_actors(framing: str, tmp_path: Path) -> None:
    port = free_port()
    with running(program("message-server", port=port, framing=framing), tmp_path):
        until(lambda: listens(port))
        assert output(program("message-client", port=port, framing=framing), tmp_path) == "b'Hello, world'\n"
        assert run_to_end("message-client", port=port, framing=framing).reply == "Hello, world"
    with Running("message-server", port=0, framing=framing) as server:
        assert output(program("message-client", port=server.port, framing=framing), tmp_path) == "b'Hello, world'\n"


def test_the_tutorials_programs_make_its_picture(tmp_path: Path) -> None:
    port = free_port()
    texts = {
        kind: as_python(
            ActorSpec(
                kind, template_knobs("tutorial", kind, set_knobs(actor_kind(kind).default_knobs(), {"port": port}))
            )
        )
        for kind in TEMPLATES["tutorial"].settings
    }
    with running(texts["sink"], tmp_path):
        until(lambda: listens(port))
        with running(texts["flood-client"], tmp_path) as flood:
            assert flood.stdout is not None
            told = flood.stdout.readline()

    assert "Resource temporarily unavailable" in told
    assert int(told.split()[0]) > 300_000


def test_unix_programs(tmp_path: Path) -> None:
    path = str(tmp_path / "echo")
    with running(program("unix-echo", path=path), tmp_path):
        until(Path(path).exists)
        until(lambda: run_to_end("unix-client", path=path).reply == "Hello, world")
        assert output(program("unix-client", path=path), tmp_path) == "b'Hello, world'\n"


def test_tls_programs(tmp_path: Path) -> None:
    if not Path("/usr/bin/openssl").exists():
        pytest.skip("the program makes its certificate with openssl")
    port = free_port()
    with running(program("tls-echo", port=port), tmp_path):
        until(lambda: listens(port))
        assert "b'Hello, world'\n" in output(program("tls-client", port=port), tmp_path)
        assert run_to_end("tls-client", port=port).reply == "Hello, world"


def test_udp_programs(tmp_path: Path) -> None:
    port = free_port()
    with running(program("udp-echo", port=port, host="0.0.0.0"), tmp_path):
        until(lambda: run_to_end("udp-client", port=port, timeout_s=0.1).reply == "Hello, world")
        assert output(program("udp-client", port=port), tmp_path) == "b'Hello, world'\n"
        assert "b'Hello, world'" in output(program("udp-broadcast", port=port, timeout_s=0.2), tmp_path)
    with Running("udp-echo", host="239.255.42.97", port=0) as server:
        spread = program("udp-multicast", host="239.255.42.97", port=server.port, timeout_s=0.2)
        assert "b'Hello, world'" in output(spread, tmp_path)


def test_a_udp_flood_program_drops_into_a_sink(tmp_path: Path) -> None:
    with (
        Running("udp-sink", port=0, rcvbuf=4096) as sink,
        running(program("udp-flood", port=sink.port, bytes_per_s=5_000_000), tmp_path),
    ):
        until(lambda: sink.report().messages > 10)


def test_sntp_programs(tmp_path: Path) -> None:
    port = free_port()
    with running(program("sntp-server", port=port), tmp_path):
        until(lambda: run_to_end("sntp-client", port=port, timeout_s=0.1).reply)
    with Running("sntp-server", port=0) as server:
        assert output(program("sntp-client", port=server.port), tmp_path).startswith("offset ")


@pytest.mark.parametrize(
    ("kind", "client", "reply"),
    [
        ("http-server", {"kind": "half-close-client", "text": "GET / HTTP/1.0\r\n\r\n"}, "HTTP/1.0 200 OK"),
        ("half-close-server", {"kind": "half-close-client"}, "12 bytes until your end"),
        ("chargen", {"kind": "echo-client"}, " !"),
        ("discard", {"kind": "half-close-client"}, ""),
        ("accept-late", {"kind": "half-close-client"}, ""),
        ("slow-reader", {"kind": "send-client"}, ""),
        ("never-close", {"kind": "send-client"}, ""),
        ("eof-ignorer", {"kind": "send-client"}, ""),
    ],
)
def test_a_program_of_another_server_serves_our_clients(
    kind: str, client: dict[str, str], reply: str, tmp_path: Path
) -> None:
    port = free_port()
    knobs = {"delay_s": 0.0} if kind == "accept-late" else {}
    with running(program(kind, port=port, **knobs), tmp_path):
        until(lambda: listens(port))
        report = run_to_end(client["kind"], port=port, text=client.get("text", "Hello, world"))

    assert report.connections_total == 1
    assert report.reply.startswith(reply)


def test_a_program_that_resets(tmp_path: Path) -> None:
    port = free_port()
    with running(program("reset-on-close", port=port), tmp_path):
        until(lambda: listens(port))

        assert run_to_end("echo-client", port=port).errno == 104


def test_programs_worked_by_hand(tmp_path: Path) -> None:
    port = free_port()
    with running(program("server-by-hand", port=port), tmp_path) as server:
        until(lambda: listens(port))
        assert server.stdin is not None
        server.stdin.write("\n" * 5)
        server.stdin.flush()
        assert "b'Hello, world'" in output(program("client-by-hand", port=port), tmp_path, "\n" * 5)


def test_a_sniffing_program(tmp_path: Path) -> None:
    import socket

    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
    except PermissionError:
        pytest.skip("needs CAP_NET_RAW")
    with running(program("sniffer", repeat=1), tmp_path) as sniffer:

        def heard() -> bool:
            run_to_end("udp-client", port=9, timeout_s=0.01)
            return sniffer.poll() is not None

        until(heard)
        assert sniffer.stdout is not None
        assert " -> 127." in sniffer.stdout.read()


def test_a_pinging_program(tmp_path: Path) -> None:
    import socket

    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        pytest.skip("needs a raw socket")

    assert output(program("ping", repeat=2, interval_s=0.0), tmp_path).count("reply from 127.0.0.1: icmp_seq=") == 2


def test_the_options_of_a_form_are_in_the_program_on_the_right_side_of_connect() -> None:
    text = program("echo-client", sndbuf=50_000, quickack=True, bind_host="127.0.0.2", timeout_s=2.0)
    lines = [line.strip() for line in text.splitlines()]

    before = lines.index("sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 50000)")
    assert before < lines.index("sock.bind(('127.0.0.2', 0))") < lines.index("sock.settimeout(2.0)")
    connect = lines.index("sock.connect(('127.0.0.1', 65432))")
    assert connect < lines.index("sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)")


def test_foreign_text_stays_a_literal() -> None:
    text = program("echo-client", text='"); import os; os.abort() #\n$HOST', host="$PORT")

    compile(text, "hostile", "exec")
    assert "import os\n" not in text
    assert "'$PORT'" in text
