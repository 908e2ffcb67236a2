"""Ending real processes: by TERM, by KILL when they stay, and never another one of the same PID."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.errors import EngineError
from engine.model.sockets import Owner
from engine.process.ending import end_process, ending_choice, may_close, may_end
from engine.sockets.processes import Processes
from tests.machine import CAP_NET_ADMIN, holds
from tests.unit.socket_entries import entry

pytestmark = pytest.mark.linux

Child = subprocess.Popen[str]


@pytest.fixture
def children() -> Iterator[list[Child]]:
    started: list[Child] = []
    yield started
    for child in started:
        child.kill()
        child.communicate()


def child(children: list[Child], program: str = "") -> Owner:
    """A process that waits, once it said that it is ready."""
    started = subprocess.Popen(
        [sys.executable, "-c", f"import signal\n{program}\nprint('ready', flush=True)\nsignal.pause()"],
        stdout=subprocess.PIPE,
        text=True,
    )
    children.append(started)
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return Owner(started.pid, 3, "child", Processes().start_time(started.pid))


def test_a_process_that_obeys_ends_by_term(children: list[Child]) -> None:
    owner = child(children)
    assert may_end(owner).granted
    assert end_process(owner) == f"child (pid {owner.pid}) ended by SIGTERM"
    assert children[0].wait() == -15


def test_a_process_that_stays_is_killed(children: list[Child]) -> None:
    owner = child(children, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert end_process(owner, grace_s=0.1) == f"child (pid {owner.pid}) ended by SIGKILL after 0.1 s of SIGTERM"
    assert children[0].wait() == -9


def test_a_process_that_took_over_the_pid_is_left_alone(children: list[Child]) -> None:
    owner = child(children)
    earlier = Owner(owner.pid, 3, "earlier", owner.start_time - 1)
    with pytest.raises(EngineError, match="has ended already"):
        end_process(earlier)
    assert not may_end(earlier).granted
    assert children[0].poll() is None


def test_a_process_that_is_gone_is_said_to_be_gone(children: list[Child]) -> None:
    owner = child(children)
    children[0].kill()
    children[0].wait()
    assert may_end(owner).reason == f"child (pid {owner.pid}) has ended already"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_users_process_may_not_be_ended_and_the_command_is_named() -> None:
    program = (
        "import os; os.setresuid(65534, 65534, 65534)\n"
        "from engine.process.ending import may_end\n"
        "from engine.model.sockets import Owner\n"
        "found = may_end(Owner(1, 3, 'init'))\n"
        "print(found.granted, found.reason, '|', found.command)"
    )
    program = f"import engine.process.ending\n{program}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False the process is another user's | sudo kill 1\n"


def test_closing_depends_on_the_rights_of_the_worker() -> None:
    row = entry(cookie=7)
    nobody = may_close(row, worker_pid=0)
    assert not nobody.granted
    assert nobody.command == "sudo ss -K -t -a 'src 127.0.0.1:65432 dst 127.0.0.1:53225'"
    if holds(CAP_NET_ADMIN):
        assert may_close(row, os.getpid()).granted


@pytest.mark.parametrize(
    ("effective", "granted"),
    [("0000000000001000", True), ("0000000000002000", False), ("000001ffffffefff", False), ("nonsense", False)],
    ids=["NET_ADMIN alone", "NET_RAW alone", "all but NET_ADMIN", "no number"],
)
def test_of_the_worker_s_rights_one_alone_counts(tmp_path: Path, effective: str, granted: bool) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "status").write_text(f"Name:\tsockmon-sockets\nCapEff:\t{effective}\n")
    assert may_close(entry(cookie=7), 7, tmp_path).granted is granted


def test_a_socket_that_cannot_be_named_or_closed_says_so() -> None:
    assert "not read by netlink" in may_close(entry(cookie=None), os.getpid()).reason
    assert "no command can close a u_str socket" in may_close(entry(netid="u_str", family=1), os.getpid()).reason


def test_each_process_stands_once_in_the_choice() -> None:
    us = Owner(os.getpid(), 3, "us"), Owner(os.getpid(), 4, "us")
    row = entry(owners=us, cookie=1)
    [aim] = ending_choice(row, (row,), os.getpid()).processes
    assert (aim.owner.pid, aim.owner.fd) == (os.getpid(), 3)
    assert aim.permission.granted
