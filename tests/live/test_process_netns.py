"""Another network namespace, by name, by PID and by path: its sockets and not ours, with their processes."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.command import refused, sockmon

pytestmark = [
    pytest.mark.linux,
    pytest.mark.cap_sys_admin,
    pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)"),
]

LISTEN = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
sys.stdin.read()
"""


@contextmanager
def elsewhere(port: int) -> Iterator[int]:
    """A process in a network namespace of its own that listens on a port; its PID."""
    command = ["unshare", "--net", sys.executable, "-I", "-c", LISTEN, str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        yield process.pid
        process.stdin.close()


@pytest.fixture
def namespace() -> Iterator[tuple[int, int]]:
    """A port on which nobody here listens and a PID that does so elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with elsewhere(port) as pid:
        yield port, pid


def rows(*arguments: str) -> list[dict[str, Any]]:
    done = sockmon("ls", "-t", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_pid_names_the_namespace_of_its_process(namespace: tuple[int, int]) -> None:
    port, pid = namespace
    (row,) = rows("--netns", str(pid))
    assert (row["state"], row["local_port"]) == ("LISTEN", port)
    assert [each["pid"] for each in row["processes"]] == [pid]


def test_a_path_does_too_whatever_the_source(namespace: tuple[int, int]) -> None:
    port, pid = namespace
    for source in ("netlink", "proc", "psutil"):
        assert [row["local_port"] for row in rows(f"--netns=/proc/{pid}/ns/net", "--source", source)] == [port]


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip (iproute2)")
def test_a_name_of_ip_netns_does(namespace: tuple[int, int]) -> None:
    port, pid = namespace
    name = f"sockmon-{os.getpid()}"
    subprocess.run(["ip", "netns", "attach", name, str(pid)], check=True)
    try:
        assert [row["local_port"] for row in rows("--netns", name)] == [port]
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def test_what_there_is_not_is_refused_with_a_sentence() -> None:
    refused(sockmon("ls", "--netns", "no-such-namespace"), "`ip netns` lists the names")
    refused(sockmon("ls", "--netns", str(Path(__file__))), "no network namespace")


def test_an_ordinary_user_is_told_what_it_takes(namespace: tuple[int, int]) -> None:
    done = subprocess.run(
        [
            *("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
            *(sys.executable, "-m", "tui.cli", "ls", "--netns", str(namespace[1])),
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    if "PermissionError" in done.stderr:
        pytest.skip("another user cannot read this Python or this checkout")
    refused(done, "needs root")


def test_a_launched_command_captures_there(namespace: tuple[int, int]) -> None:
    """The launcher enters, so the packet socket and the workers are of that namespace: there is no other interface."""
    _, pid = namespace
    refused(sockmon(f"--netns={pid}", "capture", "-i", "no-such-interface"), "no-such-interface")
    listed = sockmon(f"--netns={pid}", "capture", "-D").stdout.split()
    assert "lo" in listed
    assert not {name for _, name in socket.if_nameindex()} - {"lo"} & set(listed)
