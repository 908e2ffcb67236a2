"""The lab's actors against other people's programs: ncat, socat, curl, openssl, iperf3, ss."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import LIMIT_S, Running, run_to_end, until
from tests.live.lab_callers import ECHO_SERVERS
from tests.live.lab_ports import free_port, listens

pytestmark = pytest.mark.linux

IPERF_COOKIE_BYTES = 37
"""What an iperf3 client says first; the server answers PARAM_EXCHANGE, 9 (iperf_api.h)."""
PARAM_EXCHANGE = 9


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")


def run(*command: str, said: bytes = b"") -> bytes:
    """What a program prints when it is told this."""
    needs(command[0])
    done = subprocess.run(list(command), input=said, capture_output=True, timeout=LIMIT_S, check=False)
    return done.stdout


@contextmanager
def program(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that is not ours, with whatever it forks, until the block ends."""
    needs(command[0])
    with subprocess.Popen(
        list(command), process_group=0, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            subprocess.run(["kill", "-9", "--", f"-{process.pid}"], check=False)


# --- our servers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ECHO_SERVERS)
def test_ncat_is_echoed(kind: str) -> None:
    with Running(kind, port=0) as server:
        assert run("ncat", "-i", "300ms", "127.0.0.1", str(server.port), said=b"Hello, world\n") == b"Hello, world\n"


@pytest.mark.parametrize("option", ["-4", pytest.param("-6", marks=pytest.mark.ipv6)])
def test_ncat_reaches_both_families_of_a_dual_stack_server(option: str) -> None:
    host = {"-4": "127.0.0.1", "-6": "::1"}[option]
    with Running("dual-stack-server", port=0) as server:
        said = run("ncat", option, "-i", "300ms", host, str(server.port), said=b"both\n")
        peers = [call.result for call in server.report().calls if call.name == "accept"]

    assert said == b"both\n"
    assert any(("::ffff:127.0.0.1" if option == "-4" else "[::1]") in peer for peer in peers)


def test_ncat_gets_what_a_half_close_replier_says_after_the_fin() -> None:
    with Running("half-close-server", port=0) as server:
        said = run("ncat", "127.0.0.1", str(server.port), said=b"Hello, world\n")

    assert said == b"13 bytes until your end\n"


def test_ncat_is_told_of_a_reset() -> None:
    needs("ncat")
    with Running("reset-on-close", port=0) as server:
        command = ["ncat", "-i", "5", "127.0.0.1", str(server.port)]
        done = subprocess.run(command, input=b"Hello\n", capture_output=True, timeout=LIMIT_S, check=False)

    assert b"Connection reset by peer" in done.stderr


def test_socat_reads_the_characters_of_chargen() -> None:
    with Running("chargen", port=0) as server:
        said = run("socat", "-u", f"TCP:127.0.0.1:{server.port},readbytes=74", "-")

    assert said.startswith(b" !\"#$%&'()*+,-./0123456789")


def test_socat_is_echoed_over_udp_and_unix(tmp_path: Path) -> None:
    path = tmp_path / "echo"
    with Running("udp-echo", port=0) as udp, Running("unix-echo", path=str(path)) as unix:
        until(lambda: unix.report().local)
        for target in (f"UDP:127.0.0.1:{udp.port}", f"UNIX-CONNECT:{path}"):
            assert run("socat", "-t", "0.3", "-", target, said=b"Hello\n") == b"Hello\n", target


def test_socat_is_echoed_by_an_abstract_name() -> None:
    with Running("unix-echo", path="@sockmon-test-interop") as unix:
        until(lambda: unix.report().local)
        said = run("socat", "-t", "0.3", "-", "ABSTRACT-CONNECT:sockmon-test-interop", said=b"Hello\n")

    assert said == b"Hello\n"


def test_curl_reads_the_page_twice_over_one_connection() -> None:
    with Running("http-server", port=0, text="Grüße") as server:
        url = f"http://127.0.0.1:{server.port}/"
        plain = run("curl", "-sS", "-0", url)
        twice = run("curl", "-sS", "-0", "-H", "Connection: keep-alive", url, url)

        assert plain.decode().endswith("<p>Grüße\n")
        assert twice.count(b"<p>") == 2
        assert server.report().connections_total == 2


def test_curl_asks_for_the_head_and_posts() -> None:
    with Running("http-server", port=0) as server:
        url = f"http://127.0.0.1:{server.port}/"
        head = run("curl", "-sS", "-I", url)

        assert head.startswith(b"HTTP/1.")
        assert server.report().state is ActorState.RUNNING


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


def test_curl_reaches_the_tls_server_and_is_echoed() -> None:
    needs("curl")
    with Running("tls-echo", port=0) as server:
        command = ["curl", "-sS", "-k", "--http0.9", "-m", "1", f"https://127.0.0.1:{server.port}/"]
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)

    assert done.stdout.startswith(b"GET / HTTP/1.1")


def test_iperf3_shows_its_cookie_to_a_discard_server_and_is_told_of_the_end() -> None:
    needs("iperf3")
    with Running("discard", port=0) as server:
        command = ["iperf3", "-c", "127.0.0.1", "-p", str(server.port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
            until(lambda: server.report().received == IPERF_COOKIE_BYTES)
            server.actor.stop()
            out, _ = client.communicate(timeout=LIMIT_S)

    assert b"error" in out


# --- our clients ------------------------------------------------------------------------------------------------------


def tcp_echo(name: str, port: int) -> tuple[str, ...]:
    """An echo server of another program."""
    return {
        "ncat": ("ncat", "-l", "-k", "-e", "/bin/cat", "127.0.0.1", str(port)),
        "socat": ("socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "EXEC:cat"),
    }[name]


@pytest.mark.parametrize("name", ["ncat", "socat"])
@pytest.mark.parametrize("kind", ["echo-client", "many-clients", "background-client", "half-close-client"])
def test_our_clients_are_served_by_others(kind: str, name: str) -> None:
    port = free_port()
    crowd = {"connections": 5, "ramp_s": 0.0} if kind == "many-clients" else {}
    with program(*tcp_echo(name, port)):
        until(lambda: listens(port))
        report = run_to_end(kind, port=port, size=1_000, **crowd)

    assert report.error == ""
    assert report.state is ActorState.DONE
    assert report.sent == 1_000 * crowd.get("connections", 1)


def test_the_udp_client_is_answered_by_socat() -> None:
    port = free_port()
    with program("socat", f"UDP-RECVFROM:{port},bind=127.0.0.1,fork", "EXEC:cat"):
        report = run_to_end("udp-client", port=port, repeat=1, timeout_s=0.3)
        while not report.messages and not report.received:  # socat has no way to say that it is bound
            report = run_to_end("udp-client", port=port, repeat=1, timeout_s=0.3)

    assert report.received == len("Hello, world")


def test_the_unix_client_is_answered_by_socat(tmp_path: Path) -> None:
    path = tmp_path / "echo"
    with program("socat", f"UNIX-LISTEN:{path},fork", "EXEC:cat"):
        until(path.exists)
        report = run_to_end("unix-client", path=str(path))

    assert (report.error, report.reply) == ("", "Hello, world")


def test_the_tls_client_is_answered_by_socat_with_a_certificate_of_openssls(tmp_path: Path) -> None:
    needs("openssl")
    both = tmp_path / "both.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert"), "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run(make, check=True, capture_output=True, timeout=LIMIT_S)
    both.write_bytes((tmp_path / "key").read_bytes() + (tmp_path / "cert").read_bytes())
    port = free_port()
    options = f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,cert={both},verify=0"
    with program("socat", options, "EXEC:cat"):
        until(lambda: listens(port))
        report = run_to_end("tls-client", port=port, size=100_000)

    assert report.error == ""
    assert any("TLSv1.3" in note for note in report.notes)


def test_a_page_is_asked_for_by_a_half_closing_client() -> None:
    needs("python3")
    port = free_port()
    with program("python3", "-I", "-m", "http.server", "--bind", "127.0.0.1", str(port)):
        until(lambda: listens(port))
        report = run_to_end("half-close-client", port=port, text="GET /no-such-page HTTP/1.0\r\n\r\n")

    assert report.reply.startswith("HTTP/1.0 404")


def test_iperf3_asks_our_client_for_its_parameters() -> None:
    port = free_port()
    with program("iperf3", "-s", "-B", "127.0.0.1", "-p", str(port)):
        until(lambda: listens(port))
        with Running("interactive-client", port=port, text="") as client:
            until(lambda: client.report().connections == 1)
            client.command(ActorCommand.SEND, "x" * IPERF_COOKIE_BYTES)
            until(lambda: client.report().received)
            answers = [call.result for call in client.report().calls if call.name == "recv"]

    assert answers[0] == repr(bytes([PARAM_EXCHANGE]))


def test_ss_names_the_actor_that_holds_a_socket() -> None:
    with Running("echo-server", port=0) as server:
        listed = run("ss", "-tlnH", f"sport = :{server.port}").decode().split()

    assert listed[0] == "LISTEN"
    assert listed[2] == "128"
