"""Real TCP sockets in every state that loopback can hold still, for as long as the context lasts."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress

from engine.model.tcp import SocketState

LIMIT_S = 10.0
SMALL_BUFFER = 4096


class EveryState:
    """`ends` gives the local and the peer's port of a socket by the state it stands in."""

    def __init__(self, family: int = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self._stack = ExitStack()
        self._family = family
        self._host = host
        self.ends: dict[SocketState, tuple[int, int]] = {}

    def __enter__(self) -> EveryState:
        self._listen()
        self._established()
        self._syn_sent()
        self._syn_received()
        self._fin_wait_2_and_close_wait()
        self._fin_wait_1()
        self._closing()
        self._last_ack()
        self._time_wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _keep(self, opened: socket.socket) -> socket.socket:
        return self._stack.enter_context(opened)

    def _stands(self, state: SocketState, opened: socket.socket, peer_port: int | None = None) -> None:
        peer = opened.getpeername()[1] if peer_port is None else peer_port
        self.ends[state] = (opened.getsockname()[1], peer)

    def _server(self, backlog: int = 8) -> socket.socket:
        server = self._keep(socket.socket(self._family))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        server.bind((self._host, 0))
        server.listen(backlog)
        return server

    def _pair(self) -> tuple[socket.socket, socket.socket]:
        """A connection with small buffers: the client's end and the accepted end."""
        server = self._server()
        client = self._keep(socket.socket(self._family))
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            client.setsockopt(socket.SOL_SOCKET, option, SMALL_BUFFER)
        client.connect(server.getsockname()[:2])
        accepted = self._keep(server.accept()[0])
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
        return client, accepted

    def _listen(self) -> None:
        self._stands(SocketState.LISTEN, self._server(), 0)

    def _established(self) -> None:
        client, accepted = self._pair()
        accepted.sendall(b"unread")
        self._stands(SocketState.ESTABLISHED, client)

    def _syn_sent(self) -> None:
        """The accept queue of a listener with backlog 0 holds one connection; the next SYN is not answered."""
        server = self._server(backlog=0)
        for _ in range(3):
            client = self._keep(socket.socket(self._family))
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(server.getsockname()[:2])
        self._stands(SocketState.SYN_SENT, client, server.getsockname()[1])

    def _syn_received(self) -> None:
        """A listener with TCP_DEFER_ACCEPT takes no connection before its first data."""
        server = self._server()
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)
        client = self._keep(socket.create_connection(server.getsockname()[:2]))
        self._stands(SocketState.SYN_RECEIVED, server, client.getsockname()[1])

    def _fin_wait_2_and_close_wait(self) -> None:
        client, accepted = self._pair()
        client.shutdown(socket.SHUT_WR)
        self._stands(SocketState.FIN_WAIT_2, client)
        self._stands(SocketState.CLOSE_WAIT, accepted)

    def _fin_wait_1(self) -> None:
        """The FIN waits behind data for which the reader has no window."""
        client, _ = self._pair()
        fill(client)
        client.shutdown(socket.SHUT_WR)
        self._stands(SocketState.FIN_WAIT_1, client)

    def _closing(self) -> None:
        """As in FIN-WAIT-1, and then the other end's FIN arrives."""
        client, accepted = self._pair()
        fill(client)
        client.shutdown(socket.SHUT_WR)
        self._stands(SocketState.CLOSING, client)
        accepted.shutdown(socket.SHUT_WR)

    def _last_ack(self) -> None:
        client, accepted = self._pair()
        client.shutdown(socket.SHUT_WR)
        while accepted.recv(1):
            pass
        fill(accepted)
        self._stands(SocketState.LAST_ACK, accepted)
        accepted.shutdown(socket.SHUT_WR)

    def _time_wait(self) -> None:
        client, accepted = self._pair()
        self._stands(SocketState.TIME_WAIT, client)
        client.close()
        while accepted.recv(1):
            pass
        accepted.close()


def fill(sender: socket.socket) -> None:
    """Send until the peer's window and our buffer have been full for a while."""
    sender.setblocking(False)
    full_since = time.monotonic()
    end = full_since + LIMIT_S
    while time.monotonic() < min(full_since + 0.3, end):
        try:
            sender.send(bytes(SMALL_BUFFER))
            full_since = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
