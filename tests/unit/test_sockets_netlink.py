"""Netlink framing: where messages and attributes end, how a dump ends, what is counted."""

from __future__ import annotations

import errno
import struct

import pytest

from engine.model.errors import MalformedMessage
from engine.sockets.netlink import Dump, attribute, attributes, message
from tests.unit.sockets_messages import SEQUENCE, done, error, framed


class Rows(Dump):
    """A dump whose rows are their payloads; `bad` does not decode."""

    def __init__(self) -> None:
        super().__init__(SEQUENCE)
        self.rows: list[bytes] = []

    def row(self, buffer: bytes, start: int, end: int) -> None:
        if buffer[start:end] == b"bad":
            raise MalformedMessage("read a bad row", start)
        self.rows.append(buffer[start:end])


def fed(*buffers: bytes) -> Rows:
    dump = Rows()
    for buffer in buffers:
        dump.feed(buffer)
    return dump


def test_a_dump_is_done_at_nlmsg_done() -> None:
    dump = fed(framed(20, b"one") + framed(20, b"two!"), done())
    assert (dump.rows, dump.done, dump.errno) == ([b"one", b"two!"], True, 0)


def test_the_errno_inside_nlmsg_done_is_found() -> None:
    """A kernel without a diag module says so nowhere else."""
    dump = fed(done(errno.ENOENT))
    assert (dump.done, dump.errno, dump.rows) == (True, errno.ENOENT, [])


def test_an_error_in_mid_dump_ends_it_and_keeps_what_came() -> None:
    dump = fed(framed(20, b"one"), error(errno.EPERM))
    assert (dump.done, dump.errno, dump.rows) == (True, errno.EPERM, [b"one"])


def test_an_answer_that_is_no_dump_is_done_after_its_row() -> None:
    assert fed(framed(20, b"one", flags=0)).done


def test_an_interrupted_dump_says_so() -> None:
    assert fed(framed(20, b"one", flags=2 | 0x10)).interrupted
    assert not fed(framed(20, b"one")).interrupted


def test_messages_of_an_earlier_request_are_left_out() -> None:
    dump = fed(framed(20, b"old", sequence=SEQUENCE - 1) + done(sequence=SEQUENCE - 1) + framed(20, b"new"))
    assert (dump.rows, dump.done) == ([b"new"], False)


def test_a_row_that_does_not_decode_is_counted_and_the_next_is_read() -> None:
    dump = fed(framed(20, b"bad") + framed(20, b"good"))
    assert (dump.rows, dump.malformed) == ([b"good"], 1)


@pytest.mark.parametrize("length", [0, 1, 15, 17 + 3, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_buffer(length: int) -> None:
    dump = fed(struct.pack("=IHHII", length, 20, 2, SEQUENCE, 0) + b"abc", framed(20, b"good"))
    assert (dump.rows, dump.malformed) == ([b"good"], 1)


def test_a_buffer_cut_anywhere_yields_only_whole_rows() -> None:
    whole = framed(20, b"one!") + framed(20, b"two!")
    for cut in range(len(whole)):
        dump = fed(whole[:cut])
        assert dump.rows == [b"one!"][: cut // 20]
        assert dump.malformed == (cut % 20 != 0)


def test_an_error_without_room_for_its_number_is_malformed() -> None:
    dump = fed(framed(2, b"", flags=0))
    assert (dump.done, dump.malformed) == (True, 1)


def test_attributes_come_back_as_they_were_packed() -> None:
    packed = attribute(5, b"\1") + attribute(0x8000 | 7, b"abcd") + attribute(9, b"")
    found = [(kind, packed[start:end]) for kind, start, end in attributes(packed, 0, len(packed))]
    assert found == [(5, b"\1"), (7, b"abcd"), (9, b"")]


@pytest.mark.parametrize("raw", [b"\x03\0\1\0", b"\x09\0\1\0abcd", b"\x04\0\1\0ab"])
def test_attributes_that_do_not_fit_are_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedMessage):
        list(attributes(raw, 0, len(raw)))


def test_a_request_carries_its_length() -> None:
    assert message(20, 0x301, 9, b"body") == struct.pack("=IHHII", 20, 20, 0x301, 9, 0) + b"body"
