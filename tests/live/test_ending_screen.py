"""`K` in a terminal, on a real child and on a real socket."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.terminal import SOCKMON, Terminal

pytestmark = pytest.mark.linux

CHILD = """
import socket
held = socket.create_server(("127.0.0.1", 0))
print(held.getsockname()[1], flush=True)
held.accept()
"""


@pytest.fixture
def child() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that listens, and its port."""
    process = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, int(process.stdout.readline())
    process.kill()
    process.communicate()


def select(terminal: Terminal, words: str, row: str) -> None:
    """Filter the table to one socket, which is under the cursor then."""
    terminal.wait_for("Connections")
    terminal.filter(words)
    terminal.wait_for(row)


@pytest.mark.owners
@pytest.mark.parametrize(("columns", "rows"), [(160, 48), (80, 24)])
def test_k_ends_the_process_that_holds_a_socket(
    child: tuple[subprocess.Popen[str], int], columns: int, rows: int
) -> None:
    process, port = child
    with Terminal(columns=columns, rows=rows) as terminal:
        select(terminal, f"sport = :{port}", rf"LISTEN[^\n]*:{port} ")
        terminal.send("K")
        terminal.wait_for(rf"End python\S* \(pid {process.pid}\)")
        terminal.send("\x1b[B\x1b[B\r")
        assert process.wait(timeout=30) == -15
        terminal.wait_for("ended by SIGTERM")
        terminal.send("q")
        assert terminal.wait() == 0


@pytest.mark.cap_net_admin
def test_k_closes_a_socket_and_its_peer_reads_a_reset() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        port = client.getsockname()[1]
        server.settimeout(30)
        with server, Terminal() as terminal:
            select(terminal, f"sport = :{port}", rf"ESTABLISHED[^\n]*:{port} ")
            terminal.send("K")
            terminal.wait_for("Close this socket")
            terminal.send("\x1b[B\r")
            with pytest.raises(ConnectionResetError):
                server.recv(1)
            with pytest.raises(ConnectionAbortedError):
                client.recv(1)
            terminal.wait_for("closed tcp 127")
            terminal.send("q")
            assert terminal.wait() == 0


def test_read_only_takes_the_key_away(child: tuple[subprocess.Popen[str], int]) -> None:
    process, port = child
    with Terminal([*SOCKMON, "--read-only"]) as terminal:
        select(terminal, f"sport = :{port}", rf"LISTEN[^\n]*:{port} ")
        assert "K close or end" not in terminal.screen()
        terminal.send("K?")  # the help opens, so the key before it has been dealt with
        terminal.wait_for("Close or end|Connections")
        assert "Leave everything as it is" not in terminal.screen()
        assert process.poll() is None
        terminal.send("q")
        assert terminal.wait() == 0
