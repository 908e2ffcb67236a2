"""The lab's servers against plain Python sockets: what they are for, garbage, a megabyte, clients that vanish."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.lab.tls import client_context
from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import LIMIT_S, Running, open_descriptors, until

pytestmark = pytest.mark.linux

ECHO = (
    "echo-server",
    "echo-iterative",
    "echo-threads",
    "echo-select",
    "echo-asyncio",
    "echo-socketserver",
    "dual-stack-server",
    "forked-server",
)
EACH_ECHO = pytest.mark.parametrize("kind", ECHO)

SURVIVORS = (
    *ECHO,
    "discard",
    "chargen",
    "half-close-server",
    "reset-on-close",
    "never-close",
    "http-server",
    "message-server",
    "tls-echo",
    "sink",
    "slow-reader",
)

MEGABYTE = bytes(range(256)) * 4096


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    """A plain client of a server."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as client:
        yield client


def read_exactly(client: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (piece := client.recv(65_536)):
        data += piece
    return bytes(data)


def read_to_end(client: socket.socket) -> bytes:
    data = bytearray()
    while piece := client.recv(65_536):
        data += piece
    return bytes(data)


def reset(client: socket.socket) -> None:
    """Vanish: RST in place of FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@EACH_ECHO
def test_what_is_sent_comes_back_and_the_end_is_answered(kind: str) -> None:
    with Running(kind, port=0) as server, connected(server) as client:
        client.sendall(b"Hello, world")

        assert read_exactly(client, 12) == b"Hello, world"
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


@EACH_ECHO
def test_a_megabyte_comes_back_unchanged(kind: str) -> None:
    with Running(kind, port=0, recv_size=65_536) as server, connected(server) as client:
        writer = threading.Thread(target=client.sendall, args=(MEGABYTE,))
        writer.start()
        back = read_exactly(client, len(MEGABYTE))
        writer.join()

        assert hashlib.sha256(back).digest() == hashlib.sha256(MEGABYTE).digest()


@EACH_ECHO
def test_a_half_closed_client_still_gets_all_of_it(kind: str) -> None:
    with Running(kind, port=0) as server, connected(server) as client:
        client.sendall(b"x" * 50_000)
        client.shutdown(socket.SHUT_WR)

        assert read_to_end(client) == b"x" * 50_000


@pytest.mark.parametrize("kind", [kind for kind in ECHO if kind not in ("echo-iterative", "forked-server")])
def test_a_client_that_does_not_read_holds_up_nobody_else(kind: str) -> None:
    with Running(kind, port=0) as server, connected(server) as greedy, connected(server) as other:
        greedy.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                greedy.send(bytes(65_536))
        other.sendall(b"Hello, world")

        assert read_exactly(other, 12) == b"Hello, world"


@pytest.mark.parametrize("kind", SURVIVORS)
def test_a_server_survives_garbage_a_megabyte_and_clients_that_vanish(kind: str) -> None:
    before = open_descriptors()
    with Running(kind, port=0) as server:
        for _ in range(3):
            with connected(server) as client:
                client.settimeout(0.2)
                with suppress(OSError):
                    client.sendall(os.urandom(1_000))
                with suppress(OSError):
                    client.sendall(MEGABYTE)
                reset(client)
            with connected(server):
                pass
        if kind not in ("sink", "slow-reader", "never-close"):
            until(lambda: server.report().connections == 0)
        assert server.report().state is ActorState.RUNNING
        with connected(server) as client:
            client.sendall(b"still there?")
    assert open_descriptors() == before


@pytest.mark.parametrize("kind", [kind for kind in ECHO if kind not in ("echo-iterative", "forked-server")])
def test_many_clients_come_and_go_and_leave_nothing(kind: str) -> None:
    with Running(kind, port=0) as server:
        with connected(server) as client:
            client.sendall(b"x")
            read_exactly(client, 1)
        until(lambda: server.report().connections == 0)
        before = open_descriptors()
        clients = [socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) for _ in range(100)]
        for number, client in enumerate(clients):
            client.sendall(b"%04d" % number)
        for number, client in enumerate(clients):
            assert read_exactly(client, 4) == b"%04d" % number
            client.close()
        until(lambda: server.report().connections == 0)

        assert server.report().connections_total == 101
        until(lambda: open_descriptors() == before)


def test_one_at_a_time_means_that_the_second_waits() -> None:
    with Running("echo-iterative", port=0) as server, connected(server) as first, connected(server) as second:
        first.sendall(b"1")
        assert read_exactly(first, 1) == b"1"
        second.sendall(b"2")
        second.settimeout(0.1)
        with pytest.raises(TimeoutError):
            second.recv(1)
        first.close()
        second.settimeout(LIMIT_S)

        assert read_exactly(second, 1) == b"2"


def test_selects_three_lists_are_in_the_log() -> None:
    with Running("echo-select", port=0) as server, connected(server) as client:
        client.sendall(b"Hello")
        read_exactly(client, 5)
        calls = [call for call in server.report().calls if call.name == "select"]
        listener = server.report().sockets[0].fd

        assert calls[0].arguments == f"[{listener}], [], []"
        assert calls[0].result == f"[{listener}], [], []"
        assert any(call.result.endswith("], []") and call.result.count("[]") == 2 for call in calls)


def test_a_dual_stack_server_takes_both_families() -> None:
    with Running("dual-stack-server", port=0) as server:
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, server.port), timeout=LIMIT_S) as client:
                client.sendall(b"Hello")
                assert read_exactly(client, 5) == b"Hello"

        assert any("[::ffff:127.0.0.1]" in call.result for call in server.report().calls)


def test_a_one_family_server_refuses_the_other() -> None:
    with Running("dual-stack-server", port=0, v6only=True) as server, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_forked_listener_has_several_owners_and_they_end_with_the_server() -> None:
    with Running("forked-server", port=0, processes=3) as server:
        until(lambda: len(server.report().children) == 2)
        children = server.report().children
        inode = os.readlink(f"/proc/self/fd/{server.report().sockets[0].fd}")
        for child in children:
            owned = {os.readlink(entry) for entry in Path(f"/proc/{child}/fd").iterdir() if entry.is_symlink()}
            assert inode in owned

    assert not any(Path(f"/proc/{child}").exists() for child in children)


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
