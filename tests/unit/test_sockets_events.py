"""Destroy events as bytes, and the kernel's count of those it dropped."""

from __future__ import annotations

from engine.sockets.events import EventDump, drops
from tests.unit.sockets_messages import inet_row, tcp_info_bytes

TABLE = """sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
000000002eccbe42 0   0          00000000 0        0        0     2        0        4
00000000f329daf8 4   4711       0000000f 0        0        0     2        2834     474
"""


def decoded(*messages: bytes) -> EventDump:
    dump = EventDump()
    for raw in messages:
        dump.feed(raw)
    return dump


def event(protocol: int = 6, **fields: object) -> bytes:
    attributes = ((10, bytes([protocol])), (2, tcp_info_bytes()))
    return inet_row(sequence=0, flags=0, state=7, uid=0, inode=0, attributes=attributes, **fields)


def test_an_event_is_a_row_without_queues_and_user() -> None:
    (entry,) = decoded(event(cookie=5, send_q=0xFFFFFFFF)).entries
    assert (entry.key, entry.netid, entry.local_port) == (5, "tcp", 65432)
    assert (entry.recv_q, entry.send_q, entry.uid, entry.owner_unknown) == (None, None, None, "gone")
    assert entry.tcp_info == tcp_info_bytes()


def test_the_protocol_names_the_row() -> None:
    assert [entry.netid for entry in decoded(event(17), event(136), event(6)).entries] == ["udp", "udpl", "tcp"]


def test_other_protocols_are_left_out() -> None:
    dump = decoded(event(132))
    assert (dump.entries, dump.malformed) == ([], 0)


def test_an_event_without_its_protocol_is_malformed() -> None:
    dump = decoded(inet_row(sequence=0, flags=0))
    assert (dump.entries, dump.malformed) == ([], 1)


def test_an_event_cut_anywhere_is_no_event() -> None:
    whole = event()
    for cut in range(1, len(whole)):
        dump = decoded(whole[:cut])
        assert (dump.entries, dump.malformed) == ([], 1)


def test_drops_are_read_by_inode() -> None:
    assert (drops(TABLE, "474"), drops(TABLE, "4"), drops(TABLE, "9")) == (2834, 0, 0)
