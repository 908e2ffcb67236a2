"""What is typed while a lab command runs, and what the commands say meanwhile: options, answers, floods."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator

import pytest

from engine.model.errors import BadInput
from engine.model.lab import ActorCommand
from tests.command import first_line, interrupted, sockmon
from tests.live.conftest import Started
from tests.terminal import ROOT, SOCKMON, until
from tui.cli.typed import read_command

pytestmark = pytest.mark.linux

Told = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def told() -> Iterator[Told]:
    """Start a command whose standard input is a pipe; ended with the test."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [*SOCKMON, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, bufsize=1
        )
        running.append(process)
        return process

    yield run
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def type_in(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The next line of its output that has these words."""
    assert process.stdout is not None
    while words not in (line := process.stdout.readline()):
        assert line, f"it ended without {words!r}"
    return line


def said_with(process: subprocess.Popen[str], words: str) -> None:
    """Read its standard error to a line that has these words."""
    assert process.stderr is not None
    while words not in (line := process.stderr.readline()):
        assert line, f"it ended without {words!r}"


def echo_server(started: Started, *options: str) -> tuple[subprocess.Popen[str], str]:
    server = started("lab", "echo-server", "--port", "0", *options)
    return server, first_line(server).split("127.0.0.1:")[1].split()[0]


def test_an_interactive_client_sends_what_is_typed_and_prints_what_comes(started: Started, told: Told) -> None:
    _, port = echo_server(started)
    client = told("lab", "interactive-client", "--port", port)
    type_in(client, "Hello, world")
    assert line_with(client, "Hello") == "Hello, world\n"
    type_in(client, "and once more")
    assert line_with(client, "once") == "and once more\n"
    assert client.stdin is not None
    client.stdin.close()
    client.stdin = None
    out, _ = client.communicate(timeout=30)
    assert client.returncode == 0
    assert "interactive-client done: sent 27 bytes, received 27" in out


def test_calls_are_made_one_by_one_by_hand_and_a_wrong_word_is_said(started: Started, told: Told) -> None:
    _, port = echo_server(started)
    client = told("lab", "client-by-hand", "--port", port, "--calls")
    line_with(client, "connect(")
    type_in(client, "send Hi there")
    line_with(client, "sendall(b'Hi there') = None")
    type_in(client, "recv 5")
    line_with(client, "recv(5) = b'Hi th'")
    type_in(client, "recieve")
    type_in(client, "close")
    line_with(client, "close()")
    _, err = interrupted(client)
    assert "'recieve' is none of connect, send, recv" in err


def test_a_flood_is_drained_and_its_reader_killed_by_what_is_typed(told: Told) -> None:
    flood = told("lab", "flood", "--port", "0", "--template", "tutorial")
    line = line_with(flood, "✓")
    assert "refused" in line
    type_in(flood, "drain")
    line_with(flood, "+ read ")
    type_in(flood, "slow-drain 50000")
    type_in(flood, "kill")
    _, err = flood.communicate(timeout=30)
    assert flood.returncode == 2
    assert "killed by SIGKILL" in err or "Connection reset by peer" in err


def test_a_flood_shows_each_send_that_is_refused(told: Told) -> None:
    flood = told("lab", "flood", "--port", "0", "--template", "tutorial", "--calls")
    assert "send(1024 bytes" in line_with(flood, "BlockingIOError EAGAIN (11)")


def test_a_flood_of_datagrams_tells_what_was_dropped() -> None:
    done = sockmon("lab", "flood", "--udp", "--port", "0", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["dropped"] > 0
    assert told["sent"] >= told["dropped"]
    assert told["recv_q"] > 0


def test_a_flood_of_datagrams_holds_until_ctrl_c(started: Started) -> None:
    flood = started("lab", "flood", "--udp", "--port", "0")
    until(lambda: flood.stdout is not None and "dropped (RcvbufErrors +" in flood.stdout.readline(), "a drop")
    _, err = interrupted(flood)
    assert "the flood has ended" in err


def test_what_the_kernel_made_of_an_option_is_said(started: Started) -> None:
    server, _ = echo_server(started, "--rcvbuf", "65536")
    assert server.stderr is not None
    said = [server.stderr.readline().strip() for _ in range(3)]
    assert said == ["SO_REUSEADDR on → on", "SO_RCVBUF 65536 → 131072", "backlog 128 → 128"]
    interrupted(server)


def test_pings_statistics_have_lines_of_their_own() -> None:
    done = sockmon("lab", "ping", "--repeat", "1")
    if done.returncode:
        pytest.skip(done.stderr)
    assert "1 packets transmitted, 1 received, 0% packet loss" in done.stdout.splitlines()


def test_an_error_that_ends_nothing_is_said_and_stop_ends_the_actor(told: Told) -> None:
    server = told("lab", "server-by-hand", "--port", "0")
    type_in(server, "timeout listener 0.05")
    for line, error in (("accept", "timed out"), ("dup", "has no connection")):
        type_in(server, line)
        said_with(server, error)
    type_in(server, "stop")
    out, _ = server.communicate(timeout=30)

    assert server.returncode == 0
    assert "server-by-hand stopped" in out


def test_a_made_error_is_said_before_what_to_do() -> None:
    done = sockmon("lab", "error-maker", "--error", "EBADF")
    said = done.stderr.splitlines()
    assert said[1].startswith("OSError EBADF (9): ")
    assert said[3].startswith("what to do: ")


def test_a_command_is_its_word_and_a_text() -> None:
    known = (ActorCommand.SEND, ActorCommand.SLOW_DRAIN)
    assert read_command("send  two words ", known) == (ActorCommand.SEND, " two words")
    assert read_command("SLOW-DRAIN 100", known) == (ActorCommand.SLOW_DRAIN, "100")
    with pytest.raises(BadInput, match="'drain' is none of send, slow-drain"):
        read_command("drain", known)
