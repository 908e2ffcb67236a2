"""One socket by its addresses, and closing it."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from engine.model.errors import BadInput, NetlinkError
from engine.model.messages import AskSockets, DestroySockets
from engine.sockets.lookup import lookup_exact
from engine.sockets.netlink_source import Conversation
from engine.sockets.service import SocketsService

pytestmark = pytest.mark.linux

ROOT = Path(__file__).parents[2]
SO_COOKIE = 57

FAMILIES = pytest.mark.parametrize(
    ("family", "host"),
    [(socket.AF_INET, "127.0.0.1"), pytest.param(socket.AF_INET6, "::1", marks=pytest.mark.ipv6)],
)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


def cookie_of(opened: socket.socket) -> int:
    cookie: int = struct.unpack("=Q", opened.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]
    return cookie


@pytest.fixture
def conversation() -> Iterator[Conversation]:
    with closing(Conversation()) as made:
        yield made


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def pair(stack: ExitStack, family: int, host: str) -> tuple[socket.socket, socket.socket]:
    server = stack.enter_context(socket.create_server((host, 0), family=family))
    client = stack.enter_context(socket.create_connection(server.getsockname()[:2]))
    return client, stack.enter_context(server.accept()[0])


@FAMILIES
def test_each_end_of_a_connection_is_found(
    conversation: Conversation, stack: ExitStack, family: int, host: str
) -> None:
    for opened in pair(stack, family, host):
        found = lookup_exact(conversation, "tcp", opened.getsockname()[:2], opened.getpeername()[:2])
        assert found is not None
        assert (found.cookie, found.inode) == (cookie_of(opened), os.fstat(opened.fileno()).st_ino)


@pytest.mark.ipv6
def test_a_mapped_connection_is_found_by_either_spelling(conversation: Conversation, stack: ExitStack) -> None:
    server = stack.enter_context(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
    client = stack.enter_context(socket.create_connection(("127.0.0.1", server.getsockname()[1])))
    accepted = stack.enter_context(server.accept()[0])
    for prefix in ("", "::ffff:"):
        here, there = ((f"{prefix}127.0.0.1", each.getsockname()[1]) for each in (accepted, client))
        found = lookup_exact(conversation, "tcp", here, there)
        assert found is not None
        assert found.cookie == cookie_of(accepted)


def test_a_listener_is_not_taken_for_a_connection(conversation: Conversation, stack: ExitStack) -> None:
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    assert lookup_exact(conversation, "tcp", server.getsockname(), ("127.0.0.1", 1)) is None


def test_a_connected_datagram_socket_is_found(conversation: Conversation, stack: ExitStack) -> None:
    one, other = (stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2))
    one.bind(("127.0.0.1", 0))
    other.connect(one.getsockname())
    found = lookup_exact(conversation, "udp", other.getsockname(), one.getsockname())
    assert found is not None
    assert found.cookie == cookie_of(other)


def test_what_is_no_address_is_bad_input(conversation: Conversation) -> None:
    with pytest.raises(BadInput):
        lookup_exact(conversation, "tcp", ("localhost", 1), ("127.0.0.1", 2))
    with pytest.raises(NetlinkError):
        lookup_exact(conversation, "unix", ("127.0.0.1", 1), ("127.0.0.1", 2))


@pytest.mark.cap_net_admin
@FAMILIES
def test_a_socket_can_be_closed_from_outside(stack: ExitStack, family: int, host: str) -> None:
    with closing(SocketsService()) as service:
        client, accepted = pair(stack, family, host)
        service.answer(AskSockets(), ())
        key = cookie_of(client)
        try:
            service.answer(DestroySockets((key,)), ())
        except NetlinkError as error:
            pytest.skip(f"this kernel closes no sockets: {error}")
        with pytest.raises(ConnectionAbortedError):
            client.recv(1)
        with pytest.raises(ConnectionResetError):
            accepted.recv(1)


def test_a_socket_that_is_gone_cannot_be_closed() -> None:
    with closing(SocketsService()) as service, pytest.raises(NetlinkError) as caught:
        service.answer(DestroySockets((1,)), ())
    assert "gone" in str(caught.value)


@as_root
def test_without_the_right_the_refusal_says_what_is_missing(stack: ExitStack) -> None:
    client, _ = pair(stack, socket.AF_INET, "127.0.0.1")
    program = """
import sys
from engine.model.errors import NetlinkError
from engine.sockets.act import destroy
from engine.sockets.lookup import lookup_exact
from engine.sockets.netlink_source import Conversation
here, there = (("127.0.0.1", int(port)) for port in sys.argv[1:])
conversation = Conversation()
try:
    destroy(conversation, lookup_exact(conversation, "tcp", here, there))
except NetlinkError as error:
    print(error)
"""
    ports = [str(client.getsockname()[1]), str(client.getpeername()[1])]
    command = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", sys.executable, "-c", program]
    printed = subprocess.run([*command, *ports], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "CAP_NET_ADMIN" in printed
    client.send(b"still open")
