"""Unix, packet, netlink, raw and UDP-Lite sockets: what the sources read of them is what ss and the kernel say."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from engine.model.messages import SocketsOptions
from engine.model.sockets import SocketEntry
from engine.model.tcp import SS_SPELLINGS, SocketState
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.proc_source import ProcSource
from engine.sockets.service import read_table
from engine.sockets.source import SocketSource, nothing

pytestmark = pytest.mark.linux

SO_COOKIE = 57
IPPROTO_UDPLITE = 136


def inode_of(opened: socket.socket) -> int:
    return os.fstat(opened.fileno()).st_ino


def cookie_of(opened: socket.socket) -> int:
    cookie: int = struct.unpack("=Q", opened.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]
    return cookie


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def unix(stack: ExitStack, tmp_path: Path) -> dict[str, socket.socket]:
    """Unix sockets of every kind, by what they are."""

    def open_one(kind: int = socket.SOCK_STREAM) -> socket.socket:
        return stack.enter_context(socket.socket(socket.AF_UNIX, kind))

    path = str(tmp_path / "listener")
    made = {"listener": open_one(), "client": open_one(), "waiting": open_one()}
    made["listener"].bind(path)
    made["listener"].listen(5)
    made["client"].connect(path)
    made["accepted"] = stack.enter_context(made["listener"].accept()[0])
    made["waiting"].connect(path)
    made["client"].sendall(b"unread")
    made["abstract"] = open_one(socket.SOCK_DGRAM)
    made["abstract"].bind(f"\0sockmon\0{os.getpid()}")
    made["datagrams"] = open_one(socket.SOCK_DGRAM)
    made["datagrams"].connect(made["abstract"].getsockname())
    made["datagrams"].send(b"unread")
    made["sequenced"] = open_one(socket.SOCK_SEQPACKET)
    made["fresh"] = open_one()
    made["pair"], made["other"] = (stack.enter_context(each) for each in socket.socketpair())
    return made


def rows(source: SocketSource, family: str) -> dict[int, SocketEntry]:
    """The rows of a family by inode."""
    return {entry.inode: entry for entry in source.read(family, {}, nothing).entries.values()}


def test_unix_sockets_have_names_queues_states_and_peers(unix: dict[str, socket.socket]) -> None:
    with closing(NetlinkSource()) as source:
        found = rows(source, "unix")
    by_name = {name: found[inode_of(opened)] for name, opened in unix.items() if name not in ("sequenced", "fresh")}
    listener, accepted, client = by_name["listener"], by_name["accepted"], by_name["client"]
    assert (listener.state, listener.recv_q, listener.send_q) == (SocketState.LISTEN, 1, 5)
    assert listener.local_address == unix["listener"].getsockname()
    assert (accepted.recv_q, accepted.peer_inode) == (len(b"unread"), client.inode)
    assert (client.peer_inode, client.peer_address) == (accepted.inode, listener.local_address)
    assert by_name["abstract"].local_address == f"@sockmon@{os.getpid()}"
    assert (by_name["datagrams"].netid, by_name["datagrams"].state) == ("u_dgr", SocketState.ESTABLISHED)
    assert (by_name["pair"].peer_inode, by_name["other"].peer_inode) == (by_name["other"].inode, by_name["pair"].inode)
    for name, entry in by_name.items():
        assert entry.cookie == entry.key == cookie_of(unix[name])
        assert entry.uid == os.geteuid()


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss (iproute2)")
def test_unix_sockets_agree_with_ss(unix: dict[str, socket.socket]) -> None:
    ours = {str(inode_of(opened)) for opened in unix.values()}
    printed = subprocess.run(["ss", "-xanH"], capture_output=True, text=True, check=True).stdout
    theirs = {}
    for line in printed.splitlines():
        netid, state, recv_q, send_q, name, inode, _, peer_inode = line.split()
        if inode in ours:
            theirs[inode] = (netid, state, recv_q, send_q, name, peer_inode)
    with closing(NetlinkSource()) as source:
        found = rows(source, "unix")
    assert theirs == {
        str(entry.inode): (
            entry.netid,
            SS_SPELLINGS.get(entry.state, "ESTAB" if entry.state is SocketState.ESTABLISHED else entry.state.value),
            str(entry.recv_q),
            str(entry.send_q),
            entry.local_address,
            str(entry.peer_inode),
        )
        for entry in found.values()
        if str(entry.inode) in ours
    }


def test_proc_net_unix_says_the_same_but_for_what_it_lacks(unix: dict[str, socket.socket]) -> None:
    with closing(NetlinkSource()) as source:
        netlink = rows(source, "unix")
    if not netlink:
        pytest.skip("this kernel has no unix_diag")
    proc = rows(ProcSource(), "unix")
    for opened in unix.values():
        ours, theirs = proc[inode_of(opened)], netlink[inode_of(opened)]
        assert (ours.netid, ours.local_address) == (theirs.netid, theirs.local_address)
        assert ours.state == theirs.state or theirs.netid == "u_dgr"


@pytest.mark.parametrize("make", [NetlinkSource, ProcSource])
def test_who_listens_for_routes_is_seen(stack: ExitStack, make: type[SocketSource]) -> None:
    listener = stack.enter_context(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE))
    listener.bind((0, 1))
    with closing(make()) as source:
        entry = rows(source, "netlink")[inode_of(listener)]
    assert (entry.netid, entry.local_address, entry.local_port) == ("nl", "rtnl", listener.getsockname()[0])


@pytest.mark.cap_net_raw
@pytest.mark.parametrize("make", [NetlinkSource, ProcSource])
def test_who_is_sniffing_is_seen(stack: ExitStack, make: type[SocketSource]) -> None:
    sniffer = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
    sniffer.bind(("lo", 3))
    with closing(make()) as source:
        entry = rows(source, "packet")[inode_of(sniffer)]
    assert (entry.netid, entry.local_address, entry.interface) == ("p_raw", "*", socket.if_nametoindex("lo"))
    assert entry.uid == os.geteuid()


@pytest.mark.cap_net_raw
def test_raw_sockets_are_shown_whether_the_kernel_has_their_diag_module_or_not(stack: ExitStack) -> None:
    raw = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    entries, degradations, _ = read_table(SocketsOptions(families=("tcp", "raw")))
    (entry,) = [entry for entry in entries if entry.inode == inode_of(raw)]
    assert (entry.netid, entry.state, entry.local_port) == ("raw", SocketState.UNCONN, socket.IPPROTO_ICMP)
    assert entry.owners[0].pid == os.getpid()
    if entry.cookie is None:
        assert "NO_SOCK_DIAG" in [each.code for each in degradations]


@pytest.mark.parametrize("make", [NetlinkSource, ProcSource])
def test_udp_lite_is_a_family_of_its_own(stack: ExitStack, make: type[SocketSource]) -> None:
    try:
        lite = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM, IPPROTO_UDPLITE))
    except OSError:
        pytest.skip("this kernel has no UDP-Lite")
    lite.bind(("127.0.0.1", 0))
    with closing(make()) as source:
        entry = rows(source, "udpl")[inode_of(lite)]
        assert inode_of(lite) not in rows(source, "udp")
    assert (entry.netid, entry.local_port) == ("udpl", lite.getsockname()[1])


def test_all_families_together_leave_nothing_unread(stack: ExitStack) -> None:
    for end in socket.socketpair():
        stack.enter_context(end)
    families = ("tcp", "udp", "udpl", "raw", "icmp", "unix", "packet", "netlink")
    entries, degradations, counters = read_table(SocketsOptions(families=families))
    assert {"u_str", "nl"} <= {entry.netid for entry in entries}
    assert "FAMILY_UNREADABLE" not in [each.code for each in degradations]
    assert counters.malformed == 0
