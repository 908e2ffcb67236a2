"""The sockets service over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from engine.model.errors import BadInput
from engine.model.messages import AskSockets, SocketsAnswer, SocketsOptions, SocketsReply
from engine.model.sockets import SocketEntry
from engine.model.tcp import SocketState
from engine.sockets.service import SocketsService, read_table

pytestmark = pytest.mark.linux


@pytest.fixture
def service() -> Iterator[SocketsService]:
    with closing(SocketsService()) as made:
        yield made


def rows_on(port: int, entries: list[SocketEntry]) -> list[SocketEntry]:
    """Rows with the port, what earlier connections left of it aside."""
    return [
        entry
        for entry in entries
        if port in (entry.local_port, entry.peer_port) and entry.state is not SocketState.TIME_WAIT
    ]


@pytest.mark.parametrize("source", ["auto", "netlink", "proc", "psutil"])
def test_the_first_answer_is_the_whole_table(service: SocketsService, source: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = service.answer(AskSockets(0, SocketsOptions(source=source)), ())
        port = server.getsockname()[1]
    assert answer.full
    assert answer.source == {"auto": "netlink"}.get(source, source)
    assert [row.state for row in rows_on(port, answer.changed)] == [SocketState.LISTEN]


def test_the_next_answer_is_what_changed(service: SocketsService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        first = service.answer(AskSockets(0), ())
        client = socket.create_connection(server.getsockname())
        second = service.answer(AskSockets(first.generation), ())
        assert not second.full
        opened = rows_on(port, second.changed)
        assert {row.state for row in opened} == {SocketState.LISTEN, SocketState.ESTABLISHED}
        client.close()
    third = service.answer(AskSockets(second.generation), ())
    assert {row.key for row in opened if row.local_port == port} <= set(third.gone)
    assert all(key not in third.gone for key in (row.key for row in third.changed))


def test_other_options_do_not_make_sockets_close(service: SocketsService) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        port = datagrams.getsockname()[1]
        first = service.answer(AskSockets(0), ())
        second = service.answer(AskSockets(first.generation, SocketsOptions(families=("tcp",))), ())
        third = service.answer(AskSockets(second.generation, SocketsOptions(families=("tcp",))), ())
    assert port not in {each.entry.local_port for each in (*second.closed, *third.closed) if each.entry.netid == "udp"}
    assert len(second.gone) >= 1


def test_answers_survive_the_channel(service: SocketsService) -> None:
    answer = service.answer(AskSockets(), ())
    packed = msgspec.msgpack.encode(answer)
    assert msgspec.msgpack.decode(packed, type=SocketsReply) == answer
    assert isinstance(answer, SocketsAnswer)


def test_descriptors_that_come_with_a_question_are_closed(service: SocketsService) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        service.answer(AskSockets(), (ours.detach(),))
        assert theirs.recv(1) == b""


@pytest.mark.parametrize("options", [SocketsOptions(source="ebpf"), SocketsOptions(families=("tcp", "ipx"))])
def test_what_cannot_be_is_said_in_a_sentence(service: SocketsService, options: SocketsOptions) -> None:
    with pytest.raises(BadInput) as caught:
        service.answer(AskSockets(0, options), ())
    assert " of " in str(caught.value)


def test_a_command_reads_the_table_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        entries, degradations, counters = read_table(SocketsOptions())
        assert len(rows_on(server.getsockname()[1], entries)) == 1
    assert [each.code for each in degradations if not each.code.startswith(("OWNERS_", "OTHER_"))] == []
    assert counters.dump_ms > 0
