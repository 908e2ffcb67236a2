"""The lab's clients against plain Python sockets and the lab's own servers."""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.model.errors import BadInput
from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import LIMIT_S, Running, open_descriptors, run_to_end, until

pytestmark = pytest.mark.linux


@contextmanager
def served(serve: Callable[[socket.socket], object], backlog: int = 16) -> Iterator[int]:
    """The port of a plain listener whose next connection is given to `serve` in a thread."""

    def accept() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(LIMIT_S)
            serve(sock)

    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as listener:
        listener.settimeout(LIMIT_S)
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(LIMIT_S)


def echo(sock: socket.socket) -> None:
    while data := sock.recv(65_536):
        sock.sendall(data)


class Taken:
    """Takes everything that a client sends."""

    def __init__(self) -> None:
        self.data = b""
        self.pieces: list[bytes] = []

    def __call__(self, sock: socket.socket) -> None:
        while piece := sock.recv(65_536):
            self.data += piece
            self.pieces.append(piece)


def test_the_echo_client_shows_hello_world() -> None:
    with served(echo) as port:
        report = run_to_end("echo-client", port=port)

    assert report.state is ActorState.DONE
    assert report.reply == "Hello, world"
    assert (report.sent, report.received, report.messages) == (12, 12, 1)
    assert [call.name for call in report.calls] == [
        "getaddrinfo",
        "socket",
        "connect",
        "sendall",
        "recv",
        "close",
    ]


def test_the_echo_client_repeats_and_waits_between() -> None:
    with served(echo) as port:
        begun = time.monotonic()
        report = run_to_end("echo-client", port=port, repeat=3, interval_s=0.05)

    assert report.messages == 3
    assert time.monotonic() - begun >= 0.1


def test_the_echo_client_tells_a_server_that_closes_too_early() -> None:
    with served(lambda sock: sock.recv(100)) as port:
        report = run_to_end("echo-client", port=port)

    assert report.state is ActorState.FAILED
    assert report.error.endswith("it closed after 0 of 12 bytes")


def test_the_echo_client_tells_an_answer_that_is_not_the_echo() -> None:
    with served(lambda sock: sock.sendall(sock.recv(100)[::-1])) as port:
        report = run_to_end("echo-client", port=port)

    assert report.error.endswith("what came back is not what was sent")
    assert report.reply == "dlrow ,olleH"


def test_the_echo_client_gives_up_after_its_timeout() -> None:
    release = threading.Event()
    with served(lambda sock: release.wait(LIMIT_S)) as port:
        report = run_to_end("echo-client", port=port, timeout_s=0.05)
        release.set()

    assert report.state is ActorState.FAILED
    assert report.error == f"recv on 127.0.0.1:{port}: timed out"
    assert report.errno == 0


def test_a_client_that_waits_for_an_answer_is_stopped_at_once() -> None:
    release = threading.Event()
    with served(lambda sock: release.wait(LIMIT_S)) as port, Running("echo-client", port=port) as client:
        until(lambda: [call.name for call in client.report().waiting] == ["recv"])
        client.actor.stop()
        report = client.ended()
        release.set()

    assert report.state is ActorState.STOPPED
    assert report.error == ""


def test_a_client_that_waits_in_connect_is_stopped_at_once() -> None:
    with (
        Running("accept-late", port=0, backlog=0) as server,
        socket.create_connection(("127.0.0.1", server.port)),
        Running("echo-client", port=server.port) as client,
    ):
        until(lambda: [call.name for call in client.report().waiting] == ["connect"])
        client.actor.stop()

        assert client.ended().state is ActorState.STOPPED


def test_a_payload_larger_than_all_buffers_comes_back() -> None:
    with served(echo) as port:
        report = run_to_end("echo-client", port=port, size=5_000_000, recv_size=65_536)

    assert report.state is ActorState.DONE
    assert report.received == 5_000_000


def test_a_client_uses_its_own_address_and_port() -> None:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        own = finder.getsockname()[1]
    with served(echo) as port:
        report = run_to_end("echo-client", port=port, bind_host="127.0.0.2", bind_port=own)

    assert report.error == ""
    assert report.local == f"127.0.0.2:{own}"


def test_many_clients_talk_at_once_and_every_byte_is_compared() -> None:
    with Running("echo-server", port=0) as server:
        report = run_to_end("many-clients", port=server.port, connections=200, repeat=5, ramp_s=0.1, size=2_000)

        assert report.state is ActorState.DONE, report.error
        assert report.messages == 1_000
        assert report.connections_total == 200
        assert server.report().received == 200 * 5 * 2_000


def test_many_clients_may_pause_between_and_be_held() -> None:
    with (
        Running("echo-server", port=0) as server,
        Running(
            "many-clients", port=server.port, connections=20, repeat=2, interval_s=0.05, ramp_s=0.0, hold_s=None
        ) as crowd,
    ):
        until(lambda: crowd.report().messages == 40)

        assert crowd.report().connections == 20


def test_many_clients_tell_a_wrong_byte() -> None:
    with served(lambda sock: sock.sendall(b"J" + sock.recv(100)[1:])) as port:
        report = run_to_end("many-clients", port=port, connections=1, ramp_s=0.0)

    assert "sent back other bytes than it got" in report.error


def test_many_clients_tell_a_refusal() -> None:
    report = run_to_end("many-clients", port=1, connections=3, ramp_s=0.0)

    assert (report.state, report.errno) == (ActorState.FAILED, 111)


def test_connecting_only_says_nothing_and_holds() -> None:
    with (
        Running("accept-late", port=0, backlog=16) as server,
        Running("connect-client", port=server.port, connections=5) as client,
    ):
        until(lambda: client.report().connections == 5)

        assert client.report().sent == 0
        assert client.report().state is ActorState.RUNNING


def test_connecting_in_the_background_shows_einprogress_writable_and_so_error() -> None:
    taken = Taken()
    with served(taken) as port:
        report = run_to_end("background-client", port=port)

    assert taken.data == b"Hello, world"
    names = [call.name for call in report.calls]
    assert names.index("connect_ex") < names.index("poll") < names.index("getsockopt") < names.index("send")
    assert next(call for call in report.calls if call.name == "connect_ex").result == "EINPROGRESS (115)"


def test_connecting_in_the_background_tells_a_refusal_by_so_error() -> None:
    report = run_to_end("background-client", port=1)

    assert report.errno == 111
    assert report.error.startswith("connect to 127.0.0.1:1: Connection refused")


def test_every_address_is_tried_until_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Taken()
    with served(taken) as port:
        found = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: found)
        report = run_to_end("any-address-client", host="two.example", port=port)

    assert taken.data == b"Hello, world"
    assert f"[::1]:{port}: Connection refused" in report.notes


def test_no_address_that_answers_tells_all() -> None:
    report = run_to_end("any-address-client", host="127.0.0.1", port=1)

    assert report.error.startswith("connect to '127.0.0.1' by any of its addresses (127.0.0.1:1: Connection refused)")


@pytest.mark.parametrize("call", ["send", "sendall", "sendmsg", "sendfile", "makefile"])
def test_each_sending_call_sends_all_of_it(call: str) -> None:
    taken = Taken()
    with served(taken) as port:
        report = run_to_end("send-client", port=port, send_call=call, size=300_000, chunk=7_000)

    assert len(taken.data) == report.sent == 300_000
    assert ({"makefile": "send"}.get(call, call)) in {entry.name for entry in report.calls}


@pytest.mark.parametrize("call", ["sendall", "sendfile"])
def test_raw_bytes_of_a_file_are_sent_as_they_are(call: str, tmp_path: Path) -> None:
    file = tmp_path / "raw"
    file.write_bytes(os.urandom(100_000))
    taken = Taken()
    with served(taken) as port:
        report = run_to_end("send-client", port=port, send_call=call, file=str(file))

    assert taken.data == file.read_bytes()
    assert report.sent == 100_000


@pytest.mark.parametrize("how", ["RD", "WR", "RDWR"])
def test_shutdown_is_called_as_told(how: str) -> None:
    with served(Taken()) as port:
        report = run_to_end("send-client", port=port, shutdown=how)

    assert next(call for call in report.calls if call.name == "shutdown").arguments == f"SHUT_{how}"


def test_a_sender_that_breaks_off_still_knows_how_much_the_kernel_took() -> None:
    with Running("sink", port=0) as sink:
        report = run_to_end("send-client", port=sink.port, size=20_000_000, timeout_s=0.2)

        assert report.state is ActorState.FAILED
        assert report.error.endswith("timed out")
        assert 1_000_000 < report.sent < 20_000_000


def test_half_closing_reads_the_reply_to_the_end() -> None:
    with Running("half-close-server", port=0) as server:
        report = run_to_end("half-close-client", port=server.port, size=1_000)

    assert report.reply == "1000 bytes until your end\n"


def test_a_slow_writer_arrives_in_pieces() -> None:
    taken = Taken()
    with served(taken) as port:
        run_to_end("slow-writer", port=port, text="Hello", chunk=1, interval_s=0.03)

    assert taken.pieces == [b"H", b"e", b"l", b"l", b"o"]


def test_without_a_flush_no_byte_is_sent() -> None:
    taken = Taken()
    with served(taken) as port, Running("buffered-client", port=port) as client:
        until(lambda: client.report().notes)
        assert client.report().sent == 0
        assert not any(call.name == "send" for call in client.report().calls)
        client.command(ActorCommand.SEND)
        until(lambda: taken.data == b"Hello, world")


def test_a_buffer_flushes_after_its_delay() -> None:
    taken = Taken()
    with served(taken) as port:
        run_to_end("buffered-client", port=port, delay_s=0.05, hold_s=0.0)

    assert taken.data == b"Hello, world"


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


@pytest.mark.parametrize("group", ["239.255.42.98", "ff15::4298"])
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


def test_a_unix_client_talks_to_a_plain_server(tmp_path: Path) -> None:
    path = str(tmp_path / "echo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                echo(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        report = run_to_end("unix-client", path=path)
        thread.join()

    assert report.reply == "Hello, world"


def test_a_tls_client_tells_a_server_that_speaks_no_tls() -> None:
    with served(lambda sock: sock.sendall(b"220 hello, I speak plainly\r\n")) as port:
        report = run_to_end("tls-client", port=port)

    assert report.state is ActorState.FAILED
    assert "speak TLS with 127.0.0.1" in report.error


def test_a_tls_client_and_a_tls_server_exchange_a_megabyte() -> None:
    with Running("tls-echo", port=0) as server:
        report = run_to_end("tls-client", port=server.port, size=1_000_000)

    assert report.error == ""
    assert report.messages == 1
    assert report.sent > 1_000_000


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


def test_a_passed_descriptor_changes_its_owner() -> None:
    before = open_descriptors()
    with Running("echo-server", port=0) as server, Running("fd-passing", port=server.port, delay_s=5.0) as client:
        until(lambda: client.report().connections == 1)
        connection = next(sock for sock in client.report().sockets if sock.peer.startswith("127."))
        inode = os.readlink(f"/proc/self/fd/{connection.fd}")
        (child,) = client.report().children
        assert inode not in owned_by(child)
        client.command(ActorCommand.SEND)
        until(lambda: client.report().reply == "Hello, world")

        assert inode in owned_by(child)
        assert inode not in owned_by(os.getpid())
        assert server.report().connections == 1
    assert open_descriptors() == before


def owned_by(pid: int) -> set[str]:
    links = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.add(os.readlink(entry))
        except FileNotFoundError:
            continue
    return links


def may_ping() -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
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


def test_an_interactive_client_sends_lines_and_shows_what_comes() -> None:
    with served(echo) as port, Running("interactive-client", port=port) as client:
        until(lambda: client.report().state is ActorState.RUNNING)
        client.command(ActorCommand.SEND, "one ")
        until(lambda: client.report().reply == "one ")
        client.command(ActorCommand.SEND, "two")
        until(lambda: client.report().reply == "one two")
        client.command(ActorCommand.CLOSE)

        assert client.ended().state is ActorState.DONE


def test_an_interactive_client_notes_the_end() -> None:
    with served(lambda sock: None) as port, Running("interactive-client", port=port) as client:
        until(lambda: any("recv() returned b''" in note for note in client.report().notes))


def test_by_hand_each_command_is_one_call() -> None:
    with Running("server-by-hand", port=0) as server, Running("client-by-hand", port=server.port) as client:
        until(lambda: client.report().connections == 1)
        server.command(ActorCommand.ACCEPT)
        client.command(ActorCommand.SEND, "Hello")
        server.command(ActorCommand.RECV, "3")
        until(lambda: server.report().reply == "Hel")
        server.command(ActorCommand.RECV)
        until(lambda: server.report().reply == "lo")
        client.command(ActorCommand.SHUTDOWN, "WR")
        server.command(ActorCommand.RECV)
        until(lambda: any("b''" in note for note in server.report().notes))
        server.command(ActorCommand.SEND, "bye")
        client.command(ActorCommand.RECV)
        until(lambda: client.report().reply == "bye")
        server.command(ActorCommand.CLOSE)
        client.command(ActorCommand.CLOSE)
        until(lambda: server.report().connections == client.report().connections == 0)


def test_by_hand_both_may_wait_in_recv_and_are_seen_to() -> None:
    with Running("server-by-hand", port=0) as server, Running("client-by-hand", port=server.port) as client:
        server.command(ActorCommand.ACCEPT)
        server.command(ActorCommand.RECV)
        client.command(ActorCommand.RECV)
        until(lambda: [call.name for call in server.report().waiting] == ["recv"])
        until(lambda: [call.name for call in client.report().waiting] == ["recv"])


def test_by_hand_an_error_is_told_and_the_actor_goes_on() -> None:
    with served(vanish) as port, Running("client-by-hand", port=port) as client:
        client.command(ActorCommand.RECV)
        until(lambda: client.report().errno == 104)
        assert client.report().state is ActorState.RUNNING
        client.command(ActorCommand.CONNECT)
        client.command(ActorCommand.CLOSE)
        client.command(ActorCommand.SEND)
        until(lambda: "has no connection" in client.report().error)


def vanish(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("command", "text"), [(ActorCommand.RECV, "-1"), (ActorCommand.RECV, "x"), (ActorCommand.SHUTDOWN, "both")]
)
def test_by_hand_a_text_that_a_command_cannot_use_is_refused_at_once(command: ActorCommand, text: str) -> None:
    with Running("server-by-hand", port=0) as server, pytest.raises(BadInput, match=text):
        server.command(command, text)
