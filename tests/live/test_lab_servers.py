"""The other servers against plain Python sockets: each is for something."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from engine.lab.tls import client_context
from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import LIMIT_S, Running, until
from tests.live.lab_callers import ECHO_SERVERS, connected, read_exactly, read_to_end

pytestmark = pytest.mark.linux

MEGABYTE = bytes(range(256)) * 4096


@pytest.mark.parametrize("kind", [kind for kind in ECHO_SERVERS if kind not in ("echo-iterative", "forked-server")])
def test_a_client_that_does_not_read_holds_up_nobody_else(kind: str) -> None:
    with Running(kind, port=0) as server, connected(server) as greedy, connected(server) as other:
        greedy.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                greedy.send(bytes(65_536))
        other.sendall(b"Hello, world")

        assert read_exactly(other, 12) == b"Hello, world"


def test_discard_answers_nothing() -> None:
    with Running("discard", port=0) as server, connected(server) as client:
        client.sendall(MEGABYTE)
        client.shutdown(socket.SHUT_WR)

        assert read_to_end(client) == b""
        assert server.report().received == len(MEGABYTE)


def test_chargen_sends_the_lines_of_its_rfc() -> None:
    with Running("chargen", port=0) as server, connected(server) as client:
        lines = read_exactly(client, 74 * 96)[: 74 * 96].split(b"\r\n")

        assert lines[0] == bytes(range(32, 104))
        assert lines[1] == bytes(range(33, 105))
        assert lines[95] == lines[0]


def test_a_half_close_replier_speaks_after_the_fin() -> None:
    with Running("half-close-server", port=0) as server, connected(server) as client:
        client.sendall(b"x" * 1_000)
        client.shutdown(socket.SHUT_WR)

        assert read_to_end(client) == b"1000 bytes until your end\n"


def test_reset_on_close_sends_rst() -> None:
    with Running("reset-on-close", port=0) as server, connected(server) as client:
        client.sendall(b"x")

        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_never_close_leaks_in_close_wait() -> None:
    with Running("never-close", port=0) as server:
        for _ in range(3):
            with connected(server) as client:
                client.sendall(b"x")
        until(lambda: len([note for note in server.report().notes if "CLOSE-WAIT" in note]) == 3)

        assert server.report().connections == 3


def test_the_eof_ignorer_spins_on_nothing_and_can_be_stopped() -> None:
    with Running("eof-ignorer", port=0) as server:
        with connected(server) as client:
            client.sendall(b"x")
        until(lambda: server.report().messages >= 2_000)

        assert server.report().calls[-1].result == "b''"


def test_late_accept_leaves_clients_in_the_queue_and_takes_one_at_a_command() -> None:
    with Running("accept-late", port=0, backlog=2) as server, connected(server) as first, connected(server):
        assert server.report().connections == 0
        server.command(ActorCommand.ACCEPT)
        until(lambda: server.report().connections == 1)
        first.close()
        until(lambda: server.report().connections == 0)


def test_late_accept_takes_all_once_its_delay_is_over() -> None:
    with Running("accept-late", port=0, delay_s=0.1) as server, connected(server), connected(server):
        until(lambda: server.report().connections == 2)


def test_a_full_accept_queue_leaves_the_next_client_waiting() -> None:
    with Running("accept-late", port=0, backlog=0) as server, connected(server), socket.socket() as second:
        second.settimeout(0.2)

        with pytest.raises(TimeoutError):
            second.connect(("127.0.0.1", server.port))


def test_a_slow_reader_keeps_its_rate() -> None:
    with Running("slow-reader", port=0, bytes_per_s=50_000) as server, connected(server) as client:
        client.settimeout(0.5)
        begun = time.monotonic()
        with suppress(TimeoutError):
            client.sendall(bytes(10_000_000))
        until(lambda: server.report().received > 20_000)
        elapsed = time.monotonic() - begun

        assert server.report().received <= 50_000 * (elapsed + 1.5)


def test_tls_echo_speaks_tls_and_tells_who_does_not() -> None:
    with Running("tls-echo", port=0) as server:
        with (
            connected(server) as plain,
            client_context().wrap_socket(plain, server_hostname="localhost") as client,
        ):
            client.sendall(b"Hello, world")
            assert client.recv(100) == b"Hello, world"
        with connected(server) as client:
            client.sendall(b"Hello, world")
            read_to_end(client)

        assert any("does not speak TLS" in note for note in server.report().notes)


@pytest.mark.parametrize("abstract", [True, False])
def test_unix_echo_at_a_path_and_under_an_abstract_name(abstract: bool, tmp_path: Path) -> None:
    name = f"@sockmon-test-{time.monotonic_ns()}" if abstract else str(tmp_path / "echo")
    with Running("unix-echo", path=name) as server:
        until(lambda: server.report().local)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0" + name[1:] if abstract else name)
            client.sendall(b"Hello")
            assert read_exactly(client, 5) == b"Hello"
        assert server.report().local == name

    assert not (tmp_path / "echo").exists()


def test_a_unix_path_that_was_there_before_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "echo"
    path.write_text("mine")
    with Running("unix-echo", path=str(path)) as server:
        assert server.ended().state is ActorState.FAILED

    assert path.read_text() == "mine"


def test_udp_echo_sends_every_datagram_back_the_empty_one_too() -> None:
    with Running("udp-echo", port=0) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(LIMIT_S)
        client.connect(("127.0.0.1", server.port))
        for data in (b"Hello", b"", bytes(65_507)):
            client.send(data)
            assert client.recv(65_536) == data


def test_a_udp_sink_counts_what_it_had_no_room_for() -> None:
    with (
        Running("udp-sink", port=0, rcvbuf=4096) as sink,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.connect(("127.0.0.1", sink.port))
        for _ in range(100):
            client.send(bytes(1_000))
        until(lambda: sink.report().messages > 50)

        assert "RcvbufErrors" in sink.report().notes[0]


def test_sntp_answers_clients_and_nobody_else() -> None:
    with Running("sntp-server", port=0) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(LIMIT_S)
        client.connect(("127.0.0.1", server.port))
        client.send(b"short")
        client.send(b"\x24" + bytes(47))  # mode 4: a server's
        client.send(b"\x23" + bytes(39) + b"transmit")
        reply = client.recv(100)

        assert reply[0] == 0x24
        assert reply[24:32] == b"transmit"
        assert abs(int.from_bytes(reply[40:44], "big") - 2_208_988_800 - time.time()) < 2
        assert len(server.report().notes) == 2


def test_http_ends_the_page_by_the_close() -> None:
    with Running("http-server", port=0, text="a < b") as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")

        assert read_to_end(client).endswith(b"a &lt; b\n")


def test_http_keeps_the_connection_when_asked_and_answers_two_requests_at_once() -> None:
    with Running("http-server", port=0) as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2 + b"GET /no HTTP/1.0\r\n\r\n")
        answers = read_to_end(client)

        assert answers.count(b"HTTP/1.0 200 OK") == 2
        assert answers.count(b"HTTP/1.0 404 Not Found") == 1


def test_http_gives_up_on_a_head_without_end() -> None:
    with Running("http-server", port=0) as server, connected(server) as client:
        client.sendall(b"GET / HTTP/1.0\r\nX: " + b"x" * 16_384)

        assert b"431" in client.recv(100)
