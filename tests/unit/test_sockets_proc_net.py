"""Lines of /proc/net as entries."""

from __future__ import annotations

import sys

import pytest

from engine.model.errors import MalformedMessage
from engine.model.sockets import Timer
from engine.model.tcp import SocketState
from engine.sockets.proc_net import NO_COOKIE_BIT, inet_row, parse_inet

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the lines come from a little-endian kernel")

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ESTABLISHED = (
    "   1: 0100007F:FF98 0100007F:CFE9 01 00041E1C:00063AEC 01:0000000A 00000002  1000        0 88213 2 "
    "0000000000000000 20 4 30 10 -1"
)
LISTEN = "   0: 0100007F:FF98 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1215 1 0 100"
TIME_WAIT = "   2: 0100007F:A03E 0100007F:1F90 06 00000000:00000000 03:00000E3B 00000000     0        0 0 3 0"


def test_queues_timer_and_owner_of_a_connection() -> None:
    entry = inet_row(ESTABLISHED, "tcp", 2, ticks_per_s=100)
    assert (entry.local_address, entry.local_port) == ("127.0.0.1", 65432)
    assert (entry.peer_address, entry.peer_port) == ("127.0.0.1", 53225)
    assert (entry.recv_q, entry.send_q) == (408300, 269852)
    assert (entry.uid, entry.inode) == (1000, 88213)
    assert entry.timer == Timer("on", 100, 2)
    assert entry.state is SocketState.ESTABLISHED
    assert entry.cookie is None
    assert entry.key & NO_COOKIE_BIT


def test_a_listener_knows_its_accept_queue_but_not_the_limit() -> None:
    entry = inet_row(LISTEN, "tcp", 2, ticks_per_s=100)
    assert (entry.state, entry.recv_q, entry.send_q) == (SocketState.LISTEN, 3, None)


def test_time_wait_has_no_inode() -> None:
    entry = inet_row(TIME_WAIT, "tcp", 2, ticks_per_s=100)
    assert (entry.state, entry.inode, entry.timer) == (SocketState.TIME_WAIT, 0, Timer("timewait", 36430, 0))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("00000000000000000000000000000000", "*"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"),
        ("000080FE00000000FF005450B7EF0FFE", "fe80::5054:ff:fe0f:efb7"),
    ],
)
def test_ipv6_addresses_are_words_of_this_machine(words: str, shown: str) -> None:
    line = LISTEN.replace("0100007F:FF98", f"{words}:0016").replace("00000000:0000 ", f"{'0' * 32}:0000 ")
    entry = inet_row(line, "tcp", 10, ticks_per_s=100)
    assert (entry.local_address, entry.local_port, entry.peer_address) == (shown, 22, "*")


def test_an_unconnected_datagram_socket_is_unconn() -> None:
    assert inet_row(LISTEN.replace(" 0A ", " 07 "), "udp", 2, 100).state is SocketState.UNCONN


def test_the_same_line_has_the_same_key_and_another_socket_another() -> None:
    key = inet_row(ESTABLISHED, "tcp", 2, 100).key
    assert inet_row(ESTABLISHED.replace("00063AEC", "00000000"), "tcp", 2, 100).key == key
    assert inet_row(ESTABLISHED.replace("88213", "88214"), "tcp", 2, 100).key != key


def test_lines_that_do_not_parse_are_counted() -> None:
    entries, malformed = parse_inet(HEADER + ESTABLISHED + "\nnonsense\n" + LISTEN + "\n", "tcp", 2, 100)
    assert (len(entries), malformed) == (2, 1)


def test_a_line_cut_anywhere_is_a_row_or_malformed() -> None:
    whole = inet_row(ESTABLISHED, "tcp", 2, 100)
    for cut in range(len(ESTABLISHED)):
        try:
            entry = inet_row(ESTABLISHED[:cut], "tcp", 2, 100)
        except MalformedMessage:
            continue
        assert entry.local_port == whole.local_port
        assert entry.recv_q == whole.recv_q


@pytest.mark.parametrize(
    "line",
    [
        LISTEN.replace("0100007F:FF98", "0100007F"),
        LISTEN.replace("0100007F:FF98", "01:FF98"),
        LISTEN.replace("0100007F:FF98", "zz00007F:FF98"),
        LISTEN.replace("00000000:00000003", "00000003"),
        LISTEN.replace(" 0A ", " FFF "),
    ],
)
def test_nonsense_in_a_field_is_malformed(line: str) -> None:
    with pytest.raises(MalformedMessage):
        inet_row(line, "tcp", 2, 100)
