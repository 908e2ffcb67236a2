"""Who holds real sockets: forked, passed on, hidden, elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from engine.model.messages import SocketsOptions
from engine.model.tcp import SocketState
from engine.sockets.service import SocketsService
from tests.live.sockets_rig import HOST, Asking

pytestmark = pytest.mark.linux

ROOT = Path(__file__).parents[2]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")

PRINT_OWNERS = """
import sys
from engine.model.messages import SocketsOptions
from engine.sockets.service import read_table
entries, degradations, counters = read_table(SocketsOptions(families=("tcp",)))
for entry in entries:
    if (entry.local_address, entry.local_port) == (sys.argv[1], int(sys.argv[2])):
        print([owner.pid for owner in entry.owners], entry.owner_unknown)
print(*(each.code for each in degradations if each.code != "OTHER_NAMESPACES"))
"""


@pytest.fixture
def asking() -> Iterator[Asking]:
    with closing(SocketsService()) as service:
        yield Asking(service)


AS_USER = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"]

HOLD = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
kept = []
channel.send(b"k")
while (message := socket.recv_fds(channel, 1, 1))[0]:
    kept += message[1]
    channel.send(b"k")
"""


@contextmanager
def child(*inherited: socket.socket) -> Iterator[tuple[int, socket.socket]]:
    """A process that inherits sockets, keeps those passed to it and lives until the block ends; a socket to it."""
    ours, theirs = socket.socketpair()
    descriptors = [theirs.fileno(), *(each.fileno() for each in inherited)]
    command = [sys.executable, "-I", "-c", HOLD, str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(command, pass_fds=descriptors)
    with process, ours:
        assert ours.recv(1) == b"k"
        yield process.pid, ours


def test_every_process_that_holds_an_inherited_listener_is_listed(asking: Asking) -> None:
    with socket.create_server((HOST, 0)) as server, child(server) as (pid, _):
        port = server.getsockname()[1]
        holders = {os.getpid(), pid}
        asking.ask()
        asking.until(lambda: {owner.pid for owner in asking.local(port).owners} == holders, "both hold it")
        owners = asking.local(port).owners
        assert all(owner.fd == server.fileno() for owner in owners)
        assert {owner.start_time > 0 for owner in owners} == {True}


def test_a_passed_descriptor_is_followed_to_its_new_holder(asking: Asking) -> None:
    with child() as (pid, channel):
        server = socket.create_server((HOST, 0))
        port = server.getsockname()[1]
        asking.ask()
        assert [owner.pid for owner in asking.local(port).owners] == [os.getpid()]
        socket.send_fds(channel, [b"s"], [server.fileno()])
        assert channel.recv(1) == b"k"
        server.close()
        asking.until(lambda: [owner.pid for owner in asking.local(port).owners] == [pid], "the child alone holds it")


def test_the_other_end_of_a_unix_socket_has_its_process() -> None:
    with closing(SocketsService()) as service, child() as (pid, channel):
        asking = Asking(service, SocketsOptions(families=("unix",)))
        inode = os.fstat(channel.fileno()).st_ino
        (row,) = [entry for entry in asking.rows.values() if entry.inode == inode]
        assert [owner.pid for owner in row.owners] == [os.getpid()]
        assert [owner.pid for owner in row.peer_owners] == [pid]


HIDE = """
import ctypes, socket, sys
server = socket.create_server((sys.argv[1], 0))
ctypes.CDLL(None).prctl(4, 0)  # PR_SET_DUMPABLE
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def undumpable(*command: str) -> Iterator[int]:
    """A process whose descriptors not even its own user may see; the port it listens on."""
    hiding = subprocess.Popen(
        [*command, sys.executable, "-I", "-c", HIDE, HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with hiding:
        assert hiding.stdin is not None
        assert hiding.stdout is not None
        yield int(hiding.stdout.readline())
        hiding.stdin.close()


def test_a_process_of_our_own_that_may_not_be_looked_into_refuses() -> None:
    as_user = AS_USER if os.geteuid() == 0 else []
    with undumpable(*as_user) as port:
        row, codes = printed(as_user, port)
    assert row == "[] refused"
    assert codes == ["OWNERS_HIDDEN"]


def test_a_connection_that_nobody_saw_is_gone_with_its_process(asking: Asking) -> None:
    """The opener's end, at tier (a): the kernel told that it closed, and nothing told whose it was."""
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(server.getsockname()).close()
        server.accept()[0].close()
        asking.until(lambda: len(asking.closed_on(port)) >= 2, "both ends closed")
    (opener,) = [each for each in asking.closed_on(port) if each.entry.peer_port == port]
    assert (opener.entry.owners, opener.entry.owner_unknown, opener.tier) == ((), "gone", "")


def test_sockets_nobody_can_hold_yet_or_any_more_say_so(asking: Asking) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(server.getsockname())
        ours = client.getsockname()[1]
        asking.until(lambda: len(asking.on(ours)) == 2, "both ends")
        (waiting,) = [entry for entry in asking.on(ours) if entry.local_port == port]
        assert (waiting.state, waiting.owner_unknown) == (SocketState.ESTABLISHED, "not yet accepted")
        client.close()
        asking.until(
            lambda: any(e.owner_unknown == "closed by program" for e in asking.on(ours) if e.local_port == ours),
            "the closed end is without a process",
        )


def test_labels_reach_the_rows(asking: Asking) -> None:
    with socket.create_server((HOST, 0)) as server:
        asking.ask({os.getpid(): "sink"})
        assert [owner.ours for owner in asking.local(server.getsockname()[1]).owners] == ["sink"]


def test_a_hostile_process_name_arrives_printable(asking: Asking) -> None:
    program = (
        "import ctypes, socket, sys\n"
        "ctypes.CDLL(None).prctl(15, b'\\x1b]0;PWN\\x07[/]x')\n"
        f"server = socket.create_server(('{HOST}', 0))\n"
        "print(server.getsockname()[1], flush=True)\n"
        "sys.stdin.read()\n"
    )
    hostile = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with hostile:
        assert hostile.stdin is not None
        assert hostile.stdout is not None
        port = int(hostile.stdout.readline())
        asking.ask()
        (owner,) = asking.local(port).owners
        hostile.stdin.close()
    assert (owner.pid, owner.name) == (hostile.pid, "\\x1b]0;PWN\\x07[/]x")
    assert owner.cmdline.isprintable()


def printed(command: list[str], port: int) -> tuple[str, list[str]]:
    """What `PRINT_OWNERS` says of a port when it is started by `command`, and the codes of its degradations."""
    ran = subprocess.run(
        [*command, sys.executable, "-c", PRINT_OWNERS, HOST, str(port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )
    row, codes = ran.stdout.splitlines()
    return row, codes.split()


@as_root
def test_an_ordinary_user_is_told_that_the_owner_is_another_user() -> None:
    with socket.create_server((HOST, 0)) as server:
        row, codes = printed(AS_USER, server.getsockname()[1])
    assert row == "[] other user"
    assert codes == ["OWNERS_HIDDEN"]


@pytest.mark.cap_sys_admin
@pytest.mark.parametrize("hidepid", ["1", "2"])
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)")
def test_a_proc_that_hides_processes_is_survived(hidepid: str) -> None:
    mount = f'mount -t proc -o hidepid={hidepid} proc /proc && exec "$0" "$@"'
    with socket.create_server((HOST, 0)) as server:
        row, codes = printed(["unshare", "--mount", "sh", "-c", mount, *AS_USER], server.getsockname()[1])
    assert row == "[] other user"
    assert codes == ["OWNERS_HIDDEN"]


@pytest.mark.cap_sys_admin
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)")
def test_a_holder_in_another_pid_namespace_is_said_to_be_there() -> None:
    inside = ["unshare", "--pid", "--fork", "--mount", "--mount-proc"]
    with socket.create_server((HOST, 0)) as server:
        row, _ = printed(inside, server.getsockname()[1])
    assert row == "[] other namespace"
