"""Under sudo every process but the launcher is the invoking user's, with the rights that SECURITY.md gives it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.process import landlock, seccomp
from tests.machine import CAP_SYS_PTRACE, holds
from tests.terminal import SOCKMON, Terminal, until

UID = 65534
SUDO = {"SUDO_UID": str(UID), "SUDO_GID": str(UID)}
ACTOR_RIGHTS = 1 << 10
SOCKETS_RIGHTS = 1 << 2 | 1 << 12 | 1 << 19
"""NET_BIND_SERVICE; DAC_READ_SEARCH, NET_ADMIN, SYS_PTRACE (capabilities(7))."""


def status(pid: int) -> dict[str, str]:
    """/proc/PID/status by field."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def readable_by_others() -> bool:
    user = ["setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups"]
    done = subprocess.run([*user, SOCKMON[0], "-c", "import tui.cli.entry"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(not holds(CAP_SYS_PTRACE), reason="needs a right to keep (CAP_SYS_PTRACE)")
@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_each_process_has_the_user_and_the_rights_that_it_should() -> None:
    if not readable_by_others():
        pytest.skip("another user cannot read this Python or this checkout")
    with Terminal(environment=SUDO) as terminal:
        terminal.wait_for("┏━ Connections")
        wanted = {"sockmon-front", "sockmon-sockets", "sockmon-capture"}
        until(lambda: wanted <= set(terminal.family()), f"{wanted} run")
        until(
            lambda: rights(terminal, "sockmon-sockets") == SOCKETS_RIGHTS, "the sockets worker has dropped its rights"
        )
        assert status(terminal.process.pid)["Uid"].split() == ["0"] * 4
        for name in wanted:
            assert user(terminal, name) == UID
        assert rights(terminal, "sockmon-front") == 0
        assert rights(terminal, "sockmon-capture") == 0
        capture, sockets = (status(terminal.family()[name].pid) for name in ("sockmon-capture", "sockmon-sockets"))
        if landlock.abi():
            assert capture["NoNewPrivs"] == "1"
        if os.uname().machine in seccomp.ARCHITECTURES:
            assert sockets["Seccomp"] == "2"
        terminal.send("q")
        assert terminal.wait() == 0


def user(terminal: Terminal, name: str) -> int:
    return int(status(terminal.family()[name].pid)["Uid"].split()[1])


def rights(terminal: Terminal, name: str) -> int:
    """The effective capabilities, a bit each."""
    return int(status(terminal.family()[name].pid)["CapEff"], 16)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_an_actor_is_the_invoking_user_s() -> None:
    if not readable_by_others():
        pytest.skip("another user cannot read this Python or this checkout")
    server = subprocess.Popen(
        [*SOCKMON, "lab", "echo-server", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **SUDO},
        cwd=Path(__file__).parents[2],
    )
    with server:
        assert server.stderr is not None
        seen = status(int(server.stderr.readline().split("PID ")[1].split(")")[0]))
        server.terminate()
        assert seen["Uid"].split() == [str(UID)] * 4
        assert int(seen["CapEff"], 16) == ACTOR_RIGHTS
