"""`sockmon ls` against ss, row by row, and its forms: JSON, CSV, pipes, events, bad input."""

from __future__ import annotations

import csv
import json
import os
import shlex
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from engine.model.messages import SocketsOptions
from engine.sockets.service import read_table
from engine.text.ss_command import ss_command
from tests.command import refused, sockmon
from tests.live.conftest import Started
from tests.machine import has_ipv6, loopbacks
from tests.terminal import ROOT, SOCKMON, until

pytestmark = pytest.mark.linux

Row = tuple[str, str, str, str, str, str]

SS_STATES = {"ESTAB": "ESTABLISHED", "SYN-RECV": "SYN-RECEIVED"}


class Zoo:
    """Sockets of many kinds, held open; their ports."""

    def __init__(self, held: ExitStack) -> None:
        self.held = held
        self.ports: set[int] = set()
        for family, host in loopbacks():
            listener = self._kept(socket.create_server((host, 0), family=family, backlog=5))
            client = self._kept(socket.create_connection(listener.getsockname()[:2]))
            held.enter_context(listener.accept()[0])
            client.sendall(b"x" * 1000)
            self._kept(socket.create_connection(listener.getsockname()[:2]))  # waits for accept()
            datagrams = self._kept(socket.socket(family, socket.SOCK_DGRAM))
            datagrams.bind((host, 0))
            connected = self._kept(socket.socket(family, socket.SOCK_DGRAM))
            connected.connect(datagrams.getsockname()[:2])
            connected.send(b"unread")
            self.ports |= {each.getsockname()[1] for each in (datagrams, connected)}
        if has_ipv6():
            dual = self._kept(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
            self._kept(socket.create_connection(("127.0.0.1", dual.getsockname()[1])))
            held.enter_context(dual.accept()[0])

    def _kept(self, sock: socket.socket) -> socket.socket:
        self.held.enter_context(sock)
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.getsockname()[1]:
            self.ports.add(sock.getsockname()[1])
        return sock

    def filter(self) -> str:
        """In ss's language and ours: either port is one of these."""
        return " or ".join(f"sport = :{port} or dport = :{port}" for port in sorted(self.ports))


@pytest.fixture
def zoo() -> Iterator[Zoo]:
    with ExitStack() as held:
        yield Zoo(held)


def ss_rows(text: str) -> list[Row]:
    """ss's rows, with RFC 9293's states."""
    done = subprocess.run(["ss", "-tuanH", text], capture_output=True, text=True, check=True, timeout=30)
    rows = [line.split()[:6] for line in done.stdout.splitlines()]
    return sorted((n, SS_STATES.get(s, s), r, q, local, peer) for n, s, r, q, local, peer in rows)


def endpoint(address: str, port: int) -> str:
    """As ss prints it."""
    shown = f"[{address}]" if ":" in address else address
    return f"{shown}:{port or '*'}"


def our_rows(text: str) -> list[Row]:
    done = sockmon("ls", "-tua", "--json", text)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted(
        (
            *(row["netid"], row["state"], str(row["recv_q"]), str(row["send_q"])),
            endpoint(row["local_address"], row["local_port"]),
            endpoint(row["peer_address"], row["peer_port"]),
        )
        for row in found
    )


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss of iproute2 to compare with")
def test_every_row_is_as_ss_has_it(zoo: Zoo) -> None:
    def agree() -> bool:
        """Between two equal outputs of ss; others may use the same port numbers meanwhile."""
        before, ours, after = ss_rows(zoo.filter()), our_rows(zoo.filter()), ss_rows(zoo.filter())
        assert len(before) >= (15 if has_ipv6() else 7)
        return before == after == ours

    until(agree, "the rows are as ss has them")


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss of iproute2 to compare with")
def test_the_whole_table_is_as_ss_has_it_while_the_machine_rests() -> None:
    rested = 0
    for _ in range(20):
        before, ours, after = ss_rows(""), our_rows(""), ss_rows("")
        if ours == before:
            return
        rested += before == after  # what came and went between the two may still be in ours
    if rested < 3:
        pytest.skip("the machine did not rest long enough between two outputs of ss")
    assert ours == before


def test_a_row_says_who_holds_it(zoo: Zoo) -> None:
    [first, *_] = [json.loads(line) for line in sockmon("ls", "--json", zoo.filter()).stdout.splitlines()]
    assert os.getpid() in {process["pid"] for process in first["processes"]}


def test_a_listener_has_its_accept_queue_and_backlog(zoo: Zoo) -> None:
    rows = [json.loads(line) for line in sockmon("ls", "-tl", "--json", zoo.filter()).stdout.splitlines()]
    assert (1, 5) in {(row["accept_queue"], row["backlog"]) for row in rows}


def test_the_sources_agree_on_queues_and_addresses(zoo: Zoo) -> None:
    def seen(source: str) -> set[tuple[Any, ...]]:
        done = sockmon("ls", "-tu", "--json", "--source", source, zoo.filter())
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        keys = ("netid", "state", "recv_q", "local_address", "local_port", "peer_port")
        return {tuple(row[key] for key in keys) for row in rows if row["state"] != "TIME-WAIT"}

    until(lambda: seen("netlink") == seen("proc"), "both sources show the same rows")


def test_csv_is_csv(zoo: Zoo) -> None:
    text = sockmon("ls", "--csv", "--columns", "netid,state,local,recv_q", zoo.filter()).stdout
    header, *rows = list(csv.reader(text.splitlines()))
    assert header == ["netid", "state", "local", "recv_q"]
    assert all(len(row) == 4 for row in rows)
    assert "1000" in {row[3] for row in rows}


def test_sorting_puts_the_fullest_queue_first(zoo: Zoo) -> None:
    lines = sockmon("ls", "--columns", "recv_q", "--sort", "-recv_q", zoo.filter()).stdout.split()
    numbers = [int(word) for word in lines[1:]]
    assert numbers == sorted(numbers, reverse=True)


def test_a_pipe_that_closes_early_is_no_error() -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{SOCKMON[0]}' -m tui.cli ls --watch 0.1 | head -n 1"],
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith(b"Netid")
    assert done.stderr == b""


def test_events_tell_what_opens_and_what_closes(started: Started) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = started("ls", "-t", "--events", "--json", "--watch", "0.1", f"sport = :{port}")
        assert process.stdout is not None
        happened: list[tuple[str, str]] = []
        lines = map(json.loads, process.stdout)
        reader = threading.Thread(
            target=lambda: happened.extend((line["event"], line["state"]) for line in lines), daemon=True
        )
        reader.start()

        def told(event: str) -> bool:
            return any(each == event for each, _ in happened)

        def meet() -> bool:
            with socket.create_connection(("127.0.0.1", port)), listener.accept()[0]:
                return told("closed")

        until(meet, "the table is watched, and a short-lived connection is told")
        with socket.create_connection(("127.0.0.1", port)), listener.accept()[0]:
            until(lambda: told("opened"), "an opened socket is told")
        process.terminate()
        reader.join()
    assert ("opened", "TIME-WAIT") not in happened


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--columns", "nope"), "no column is called 'nope'"),
        (("--preset", "nope"), "no preset is called 'nope'"),
        (("--sort", "nope"), "no column is called 'nope'"),
        (("bogus = 1",), "bogus"),
        (("( sport = :1",), "not closed"),
        (("(" * 10_000,), "longer than 4,096 characters"),
        (("port:70000",), "70000"),
        (("--json", "--csv"), "choose one"),
        (("--watch", "0"), "0"),
        (("--source", "guess"), "guess"),
    ],
)
def test_bad_input_gets_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    refused(sockmon("ls", *arguments), sentence)


def test_an_output_that_cannot_be_written_gets_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*SOCKMON, "ls"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60, check=False
        )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_table_shows_a_row_that_has_just_come() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        until(lambda: f":{port} " in sockmon("ls", "-tl").stdout, "the new listener is in the table")


def test_numbers_alone_show_no_process_unless_asked(zoo: Zoo) -> None:
    def titles(*flags: str) -> str:
        return sockmon("ls", *flags, zoo.filter()).stdout.splitlines()[0]

    assert "Process" in titles()
    assert "Process" in titles("-tanp")
    assert "Process" not in titles("-tan")


def test_a_filter_alone_chooses_the_family() -> None:
    one, other = socket.socketpair()
    with one, other:
        rows = sockmon("ls", "-H", "unix").stdout.splitlines()
    assert rows
    assert all(row.startswith("u_") for row in rows)


def test_a_watched_table_knows_ages_and_says_when_it_was_read(started: Started) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = started("ls", "--watch", "0.1", "--json", f"sport = :{port} and age >= 0")
        assert process.stdout is not None
        first, second = (json.loads(process.stdout.readline()) for _ in range(2))
    assert first["local_port"] == second["local_port"] == port
    assert first["ts_ns"] < second["ts_ns"]


@pytest.mark.skipif(shutil.which("script") is None, reason="needs script of util-linux for a terminal")
@pytest.mark.parametrize("columns", [200, 80, 40, 20])
def test_a_line_fits_the_terminal(zoo: Zoo, columns: int) -> None:
    done = subprocess.run(
        ["script", "-qec", " ".join([*SOCKMON, "ls", "-4"]), "/dev/null"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
        env={**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1"},
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Netid")
    assert max(map(len, lines)) <= columns
    assert "\x1b" not in done.stdout


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss of iproute2")
def test_the_ss_command_of_a_row_shows_that_row(zoo: Zoo) -> None:
    rows, _, _ = read_table(SocketsOptions())
    of_zoo = [row for row in rows if {row.local_port, row.peer_port} & zoo.ports and row.netid in ("tcp", "udp")]
    assert of_zoo
    for row in of_zoo:
        done = subprocess.run(shlex.split(ss_command(row)), capture_output=True, text=True, check=True, timeout=30)
        if row.inode:
            assert f"ino:{row.inode} " in done.stdout, ss_command(row)
        assert f":{row.local_port} " in done.stdout


def test_names_are_asked_for_at_once_and_only_with_r(zoo: Zoo) -> None:
    plain, named = (sockmon("ls", *flags, "-ta", zoo.filter()) for flags in ([], ["-r"]))
    assert "127.0.0.1" in plain.stdout
    assert named.returncode == 0
    name = socket.getfqdn("127.0.0.1")
    if name not in ("", "127.0.0.1"):
        assert f"{name}:" in named.stdout
