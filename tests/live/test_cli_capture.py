"""`sockmon capture` and `sockmon demo`: what they print from real traffic, and what they refuse."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from engine.capture.files.source import CaptureFile
from tests.command import first_line, interrupted, refused, sockmon
from tests.live.conftest import Started
from tests.machine import may_capture

pytestmark = pytest.mark.linux


def capturing(started: Started, *arguments: str) -> subprocess.Popen[str]:
    """A capture that is under way."""
    process = started("capture", *arguments)
    assert "Capturing on 'lo'" in first_line(process)
    return process


def port_of(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def greet(listening: socket.socket) -> None:
    """One loopback connection that carries five bytes."""
    with socket.create_connection(listening.getsockname()) as client, listening.accept()[0] as server:
        client.sendall(b"hello")
        server.recv(5)


@pytest.mark.cap_net_raw
@pytest.mark.parametrize("source", ["ring", "scapy"])
def test_each_packet_of_a_conversation_is_printed_once(source: str, listener: socket.socket, started: Started) -> None:
    port = port_of(listener)
    wanted = "tcp.flags.syn == 1 or tcp.len == 5"
    process = capturing(started, "tcp", "and", "port", str(port), "--capture-source", source, "-c", "3", "-Y", wanted)
    greet(listener)
    out, err = process.communicate(timeout=30)
    infos = [line.split(" TCP ")[1].split(" ", 1)[1] for line in out.splitlines()]
    assert [re.sub(r"^\d+ → \d+ ", "", info).split(" Win=")[0] for info in infos] == [
        "[SYN] Seq=0",
        "[SYN, ACK] Seq=0 Ack=1",
        "[PSH, ACK] Seq=1 Ack=1",
    ]
    assert f"→ {port} [SYN]" in infos[0]
    assert "3 packets captured" in err


@pytest.mark.cap_net_raw
def test_the_json_form_ends_with_a_summary(listener: socket.socket, started: Started) -> None:
    process = capturing(started, "--json", "-c", "2", "tcp", "and", "dst", "host", "127.0.0.1")
    greet(listener)
    *rows, last = [json.loads(line) for line in process.communicate(timeout=30)[0].splitlines()]
    assert [row["number"] for row in rows] == [1, 2]
    assert last["summary"]["printed"] == 2
    assert last["summary"]["dropped_by_kernel"] == 0


@pytest.mark.cap_net_raw
def test_a_capture_filter_keeps_out_what_it_should(listener: socket.socket, started: Started) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        process = capturing(started, "udp", "and", "port", str(datagrams.getsockname()[1]), "-c", "1")
        greet(listener)
        datagrams.sendto(b"x", datagrams.getsockname())
        out, _ = process.communicate(timeout=30)
    assert "UDP" in out
    assert "TCP" not in out


@pytest.mark.cap_net_raw
def test_ctrl_c_ends_a_capture_with_its_count(started: Started) -> None:
    process = capturing(started, "port", "1")
    _, err = interrupted(process)
    assert "0 packets captured" in err


@pytest.mark.cap_net_raw
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-i", "nope0"), "nope0: No such device"),
        (("tcp", "and", "("), "capture filter"),
        (("port", "70000"), "70000"),
        (("-Y", "tcp.por == 1"), "'tcp.por' is not a field"),
        (("-c", "0"), "0"),
        (("--for", "soon"), "soon"),
        (("--capture-source", "carrier-pigeon"), "carrier-pigeon"),
    ],
)
def test_bad_input_gets_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    refused(sockmon("capture", *arguments), sentence)


@pytest.mark.skipif(may_capture(), reason="this user may capture")
def test_without_the_right_one_sentence_names_the_cure() -> None:
    refused(sockmon("capture"), "CAP_NET_RAW")


@pytest.mark.owners
def test_the_demo_shows_an_echo_a_flood_and_the_sum() -> None:
    done = sockmon("demo")
    assert done.returncode == 0, done.stderr
    assert "got back: Hello, world" in done.stdout
    assert re.search(r"LISTEN .*echo-server \d+", done.stdout)
    assert re.search(r"ESTABLISHED +\d{3},\d{3} +0 .*sink \d+", done.stdout)
    assert re.search(r"ESTABLISHED +0 +\d{3},\d{3} .*flood-client \d+", done.stdout)
    assert "✓" in done.stdout
    if may_capture():
        assert done.stdout.count("[SYN] Seq=0") == 1
        assert done.stdout.count("[FIN, ACK]") == 2
    else:
        assert "CAP_NET_RAW" in done.stdout


@pytest.mark.cap_net_raw
def test_what_limits_the_capture_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.9.9.9 5000 10.9.9.8 22")
    err = sockmon("capture", "-i", "any", "--for", "0.5", "port", "1").stderr
    assert err.count("sockmon: the SSH session that this runs over, from 10.9.9.9 port 5000, is not captured") == 1
    err = sockmon("capture", "--capture-source", "scapy", "--for", "0.1").stderr
    assert err.startswith("Capturing on 'lo' by scapy, only: tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0\n")


@pytest.mark.cap_net_raw
def test_packets_are_written_with_their_processes_queues_and_findings(
    tmp_path: Path, listener: socket.socket, started: Started
) -> None:
    port, file = port_of(listener), tmp_path / "told.pcapng"
    to_reader = re.compile(r"^to .*, Recv-Q [1-9]\d*, Send-Q 0, sampled \d+\.\d+ s before$", re.MULTILINE)
    process = capturing(started, "tcp", "and", "port", str(port), "-w", str(file), "--json")
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0]:
        deadline = time.monotonic() + 30
        while not any(map(to_reader.search, comments_of(file))):
            assert time.monotonic() < deadline
            client.sendall(b"hello")
            time.sleep(0.1)
    out, err = interrupted(process)
    comments = comments_of(file)
    assert f"{len(comments)} packets captured" in err
    assert json.loads(out)["summary"]["written"] == len(comments)
    owner = f"(pid {os.getpid()})"
    assert all(comment.count(owner) == 2 for comment in comments)
    if shutil.which("tshark"):
        told = subprocess.run(
            ["tshark", "-r", str(file), "-T", "fields", "-e", "frame.comment"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert told.stdout.count(owner) == 2 * len(comments)


def comments_of(file: Path) -> list[str]:
    """The packets' comments in a file, as far as it is written."""
    if not file.exists() or not file.stat().st_size:
        return []
    with CaptureFile(str(file)) as read:
        return [frame.comment for frames in read.batches() for frame in frames]


@pytest.mark.cap_net_raw
def test_what_is_written_can_be_chosen_by_a_display_filter(
    tmp_path: Path, listener: socket.socket, started: Started
) -> None:
    port, file = port_of(listener), tmp_path / "syns.pcapng"
    wanted = "tcp.flags.syn == 1"
    process = capturing(started, "tcp", "and", "port", str(port), "-w", str(file), "-c", "2", "-Y", wanted)
    greet(listener)
    assert process.communicate(timeout=30)[1].startswith("2 packets captured")
    printed = sockmon("read", str(file)).stdout
    assert [line.split("[")[1].split("]")[0] for line in printed.splitlines()] == ["SYN", "SYN, ACK"]


@pytest.mark.cap_net_raw
@pytest.mark.parametrize("name", ["out.pcapng", "out.pcap"])
def test_a_written_capture_is_read_again(name: str, listener: socket.socket, tmp_path: Path, started: Started) -> None:
    file = tmp_path / name
    port = port_of(listener)
    process = capturing(started, "tcp", "and", "port", str(port), "-w", str(file), "-c", "3")
    greet(listener)
    assert "3 packets captured" in process.communicate(timeout=30)[1]
    rows = [json.loads(line) for line in sockmon("read", "--json", str(file)).stdout.splitlines()][:-1]
    assert [row["flags"] for row in rows] == ["SYN", "SYN, ACK", "ACK"]


@pytest.mark.cap_net_raw
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    refused(sockmon("capture", "-w", str(tmp_path / "no" / "such.pcap")), "such.pcap: No such file or directory")


@pytest.mark.cap_net_raw
def test_a_killed_worker_ends_the_capture_with_a_sentence(started: Started) -> None:
    process = capturing(started, "port", "1")
    family = psutil.Process(process.pid).children(recursive=True)
    [worker] = [child for child in family if child.name() == "sockmon-capture"]
    worker.kill()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err == "sockmon: the capture worker has ended (killed by SIGKILL): the captured packets are lost\n"
