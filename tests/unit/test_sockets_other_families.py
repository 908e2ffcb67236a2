"""Unix, packet and netlink sockets: requests, rows from sock_diag, lines of /proc/net."""

from __future__ import annotations

import struct

import pytest

from engine.model.errors import MalformedMessage
from engine.model.sockets import SkMem, SocketEntry
from engine.model.tcp import SocketState
from engine.sockets import netlink_diag, packet_diag, proc_other, unix_diag
from engine.sockets.netlink import Dump, attribute
from engine.sockets.netlink_diag import NetlinkDump
from engine.sockets.packet_diag import PacketDump
from engine.sockets.unix_diag import UnixDump, name_text, with_peer_names
from tests.unit.sockets_messages import SEQUENCE, done, framed

SKMEM = struct.pack("=9I", *range(1, 10))


def unix_payload(inode: int = 620639, state: int = 1, kind: int = 1, *attributes: tuple[int, bytes]) -> bytes:
    head = struct.pack("=BBBxIQ", 1, kind, state, inode, inode + 1000)
    return head + b"".join(attribute(number, data) for number, data in attributes)


def packet_payload(*attributes: tuple[int, bytes]) -> bytes:
    head = struct.pack("=BBHIQ", 17, 3, 3, 620647, 5)
    return head + b"".join(attribute(number, data) for number, data in attributes)


def netlink_payload(*attributes: tuple[int, bytes]) -> bytes:
    head = struct.pack("=BBBBIIIIQ", 16, 3, 0, 0, 4399, 0, 0, 620649, 6)
    return head + b"".join(attribute(number, data) for number, data in attributes)


def rows(dump: UnixDump | PacketDump | NetlinkDump, *payloads: bytes) -> list[SocketEntry]:
    for payload in payloads:
        dump.feed(framed(20, payload))
    dump.feed(done())
    assert (dump.malformed, dump.done) == (0, True)
    return list(dump.entries.values())


def test_requests_are_the_structs_of_the_kernel_headers() -> None:
    assert len(unix_diag.dump_request(1)) == 16 + 24
    assert packet_diag.dump_request(1)[16] == 17
    assert len(packet_diag.dump_request(1)) == 16 + 20
    assert netlink_diag.dump_request(1)[16:18] == b"\x10\xff"
    assert len(netlink_diag.dump_request(1)) == 16 + 20


def test_a_unix_row_with_every_attribute() -> None:
    payload = unix_payload(
        620639,
        1,
        1,
        (0, b"/tmp/str\0"),
        (2, struct.pack("=I", 620641)),
        (4, struct.pack("=II", 5, 7)),
        (5, SKMEM),
        (6, b"\3"),
        (7, struct.pack("=I", 1000)),
    )
    (entry,) = rows(UnixDump(SEQUENCE), payload)
    assert (entry.netid, entry.state, entry.recv_q, entry.send_q) == ("u_str", SocketState.ESTABLISHED, 5, 7)
    assert (entry.local_address, entry.inode, entry.peer_inode, entry.key) == ("/tmp/str", 620639, 620641, 621639)
    assert (entry.uid, entry.shutdown, entry.skmem) == (1000, 3, SkMem(*range(1, 10)))


def test_a_peer_is_named_where_it_has_a_name() -> None:
    client = unix_payload(1, 1, 1, (2, struct.pack("=I", 2)))
    server = unix_payload(2, 1, 1, (0, b"/tmp/str"), (2, struct.pack("=I", 1)))
    dump = UnixDump(SEQUENCE)
    rows(dump, client, server)
    named = with_peer_names(dump.entries)
    assert [(entry.local_address, entry.peer_address) for entry in named.values()] == [
        ("*", "/tmp/str"),
        ("/tmp/str", "*"),
    ]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", "*"),
        (b"/run/x.sock\0", "/run/x.sock"),
        (b"\0abs\0tract", "@abs@tract"),
        (b"\0se\x1bq", "@se\\x1bq"),
        (b"/tmp/\xff\n", "/tmp/\\xff\\n"),
    ],
)
def test_unix_names_are_printable(raw: bytes, shown: str) -> None:
    assert name_text(raw) == shown


@pytest.mark.parametrize(("state", "shown"), [(7, SocketState.UNCONN), (10, SocketState.LISTEN)])
def test_unix_states(state: int, shown: SocketState) -> None:
    assert rows(UnixDump(SEQUENCE), unix_payload(1, state))[0].state is shown


def test_a_packet_row_says_what_it_hears_and_where() -> None:
    info = struct.pack("=6I", 2, 0, 0, 0, 0, 0)
    (entry,) = rows(PacketDump(SEQUENCE), packet_payload((0, info), (5, struct.pack("=I", 0)), (6, SKMEM)))
    assert (entry.netid, entry.local_address, entry.interface, entry.uid, entry.recv_q) == ("p_raw", "*", 2, 0, 1)


def test_a_netlink_row_names_its_protocol() -> None:
    (entry,) = rows(NetlinkDump(SEQUENCE), netlink_payload((0, SKMEM)))
    assert (entry.netid, entry.local_address, entry.local_port, entry.recv_q) == ("nl", "rtnl", 4399, 1)
    assert (entry.inode, entry.key) == (620649, 6)


@pytest.mark.parametrize(
    ("make", "payload"),
    [
        (UnixDump, unix_payload(1, 1, 1, (0, b"/tmp/str"), (4, bytes(8)), (5, SKMEM))),
        (PacketDump, packet_payload((0, bytes(24)), (6, SKMEM))),
        (NetlinkDump, netlink_payload((0, SKMEM))),
    ],
)
def test_a_payload_cut_anywhere_is_a_row_or_counted(
    make: type[UnixDump] | type[PacketDump] | type[NetlinkDump], payload: bytes
) -> None:
    for cut in range(len(payload)):
        dump = make(SEQUENCE)
        dump.feed(framed(20, payload[:cut]))
        assert len(dump.entries) + dump.malformed == 1


@pytest.mark.parametrize("make", [UnixDump, PacketDump, NetlinkDump])
def test_another_family_is_counted(make: type[UnixDump] | type[PacketDump] | type[NetlinkDump]) -> None:
    dump = make(SEQUENCE)
    dump.feed(framed(20, bytes(64)))
    assert isinstance(dump, Dump)
    assert (dump.entries, dump.malformed) == ({}, 1)


UNIX = "000000007566f569: 00000002 00000000 00010000 0001 01 620638 /tmp/a b/str"


def test_lines_of_proc_net_unix() -> None:
    entry = proc_other.unix_row(UNIX)
    assert (entry.netid, entry.state, entry.inode) == ("u_str", SocketState.LISTEN, 620638)
    assert entry.local_address == "/tmp/a b/str"
    assert (entry.recv_q, entry.send_q, entry.uid) == (None, None, None)
    connected = proc_other.unix_row("00000000ae2edad9: 00000003 00000000 00000000 0005 03 620643")
    assert (connected.netid, connected.state, connected.local_address) == ("u_seq", SocketState.ESTABLISHED, "*")


def test_connections_without_an_inode_are_told_apart() -> None:
    first = proc_other.unix_row("000000004c5f8e9f: 00000003 00000000 00000000 0001 02     0 /tmp/str")
    second = proc_other.unix_row("000000004c5f8eaa: 00000003 00000000 00000000 0001 02     0 /tmp/str")
    assert first.key != second.key


def test_lines_of_proc_net_packet_and_netlink() -> None:
    packet = proc_other.packet_row("00000000363b2b06 3      2    0800   1     1 64      1000   620648")
    assert (packet.netid, packet.local_address, packet.interface) == ("p_dgr", "ip", 1)
    assert (packet.recv_q, packet.uid, packet.inode) == (64, 1000, 620648)
    netlink = proc_other.netlink_row(
        "0000000018e1fdd9 0   4399       00000001 7  8        0     2        0        620649"
    )
    assert (netlink.local_address, netlink.local_port, netlink.recv_q, netlink.send_q) == ("rtnl", 4399, 7, 8)


def test_lines_that_do_not_parse_are_counted() -> None:
    entries, malformed = proc_other.parse_other("header\n" + UNIX + "\nnonsense\n\n", "unix")
    assert (len(entries), malformed) == (1, 1)
    for read_line in (proc_other.unix_row, proc_other.packet_row, proc_other.netlink_row):
        with pytest.raises(MalformedMessage):
            read_line("a b c d e f g h i j")
