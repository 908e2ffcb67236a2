"""engine.lab.logged: a socket that tells what is called on it and is a socket in every other way."""

from __future__ import annotations

import io
import os
import select
import selectors
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from engine.lab.calls import CallLog
from engine.lab.logged import LoggedSocket
from tests.lab_rig import open_descriptors, until

pytestmark = pytest.mark.linux


@pytest.fixture
def pair(log: CallLog) -> tuple[LoggedSocket, LoggedSocket]:
    """Both ends of a TCP connection."""
    listener = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    client = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    client.connect(socket.socket.getsockname(listener))
    server, _ = listener.accept()
    listener.close()
    return client, server


def names(log: CallLog) -> list[str]:
    return [call.name for call in log.account().calls]


Pair = tuple[LoggedSocket, LoggedSocket]


def test_opening_a_connection_is_these_calls(log: CallLog, pair: Pair) -> None:
    assert names(log) == ["socket", "bind", "listen", "socket", "connect", "accept", "close"]
    client, server = pair
    assert client.local == server.peer
    assert client.peer == server.local
    assert log.account().connections == 2
    assert log.account().connections_total == 2


def test_each_call_names_its_socket_by_descriptor_and_cookie(log: CallLog, pair: Pair) -> None:
    client, _ = pair
    client.send(b"x")
    call = log.account().calls[-1]

    assert (call.fd, call.cookie) == (client.fileno(), client.cookie)
    raw = socket.socket.getsockopt(client, socket.SOL_SOCKET, 57, 8)
    assert client.cookie == int.from_bytes(raw, sys.byteorder)


def test_bytes_are_counted_on_the_socket_and_in_all(log: CallLog, pair: Pair) -> None:
    client, server = pair
    client.sendall(b"12345")
    client.sendmsg([b"67", b"8"])
    buffer = bytearray(4)
    assert server.recv_into(buffer) == 4
    assert server.recv(100) == b"5678"

    assert client.sent == server.received == log.account().sent == log.account().received == 8


def test_peeking_is_not_receiving(pair: Pair) -> None:
    client, server = pair
    client.send(b"Hello")

    assert server.recv(5, socket.MSG_PEEK) == b"Hello"
    assert server.received == 0


def test_full_partial_and_refused_sends_are_told_apart(log: CallLog, pair: Pair) -> None:
    client, _ = pair
    client.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            client.send(bytes(1_000_000))
    account = log.account()

    assert account.full + account.partial > 0
    assert account.refused == 1
    assert account.sent == client.accepted_by_kernel()


def test_a_sendall_that_times_out_counts_what_the_kernel_took(log: CallLog, pair: Pair) -> None:
    client, _ = pair
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.sendall(bytes(50_000_000))

    assert client.sent == client.accepted_by_kernel()
    assert 0 < client.sent < 50_000_000


def test_makefile_reads_and_writes_through_the_log(log: CallLog, pair: Pair) -> None:
    client, server = pair
    with client.makefile("w") as out, server.makefile("r") as lines:
        out.write("one\ntwo\n")
        out.flush()
        assert lines.readline() == "one\n"

    assert names(log)[-2:] == ["send", "recv_into"]


@pytest.mark.parametrize("regular", [True, False])
def test_sendfile_counts_each_byte_once(log: CallLog, pair: Pair, regular: bool, tmp_path: Path) -> None:
    client, _ = pair
    (tmp_path / "file").write_bytes(b"x" * 5_000)
    with (tmp_path / "file").open("rb") if regular else io.BytesIO(b"x" * 5_000) as file:
        assert client.sendfile(file) == 5_000

    assert client.sent == log.account().sent == 5_000


def test_a_duplicate_is_the_same_socket_under_another_number(pair: Pair) -> None:
    client, server = pair
    twin = client.dup()
    client.close()
    twin.send(b"still open")

    assert twin.cookie == client.cookie
    assert server.recv(100) == b"still open"


def test_a_detached_socket_is_no_longer_held(log: CallLog, pair: Pair) -> None:
    client, _ = pair
    os.close(client.detach())

    assert len(log.held()) == 1


def test_with_closes_and_closing_twice_is_one_call(log: CallLog, pair: Pair) -> None:
    client, _ = pair
    with client:
        pass
    client.close()

    assert names(log).count("close") == 2  # the listener's and this one


def test_selectors_and_select_take_it(pair: Pair) -> None:
    client, server = pair
    client.send(b"x")
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        assert selector.select(5)[0][0].fileobj is server
    assert select.select([server], [], [], 5)[0] == [server]


def test_a_non_blocking_connect_counts_once_so_error_says_connected(log: CallLog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.connect(listener.getsockname())
        assert log.account().connections_total == 0
        select.select([], [client], [], 5)
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0

        assert log.account().connections_total == 1
        assert log.account().connections == 1


def test_an_error_is_logged_and_is_the_same_error(log: CallLog) -> None:
    sock = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    with pytest.raises(ConnectionRefusedError) as caught:
        sock.connect(("127.0.0.1", 1))

    assert caught.value.errno == 111
    assert log.account().calls[-1].result == "ConnectionRefusedError ECONNREFUSED (111)"
    assert log.failure is not None
    assert log.failure.tried == "connect to 127.0.0.1:1"


def test_hostile_bytes_are_printable_in_the_log(log: CallLog, pair: Pair) -> None:
    client, server = pair
    client.send(b"\x1b]0;PWN\x07[/]\xff\x9b")
    server.recv(100)

    for call in log.account().calls:
        assert call.arguments.isprintable()
        assert call.result.isprintable()


def test_waking_lets_a_blocked_accept_return(log: CallLog) -> None:
    listener = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    failed: list[int | None] = []

    def accept() -> None:
        try:
            listener.accept()
        except OSError as error:
            failed.append(error.errno)

    thread = threading.Thread(target=accept)
    thread.start()
    until(lambda: log.account().waiting)
    listener.wake()
    thread.join(5)

    assert failed == [22]


def test_forked_children_end_with_a_parent_that_is_killed() -> None:
    program = (
        "from tests.lab_rig import Running, until\n"
        "import threading\n"
        "server = Running('forked-server', port=0, processes=3)\n"
        "def tell():\n"
        "    until(lambda: len(server.report().children) == 2)\n"
        "    print(*server.report().children, flush=True)\n"
        "threading.Thread(target=tell, daemon=True).start()\n"
        "server.actor.run()\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    until(lambda: not any(alive(child) for child in children))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_no_descriptor_is_lost_over_many_connections(log: CallLog) -> None:
    before = open_descriptors()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for _ in range(50):
            client = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
            client.connect(listener.getsockname())
            accepted, _ = listener.accept()
            accepted.close()
            client.close()

    assert log.held() == ()
    assert open_descriptors() == before
    assert time.time_ns() >= log.account().calls[-1].ts_ns
