"""Recorded dumps, damaged in every way: nothing is raised, no row is invented, and what was not hit is read."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.sockets import SocketEntry
from engine.sockets.events import EventDump
from engine.sockets.inet_dump import InetDump, InetMemory
from engine.sockets.netlink import Dump, attribute
from engine.sockets.netlink_diag import NetlinkDump
from engine.sockets.packet_diag import PacketDump
from engine.sockets.unix_diag import UnixDump
from tests.property.sockets_recording import EVENTS, REQUESTS, SEQUENCE, recorded
from tests.unit.sockets_messages import done, error

Reader = InetDump | UnixDump | PacketDump | NetlinkDump

READERS: Final[Mapping[str, Callable[[], Reader]]] = {
    "tcp": lambda: InetDump("tcp", SEQUENCE, InetMemory()),
    "tcp6": lambda: InetDump("tcp", SEQUENCE),
    "udp": lambda: InetDump("udp", SEQUENCE, InetMemory()),
    "unix": lambda: UnixDump(SEQUENCE),
    "packet": lambda: PacketDump(SEQUENCE),
    "netlink": lambda: NetlinkDump(SEQUENCE),
}

DUMP_INTR: Final = 0x10
UNKNOWN_ATTRIBUTE: Final = 0x3FF0

names = st.sampled_from(sorted(READERS))


def read(name: str, *buffers: bytes) -> Reader:
    """What a fresh decoder makes of buffers."""
    dump = READERS[name]()
    for buffer in buffers:
        dump.feed(buffer)
    return dump


def messages(name: str) -> list[bytes]:
    """The rows of a recording one by one, padding included, without the end of the dump."""
    raw, found = b"".join(recorded(name)), []
    while raw:
        length, kind = struct.unpack_from("=IH", raw)
        if kind >= 0x10:
            found.append(raw[: (length + 3) & ~3])
        raw = raw[(length + 3) & ~3 :]
    return found


def entry_of(name: str, message: bytes) -> SocketEntry:
    """The row of one message."""
    (entry,) = read(name, message).entries.values()
    return entry


def entries_of(name: str, rows: Sequence[bytes]) -> dict[int, SocketEntry]:
    """The rows of messages, each decoded alone. The kernel lists a netlink socket of several groups twice."""
    return {entry.key: entry for entry in (entry_of(name, row) for row in rows)}


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_recording_is_read_whole(name: str) -> None:
    assert set(READERS) == set(REQUESTS)
    dump = read(name, *recorded(name))
    assert (dump.done, dump.errno, dump.malformed, dump.interrupted) == (True, 0, 0, False)
    assert dump.entries == entries_of(name, messages(name))


@pytest.mark.parametrize("name", sorted(READERS))
def test_cut_at_every_byte_it_yields_whole_rows_alone(name: str) -> None:
    rows = messages(name)
    whole = b"".join(rows)
    ends = [sum(map(len, rows[: count + 1])) for count in range(len(rows))]
    for cut in range(len(whole)):
        least = sum(end <= cut for end in ends)
        without_padding = cut > ends[least] - 4
        expected = [entries_of(name, rows[:least])] + [entries_of(name, rows[: least + 1])] * without_padding
        assert read(name, whole[:cut]).entries in expected


@given(names, st.data())
def test_a_wrong_length_costs_its_row_and_what_follows(name: str, data: st.DataObject) -> None:
    rows = messages(name)
    hit = data.draw(st.integers(0, len(rows) - 1))
    length = data.draw(st.integers(0, 2**32 - 1).filter(lambda each: each != len(rows[hit])))
    damaged = struct.pack("=I", length) + rows[hit][4:]
    dump = read(name, *rows[:hit], damaged + b"".join(rows[hit + 1 :]))
    assert dump.entries.items() >= entries_of(name, rows[:hit]).items()
    assert len(dump.entries) <= len(rows)


@given(names, st.data())
def test_one_wrong_byte_costs_one_row_and_invents_none(name: str, data: st.DataObject) -> None:
    rows = messages(name)
    hit = data.draw(st.integers(0, len(rows) - 1))
    position = data.draw(st.integers(0, len(rows[hit]) - 1))
    damaged = bytearray(rows[hit])
    damaged[position] = data.draw(st.integers(0, 255))
    dump = read(name, *rows[:hit], bytes(damaged), *rows[hit + 1 :])
    others = entries_of(name, rows[:hit] + rows[hit + 1 :])
    assert len(dump.entries) <= len(others) + 1
    # The byte may have been of its cookie, and made it that of one of the others.
    assert sum(dump.entries.get(key) != entry for key, entry in others.items()) <= 1


@given(names, st.integers(UNKNOWN_ATTRIBUTE, 0x3FFF), st.binary(max_size=40))
def test_attributes_of_a_later_kernel_are_passed_over(name: str, kind: int, payload: bytes) -> None:
    rows = messages(name)
    grown = []
    for row in rows:
        longer = row + attribute(kind, payload)
        grown.append(struct.pack("=I", len(longer)) + longer[4:])
    dump = read(name, *grown)
    assert dump.malformed == 0
    assert dump.entries == entries_of(name, rows)


@given(names, st.data(), st.booleans())
def test_an_error_ends_the_dump_with_the_rows_before_it(name: str, data: st.DataObject, in_done: bool) -> None:
    rows = messages(name)
    at = data.draw(st.integers(0, len(rows)))
    number = data.draw(st.integers(1, 133))
    end = done(number, SEQUENCE) if in_done else error(number, SEQUENCE)
    dump = read(name, b"".join(rows[:at]) + end)
    assert (dump.done, dump.errno) == (True, number)
    assert dump.entries == entries_of(name, rows[:at])


@given(names, st.data())
def test_an_interrupted_dump_has_its_rows_and_says_so(name: str, data: st.DataObject) -> None:
    rows = messages(name)
    hit = data.draw(st.integers(0, len(rows) - 1))
    (flags,) = struct.unpack_from("=H", rows[hit], 6)
    marked = rows[hit][:6] + struct.pack("=H", flags | DUMP_INTR) + rows[hit][8:]
    dump = read(name, *rows[:hit], marked + b"".join(rows[hit + 1 :]))
    assert dump.interrupted
    assert dump.entries == entries_of(name, rows)


def test_every_split_of_the_stream_into_buffers_reads_the_same() -> None:
    """The kernel never cuts a message in two; however many it puts into a buffer, the rows are the same."""
    for name in READERS:
        rows = messages(name)
        expected = entries_of(name, rows)
        for at in range(len(rows) + 1):
            assert read(name, b"".join(rows[:at]), b"".join(rows[at:])).entries == expected


def test_a_memory_gives_back_every_row_that_did_not_change() -> None:
    for name, netid in (("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp")):
        memory = InetMemory()
        first = InetDump(netid, SEQUENCE, memory)
        for buffer in recorded(name):
            first.feed(buffer)
        first.remember()
        again = InetDump(netid, SEQUENCE, memory, first.entries)
        for buffer in recorded(name):
            again.feed(buffer)
        assert again.fresh == []
        assert all(again.entries[key] is entry for key, entry in first.entries.items())


@given(st.data())
def test_damaged_events_are_events_or_counted(data: st.DataObject) -> None:
    events = recorded(EVENTS)
    dump: Dump = EventDump()
    for event in events:
        damaged = bytearray(event)
        damaged[data.draw(st.integers(0, len(event) - 1))] = data.draw(st.integers(0, 255))
        dump.feed(bytes(damaged))
    assert isinstance(dump, EventDump)
    assert len(dump.entries) <= len(events)
