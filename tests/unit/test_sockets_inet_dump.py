"""Rows of inet_diag, field by field, and what an unchanged message saves."""

from __future__ import annotations

import struct

import pytest

from engine.model.sockets import SkMem, SocketEntry, Timer
from engine.model.tcp import SocketState
from engine.sockets.inet_dump import InetDump, InetMemory
from tests.unit.sockets_messages import ALL_ATTRIBUTES, SEQUENCE, done, framed, inet_payload, inet_row, tcp_info_bytes


def rows(*messages: bytes, netid: str = "tcp") -> list[SocketEntry]:
    dump = InetDump(netid, SEQUENCE)
    dump.feed(b"".join(messages))
    assert dump.malformed == 0
    return list(dump.entries.values())


def test_a_row_without_attributes() -> None:
    (entry,) = rows(inet_row(recv_q=408300, send_q=7, timer=1, expires_ms=204, retransmits=3, interface=2))
    assert entry == SocketEntry(
        key=0x3F2,
        netid="tcp",
        family=2,
        state=SocketState.ESTABLISHED,
        recv_q=408300,
        send_q=7,
        local_address="127.0.0.1",
        local_port=65432,
        peer_address="127.0.0.1",
        peer_port=53225,
        interface=2,
        uid=1000,
        inode=88213,
        cookie=0x3F2,
        timer=Timer("on", 204, 3),
    )


def test_a_row_with_every_attribute() -> None:
    (entry,) = rows(inet_row(attributes=ALL_ATTRIBUTES))
    assert entry.shutdown == 3
    assert entry.tos == 0x10
    assert entry.tclass is None
    assert entry.mark == 42
    assert entry.cgroup == 77
    assert entry.skmem == SkMem(1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert entry.tcp_info == tcp_info_bytes()
    assert entry.congestion == "cubic"


def test_attributes_nobody_knows_are_passed_over() -> None:
    (entry,) = rows(inet_row(attributes=((99, b"new"), (15, struct.pack("=I", 1)), (100, b""))))
    assert entry.mark == 1


@pytest.mark.parametrize(
    ("number", "name"), [(1, "on"), (2, "keepalive"), (3, "timewait"), (4, "persist"), (9, "unknown")]
)
def test_timers_have_the_names_of_ss(number: int, name: str) -> None:
    (entry,) = rows(inet_row(timer=number, expires_ms=1))
    assert entry.timer == Timer(name, 1, 0)


@pytest.mark.parametrize(
    ("source", "attributes", "shown"),
    [
        ("::", (), "*"),
        ("::", ((11, b"\0"),), "*"),
        ("::", ((11, b"\1"),), "::"),
        ("::1", ((11, b"\1"),), "::1"),
        ("::ffff:127.0.0.1", (), "::ffff:127.0.0.1"),
        ("fe80::1", (), "fe80::1"),
    ],
)
def test_ipv6_addresses_read_as_in_ss(source: str, attributes: tuple[tuple[int, bytes], ...], shown: str) -> None:
    (entry,) = rows(inet_row(family=10, source=source, destination="::", attributes=attributes))
    assert entry.local_address == shown


def test_the_ipv4_wildcard_stays_numeric() -> None:
    (entry,) = rows(inet_row(state=10, source="0.0.0.0", destination="0.0.0.0"))
    assert (entry.state, entry.local_address, entry.peer_address) == (SocketState.LISTEN, "0.0.0.0", "0.0.0.0")


def test_state_7_is_unconn_for_datagrams_and_closed_for_tcp() -> None:
    assert rows(inet_row(state=7), netid="udp")[0].state is SocketState.UNCONN
    assert rows(inet_row(state=7))[0].state is SocketState.CLOSED


def test_a_state_without_a_name_is_unknown() -> None:
    assert rows(inet_row(state=200))[0].state is SocketState.UNKNOWN


def test_a_family_that_is_not_the_internet_is_counted() -> None:
    payload = bytearray(inet_payload())
    payload[0] = 1
    dump = InetDump("tcp", SEQUENCE)
    dump.feed(framed(20, bytes(payload)) + inet_row())
    assert (len(dump.entries), dump.malformed) == (1, 1)


@pytest.mark.parametrize("attribute", [(8, b""), (15, b"abc"), (21, b"1234"), (7, b""), (8, b"ab")])
def test_a_known_attribute_of_the_wrong_size_is_malformed(attribute: tuple[int, bytes]) -> None:
    dump = InetDump("tcp", SEQUENCE)
    dump.feed(inet_row(attributes=(attribute,)))
    assert (dump.entries, dump.malformed) == ({}, 1)


def test_messages_of_one_length_with_other_attributes_are_told_apart() -> None:
    """A layout is trusted only where the attribute headers agree with it."""
    first, second = rows(
        inet_row(cookie=1, attributes=((8, b"\1"),)),
        inet_row(cookie=2, attributes=((5, b"\2"),)),
    )
    assert (first.shutdown, first.tos) == (1, None)
    assert (second.shutdown, second.tos) == (None, 2)


def test_a_dump_cut_at_every_byte_never_invents_a_row() -> None:
    whole = inet_row(cookie=1, attributes=ALL_ATTRIBUTES) + inet_row(cookie=2, attributes=ALL_ATTRIBUTES)
    expected = rows(whole)
    for memory in (None, InetMemory()):
        for cut in range(len(whole)):
            dump = InetDump("tcp", SEQUENCE, memory)
            dump.feed(whole[:cut])
            assert list(dump.entries.values()) == expected[: cut * 2 // len(whole)]
            assert dump.malformed == (cut % (len(whole) // 2) != 0)


def refresh(memory: InetMemory, previous: dict[int, SocketEntry], *messages: bytes) -> InetDump:
    dump = InetDump("tcp", SEQUENCE, memory, previous)
    for raw in messages:
        dump.feed(raw)
    dump.feed(done())
    dump.remember()
    return dump


def test_a_message_that_did_not_change_keeps_its_entry() -> None:
    memory = InetMemory()
    first = refresh(memory, {}, inet_row(cookie=1, attributes=ALL_ATTRIBUTES), inet_row(cookie=2))
    second = refresh(memory, first.entries, inet_row(cookie=1, attributes=ALL_ATTRIBUTES), inet_row(cookie=2, recv_q=5))
    assert second.entries[1] is first.entries[1]
    assert second.entries[2].recv_q == 5
    assert second.fresh == [2]


def test_the_times_of_tcp_info_alone_are_no_change() -> None:
    memory = InetMemory()
    idle = {f"at_{offset}": 9999 for offset in (44, 48, 52, 56)}
    first = refresh(memory, {}, inet_row(attributes=((2, tcp_info_bytes()),)))
    second = refresh(memory, first.entries, inet_row(attributes=((2, tcp_info_bytes(**idle)),)))
    assert second.fresh == []
    third = refresh(memory, second.entries, inet_row(attributes=((2, tcp_info_bytes(at_68=1)),)))
    assert third.fresh == [0x3F2]


def test_an_entry_that_the_caller_gave_up_is_decoded_again() -> None:
    memory = InetMemory()
    refresh(memory, {}, inet_row())
    assert refresh(memory, {}, inet_row()).fresh == [0x3F2]


def test_a_dump_that_broke_off_is_not_remembered() -> None:
    memory = InetMemory()
    first = refresh(memory, {}, inet_row())
    broken = InetDump("tcp", SEQUENCE, memory, first.entries)
    broken.feed(inet_row(recv_q=9))
    assert refresh(memory, first.entries, inet_row(recv_q=9)).entries[0x3F2].recv_q == 9


def test_what_is_remembered_of_closed_sockets_is_given_up() -> None:
    memory = InetMemory()
    first = refresh(memory, {}, *(inet_row(cookie=cookie) for cookie in range(1, 101)))
    second = refresh(memory, first.entries, inet_row(cookie=1), inet_row(cookie=2))
    assert sorted(memory.hashes) == [1, 2]
    assert refresh(memory, second.entries, inet_row(cookie=1), inet_row(cookie=2)).fresh == []


def test_a_socket_that_comes_twice_in_a_dump_is_what_its_later_message_says() -> None:
    memory = InetMemory()
    first = refresh(memory, {}, inet_row(recv_q=1), inet_row(recv_q=2))
    assert first.entries[0x3F2].recv_q == 2
    assert refresh(memory, first.entries, inet_row(recv_q=1)).entries[0x3F2].recv_q == 1
