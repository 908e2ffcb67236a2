"""Rights are given up for good: seen from inside processes that gave them up."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from engine.model.health import Role
from engine.model.messages import AskSockets, SocketsAnswer, SocketsReply, SocketsRequest
from engine.process import landlock, seccomp
from engine.process.channel import Channel
from engine.process.launcher import ENTRY
from engine.process.rights import Capability, User, invoking_user
from engine.process.roles import kept
from tests.machine import CAP_SYS_PTRACE, holds
from tests.terminal import until

ROOT = Path(__file__).resolve().parents[2]

CONTAINER_ROOT = User(0, 0, "root", "/root")
STUDENT = User(1000, 1000, "student", "/home/student")

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root has rights to give up")


def run_python(code: str) -> str:
    """What a fresh interpreter prints that runs `code` with the engine on its path."""
    prelude = f"import sys; sys.path.append({str(ROOT)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", prelude + code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_invoking_user_of_sudo_is_who_typed_it() -> None:
    if os.getuid() != 0:
        pytest.skip("SUDO_UID counts for root only")
    assert invoking_user({"SUDO_UID": "12345", "SUDO_GID": "54321"}) == User(12345, 54321, "12345", "/")


def test_without_sudo_the_invoking_user_is_the_real_one() -> None:
    assert invoking_user({}).uid == os.getuid()


def test_sudo_s_variables_mean_nothing_to_an_ordinary_user() -> None:
    if os.getuid() == 0:
        pytest.skip("this is root")
    assert invoking_user({"SUDO_UID": "0"}).uid == os.getuid()


@pytest.mark.skipif(not holds(CAP_SYS_PTRACE), reason="needs a right to keep (CAP_SYS_PTRACE)")
@as_root
def test_a_dropped_process_is_the_user_and_keeps_only_what_it_was_told() -> None:
    shown = run_python(
        "import os\n"
        "from engine.process.rights import *\n"
        "become(User(12345, 12345, '12345', '/'), [Capability.SYS_PTRACE])\n"
        "print(os.getresuid(), os.getresgid(), os.getgroups())\n"
        "status = open('/proc/thread-self/status').read()\n"
        "print(*[line.split()[1] for line in status.splitlines() if line.startswith(('CapPrm', 'CapEff', 'CapBnd'))])\n"
        "print(holds(Capability.SYS_PTRACE), holds(Capability.NET_ADMIN))\n"
    )
    assert shown.splitlines() == [
        "(12345, 12345, 12345) (12345, 12345, 12345) [12345]",
        " ".join(["0000000000080000"] * 3),
        "True False",
    ]


@as_root
def test_root_that_is_its_own_user_stays_root_without_capabilities() -> None:
    shown = run_python(
        "import os, socket\n"
        "from engine.process.rights import *\n"
        "become(User(0, 0, 'root', '/root'))\n"
        "print(os.getuid(), holds(Capability.NET_RAW))\n"
        "try:\n"
        "    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)\n"
        "except PermissionError as error:\n"
        "    print(type(error).__name__)\n"
    )
    assert shown.splitlines() == ["0 False", "PermissionError"]


def test_a_process_dies_with_its_parent() -> None:
    shown = run_python(
        "import os, signal, select\n"
        "from engine.process.rights import die_with\n"
        "reads, writes = os.pipe()\n"
        "middle = os.fork()\n"
        "if middle == 0:\n"
        "    parent = os.getpid()\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        die_with(parent)\n"
        "        os.write(writes, b'ready')\n"
        "        signal.pause()\n"
        "    signal.pause()\n"
        "os.close(writes)\n"
        "assert os.read(reads, 5) == b'ready'\n"
        "os.kill(middle, signal.SIGKILL)\n"
        "os.waitpid(middle, 0)\n"
        "ready = select.select([reads], [], [], 10)[0]\n"
        "print(bool(ready) and os.read(reads, 5) == b'')\n"
    )
    assert shown == "True"


KEEPER = """
import os, subprocess, sys, time
entry, descriptor = sys.argv[1:]
line = [sys.executable, "-I", entry, "sockets", "--descriptor", descriptor, "--parent", str(os.getpid())]
print(subprocess.Popen(line, pass_fds=[int(descriptor)]).pid, flush=True)
time.sleep(60)
"""


def test_a_worker_dies_with_its_launcher_though_its_channel_is_held_open() -> None:
    ours, theirs = socket.socketpair()
    channel: Channel[SocketsRequest, SocketsReply] = Channel(ours, SocketsReply)
    command = [sys.executable, "-c", KEEPER, str(ENTRY), str(theirs.fileno())]
    with closing(channel), subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()]) as keeper:
        theirs.close()
        assert keeper.stdout is not None
        worker = psutil.Process(int(keeper.stdout.readline()))
        channel.send(AskSockets())
        assert isinstance(channel.receive(30)[0], SocketsAnswer)
        keeper.kill()
        until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the worker has ended")


@pytest.mark.skipif(landlock.abi() == 0, reason="this kernel has no Landlock")
def test_a_confined_process_reads_its_modules_and_nothing_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of others")
    shown = run_python(
        "import socket\n"
        "from engine.process import landlock, rights\n"
        "rights.forbid_new_rights()\n"
        "print(landlock.confine(landlock.python_folders()) > 0)\n"
        "import colorsys\n"
        f"for path, mode in (({str(secret)!r}, 'r'), ('/proc/self/status', 'r'), ({str(tmp_path / 'new')!r}, 'w')):\n"
        "    try:\n"
        "        open(path, mode)\n"
        "    except PermissionError as error:\n"
        "        print('denied')\n"
    )
    assert shown.splitlines() == ["True", "denied", "denied", "denied"]


@pytest.mark.skipif(os.uname().machine not in seccomp.ARCHITECTURES, reason="no system call numbers for this machine")
def test_a_filtered_process_reads_but_does_not_write_run_connect_or_change_anything(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    shown = run_python(
        "import os, socket, signal\n"
        "from engine.process import rights, seccomp\n"
        "rights.forbid_new_rights()\n"
        "print(seccomp.confine())\n"
        "print(len(open('/proc/self/comm').read()) > 0)\n"
        "def refused(call):\n"
        "    try:\n"
        "        call()\n"
        "    except PermissionError:\n"
        "        return 'denied'\n"
        "    return 'allowed'\n"
        f"print(refused(lambda: open({str(tmp_path / 'new')!r}, 'w')))\n"
        "print(refused(lambda: os.execv('/bin/true', ['true'])))\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "print(refused(lambda: socket.create_connection(listener.getsockname())))\n"
        f"print(refused(lambda: os.unlink({str(mine)!r})))\n"
        f"print(refused(lambda: os.chmod({str(mine)!r}, 0o777)))\n"
        f"print(refused(lambda: os.rename({str(mine)!r}, {str(tmp_path / 'moved')!r})))\n"
        "print(refused(lambda: os.kill(os.getppid(), 0)))\n"
        "print(refused(lambda: os.setuid(os.getuid())))\n"
        "print(len(socket.if_nameindex()) > 0)\n"
    )
    assert shown.splitlines() == ["True", "True", *["denied"] * 8, "True"]
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("machine", sorted(seccomp.ARCHITECTURES))
def test_every_jump_of_the_filter_lands_inside_it(machine: str) -> None:
    code = seccomp.program(seccomp.ARCHITECTURES[machine])
    count = len(code) // 8
    for line in range(count):
        jump_true, jump_false = code[line * 8 + 2], code[line * 8 + 3]
        assert line + 1 + max(jump_true, jump_false) <= count
    assert code[-8:-6] == b"\x06\x00"


@pytest.mark.skipif(os.uname().machine not in seccomp.ARCHITECTURES, reason="no system call numbers for this machine")
def test_the_sockets_worker_of_a_container_s_root_keeps_what_the_processes_around_it_have() -> None:
    docker = frozenset((Capability.NET_BIND_SERVICE, 7, 27))
    assert kept(Role.SOCKETS, CONTAINER_ROOT, docker) == docker
    assert Capability.NET_BIND_SERVICE not in kept(Role.SOCKETS, CONTAINER_ROOT, docker | {Capability.SYS_PTRACE})
    assert Capability.NET_BIND_SERVICE not in kept(Role.SOCKETS, STUDENT, docker)
    assert not kept(Role.CAPTURE, CONTAINER_ROOT, docker)


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
@pytest.mark.skipif(os.uname().machine not in seccomp.ARCHITECTURES, reason="no system call numbers for this machine")
def test_root_without_the_right_to_look_into_others_is_still_told_who_holds_a_socket() -> None:
    program = (
        "import os, socket\n"
        "from engine.process.roles import Start, enter\n"
        "from engine.process import rights\n"
        "from engine.model.health import Role\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "inode = os.readlink(f'/proc/self/fd/{listener.fileno()}')\n"
        "holder = os.getpid()\n"
        "reading, writing = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    listener.close()\n"
        "    enter(Start(Role.SOCKETS, 'sockets', -1, holder, rights.invoking_user({}), False))\n"
        "    seen = [os.readlink(f'/proc/{holder}/fd/{fd}') for fd in os.listdir(f'/proc/{holder}/fd')]\n"
        "    os.write(writing, str(inode in seen).encode())\n"
        "    os._exit(0)\n"
        "print(os.read(reading, 5).decode())\n"
        "os.wait()\n"
    )
    few = "-all,+net_raw,+net_bind_service,+setpcap"
    command = ["setpriv", "--bounding-set", few, sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
    assert done.stdout == "True\n", done.stderr
