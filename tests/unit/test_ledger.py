"""engine.insight.ledger: what was sent is in the queues or was read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.insight.ledger import (
    FloodBalance,
    accepted_bytes,
    flood_balance,
    folded,
    queued_data,
    unread_data,
)
from engine.model.lab import ActorReport, ActorSocket, ActorState
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.model.tcp_info import TCP_INFO_FIELDS

CLIENT, SERVER = ("127.0.0.1", 53225), ("127.0.0.1", 65432)


def tcp_info(**fields: int) -> bytes:
    raw = bytearray(248)
    for name, value in fields.items():
        offset, kind = TCP_INFO_FIELDS[name]
        kind.pack_into(raw, offset, value)
    return bytes(raw)


def row(local: tuple[str, int], peer: tuple[str, int], **given: Any) -> SocketEntry:
    fields: dict[str, Any] = {
        "key": given.get("cookie", hash(local) & 0xFFFF),
        "netid": "tcp",
        "family": 2,
        "state": SocketState.ESTABLISHED,
        "recv_q": 0,
        "send_q": 0,
        "local_address": local[0],
        "local_port": local[1],
        "peer_address": peer[0],
        "peer_port": peer[1],
    }
    return SocketEntry(**(fields | given))


def report(*sockets: ActorSocket, kind: str = "flood-client") -> ActorReport:
    return ActorReport(kind=kind, pid=1, state=ActorState.STALLED, sockets=sockets, sent=sum(s.sent for s in sockets))


def flood(sent: int, cookie: int = 7) -> ActorReport:
    return report(ActorSocket(5, cookie, "127.0.0.1:53225", "127.0.0.1:65432", sent))


def sink(received: int = 0, cookie: int = 8) -> ActorReport:
    return report(
        ActorSocket(3, 1, "127.0.0.1:65432", ""),
        ActorSocket(6, cookie, "127.0.0.1:65432", "127.0.0.1:53225", 0, received),
        kind="sink",
    )


def twice(sender: ActorReport, entries: list[SocketEntry], reader: ActorReport | None) -> FloodBalance:
    return flood_balance(sender, entries, reader, flood_balance(sender, entries, reader))


LISTENER = row(SERVER, ("0.0.0.0", 0), state=SocketState.LISTEN, recv_q=0, send_q=128, cookie=1)
BOTH = [
    LISTENER,
    row(CLIENT, SERVER, send_q=269_868, cookie=7),
    row(SERVER, CLIENT, recv_q=408_300, cookie=8),
]


def test_at_rest_the_bytes_sent_are_in_the_two_queues() -> None:
    balance = twice(flood(678_168), BOTH, sink())

    assert (balance.sent, balance.send_q, balance.recv_q, balance.read) == (678_168, 269_868, 408_300, 0)
    assert balance.difference == 0
    assert balance.at_rest
    assert balance.exact


def test_one_read_alone_is_not_at_rest_and_so_not_exact() -> None:
    balance = flood_balance(flood(678_168), BOTH, sink())

    assert balance.difference == 0
    assert not balance.at_rest
    assert not balance.exact


def test_a_read_that_differs_from_the_one_before_is_in_motion() -> None:
    before = flood_balance(flood(600_000), BOTH, sink())

    assert not flood_balance(flood(678_168), BOTH, sink(), before).at_rest


def test_equal_reads_with_a_byte_in_both_queues_wait_for_a_delayed_acknowledgment() -> None:
    balance = twice(flood(678_168 - 1_024), BOTH, sink())

    assert balance.difference == -1_024
    assert not balance.at_rest


def test_bytes_that_the_reader_has_read_are_counted() -> None:
    assert twice(flood(678_168 + 1_000), BOTH, sink(received=1_000)).exact


def test_a_byte_too_few_is_a_difference_and_not_exact() -> None:
    balance = twice(flood(678_169), BOTH, sink())

    assert balance.difference == 1
    assert balance.at_rest
    assert not balance.exact


def test_without_the_readers_report_the_kernel_says_what_was_read() -> None:
    received = msgspec.structs.replace(BOTH[2], tcp_info=tcp_info(bytes_received=408_300 + 1_000))

    assert twice(flood(679_168), [BOTH[1], received], None).read == 1_000


def test_what_nobody_knows_is_none_and_the_sum_is_not_claimed() -> None:
    balance = twice(flood(678_168), BOTH, None)

    assert balance.read is None
    assert balance.difference is None
    assert not balance.at_rest


def test_a_peer_on_another_machine_leaves_its_queue_unknown() -> None:
    balance = twice(flood(678_168), BOTH[:2], None)

    assert balance.send_q == 269_868
    assert balance.recv_q is None
    assert not balance.exact


def test_rows_without_cookies_are_found_by_their_addresses() -> None:
    entries = [msgspec.structs.replace(entry, cookie=None) for entry in BOTH]

    assert twice(flood(678_168), entries, sink()).exact


def test_a_dual_stack_server_shows_ipv4_clients_mapped_and_is_found_all_the_same() -> None:
    mapped = row(("::ffff:127.0.0.1", 65432), ("::ffff:127.0.0.1", 53225), family=10, recv_q=408_300, cookie=8)

    assert twice(flood(678_168), [BOTH[1], mapped], sink()).exact


def test_ipv6_ends_are_found_through_their_brackets() -> None:
    client, server = ("::1", 53225), ("::1", 65432)
    entries = [row(client, server, send_q=3), row(server, client, recv_q=4)]
    sender = report(ActorSocket(5, 0, "[::1]:53225", "[::1]:65432", 9))
    reader = report(ActorSocket(6, 0, "[::1]:65432", "[::1]:53225", 0, 2))

    assert twice(sender, entries, reader).exact


def test_several_connections_are_summed() -> None:
    second = ("127.0.0.1", 53226)
    sender = report(
        ActorSocket(5, 7, "127.0.0.1:53225", "127.0.0.1:65432", 678_168),
        ActorSocket(6, 9, "127.0.0.1:53226", "127.0.0.1:65432", 30),
    )
    entries = [*BOTH, row(second, SERVER, send_q=10, cookie=9), row(SERVER, second, recv_q=20, cookie=10)]
    reader = report(
        ActorSocket(6, 8, "127.0.0.1:65432", "127.0.0.1:53225"),
        ActorSocket(7, 10, "127.0.0.1:65432", "127.0.0.1:53226"),
    )

    assert twice(sender, entries, reader) == FloodBalance(
        sent=678_198, send_q=269_878, recv_q=408_320, read=0, difference=0, at_rest=True, exact=True
    )


@pytest.mark.parametrize(
    ("state", "send_q", "bytes_of_data"),
    [
        (SocketState.SYN_SENT, 1, 0),
        (SocketState.ESTABLISHED, 10, 10),
        (SocketState.CLOSE_WAIT, 10, 10),
        (SocketState.FIN_WAIT_1, 11, 10),
        (SocketState.CLOSING, 1, 0),
        (SocketState.LAST_ACK, 11, 10),
        (SocketState.FIN_WAIT_2, 0, 0),
    ],
)
def test_send_q_holds_a_syn_or_fin_that_is_not_data(state: SocketState, send_q: int, bytes_of_data: int) -> None:
    assert queued_data(row(CLIENT, SERVER, state=state, send_q=send_q)) == bytes_of_data


@pytest.mark.parametrize(
    ("state", "recv_q", "bytes_of_data"),
    [
        (SocketState.ESTABLISHED, 10, 10),
        (SocketState.CLOSE_WAIT, 11, 10),
        (SocketState.CLOSE_WAIT, 0, 0),
        (SocketState.LAST_ACK, 11, 10),
    ],
)
def test_recv_q_holds_a_fin_that_is_not_data(state: SocketState, recv_q: int, bytes_of_data: int) -> None:
    assert unread_data(row(CLIENT, SERVER, state=state, recv_q=recv_q)) == bytes_of_data


def test_unknown_queues_stay_unknown() -> None:
    assert queued_data(row(CLIENT, SERVER, send_q=None)) is None
    assert unread_data(row(CLIENT, SERVER, recv_q=None)) is None


def test_the_kernel_accepted_what_it_sent_once_and_what_it_has_not_sent() -> None:
    assert accepted_bytes(tcp_info(notsent_bytes=300, bytes_sent=1_100, bytes_retrans=100)) == 1_300


def test_an_old_kernels_short_tcp_info_says_nothing() -> None:
    assert accepted_bytes(tcp_info()[:104]) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:10.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:0:1", "::ffff:0:1"),
    ],
)
def test_only_mapped_addresses_fold(address: str, expected: str) -> None:
    assert folded(address) == expected
