"""What the kernel leaves out is what the filter would, and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from engine.model.messages import SocketsOptions
from engine.query.sockets import compile_sockets
from engine.sockets import bytecode
from engine.sockets.bytecode import End
from engine.sockets.netlink_source import NetlinkSource
from engine.sockets.pushed import Pushed
from engine.sockets.service import SocketsService, read_table
from engine.sockets.sock_diag import ALL_STATES
from engine.sockets.source import nothing
from tests.live.sockets_rig import HOST, Asking, concerns

pytestmark = pytest.mark.linux


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """The port of a server and that of its client."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server((HOST, 0)))
        client = stack.enter_context(socket.create_connection(server.getsockname()))
        stack.enter_context(server.accept()[0])
        yield server.getsockname()[1], client.getsockname()[1]


@pytest.mark.parametrize(
    "text",
    [
        "port {server}",
        "sport = :{server}",
        "dport = :{server} and sport = :{client}",
        "state listening and sport = :{server}",
        "( sport = :{server} or sport = :{client} ) and state established",
        "not state listening and port {server}",
        "tcp and port {server}",
    ],
)
def test_a_pushed_filter_gives_the_rows_that_the_filter_lets_pass(ports: tuple[int, int], text: str) -> None:
    written = text.format(server=ports[0], client=ports[1])
    chosen = compile_sockets(written)
    everything, _, _ = read_table(SocketsOptions())
    filtered, _, _ = read_table(SocketsOptions(filter=written))
    expected = {entry.key for entry in everything if concerns(entry, ports[0]) and chosen.matches(entry)}
    assert {entry.key for entry in filtered if concerns(entry, ports[0]) and chosen.matches(entry)} == expected
    assert expected
    assert len(filtered) <= len(everything)


def test_the_kernel_takes_a_network_and_its_opposite(ports: tuple[int, int]) -> None:
    """As ss does; the filter language leaves addresses to the matcher."""
    here, elsewhere = (bytecode.network(End.PEER, text) for text in ("127.0.0.0/8", "10.0.0.0/8"))
    server = bytecode.port_is(End.LOCAL, ports[0])
    for program, count in (
        (bytecode.both(server, here), 1),
        (bytecode.both(server, elsewhere), 0),
        (bytecode.both(server, bytecode.negated(elsewhere)), 2),
    ):
        conditions = Pushed(ALL_STATES & ~(1 << 6), bytecode.request_attribute(program))
        with closing(NetlinkSource(conditions=conditions)) as source:
            assert len(source.read("tcp", {}, nothing).entries) == count


def test_a_socket_that_leaves_the_filter_has_not_closed() -> None:
    with closing(SocketsService()) as service, socket.create_server((HOST, 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        with client, accepted:
            port = server.getsockname()[1]
            asking = Asking(service, SocketsOptions(filter=f"state established and port {port}"))
            assert len(asking.rows) == 2
            client.shutdown(socket.SHUT_WR)
            asking.until(lambda: not asking.rows, "both ends left ESTABLISHED")
            asking.ask()
            assert asking.closed_on(port) == []


def test_without_details_a_row_has_its_columns_and_no_more(ports: tuple[int, int]) -> None:
    entries, _, _ = read_table(SocketsOptions(details=False, filter=f"port {ports[0]}"))
    assert entries
    assert {(entry.tcp_info, entry.skmem) for entry in entries} == {(b"", None)}
