"""Sockets of many kinds with all that a row can show of them, held open for as long as the context lasts."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress

from tests.live.sockets_states import SMALL_BUFFER, fill
from tests.machine import has_ipv6, loopbacks

TOS = 0x28
TCLASS = 0x20
MARK = 77


class EveryKind:
    """`made` holds the sockets by what is special in them."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.made: dict[str, socket.socket] = {}

    def __enter__(self) -> EveryKind:
        self._ipv4()
        if has_ipv6():
            self._ipv6()
            self._dual_stack()
        self._reuse_port()
        for family, host in loopbacks():
            self._datagrams(family, host, "6" if family is socket.AF_INET6 else "4")
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _keep(self, name: str, opened: socket.socket) -> socket.socket:
        self.made[name] = self._stack.enter_context(opened)
        return opened

    def _pair(self, name: str, server: socket.socket, host: str = "") -> tuple[socket.socket, socket.socket]:
        address = server.getsockname()[:2]
        client = self._keep(f"{name} client", socket.create_connection((host or address[0], address[1])))
        return client, self._keep(f"{name} accepted", server.accept()[0])

    def _ipv4(self) -> None:
        server = self._keep("listener with a full queue", socket.create_server(("127.0.0.1", 0), backlog=3))
        client, _ = self._pair("unread", server)
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, TOS)
        with suppress(OSError):  # a kernel without the module
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
        with suppress(PermissionError):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        client.sendall(b"unread" * 999)
        stuck, _ = self._pair("stuck", server)
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
        fill(stuck)
        half, _ = self._pair("half-closed", server)
        half.shutdown(socket.SHUT_WR)
        waiting, _ = self._pair("keepalive", server)
        waiting.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._keep("in the accept queue", socket.create_connection(server.getsockname()))

    def _ipv6(self) -> None:
        server = self._keep("IPv6 listener", socket.create_server(("::1", 0), family=socket.AF_INET6))
        client, accepted = self._pair("IPv6", server)
        accepted.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, TCLASS)
        client.sendall(b"read")
        accepted.recv(99)
        self._keep("IPv6 wildcard", socket.create_server(("::", 0), family=socket.AF_INET6))

    def _dual_stack(self) -> None:
        server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self._pair("mapped", self._keep("dual-stack listener", server), "127.0.0.1")

    def _reuse_port(self) -> None:
        first = self._keep("first of a group", socket.create_server(("127.0.0.1", 0), reuse_port=True))
        self._keep("second of a group", socket.create_server(first.getsockname(), reuse_port=True))

    def _datagrams(self, family: int, host: str, name: str) -> None:
        bound = self._keep(f"UDP{name} bound", socket.socket(family, socket.SOCK_DGRAM))
        bound.bind((host, 0))
        connected = self._keep(f"UDP{name} connected", socket.socket(family, socket.SOCK_DGRAM))
        connected.connect(bound.getsockname()[:2])
        connected.send(b"unread")
        everywhere = self._keep(f"UDP{name} wildcard", socket.socket(family, socket.SOCK_DGRAM))
        everywhere.bind(("", 0))
