"""engine.lab.logged: what is counted when the path loses data, and when a connection in the background fails."""

from __future__ import annotations

import select
import socket

import pytest

from engine.lab.calls import CallLog
from engine.lab.logged import LoggedSocket
from engine.model.tcp_info import TCP_INFO_FIELDS, tcp_info_field
from tests.lab_rig import until
from tests.live.insight_rig import drop, hear_again

pytestmark = pytest.mark.linux

TCP_INFO_BYTES = max(offset + kind.size for offset, kind in TCP_INFO_FIELDS.values())


def sent_again(sock: socket.socket) -> int:
    """Bytes that the kernel has sent more than once."""
    raw = socket.socket.getsockopt(sock, socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
    return tcp_info_field(raw, "bytes_retrans") or 0


def test_what_the_kernel_sends_again_was_accepted_once(log: CallLog, listener: socket.socket) -> None:
    client = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    client.connect(listener.getsockname())
    with listener.accept()[0] as server:
        drop(server)
        client.sendall(b"x" * 1_000)
        until(lambda: sent_again(client) > 0)
        assert client.accepted_by_kernel() == 1_000
        hear_again(server)


def test_a_connection_in_the_background_that_fails_is_none(log: CallLog) -> None:
    client = LoggedSocket.open(log, socket.AF_INET, socket.SOCK_STREAM)
    client.setblocking(False)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(BlockingIOError):
            client.connect(bound.getsockname())
        select.select([], [client], [], 10)
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
    assert log.account().connections_total == 0
