"""Clients that come in crowds, connect in other ways, or send in other ways."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from engine.model.lab import ActorCommand, ActorState
from tests.lab_rig import Running, run_to_end, until
from tests.live.lab_peers import Taken, served

pytestmark = pytest.mark.linux


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


@pytest.mark.ipv6
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
