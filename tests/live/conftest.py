"""What the live tests share: a listener, commands and a Monitor with its processes; all end with their test."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest

from engine.lab.calls import CallLog
from engine.monitor import Monitor
from engine.process.front import OwnLauncher
from tests.command import start

Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def started() -> Iterator[Started]:
    """Start a `sockmon` command; whatever still runs after the test is ended, pipes and all."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        running.append(start(*arguments))
        return running[-1]

    yield run
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listener on the loopback, with a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """A Monitor over a launcher of its own."""
    launcher = OwnLauncher()
    made = Monitor(launcher.control, lambda: None, "sudo sockmon")
    yield made
    made.close()
    launcher.wait()
    launcher.control.close()


@pytest.fixture
def log() -> Iterator[CallLog]:
    """A log of calls; sockets that it still holds after the test are closed."""
    calls = CallLog()
    yield calls
    for sock in calls.held():
        sock.close()
